// Watches one number of the logs: what an improvement is, as Keras decides it.

/// What a better value is.
public enum MonitorMode: Sendable, Hashable {
    /// After the name: losses and errors are to be small, accuracies and the like large.
    case auto
    /// Small values are better.
    case min
    /// Large values are better.
    case max
}

/// A number of the logs that callbacks decide by.
struct Monitor {
    let name: String
    let mode: MonitorMode
    /// Smaller changes are none.
    var minDelta = 0.0
    /// The callback, for messages.
    let callback: String

    /// The value in the logs of an epoch.
    ///
    /// - Errors: `KerasError` where there is none; it names what is there.
    func value(in logs: Logs, _ run: FitRun) throws -> Double {
        if let value = logs[name] { return value }
        let error = KerasError.unknownName(name, "value for \(callback) to monitor named", known: logs.names)
        guard name.hasPrefix("val_"), !run.isValidated else { throw error }
        throw KerasError(
            error.message,
            hint: "fit has no validationData or validationSplit; there is: "
                + logs.names.joined(separator: ", "))
    }

    /// Whether a value is better than another; any is better than none.
    ///
    /// - Errors: `KerasError` where the name does not tell which values are better.
    func isImprovement(_ value: Double, over best: Double?) throws -> Bool {
        guard let best else {
            _ = try wantsLarge
            return true
        }
        // Keras compares as float32.
        return try wantsLarge
            ? Float(value - abs(minDelta)) > Float(best) : Float(value + abs(minDelta)) < Float(best)
    }

    private var wantsLarge: Bool {
        get throws {
            switch mode {
            case .min: return false
            case .max: return true
            case .auto: break
            }
            let metric = name.hasPrefix("val_") ? String(name.dropFirst(4)) : name
            let large = [
                "acc", "accuracy", "auc", "precision", "recall", "f1_score", "fbeta_score", "r2_score", "iou",
                "cosine_similarity", "sensitivity", "specificity",
            ]
            let small = [
                "loss", "error", "crossentropy", "mse", "mae", "mape", "msle", "divergence", "hinge", "cosh", "poisson",
            ]
            func matches(_ words: [String]) -> Bool {
                words.contains { metric == $0 || metric.hasSuffix("_" + $0) || metric.contains($0 + "_at_") }
            }
            // The number that tells two metrics of one name apart does not count.
            if matches(small) { return false }
            if matches(large) { return true }
            throw KerasError(
                "\(callback) cannot tell whether \"\(name)\" is to be small or large",
                hint: "give it mode: .min or .max")
        }
    }
}
