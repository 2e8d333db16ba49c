// Optimizers of models, by value or by Keras's name.

import Graphs
import Operations
import Tensors
public import Training

/// How a model learns: an optimizer with Keras's defaults, whose learning rate may be changed while it runs.
///
///     try model.compile(optimizer: .adam(learningRate: 1e-4), loss: "mse")
///     try model.compile(optimizer: "adam", loss: "mse")                // by Keras's name
///     try model.compile(optimizer: KerasOptimizer(Adagrad(learningRate: 0.01)), loss: "mse")
public struct KerasOptimizer: Sendable, ExpressibleByStringLiteral {
    struct Function: Sendable {
        /// Where training starts; nil where the optimizer has its own rate, which cannot be set from outside.
        let learningRate: Double?
        let make: @Sendable (LearningRate) -> any Optimizer
    }

    let named: Named<Function>

    /// An optimizer of the training kit, with its own learning rate.
    public init(_ optimizer: some Optimizer) {
        named = .known(Configuration(optimizer.name), Function(learningRate: nil) { _ in optimizer })
    }

    /// The optimizer of Keras's name, such as `adam`; `compile` throws for an unknown one.
    public init(stringLiteral name: String) { self.init(name: name) }

    /// The optimizer of Keras's name, such as `adam`; `compile` throws for an unknown one.
    public init(name: String) { named = Named(name, in: Self.table) }

    private init(
        _ name: String, _ learningRate: Double, _ settings: [String: JSONValue] = [:],
        _ make: @escaping @Sendable (LearningRate) -> any Optimizer
    ) {
        var settings = settings
        settings["learning_rate"] = .number(learningRate)
        named = .known(Configuration(name, settings), Function(learningRate: learningRate, make: make))
    }

    /// Keras's name of it.
    public var name: String { named.configuration.className }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest.
    func function() throws(KerasError) -> Function { try named.function("optimizer", known: Self.table.keys) }

    /// Gradient descent.
    public static func sgd(learningRate: Double = 0.01) -> KerasOptimizer {
        KerasOptimizer("sgd", learningRate) { GradientDescent(learningRate: $0) }
    }

    /// Adagrad.
    public static func adagrad(
        learningRate: Double = 0.001, initialAccumulatorValue: Double = 0.1
    ) -> KerasOptimizer {
        KerasOptimizer("adagrad", learningRate, ["initial_accumulator_value": .number(initialAccumulatorValue)]) {
            Adagrad(learningRate: $0, initialAccumulatorValue: initialAccumulatorValue)
        }
    }

    private static let table: [String: Named<Function>] = {
        let all = [sgd(), adagrad()]
        return Dictionary(all.map { ($0.name, $0.named) }, uniquingKeysWith: { first, _ in first })
    }()
}
