// What a model takes: found once for a training, with which the arrays of each batch are then compared. Numbers and their
// types are checked in `ArrayChecks.swift`.

import Graphs
import Operations
import Tensors

/// What the arrays for a model must be like.
struct DataPlan: Sendable {
    /// An array for an input, or the labels of an output.
    struct Slot: Sendable {
        /// The name under which dictionaries have it.
        let name: String
        /// As messages call it: `the input`, `the labels of "kind"`.
        let title: String
        let shape: Shape
        let dtype: DType

        /// The shape for any number of samples, also where the model takes a fixed number at a time.
        var shapeOfSamples: Shape {
            guard let dimensions = shape.dimensions, !dimensions.isEmpty else { return shape }
            return Shape([nil] + dimensions.dropFirst())
        }
    }

    /// The labels of an output that is trained.
    struct Labels: Sendable {
        let slot: Slot
        let loss: String
        let kind: Loss.Labels
    }

    let model: String
    let inputs: [Slot]
    /// One for each output; nil for one that is not trained.
    let labels: [Labels?]
    let classWeight: ClassWeights?
    /// Whether numbers that are not finite are refused.
    let checksNumbers: Bool

    /// Whether the data is a data set's, which hints then speak of.
    var isOfDataset = false
    /// Whether the arrays are cut into batches later, so that they may have more samples than the model takes at a time.
    var isCut = false

    // MARK: - Arranging data

    /// Inputs and labels as the model takes them.
    ///
    /// - Errors: `KerasError` where they do not fit; it names the array, the shape and what is expected.
    func batch(_ x: any ArrayBundle, _ y: any ArrayBundle, weights: NDArray<Float>? = nil) throws -> Batch {
        let inputs = try arrangedInputs(x)
        let count = inputs.first?.sampleCount ?? 0
        let labels = try arrangedLabels(y, sampleCount: count)
        if let weights { try checkSampleWeights(weights, sampleCount: count) }
        let all = try classWeight?.weights(of: labels, sampleCount: count, times: weights) ?? weights
        return Batch(inputs: inputs, labels: labels, weights: all)
    }

    /// Inputs as the model takes them.
    ///
    /// - Errors: as `batch`.
    func arrangedInputs(_ x: any ArrayBundle) throws -> [AnyArray] {
        let given = try arranged(x, inputs, "takes", "input", "inputs")
        var arrays: [AnyArray] = []
        for (slot, array) in zip(inputs, given) {
            var array = try array.converted(to: slot.dtype, slot.title)
            // Images without a channel axis, for a model that has one of size 1.
            if array.shape.count + 1 == slot.shape.rank, slot.shape[-1] == 1,
                let expanded = try? array.reshaped(array.shape + [1])
            {
                array = expanded
            }
            guard (isCut ? slot.shapeOfSamples : slot.shape).accepts(array.shape) else {
                throw KerasError(
                    "\(slot.title) has shape \(Shape(array.shape)), but the model takes \(slot.shape)",
                    hint: hint(for: array.shape, slot.shape))
            }
            if array.sampleCount == 0 {
                throw KerasError("\(slot.title) has no samples", hint: "the first axis is that of the samples")
            }
            if let first = arrays.first, first.sampleCount != array.sampleCount {
                throw KerasError(
                    "\(slot.title) has \(array.sampleCount ?? 0) samples, but \(inputs[0].title) has "
                        + "\(first.sampleCount ?? 0)", hint: "all inputs must have the same number of samples")
            }
            if checksNumbers { try array.requireFinite(slot.title) }
            arrays.append(array)
        }
        return arrays
    }

    private func arrangedLabels(_ y: any ArrayBundle, sampleCount: Int) throws -> [AnyArray?] {
        let trained = labels.compactMap { $0 }
        var given = try arranged(y, trained.map(\.slot), "is trained with", "array of labels", "arrays of labels")[...]
        return try labels.map { labels in
            guard let labels, let array = given.popFirst() else { return nil }
            if array.sampleCount != sampleCount {
                throw KerasError(
                    "there are \(sampleCount) samples, but \(array.sampleCount ?? 0) of \(labels.slot.title)",
                    hint: "inputs and labels must have the same number of samples")
            }
            switch labels.kind {
            case .classes(let ignored): return try arrangedClasses(array, labels, ignored: ignored)
            case .values: return try arrangedValues(array, labels)
            }
        }
    }

    /// Arrays in the order of the slots, by their names where they have some.
    private func arranged(
        _ bundle: any ArrayBundle, _ slots: [Slot], _ verb: String, _ one: String, _ several: String
    ) throws -> [AnyArray] {
        let given = bundle.namedArrays
        let names = slots.map(\.name)
        if given.contains(where: { $0.name != nil }) {
            if let unknown = given.lazy.compactMap(\.name).first(where: { !names.contains($0) }) {
                let near = nearestName(to: unknown, among: names)
                throw KerasError(
                    "\"\(model)\" \(verb) no \(one) \"\(unknown)\"",
                    hint: near.map { "did you mean \"\($0)\"?" } ?? "give: \(names.joined(separator: ", "))")
            }
            return try slots.map { slot in
                if let named = given.first(where: { $0.name == slot.name }) { return named.array }
                throw KerasError(
                    "no \(one) \"\(slot.name)\" is given for \"\(model)\"",
                    hint: "give: \(names.joined(separator: ", "))")
            }
        }
        guard given.count == slots.count else {
            throw KerasError(
                "\"\(model)\" \(verb) \(slots.count) \(slots.count == 1 ? one : several), but is given \(given.count)",
                hint: slots.count > 1 ? "give one for each of: \(names.joined(separator: ", "))" : "give one array")
        }
        return given.map(\.array)
    }

    private func hint(for given: [Int], _ expected: Shape) -> String {
        let sample = (expected.dimensions ?? []).dropFirst()
        if let count = expected[0], given.count == expected.rank, Shape([nil] + sample).accepts(given) {
            return "it takes \(counted(count, "sample")) at a time: give so many, or make its input without batchSize"
        }
        if given.count + 1 == expected.rank, zip(given, sample).allSatisfy({ $1 == nil || $0 == $1 }) {
            return isOfDataset
                ? "is the data set one of single samples? Call batch(_:) on it"
                : "is the axis of the samples missing? A single sample has shape \(Shape([1] + given))"
        }
        if let known = Shape(Array(sample)).known, let count = given.first, count > 0,
            let size = elementCount(known), elementCount(Array(given.dropFirst())) == size
        {
            return "it would fit as shape \(Shape([count] + known))"
        }
        return "give samples of shape \(Shape(Array(sample))), or make the model for \(Shape(Array(given.dropFirst())))"
    }

    // MARK: - Labels

    /// Numbers of classes.
    private func arrangedClasses(_ array: AnyArray, _ labels: Labels, ignored: Int?) throws -> AnyArray {
        let (slot, output) = (labels.slot, labels.slot.shape)
        guard let rank = output.rank else { return try array.classes(count: nil, ignored: ignored, slot.title) }
        let classes = output[-1]
        let hasColumn = array.shape.count == rank && array.shape.last == 1
        guard array.shape.count == rank - 1 || hasColumn else {
            let isOneHot = array.shape.count == rank && array.shape.last == classes
            throw KerasError(
                "\(slot.title) have shape \(Shape(array.shape)), but \(labels.loss) takes the numbers of classes, of "
                    + "shape \(Shape(Array((output.dimensions ?? []).dropLast())))",
                hint: isOneHot ? "for one-hot labels use categorical_crossentropy" : "give one number for each sample")
        }
        return try array.classes(count: classes, ignored: ignored, slot.title)
    }

    /// Numbers in the shape of the output.
    private func arrangedValues(_ array: AnyArray, _ labels: Labels) throws -> AnyArray {
        let (slot, output) = (labels.slot, labels.slot.shape)
        var values = try array.converted(to: .float32, slot.title)
        // A column may be left out.
        if let dimensions = output.dimensions, dimensions.last == 1, dimensions.count == values.shape.count + 1 {
            values = try values.reshaped(values.shape + [1])
        }
        guard (isCut ? slot.shapeOfSamples : output).accepts(values.shape) else {
            let wanted = output.rank ?? 0
            let lacksClasses =
                values.shape.count + 1 == wanted || (values.shape.count == wanted && values.shape.last == 1)
            throw KerasError(
                "\(slot.title) have shape \(Shape(values.shape)), but the output has shape \(output)",
                hint: lacksClasses && labels.loss.hasSuffix("crossentropy")
                    ? "for the numbers of classes use sparse_categorical_crossentropy"
                    : "labels must have the shape of the output")
        }
        if checksNumbers { try values.requireFinite(slot.title) }
        if labels.loss.hasPrefix("binary_") { try values.requireProbabilities(slot.title, labels.loss) }
        return values
    }

    private func checkSampleWeights(_ weights: NDArray<Float>, sampleCount: Int) throws {
        guard weights.shape == [sampleCount] else {
            throw KerasError(
                "the sample weights have shape \(Shape(weights.shape)), but there are \(sampleCount) samples",
                hint: "give one weight for each sample, an array of shape [\(sampleCount)]")
        }
        try AnyArray(weights).requireFinite("the sample weights")
    }
}

extension Model {
    /// What this model takes in use.
    ///
    /// - Parameters:
    ///   - x: the first inputs, which decide those of a stack without known input.
    /// - Errors: `KerasError` for a model without layers, `GraphError` for mistakes in building it.
    func inputPlan(for x: any ArrayBundle) throws -> DataPlan {
        try plan(x, labels: { _ in [] }, classWeight: nil)
    }

    /// What this model takes in training.
    ///
    /// - Errors: `KerasError` for a model that was not compiled, or whose losses do not go with its outputs; others as
    ///   `inputPlan`.
    func dataPlan(for x: any ArrayBundle, classWeight: [Int: Float]? = nil) throws -> DataPlan {
        let settings = try requireSettings()
        return try plan(x, labels: { try labelPlan(settings, $0) }, classWeight: classWeight)
    }

    private func plan(
        _ x: any ArrayBundle, labels: (ModelStructure) throws -> [DataPlan.Labels?], classWeight: [Int: Float]?
    ) throws -> DataPlan {
        let structure = try requireStructure(
            for: x.namedArrays.map { TensorType($0.array.dtype, Shape($0.array.shape)) })
        try graph.requireSound()
        let isSeveral = structure.inputs.count > 1
        let inputs = structure.inputs.map { input in
            let name = input.inputName ?? input.tensor.node.name
            return DataPlan.Slot(
                name: name, title: "the input" + (isSeveral ? " \"\(name)\"" : ""), shape: input.shape,
                dtype: input.dtype)
        }
        let labels = try labels(structure)
        return DataPlan(
            model: name, inputs: inputs, labels: labels,
            classWeight: try classWeight.map { try ClassWeights($0, for: labels) }, checksNumbers: checksNumbers)
    }

    private func labelPlan(_ settings: CompileSettings, _ structure: ModelStructure) throws -> [DataPlan.Labels?] {
        guard settings.losses.count == structure.outputs.count else {
            throw KerasError(
                "\"\(name)\" has \(counted(structure.outputs.count, "output")), but was compiled with "
                    + counted(settings.losses.count, "loss", "losses"), hint: "compile it with one for each output")
        }
        let isSeveral = settings.losses.compactMap { $0 }.count > 1
        return try zip(structure.outputs, settings.losses).map { output, loss in
            guard let loss else { return nil }
            let kind = try loss.function().labels
            let name = output.call?.layer.name ?? "output"
            // The probabilities of a single class are always 1, and the loss always 0.
            let isOfClasses = kind != .values || loss.name.hasPrefix("categorical_")
            if isOfClasses, output.shape.rank ?? 0 > 1, output.shape[-1] == 1 {
                throw KerasError(
                    "\(loss.name) compares classes, but the output \"\(name)\" of shape \(output.shape) has only one",
                    hint: "give it one unit for each class, or use binary_crossentropy for yes and no")
            }
            return DataPlan.Labels(
                slot: DataPlan.Slot(
                    name: name, title: "the labels" + (isSeveral ? " of \"\(name)\"" : ""), shape: output.shape,
                    dtype: .float32), loss: loss.name, kind: kind)
        }
    }
}

/// `1 output`, `2 outputs`.
func counted(_ count: Int, _ one: String, _ several: String? = nil) -> String {
    "\(count) \(count == 1 ? one : several ?? one + "s")"
}
