// What compile was told, and what training made of it.

import Graphs
import Operations
import Tensors
import Training

/// What a model keeps for its training.
struct TrainingState: Sendable {
    var settings: CompileSettings?
    /// The nodes of training, for the kinds of labels seen so far.
    var steps: [TrainingSignature: TrainingSteps] = [:]
    var optimizer: OptimizerVariables?
    var isStopping = false

    /// Whether nodes for training were made, after which the structure stays.
    var isBuilt: Bool { !steps.isEmpty }
}

/// What `compile` was told.
struct CompileSettings: Sendable {
    let optimizer: KerasOptimizer
    let makeOptimizer: KerasOptimizer.Function
    /// One for each output; nil for an output that is not trained.
    let losses: [Loss?]
    let lossWeights: [Float]
    /// For each output.
    let metrics: [[Metric]]
    let weightedMetrics: [[Metric]]
}

/// What decides which nodes a training step needs: the types of labels, and whether samples are weighted.
struct TrainingSignature: Hashable, Sendable {
    /// The rank of the labels of each output; nil for outputs without.
    let labelRanks: [Int?]
    let isWeighted: Bool
}

/// The variables of a model's optimizer that outlive what `compile` made.
struct OptimizerVariables: Sendable {
    /// The learning rate, where it can be set from outside.
    let learningRate: Variable<Float>?
    /// How many steps were made.
    let iterations: Variable<Int64>
    let optimizer: any Optimizer
}
