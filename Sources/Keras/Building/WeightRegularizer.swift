// What large weights cost, by value or by Keras's name.

public import Graphs
import Operations
public import Tensors
public import Training

/// A loss that grows with a weight, or with a layer's output.
///
///     Dense(512, kernelRegularizer: .l2(0.01))
public struct WeightRegularizer: Sendable, ExpressibleByStringLiteral {
    typealias Function = @Sendable (Tensor<Float>) -> Tensor<Float>

    let named: Named<Function>

    /// A loss of one's own, of any shape; its sum counts. A model with it cannot be saved as JSON.
    public init(_ function: @escaping @Sendable (Tensor<Float>) -> Tensor<Float>) {
        named = .known(Configuration("function"), function)
    }

    /// The regularizer of Keras's name: `l1`, `l2`, `l1_l2` or `orthogonal_regularizer`.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The regularizer of Keras's name; an unknown name is a mistake where it is used.
    public init(name: String) { named = Named(name, in: Self.table) }

    private init(_ className: String, _ settings: [String: JSONValue], _ function: @escaping Function) {
        named = .known(Configuration(className, settings), function)
    }

    /// `factor Σ |x|`
    public static func l1(_ factor: Float = 0.01) -> WeightRegularizer {
        WeightRegularizer("L1", ["l1": .number(Double(factor))]) { Regularizer.l1(Double(factor))($0) }
    }

    /// `factor Σ x²`
    public static func l2(_ factor: Float = 0.01) -> WeightRegularizer {
        WeightRegularizer("L2", ["l2": .number(Double(factor))]) { Regularizer.l2(Double(factor))($0) }
    }

    /// `l1 Σ |x| + l2 Σ x²`
    public static func l1l2(l1: Float = 0.01, l2: Float = 0.01) -> WeightRegularizer {
        WeightRegularizer("L1L2", ["l1": .number(Double(l1)), "l2": .number(Double(l2))]) {
            Regularizer.l1l2(l1: Double(l1), l2: Double(l2))($0)
        }
    }

    /// `factor` times the mean of `|cos α|` over all pairs of a matrix's rows, or columns.
    public static func orthogonal(_ factor: Float = 0.01, of lines: Regularizer.Lines = .rows) -> WeightRegularizer {
        let settings: [String: JSONValue] = ["factor": .number(Double(factor)), "mode": .string(lines.rawValue)]
        return WeightRegularizer("OrthogonalRegularizer", settings) {
            Regularizer.orthogonal(Double(factor), of: lines)($0)
        }
    }

    /// The loss of a value.
    func loss(of value: Tensor<Float>) throws(KerasError) -> Tensor<Float> {
        try named.function("regularizer", known: Self.table.keys)(value)
    }

    /// Reports an unknown name.
    func check(in context: LayerContext) {
        do {
            _ = try named.function("regularizer", known: Self.table.keys)
        } catch {
            context.report(error.message, hint: error.hint)
        }
    }

    static let table: [String: Named<Function>] = [
        "l1": l1().named, "l2": l2().named, "l1_l2": l1l2().named,
        "orthogonal_regularizer": orthogonal().named,
    ]
}
