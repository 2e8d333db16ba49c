// What layers that normalise have in common: the scale and the offset after it.

import Graphs
import Operations
import Tensors

/// How what was normalised is scaled by `gamma` and shifted by `beta`, which are learnt.
public struct NormalizationScaling: Sendable {
    /// Whether there is `beta`.
    public var centers = true
    /// Whether there is `gamma`.
    public var scales = true
    public var betaInitializer: WeightInitializer = .zeros
    public var gammaInitializer: WeightInitializer = .ones
    public var betaRegularizer: WeightRegularizer?
    public var gammaRegularizer: WeightRegularizer?
    public var betaConstraint: WeightConstraint?
    public var gammaConstraint: WeightConstraint?

    /// Whether what keeps divisors from 0 makes sense; else a mistake.
    static func isSound(epsilon: Float, _ context: LayerContext) -> Bool {
        if epsilon >= 0 { return true }
        context.report("epsilon must not be below 0, but is \(epsilon)")
        return false
    }

    /// The weights of the layer that is being called.
    func weights(_ shape: [Int], _ context: LayerContext) -> (gamma: Tensor<Float>?, beta: Tensor<Float>?) {
        let gamma =
            scales
            ? context.weight(
                "gamma", shape: shape, initializer: gammaInitializer, regularizer: gammaRegularizer,
                constraint: gammaConstraint
            ).tensor : nil
        let beta =
            centers
            ? context.weight(
                "beta", shape: shape, initializer: betaInitializer, regularizer: betaRegularizer,
                constraint: betaConstraint
            ).tensor : nil
        return (gamma, beta)
    }
}

// MARK: - In files

extension NormalizationScaling {
    var json: [String: JSONValue] {
        get throws {
            [
                "center": .bool(centers), "scale": .bool(scales), "beta_initializer": try betaInitializer.json,
                "gamma_initializer": try gammaInitializer.json,
                "beta_regularizer": try JSONValue(setting: betaRegularizer),
                "gamma_regularizer": try JSONValue(setting: gammaRegularizer),
                "beta_constraint": try JSONValue(setting: betaConstraint),
                "gamma_constraint": try JSONValue(setting: gammaConstraint),
            ]
        }
    }

    init(_ configuration: Configuration) throws {
        self.init(
            centers: try configuration.bool("center", default: true),
            scales: try configuration.bool("scale", default: true),
            betaInitializer: try configuration.initializer("beta_initializer", default: .zeros),
            gammaInitializer: try configuration.initializer("gamma_initializer", default: .ones),
            betaRegularizer: try configuration.regularizer("beta_regularizer"),
            gammaRegularizer: try configuration.regularizer("gamma_regularizer"),
            betaConstraint: try configuration.constraint("beta_constraint"),
            gammaConstraint: try configuration.constraint("gamma_constraint"))
    }
}

extension Configuration {
    /// One axis or several, as Keras writes them.
    static func json(ofAxes axes: [Int]) -> JSONValue { axes.count == 1 ? .integer(axes[0]) : JSONValue(axes) }
}
