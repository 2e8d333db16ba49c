// Checks data against a model before it is trained, and brings it to the types that the model takes.

import Graphs
import Operations
import Tensors

extension Model {
    /// Inputs and labels as the model takes them.
    ///
    /// - Errors: `KerasError` where they do not fit; it names the array, the shape and what is expected.
    func prepared(
        _ x: any ArrayBundle, _ y: any ArrayBundle, weights: NDArray<Float>?, classWeight: [Int: Float]?
    ) throws -> (samples: Batch, signature: TrainingSignature) {
        let settings = try requireSettings()
        let inputs = try preparedInputs(x)
        let structure = try requireStructure()
        let count = inputs.first?.sampleCount ?? 0
        if count == 0 { throw KerasError("the data has no samples", hint: "is the first axis that of the samples?") }
        let labels = try preparedLabels(y, settings, structure, sampleCount: count)
        var batch = Batch(inputs: inputs, labels: labels, weights: nil)
        batch.weights = try combinedWeights(weights, classWeight, labels, sampleCount: count)
        return (
            batch,
            TrainingSignature(labelRanks: labels.map { $0?.shape.count }, isWeighted: batch.weights != nil)
        )
    }

    /// Inputs as the model takes them.
    func preparedInputs(_ x: any ArrayBundle) throws -> [AnyArray] {
        let given = x.namedArrays
        let types = given.map { TensorType(inputType(of: $0.array), Shape($0.array.shape)) }
        let structure = try requireStructure(for: types)
        try graph.requireSound()
        let names = structure.inputs.map { $0.inputName ?? $0.tensor.node.name }
        guard given.count == structure.inputs.count else {
            throw KerasError(
                "\"\(name)\" takes \(structure.inputs.count) inputs, but \(given.count) arrays are given",
                hint: structure.inputs.count > 1
                    ? "give an array for each of: \(names.joined(separator: ", "))" : "give one array")
        }
        var arrays: [AnyArray] = []
        for (index, input) in structure.inputs.enumerated() {
            var array = given[index].array
            if given.contains(where: { $0.name != nil }) {
                guard let named = given.first(where: { $0.name == names[index] }) else {
                    throw KerasError.unknownName(names[index], "array", known: given.compactMap(\.name))
                }
                array = named.array
            }
            let what = "the input" + (structure.inputs.count > 1 ? " \"\(names[index])\"" : "")
            array = try converted(array, to: input.dtype, what)
            // Images without a channel axis, for a model that has one of size 1.
            if array.shape.count + 1 == input.shape.rank ?? -1, input.shape[-1] == 1,
                let expanded = try? array.reshaped(array.shape + [1])
            {
                array = expanded
            }
            guard input.shape.accepts(array.shape) else {
                throw KerasError(
                    "\(what) has shape \(Shape(array.shape)), but the model takes \(input.shape)",
                    hint: hint(for: array.shape, input.shape))
            }
            try requireNumbers(array, what)
            if let first = arrays.first, first.sampleCount != array.sampleCount {
                throw KerasError(
                    "\(what) has \(array.sampleCount ?? 0) samples, but the first input has \(first.sampleCount ?? 0)")
            }
            arrays.append(array)
        }
        return arrays
    }

    private func inputType(of array: AnyArray) -> DType { array.dtype }

    private func hint(for given: [Int], _ expected: Shape) -> String? {
        guard let rank = expected.rank else { return nil }
        if given.count + 1 == rank { return "is the axis of the samples missing? A single sample has shape [1, ...]" }
        if let sample = Shape(Array((expected.dimensions ?? []).dropFirst())).count, let batch = given.first, batch > 0,
            elementCount(Array(given.dropFirst())) == sample
        {
            return
                "it would fit as shape \(Shape([batch] + (expected.known.map { Array($0.dropFirst()) } ?? Array((expected.dimensions ?? []).dropFirst().map { $0 ?? -1 }))))"
        }
        return nil
    }

    private func preparedLabels(
        _ y: any ArrayBundle, _ settings: CompileSettings, _ structure: ModelStructure, sampleCount: Int
    ) throws -> [AnyArray?] {
        let given = y.namedArrays
        let trained = structure.outputs.indices.filter { $0 < settings.losses.count && settings.losses[$0] != nil }
        guard given.count == trained.count else {
            throw KerasError(
                "\"\(name)\" is trained on \(trained.count) outputs, but \(given.count) arrays of labels are given")
        }
        var labels = [AnyArray?](repeating: nil, count: structure.outputs.count)
        for (number, index) in trained.enumerated() {
            guard let loss = settings.losses[index] else { continue }
            let output = structure.outputs[index]
            let what = "the labels" + (trained.count > 1 ? " of \"\(output.call?.layer.name ?? "output")\"" : "")
            var array = given[number].array
            if given.contains(where: { $0.name != nil }) {
                let outputName = output.call?.layer.name ?? "output"
                guard let named = given.first(where: { $0.name == outputName }) else {
                    throw KerasError.unknownName(outputName, "array of labels", known: given.compactMap(\.name))
                }
                array = named.array
            }
            if array.sampleCount != sampleCount {
                throw KerasError(
                    "there are \(sampleCount) samples, but \(array.sampleCount ?? 0) of \(what)",
                    hint: "inputs and labels must have the same number of samples")
            }
            switch try loss.function().labels {
            case .classes(let ignored):
                array = try preparedClasses(array, output.shape, loss, ignored: ignored, what)
            case .values: array = try preparedValues(array, output.shape, loss, what)
            }
            labels[index] = array
        }
        return labels
    }

    /// Numbers of classes.
    private func preparedClasses(
        _ array: AnyArray, _ output: Shape, _ loss: Loss, ignored: Int?, _ what: String
    ) throws -> AnyArray {
        guard let rank = output.rank else { return try converted(array, to: .int32, what) }
        let classes = output[-1]
        let hasColumn = array.shape.count == rank && array.shape.last == 1
        guard array.shape.count == rank - 1 || hasColumn else {
            throw KerasError(
                "\(what) have shape \(Shape(array.shape)), but \(loss.name) takes the numbers of classes, of shape "
                    + "\(Shape(Array((output.dimensions ?? []).dropLast())))",
                hint: array.shape.count == rank && array.shape.last == classes
                    ? "for one-hot labels use categorical_crossentropy" : nil)
        }
        let numbers = try converted(array, to: .int32, what)
        if let classes, let values = try? numbers.as(Int32.self) {
            try values.withUnsafeBufferPointer { elements in
                let isBad = { (label: Int32) in (label < 0 || Int(label) >= classes) && Int(label) != ignored }
                guard let bad = elements.firstIndex(where: isBad) else { return }
                let perSample = max(1, elements.count / max(1, numbers.sampleCount ?? 1))
                throw KerasError(
                    "label \(elements[bad]) of sample \(bad / perSample) is not one of the \(classes) classes, 0..<\(classes)",
                    hint: "the output must have as many units as there are classes, which are counted from 0")
            }
        }
        return numbers
    }

    /// Numbers in the shape of the output.
    private func preparedValues(_ array: AnyArray, _ output: Shape, _ loss: Loss, _ what: String) throws -> AnyArray {
        let values = try converted(array, to: .float32, what)
        try requireNumbers(values, what)
        if output.accepts(values.shape) { return values }
        // A column may be left out.
        if let dimensions = output.dimensions, dimensions.last == 1, dimensions.count == values.shape.count + 1 {
            return try values.reshaped(values.shape + [1])
        }
        let looksLikeClasses = values.shape.count + 1 == output.rank && loss.name == "categorical_crossentropy"
        throw KerasError(
            "\(what) have shape \(Shape(values.shape)), but the output has shape \(output)",
            hint: looksLikeClasses ? "for the numbers of classes use sparse_categorical_crossentropy" : nil)
    }

    private func combinedWeights(
        _ weights: NDArray<Float>?, _ classWeight: [Int: Float]?, _ labels: [AnyArray?], sampleCount: Int
    ) throws -> NDArray<Float>? {
        if let weights, weights.shape != [sampleCount] {
            throw KerasError(
                "the sample weights have shape \(Shape(weights.shape)), but there are \(sampleCount) samples",
                hint: "give one weight for each sample")
        }
        guard let classWeight else { return weights }
        guard labels.compactMap({ $0 }).count == 1, let label = labels.compactMap({ $0 }).first else {
            throw KerasError("class weights are for models with one trained output", hint: "use sampleWeight")
        }
        guard let classes = label.classNumbers(sampleCount: sampleCount) else {
            throw KerasError(
                "class weights are for one class per sample, but the labels have shape \(Shape(label.shape))",
                hint: "use sampleWeight")
        }
        return NDArray<Float>(shape: [sampleCount]) { target in
            for index in target.indices {
                let weight = (weights?.withUnsafeBufferPointer { $0[index] } ?? 1) * (classWeight[classes[index]] ?? 1)
                target.initializeElement(at: index, to: weight)
            }
        }
    }

    private func converted(_ array: AnyArray, to dtype: DType, _ what: String) throws -> AnyArray {
        if array.dtype == dtype { return array }
        let result: AnyArray? =
            switch dtype {
            case .float32: array.converted(to: Float.self).map { AnyArray($0) }
            case .float64: array.converted(to: Double.self).map { AnyArray($0) }
            case .int32: array.converted(to: Int32.self).map { AnyArray($0) }
            case .int64: array.converted(to: Int64.self).map { AnyArray($0) }
            case .uint8: array.converted(to: UInt8.self).map { AnyArray($0) }
            default: nil
            }
        if let result { return result }
        throw KerasError(
            "\(what) are of \(array.dtype), which cannot be made \(dtype)", hint: "give an array of numbers")
    }

    private func requireNumbers(_ array: AnyArray, _ what: String) throws {
        guard let position = array.firstNaN else { return }
        let perSample = max(1, array.count / max(1, array.sampleCount ?? 1))
        throw KerasError(
            "\(what) of sample \(position / perSample) holds NaN (element \(position % perSample))",
            hint: "replace or leave out missing values before training")
    }
}

extension AnyArray {
    /// The class of each sample: its number, or the position of the largest element of one-hot labels.
    func classNumbers(sampleCount: Int) -> [Int]? {
        guard sampleCount > 0, count % sampleCount == 0, shape.count <= 2, let values = converted(to: Float.self) else {
            return nil
        }
        let width = count / sampleCount
        return values.withUnsafeBufferPointer { elements in
            (0..<sampleCount).map { sample in
                if width == 1 { return Int(exactly: elements[sample].rounded()) ?? 0 }
                let row = elements[(sample * width)..<((sample + 1) * width)]
                return (row.indices.max { row[$0] < row[$1] } ?? row.startIndex) - row.startIndex
            }
        }
    }
}
