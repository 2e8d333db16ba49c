// The figures as text: a table for people, a JSON line for programs. Keys and units are those of Benchmarks/bench.py.

/// What is printed of a measurement.
struct Report: Sendable {
    /// The version of the library that figures are published under.
    static let version = "0.1.0"

    private enum Value {
        case text(String)
        case count(Int)
        case number(Double)
    }

    private let fields: [(key: String, value: Value)]

    init(workload: String, _ measurement: Measurement) {
        fields = [
            ("workload", .text(workload)),
            ("framework", .text("tensorgraph")),
            ("version", .text(Self.version)),
            ("cpus", .count(availableCores())),
            ("steps", .count(measurement.durations.count)),
            ("seconds_total", .number(measurement.totalSeconds)),
            ("us_per_step_median", .number(measurement.medianSeconds * 1e6)),
            ("us_per_step_min", .number(measurement.fastestSeconds * 1e6)),
            ("peak_rss_mb", .number(measurement.peakMegabytes)),
            ("startup_seconds", .number(measurement.startupSeconds)),
            ("data_seconds", .number(measurement.dataSeconds)),
            ("build_seconds", .number(measurement.buildSeconds)),
            ("first_step_seconds", .number(measurement.firstStepSeconds)),
            ("final_loss", .number(measurement.finalLoss)),
            ("final_metric", .number(measurement.accuracy ?? measurement.finalLoss)),
        ]
    }

    /// One line. Numbers have at most six decimals; those that are none read as Python's `json` writes and reads them.
    var json: String {
        let members = fields.map { key, value in
            switch value {
            case .text(let text): "\"\(key)\": \"\(text)\""
            case .count(let count): "\"\(key)\": \(count)"
            case .number(let number): "\"\(key)\": \(jsonText(number))"
            }
        }
        return "{" + members.joined(separator: ", ") + "}"
    }

    /// One line for each figure.
    var table: String {
        fields.map { key, value in
            let text =
                switch value {
                case .text(let text): text
                case .count(let count): "\(count)"
                case .number(let number): "\(roundedToMillionths(number))"
                }
            return key + String(repeating: " ", count: max(1, 21 - key.count)) + text
        }
        .joined(separator: "\n")
    }
}

private func jsonText(_ number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number > 0 ? "Infinity" : "-Infinity" }
    return "\(roundedToMillionths(number))"
}

private func roundedToMillionths(_ number: Double) -> Double {
    // From 2⁵³ millionths on a double has no digits to round.
    abs(number) < 9e9 ? (number * 1e6).rounded() / 1e6 : number
}
