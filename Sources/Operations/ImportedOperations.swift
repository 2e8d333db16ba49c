// Ops that graphs written by TensorFlow hold, and that no function here makes: older forms of others, and parts of
// gradients.

package import Graphs
package import Programs
package import Tensors

// MARK: - Select

/// (condition, value where it holds, value elsewhere), as TensorFlow 1 has it.
///
/// - Shapes: both values `[n, ...]`; the condition of the same shape, a single value, or `[n]`: one for each row.
/// - Gradient: flows to the side that was chosen.
package struct SelectRows: CompositeOperation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "Select" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var inputCount: Int { 3 }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: inputCount)
        guard let shape = inputs[1].shape.merged(with: inputs[2].shape) else {
            throw .shapesDiffer(inputs[1].shape, inputs[2].shape, what: "the shapes of the values")
        }
        _ = try typesOfDecomposition(inputs, decomposed)
        return [TensorType(inputs[1].dtype, shape)]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        if context.inputs[0].shape.rank == nil || context.inputs[1].shape.rank == nil {
            return .refused(reason: "the gradient of Select needs known ranks")
        }
        return context.ofDecomposition(decomposed)
    }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        var condition = inputs[0]
        let rank = inputs[1].shape.rank ?? inputs[2].shape.rank ?? 0
        if condition.shape.rank == 1, rank > 1 {
            let shape = integerConstant([-1] + Array(repeating: 1, count: rank - 1), in: condition.graph)
            condition = makeValue(Reshape(dtype: .bool, indexType: shape.dtype), [condition, shape])
        }
        return [makeSelect(condition, inputs[1], inputs[2])]
    }
}

// MARK: - LeakyReluGrad

/// (gradient, features) → the gradient where the feature is positive, else `alpha` times it.
package struct LeakyReluGradient: CompositeOperation {
    let dtype: DType
    let alpha: Float

    package init(dtype: DType, alpha: Float = 0.2) {
        self.dtype = dtype
        self.alpha = alpha
    }

    package var name: String { "LeakyReluGrad" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype)), Attribute("alpha", .float(alpha))] }
    package var inputCount: Int { 2 }
    package var outputCount: Int { 1 }

    /// That of the features is zero: they only choose.
    package func gradient(_ context: GradientContext) -> Gradient {
        let features = context.inputs[1]
        return .inputs([
            context.isWanted[0] ? makeValue(self, [context.outputGradient, features]) : nil,
            context.isWanted[1] ? makeZeros(like: features) : nil,
        ])
    }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        let (gradient, x) = (inputs[0], inputs[1])
        let isPositive = elementwise(.greater, [x, scalarConstant(0, dtype, in: x.graph)])
        return [makeSelect(isPositive, gradient, gradient * scalarConstant(Double(alpha), dtype, in: x.graph))]
    }
}

// MARK: - ClipByValue

/// (x, lowest, highest) → x limited to the range.
///
/// - Gradient: as that of `minimum(maximum(x, lowest), highest)`.
package struct ClipByValue: CompositeOperation {
    let dtype: DType

    package init(dtype: DType) { self.dtype = dtype }

    package var name: String { "ClipByValue" }
    package var attributes: [Attribute] { [Attribute("T", .type(dtype))] }
    package var inputCount: Int { 3 }
    package var outputCount: Int { 1 }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        [elementwise(.minimum, [elementwise(.maximum, [inputs[0], inputs[1]]), inputs[2]])]
    }
}

// MARK: - Gather

/// (params, indices) → the rows of the params with the given numbers.
package struct GatherRows: CompositeOperation {
    let dtype: DType
    let indexType: DType

    package init(dtype: DType, indexType: DType) {
        self.dtype = dtype
        self.indexType = indexType
    }

    package var name: String { "Gather" }
    package var attributes: [Attribute] {
        [
            Attribute("Tparams", .type(dtype)), Attribute("Tindices", .type(indexType)),
            Attribute("validate_indices", .bool(true)),
        ]
    }
    package var inputCount: Int { 2 }
    package var outputCount: Int { 1 }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        let axis = integerConstant(0, in: inputs[0].graph)
        return [makeValue(Gather(dtype: dtype, indexType: indexType), inputs + [axis])]
    }
}

// MARK: - ShapeN, IdentityN

/// The dimensions of several tensors, as integers.
package struct ShapesOf: CompositeOperation {
    let dtype: DType
    let outputType: DType
    let count: Int

    package init(dtype: DType, outputType: DType = .int32, count: Int) {
        self.dtype = dtype
        self.outputType = outputType
        self.count = count
    }

    package var name: String { "ShapeN" }
    package var attributes: [Attribute] {
        [Attribute("N", .int(count)), Attribute("T", .type(dtype)), Attribute("out_type", .type(outputType))]
    }
    package var inputCount: Int { count }
    package var outputCount: Int { count }

    package func gradient(_ context: GradientContext) -> Gradient {
        .none(reason: "ShapeN does not depend on the elements")
    }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        inputs.map { makeValue(ShapeOf(.shape, dtype: dtype, outputType: outputType), [$0]) }
    }
}

/// Several tensors as they are.
package struct PassThroughAll: CompositeOperation {
    let dtypes: [DType]

    package init(dtypes: [DType]) { self.dtypes = dtypes }

    package var name: String { "IdentityN" }
    package var attributes: [Attribute] { [Attribute("T", .types(dtypes))] }
    package var inputCount: Int { dtypes.count }
    package var outputCount: Int { dtypes.count }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        inputs.map { makeValue(PassThrough(.identity, $0.dtype), [$0]) }
    }
}

// MARK: - DynamicStitch

/// (indices..., data...) → for each number the part of the data that it stands beside, the last where it occurs several
/// times.
///
/// - Shapes: indices `[i]`, `[j]`, data `[i, d]`, `[j, d]` → `[1 + the largest index, d]`.
/// - Errors: indices that depend on what is fed, or leave a number out, are a mistake.
/// - Gradient: to each part that of its number, also where a later part took its place, as in TensorFlow.
package struct DynamicStitch: Operation {
    let dtype: DType
    let count: Int

    package init(dtype: DType, count: Int) {
        self.dtype = dtype
        self.count = count
    }

    package var name: String { "DynamicStitch" }
    package var attributes: [Attribute] { [Attribute("N", .int(count)), Attribute("T", .type(dtype))] }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2 * count)
        for index in 0..<count { try inputs.requireIntegers(index, "the indices", maximumRank: .max) }
        for index in count..<(2 * count) where inputs[index].dtype != dtype {
            throw .dtypesDiffer(dtype, inputs[index].dtype)
        }
        guard let extents = inputs[count].shape.extents, let rank = inputs[0].shape.rank, rank <= extents.count else {
            return [TensorType(dtype, .unknown)]
        }
        var largest = -1
        for index in 0..<count {
            guard let numbers = inputs.integers(index) else {
                return [TensorType(dtype, Shape(extents: [-1] + extents[rank...]))]
            }
            largest = max(largest, numbers.max() ?? -1)
        }
        return [TensorType(dtype, Shape(extents: [largest + 1] + extents[rank...]))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let data = (0..<count).map { index -> Value? in
            makeValue(
                GatherRows(dtype: dtype, indexType: context.inputs[index].dtype),
                [context.outputGradient, context.inputs[index]])
        }
        return .inputs(Array(repeating: nil, count: count) + data)
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        var source: [Int: Int] = [:]
        var rows: [ValueID] = []
        var position = 0
        let inner = try Array(context.outputShape().dropFirst())
        for index in 0..<count {
            let numbers = try context.integers(index, "the indices of DynamicStitch")
            for number in numbers {
                guard number >= 0 else { throw Mistake("index \(number) is negative") }
                source[number] = position
                position += 1
            }
            rows.append(try builder.reshape(context.operands[count + index], to: [numbers.count] + inner))
        }
        let order = try (0..<source.count).map { number in
            guard let place = source[number] else { throw Mistake("the indices leave out \(number)") }
            return place
        }
        let total = ArrayType(dtype, [position] + inner)
        let all = rows.count == 1 ? rows[0] : try builder.add(.concatenate(axis: 0), rows, type: total)
        return [try builder.add(.gather(axis: 0), [all, builder.constant(UntypedArray(integers: order))])]
    }
}

// MARK: - From files

extension SelectRows: DecodableOperation {
    package static var operationNames: [String] { ["Select"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) { self.init(dtype: try node.dtype("T")) }
}

extension LeakyReluGradient: DecodableOperation {
    package static var operationNames: [String] { ["LeakyReluGrad"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T", default: .float32), alpha: try node.float("alpha", default: 0.2))
    }
}

extension ClipByValue: DecodableOperation {
    package static var operationNames: [String] { ["ClipByValue"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) { self.init(dtype: try node.dtype("T")) }
}

extension GatherRows: DecodableOperation {
    package static var operationNames: [String] { ["Gather"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("Tparams"), indexType: try node.dtype("Tindices"))
    }
}

extension ShapesOf: DecodableOperation {
    package static var operationNames: [String] { ["ShapeN"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), outputType: try node.dtype("out_type", default: .int32),
            count: try node.count("N"))
    }
}

extension PassThroughAll: DecodableOperation {
    package static var operationNames: [String] { ["IdentityN"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) { self.init(dtypes: try node.types("T")) }
}

extension DynamicStitch: DecodableOperation {
    package static var operationNames: [String] { ["DynamicStitch", "ParallelDynamicStitch"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(dtype: try node.dtype("T"), count: try node.count("N"))
    }
}
