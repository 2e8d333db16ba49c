// The nodes of training: one step on a batch, one test on a batch, and what they report. Made once for each kind of
// labels.

import Graphs
import Operations
import Sessions
import Synchronization
import Tensors
import Training

/// What a model's training runs.
struct TrainingSteps: Sendable {
    /// One placeholder for each output that has a loss; nil for others.
    let labels: [AnyTensor?]
    /// How much each sample counts; nil where all do equally.
    let weights: Tensor<Float>?
    /// What a training step runs.
    let train: [Node]
    /// What a step of evaluation runs.
    let test: [Node]
    /// What is reported, in order.
    let names: [String]
    let results: [Tensor<Float>]
    /// Forgets what was reported.
    let reset: [Node]
}

extension Model {
    /// The nodes for the kind of labels, made when they are first needed.
    func steps(for signature: TrainingSignature, _ structure: ModelStructure) throws -> TrainingSteps {
        if let known = training.withLock({ $0.steps[signature] }) { return known }
        let settings = try requireSettings()
        let variables = optimizerVariables(settings)
        let made = try withGraph(graph) {
            try withNameScope("training") {
                try TrainingStepsBuilder(model: self, structure: structure, settings: settings, signature: signature)
                    .build(variables)
            }
        }
        try graph.requireSound()
        training.withLock { $0.steps[signature] = made }
        return made
    }
}

extension Model {
    /// - Errors: `KerasError` where there is nothing to train.
    func requireTrainableWeights() throws {
        guard trainableWeights.isEmpty else { return }
        throw KerasError(
            "no weight of \"\(name)\" is trained",
            hint: "give it layers with weights, and set isTrainable of those that are to learn")
    }
}

/// Makes the nodes.
private struct TrainingStepsBuilder {
    let model: Model
    let structure: ModelStructure
    let settings: CompileSettings
    let signature: TrainingSignature

    func build(_ optimizer: OptimizerVariables) throws -> TrainingSteps {
        let graph = model.graph
        let isSeveral = structure.outputs.count > 1
        let labels = try makeLabels()
        let weights: Tensor<Float>? =
            signature.isWeighted ? placeholder(Float.self, [nil], name: "sample_weights", in: graph) : nil

        // The pass in use is there already; one for training is needed only where a layer asks for the phase.
        let use = structure.outputs.map(\.value)
        let context = LayerContext(graph: graph, isTraining: true)
        let inTraining =
            structure.dependsOnPhase
            ? withNameScope(model.name) { structure.pass(structure.inputs.map(\.value), context) } : use
        let ownLosses = structure.dependsOnPhase ? context.losses : structure.calls.flatMap(\.losses)
        let ownUpdates = structure.dependsOnPhase ? context.updates : structure.calls.flatMap(\.updates)
        let outputNames = structure.outputs.map { $0.call?.layer.name ?? "output" }

        let trained = try totalLoss(labels, inTraining, weights, ownLosses)
        let tested = try totalLoss(labels, use, weights, structure.calls.flatMap(\.losses))

        var report = Report()
        func addLoss(_ name: String, _ trained: Tensor<Float>, _ tested: Tensor<Float>) {
            let mean = MeanMetric(name) { _, losses in losses }
            report.add(name, mean) { metric, isTraining in
                let loss = (isTraining ? trained : tested).reshaped([1])
                return metric.update(labels: loss, predictions: loss, weights: samples.reshaped([1])).node
            }
        }
        let samples = sampleCount(of: structure.inputs[0].tensor)
        addLoss("loss", trained.total, tested.total)
        for (index, output) in structure.outputs.enumerated() {
            guard let label = labels[index] else { continue }
            let prefix = isSeveral ? outputNames[index] + "_" : ""
            if isSeveral, let own = trained.losses[index], let test = tested.losses[index] {
                addLoss(prefix + "loss", own, test)
            }
            let lists = [(settings.metrics[index], false), (settings.weightedMetrics[index], true)]
            for (metric, isWeighted) in lists.flatMap({ list, isWeighted in list.map { ($0, isWeighted) } }) {
                let setting = Metric.Setting(
                    loss: try settings.losses[index]?.function().labels ?? .values,
                    labels: TensorType(label.dtype, label.shape),
                    predictions: TensorType(output.dtype, output.shape))
                let fitted = fitting(label, asFloat(output.tensor), setting.loss)
                report.add(prefix + metric.name, try metric.function()(setting)) { metric, isTraining in
                    let predictions = asFloat((isTraining ? inTraining : use)[index].tensor)
                    return metric.update(fitted, predictions, weights: isWeighted ? weights : nil)
                }
            }
        }
        return TrainingSteps(
            labels: labels, weights: weights,
            train: [updateWeights(optimizer, trained.total)] + ownUpdates + report.train,
            test: structure.calls.flatMap(\.updates) + report.test, names: report.names, results: report.results,
            reset: report.reset)
    }

    /// The node that lets the weights follow the gradients, then brings them back to their constraints.
    private func updateWeights(_ optimizer: OptimizerVariables, _ loss: Tensor<Float>) -> Node {
        let weights = model.trainableWeights
        // Such a model may be evaluated; `fit` refuses it.
        if weights.isEmpty { return withGraph(model.graph) { group([] as [Node]) } }
        func minimize(_ optimizer: some Optimizer) -> Node {
            optimizer.minimize(
                loss, variables: weights.map { AnyVariable($0.variable) }, globalStep: optimizerIterations,
                name: "optimizer")
        }
        let optimizerIterations = optimizer.iterations
        let update = minimize(optimizer.optimizer)
        let constrained = weights.filter { $0.constraint != nil }
        if constrained.isEmpty { return update }
        return withControlDependencies([update]) {
            group(
                constrained.compactMap { weight in
                    (try? weight.constraint?.projected(weight.variable.read())).map { weight.variable.assign($0).node }
                })
        }
    }

    private func makeLabels() throws -> [AnyTensor?] {
        try structure.outputs.indices.map { index in
            guard let loss = settings.losses[index], let rank = signature.labelRanks[index] else { return nil }
            let name = structure.outputs.count == 1 ? "labels" : "labels_\(index)"
            let own = structure.outputs[index].shape
            switch try loss.function().labels {
            case .classes:
                return AnyTensor(placeholder(Int32.self, .unknown(rank: rank), name: name, in: model.graph))
            case .values:
                // A column of labels may be left out: `[batch]` for predictions `[batch, 1]`.
                let shape = own.rank == rank ? own : Shape.unknown(rank: rank)
                return AnyTensor(placeholder(Float.self, shape, name: name, in: model.graph))
            }
        }
    }

    /// The losses of the outputs, and all together with what layers and regularizers add.
    private func totalLoss(
        _ labels: [AnyTensor?], _ outputs: [LayerValue], _ weights: Tensor<Float>?, _ own: [Tensor<Float>]
    ) throws -> (losses: [Tensor<Float>?], total: Tensor<Float>) {
        var parts: [Tensor<Float>] = []
        let losses = try outputs.indices.map { index -> Tensor<Float>? in
            guard let label = labels[index], let loss = settings.losses[index] else { return nil }
            let function = try loss.function()
            let predictions = asFloat(outputs[index].tensor)
            let loss1 = withNameScope("loss") {
                let values = function.values(fitting(label, predictions, function.labels), predictions)
                return mean(of: values, weights: weights, mask: outputs[index].mask)
            }
            parts.append(settings.lossWeights[index] == 1 ? loss1 : settings.lossWeights[index] * loss1)
            return loss1
        }
        for weight in model.weights {
            if let regularizer = weight.regularizer { parts.append(try regularizer.loss(of: weight.variable.tensor)) }
        }
        parts += own.map { $0.shape.rank == 0 ? $0 : $0.sum() }
        let total = parts.dropFirst().reduce(parts.first ?? constant(0, in: model.graph)) { $0 + $1 }
        return (losses, total)
    }

    /// Labels in a shape that goes with the predictions: Keras lets a last axis of size 1 be left out or added.
    private func fitting(_ labels: AnyTensor, _ predictions: Tensor<Float>, _ kind: Loss.Labels) -> AnyTensor {
        guard let rank = labels.shape.rank, let wanted = predictions.shape.rank else { return labels }
        switch kind {
        case .classes:
            guard rank == wanted, let classes = labels.as(Int32.self) else { return labels }
            return AnyTensor(classes.squeezed(axes: [-1]))
        case .values:
            guard rank + 1 == wanted, predictions.shape[-1] == 1, let values = labels.as(Float.self) else {
                return labels
            }
            return AnyTensor(values.expandingDimension(at: -1))
        }
    }

    /// The mean of the samples' losses, as Keras reduces them: weighted, over their number; steps that are masked do not
    /// count.
    private func mean(of values: Tensor<Float>, weights: Tensor<Float>?, mask: Tensor<Bool>?) -> Tensor<Float> {
        var values = values
        if let weights { values = values * weights.broadcastAlongLeadingAxis(like: values) }
        guard let mask, mask.shape.rank == values.shape.rank else { return values.mean() }
        let counts = cast(mask, to: Float.self)
        return (values * counts).sum() / maximum(counts.sum(), 1)
    }
}

/// The number of samples of a batch, shape `[]`.
private func sampleCount(of input: AnyTensor) -> Tensor<Float> {
    func count<Scalar: TensorElement>(_ type: Scalar.Type) -> Tensor<Float>? {
        input.as(type).map { cast(shape(of: $0)[0], to: Float.self) }
    }
    return input.dtype.elementType.flatMap { count($0) } ?? unmadeTensor(in: input.graph)
}

/// What is reported: names, results, and the updates of a step.
private struct Report {
    var names: [String] = []
    var results: [Tensor<Float>] = []
    var train: [Node] = []
    var test: [Node] = []
    var reset: [Node] = []

    mutating func add(
        _ name: String, _ metric: some StreamingMetric, update: (MetricVariables, _ isTraining: Bool) -> Node
    ) {
        // Two metrics of one name are told apart by a number.
        var unique = name
        var number = 1
        while names.contains(unique) {
            unique = "\(name)_\(number)"
            number += 1
        }
        let variables = MetricVariables(metric, isLocal: false, name: unique)
        names.append(unique)
        results.append(variables.result)
        train.append(update(variables, true))
        test.append(update(variables, false))
        reset.append(variables.reset)
    }
}

extension MetricVariables {
    /// Takes a batch in whose labels are of any type.
    fileprivate func update(_ labels: AnyTensor, _ predictions: Tensor<Float>, weights: Tensor<Float>?) -> Node {
        func taking<Label: NumericElement>(_ type: Label.Type) -> Node? {
            labels.as(type).map { update(labels: $0, predictions: predictions, weights: weights).node }
        }
        return labels.dtype.numericType.flatMap { taking($0) }
            ?? update(labels: asFloat(labels), predictions: predictions, weights: weights).node
    }
}
