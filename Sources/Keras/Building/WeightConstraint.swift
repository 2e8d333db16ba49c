// What weights are brought back to after each step, by value or by Keras's name.

public import Graphs
import Operations
public import Tensors

/// A projection that is applied to a weight after each update.
///
///     Dense(512, kernelConstraint: .maxNorm(2))
public struct WeightConstraint: Sendable, ExpressibleByStringLiteral {
    typealias Function = @Sendable (Tensor<Float>) -> Tensor<Float>

    let named: Named<Function>

    /// A projection of one's own. A model with it cannot be saved as JSON.
    public init(_ function: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>) {
        named = .known(Configuration("function"), function)
    }

    /// The constraint of Keras's name: `max_norm`, `non_neg`, `unit_norm` or `min_max_norm`.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The constraint of Keras's name; an unknown name is a mistake where it is used.
    public init(name: String) { named = Named(name, in: Self.table) }

    private init(
        _ className: String, _ settings: [String: JSONValue], refused fact: String? = nil,
        _ function: @escaping Function
    ) {
        named = Named(Configuration(className, settings), function, refused: fact)
    }

    /// Vectors along the axes are scaled down where their norm is above `maximum`.
    public static func maxNorm(_ maximum: Float = 2, axes: [Int] = [0]) -> WeightConstraint {
        WeightConstraint(
            "MaxNorm", ["max_value": .number(Double(maximum)), "axis": Configuration.json(ofAxes: axes)],
            refused: maximum >= 0 ? nil : "has the maximum \(maximum), but must have one of at least 0"
        ) { weight in
            let norms = norms(of: weight, axes)
            return weight * (norms.clipped(to: 0...max(0, maximum)) / (norms + epsilon))
        }
    }

    /// Negative numbers become 0.
    public static let nonNegative = WeightConstraint("NonNeg", [:]) { relu($0) }

    /// Vectors along the axes get norm 1.
    public static func unitNorm(axes: [Int] = [0]) -> WeightConstraint {
        WeightConstraint("UnitNorm", ["axis": Configuration.json(ofAxes: axes)]) {
            $0 / (norms(of: $0, axes) + epsilon)
        }
    }

    /// The norms of vectors along the axes are brought into a range, by a part of the way.
    public static func minMaxNorm(
        minimum: Float = 0, maximum: Float = 1, rate: Float = 1, axes: [Int] = [0]
    ) -> WeightConstraint {
        let isSound = minimum >= 0 && minimum <= maximum && rate.isFinite
        return WeightConstraint(
            "MinMaxNorm",
            [
                "min_value": .number(Double(minimum)), "max_value": .number(Double(maximum)),
                "rate": .number(Double(rate)), "axis": Configuration.json(ofAxes: axes),
            ],
            refused: isSound
                ? nil : "brings norms into \(minimum)...\(maximum) at the rate \(rate), but must into a range from 0 on"
        ) { weight in
            let norms = norms(of: weight, axes)
            let wanted =
                rate * norms.clipped(to: minimum...(maximum > minimum ? maximum : minimum)) + (1 - rate) * norms
            return weight * (wanted / (norms + epsilon))
        }
    }

    /// The projection of a weight.
    func projected(_ weight: Tensor<Float>) throws(KerasError) -> Tensor<Float> {
        try named.function("constraint", known: Self.table.keys)(weight)
    }

    /// Reports an unknown name.
    func check(in context: LayerContext) {
        do {
            _ = try named.function("constraint", known: Self.table.keys)
        } catch {
            context.report(error.message, hint: error.hint)
        }
    }

    static let table: [String: Named<Function>] = [
        "max_norm": maxNorm().named, "non_neg": nonNegative.named, "unit_norm": unitNorm().named,
        "min_max_norm": minMaxNorm().named,
    ]
}

/// Keeps divisors from 0, as Keras's.
private let epsilon: Float = 1e-7

private func norms(of weight: Tensor<Float>, _ axes: [Int]) -> Tensor<Float> {
    sqrt(square(weight).sum(axes: axes, keepDimensions: true))
}
