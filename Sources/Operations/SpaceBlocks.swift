// Blocks of space moved into the batch or into the features, and back: how dilated convolutions were made of plain
// ones, and how images grow by features that become elements.

public import Graphs
package import Programs
public import Tensors

// MARK: - Batch

/// (x, block, paddings or crops) → the elements of each block of space, one batch for each place in the block; or back.
///
/// - Shapes: x `[batch, space..., rest...]`, block `[m]`, paddings `[m, 2]` →
///   `[batch · block₁ · … · blockₘ, (space + paddings) / block..., rest...]`.
/// - Gradient: the other of the two.
/// - Source: TensorFlow's `SpaceToBatchND` and `BatchToSpaceND`.
package struct BatchBlocks: Operation {
    package enum Role: String, Hashable, Sendable {
        case spaceToBatch = "SpaceToBatchND"
        case batchToSpace = "BatchToSpaceND"
    }

    let role: Role
    let dtype: DType
    let blockType: DType
    /// The type of the paddings or crops.
    let marginType: DType

    package init(_ role: Role, dtype: DType, blockType: DType = .int32, marginType: DType = .int32) {
        self.role = role
        self.dtype = dtype
        self.blockType = blockType
        self.marginType = marginType
    }

    package var name: String { role.rawValue }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("Tblock_shape", .type(blockType)),
            Attribute(isGathering ? "Tpaddings" : "Tcrops", .type(marginType)),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    private var isGathering: Bool { role == .spaceToBatch }
    private var margins: String { isGathering ? "paddings" : "crops" }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireIntegers(1, "the sizes of the block")
        try inputs.requireIntegers(2, "the \(margins)", maximumRank: 2)
        let (shape, form) = (inputs[0].shape, inputs[2].shape)
        if inputs[1].shape.rank == 0 { throw Mistake("the sizes of the block must be a vector, but have shape []") }
        let count = inputs[1].shape[0] ?? form[0]
        if !form.isCompatible(with: [count, 2]) {
            throw Mistake(
                "\(margins) of shape \(form) do not fit a block of shape \(inputs[1].shape)",
                hint: "give two for each axis of the block")
        }
        let (block, margins) = (inputs.integers(1), inputs.integers(2))
        if let block, block.contains(where: { $0 < 1 }) {
            throw Mistake("the sizes of the block must be positive, but are \(block)")
        }
        if let margins, margins.contains(where: { $0 < 0 }) {
            throw Mistake("\(self.margins) must not be negative: \(margins)")
        }
        guard let extents = shape.extents else { return [TensorType(dtype, .unknown)] }
        guard let count else { return [TensorType(dtype, .unknown(rank: extents.count))] }
        if extents.count <= count {
            throw Mistake(
                "a block of \(count) axes does not fit shape \(shape)", hint: "the first axis is that of the batch")
        }
        var result = extents
        result[0] = try batch(shape, block)
        for axis in 0..<count {
            let extent = extents[axis + 1]
            guard extent >= 0, let size = block?[axis], let margins else {
                result[axis + 1] = -1
                continue
            }
            result[axis + 1] = try space(shape, axis + 1, size, (margins[2 * axis], margins[2 * axis + 1]))
        }
        return [TensorType(dtype, Shape(extents: result))]
    }

    private func batch(_ shape: Shape, _ block: [Int]?) throws(Mistake) -> Int {
        guard let block else { return -1 }
        var volume = 1
        for size in block {
            let (product, overflows) = volume.multipliedReportingOverflow(by: size)
            if overflows { throw Mistake("a block of \(block) elements is too large") }
            volume = product
        }
        guard let batch = shape[0] else { return -1 }
        if isGathering {
            let (product, overflows) = batch.multipliedReportingOverflow(by: volume)
            if overflows { throw .tooLarge(shape) }
            return product
        }
        if !batch.isMultiple(of: volume) {
            throw Mistake(
                "the batch of \(shape) does not consist of blocks of \(block)", hint: "use a multiple of \(volume)")
        }
        return batch / volume
    }

    private func space(
        _ shape: Shape, _ axis: Int, _ size: Int, _ margin: (before: Int, after: Int)
    ) throws(Mistake) -> Int {
        let extent = shape[axis] ?? 0
        let (both, isTooLarge) = margin.before.addingReportingOverflow(margin.after)
        if isGathering {
            let (padded, overflows) = extent.addingReportingOverflow(both)
            if isTooLarge || overflows { throw .tooLarge(shape) }
            if !padded.isMultiple(of: size) {
                let how = both > 0 ? ", padded to \(padded)," : ""
                throw Mistake(
                    "axis \(axis) of \(shape)\(how) cannot be cut into blocks of \(size)",
                    hint: "pad by \(size - padded % size) more")
            }
            return padded / size
        }
        let (whole, overflows) = extent.multipliedReportingOverflow(by: size)
        if overflows { throw .tooLarge(shape) }
        if isTooLarge || both > whole {
            throw Mistake(
                "crops of \(margin.before) and \(margin.after) leave nothing of axis \(axis) of size \(whole)")
        }
        return whole - both
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let other = BatchBlocks(
            isGathering ? .batchToSpace : .spaceToBatch, dtype: dtype, blockType: blockType, marginType: marginType)
        return .inputs([
            makeValue(other, [context.outputGradient, context.inputs[1], context.inputs[2]]), nil, nil,
        ])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        let block = try context.integers(1, "the sizes of the block")
        let margins = try context.integers(2, "the \(margins)")
        let result = try context.outputShape()
        let count = block.count
        let rest = Array(result[(1 + count)...])
        let zeros = [Int](repeating: 0, count: result.count)
        let before = [0] + (0..<count).map { margins[2 * $0] } + rest.map { _ in 0 }
        let after = [0] + (0..<count).map { margins[2 * $0 + 1] } + rest.map { _ in 0 }
        var value = context.operands[0]
        if isGathering {
            if before != zeros || after != zeros {
                let padding = Instruction.pad(low: before, high: after, interior: zeros)
                value = try builder.add(padding, [value, builder.scalar(0, dtype)])
            }
            let cut = (0..<count).flatMap { [result[1 + $0], block[$0]] }
            value = try builder.reshape(value, to: [context.shape(0)[0]] + cut + rest)
            let order =
                (0..<count).map { 2 + 2 * $0 } + [0] + (0..<count).map { 1 + 2 * $0 }
                + rest.indices.map { 1 + 2 * count + $0 }
            return [try builder.reshape(builder.transpose(value, order), to: result)]
        }
        let space = Array(context.shape(0)[1...count])
        value = try builder.reshape(value, to: block + [result[0]] + space + rest)
        let order =
            [count] + (0..<count).flatMap { [count + 1 + $0, $0] } + rest.indices.map { 1 + 2 * count + $0 }
        let whole = [result[0]] + (0..<count).map { space[$0] * block[$0] } + rest
        value = try builder.reshape(builder.transpose(value, order), to: whole)
        if before == zeros, after == zeros { return [value] }
        let limits = whole.indices.map { whole[$0] - after[$0] }
        return [try builder.add(.slice(starts: before, limits: limits, strides: whole.map { _ in 1 }), [value])]
    }
}

// MARK: - Depth

/// Images whose features are the elements of blocks of height and width; or back.
///
/// - Shapes: `[batch, height, width, features]` → `[batch, height / b, width / b, b · b · features]`, or back.
/// - Gradient: the other of the two.
/// - Source: TensorFlow's `SpaceToDepth` and `DepthToSpace`.
package struct DepthBlocks: Operation {
    package enum Role: String, Hashable, Sendable {
        case spaceToDepth = "SpaceToDepth"
        case depthToSpace = "DepthToSpace"
    }

    let role: Role
    let dtype: DType
    let blockSize: Int
    let format: DataFormat

    package init(_ role: Role, dtype: DType, blockSize: Int, format: DataFormat = .channelsLast) {
        self.role = role
        self.dtype = dtype
        self.blockSize = blockSize
        self.format = format
    }

    package var name: String { role.rawValue }
    package var attributes: [Attribute] {
        [
            Attribute("T", .type(dtype)), Attribute("block_size", .int(blockSize)),
            Attribute("data_format", .string(format.name(spaceRank: 2))),
        ]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    private var isGathering: Bool { role == .spaceToDepth }
    private var featureAxis: Int { format.isFeaturesFirst ? 1 : 3 }
    private var spaceAxes: [Int] { format.isFeaturesFirst ? [2, 3] : [1, 2] }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if blockSize < 2 { throw Mistake("the size of the blocks must be at least 2, but is \(blockSize)") }
        let (volume, isTooLarge) = blockSize.multipliedReportingOverflow(by: blockSize)
        if isTooLarge { throw Mistake("blocks of \(blockSize) · \(blockSize) elements are too large") }
        let shape = inputs[0].shape
        if let rank = shape.rank, rank != 4 {
            throw Mistake("the images must have 4 dimensions, but have shape \(shape)")
        }
        var result = shape.extents ?? [-1, -1, -1, -1]
        for (axis, factor) in [(featureAxis, volume)] + spaceAxes.map({ ($0, blockSize) }) where result[axis] >= 0 {
            if (axis == featureAxis) == isGathering {
                let (product, overflows) = result[axis].multipliedReportingOverflow(by: factor)
                if overflows { throw .tooLarge(shape) }
                result[axis] = product
            } else if result[axis].isMultiple(of: factor) {
                result[axis] /= factor
            } else {
                throw Mistake(
                    axis == featureAxis
                        ? "the features of \(shape) are no blocks of \(blockSize) · \(blockSize)"
                        : "axis \(axis) of \(shape) cannot be cut into blocks of \(blockSize)",
                    hint: "use a multiple of \(factor)")
            }
        }
        return [TensorType(dtype, Shape(extents: result))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        let other = DepthBlocks(
            isGathering ? .depthToSpace : .spaceToDepth, dtype: dtype, blockSize: blockSize, format: format)
        return .inputs([makeValue(other, [context.outputGradient])])
    }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let (builder, size) = (context.builder, blockSize)
        let result = try context.outputShape()
        let small = isGathering ? result : context.shape(0)
        let (height, width) = (small[spaceAxes[0]], small[spaceAxes[1]])
        // Features count from the block's row, then its column, then the features of one element.
        let features = (isGathering ? context.shape(0) : result)[featureAxis]
        let inSpace: [Int]
        let inDepth: [Int]
        let toDepth: [Int]
        if format.isFeaturesFirst {
            inSpace = [small[0], features, height, size, width, size]
            inDepth = [small[0], size, size, features, height, width]
            toDepth = [0, 3, 5, 1, 2, 4]
        } else {
            inSpace = [small[0], height, size, width, size, features]
            inDepth = [small[0], height, width, size, size, features]
            toDepth = [0, 1, 3, 2, 4, 5]
        }
        let order = isGathering ? toDepth : toDepth.indices.sorted { toDepth[$0] < toDepth[$1] }
        let parts = try builder.reshape(context.operands[0], to: isGathering ? inSpace : inDepth)
        return [try builder.reshape(builder.transpose(parts, order), to: result)]
    }
}

// MARK: - Public functions

/// The elements of each block of space, one batch for each place in the block.
///
///     spaceToBatchND(x, blockShape: [2, 2], paddings: [(0, 0), (0, 0)])        // [1, 4, 4, 3] → [4, 2, 2, 3]
///
/// - Shapes: `[batch, space..., rest...]` → `[batch · ∏ block, (space + paddings) / block..., rest...]`.
/// - Parameters:
///   - blockShape: the block's size along each axis of space.
///   - paddings: how many zeros to put before and after each axis of space.
/// - Errors: sizes that are not positive, negative paddings, or an axis that is no multiple of the block, are mistakes.
/// - Gradient: `batchToSpaceND` of `g`.
/// - Source: TensorFlow's `space_to_batch_nd`.
public func spaceToBatchND<Scalar: TensorElement>(
    _ x: some TensorExpression<Scalar>, blockShape: [Int], paddings: [(Int, Int)], name: String? = nil
) -> Tensor<Scalar> {
    makeBatchBlocks(.spaceToBatch, x.value, blockShape, paddings, name)
}

/// Blocks of space put together from one batch for each place in the block.
///
/// - Shapes: `[batch · ∏ block, space..., rest...]` → `[batch, space · block - crops..., rest...]`.
/// - Parameters:
///   - blockShape: the block's size along each axis of space.
///   - crops: how many elements to leave out before and after each axis of space.
/// - Errors: sizes that are not positive, a batch that is no multiple of the block, or more crops than elements, are
///   mistakes.
/// - Gradient: `spaceToBatchND` of `g`.
/// - Source: TensorFlow's `batch_to_space_nd`.
public func batchToSpaceND<Scalar: TensorElement>(
    _ x: some TensorExpression<Scalar>, blockShape: [Int], crops: [(Int, Int)], name: String? = nil
) -> Tensor<Scalar> {
    makeBatchBlocks(.batchToSpace, x.value, blockShape, crops, name)
}

private func makeBatchBlocks<Scalar: TensorElement>(
    _ role: BatchBlocks.Role, _ x: Value, _ block: [Int], _ margins: [(Int, Int)], _ name: String?
) -> Tensor<Scalar> {
    inNodeScope(name, role.rawValue, of: x.graph) { name in
        let block = integerConstant(block, name: "block_shape")
        let margins = makePaddings(margins, name: role == .spaceToBatch ? "paddings" : "crops", in: x.graph)
        let operation = BatchBlocks(role, dtype: x.dtype, blockType: block.dtype, marginType: margins.dtype)
        return makeTensor(operation, [x, block, margins], name: name)
    }
}

/// Images whose features are the elements of blocks of height and width.
///
///     spaceToDepth(x, blockSize: 2)        // [1, 4, 4, 3] → [1, 2, 2, 12]
///
/// - Shapes: `[batch, height, width, features]` → `[batch, height / b, width / b, b · b · features]`; features first
///   where `dataFormat` says so.
/// - Parameters:
///   - blockSize: height and width of the blocks, at least 2.
/// - Errors: images that do not have four dimensions, or cannot be cut into such blocks, are mistakes.
/// - Gradient: `depthToSpace` of `g`.
/// - Source: TensorFlow's `tf.nn.space_to_depth`.
public func spaceToDepth<Scalar: TensorElement>(
    _ images: some TensorExpression<Scalar>, blockSize: Int, dataFormat: DataFormat = .channelsLast,
    name: String? = nil
) -> Tensor<Scalar> {
    let operation = DepthBlocks(.spaceToDepth, dtype: Scalar.dtype, blockSize: blockSize, format: dataFormat)
    return makeTensor(operation, [images.value], name: name)
}

/// Images whose blocks of height and width are made of features ("pixel shuffle").
///
/// - Shapes: `[batch, height, width, b · b · features]` → `[batch, height · b, width · b, features]`; features first
///   where `dataFormat` says so.
/// - Parameters:
///   - blockSize: height and width of the blocks, at least 2.
/// - Errors: images that do not have four dimensions, or whose features are no blocks, are mistakes.
/// - Gradient: `spaceToDepth` of `g`.
/// - Source: TensorFlow's `tf.nn.depth_to_space`.
public func depthToSpace<Scalar: TensorElement>(
    _ images: some TensorExpression<Scalar>, blockSize: Int, dataFormat: DataFormat = .channelsLast,
    name: String? = nil
) -> Tensor<Scalar> {
    let operation = DepthBlocks(.depthToSpace, dtype: Scalar.dtype, blockSize: blockSize, format: dataFormat)
    return makeTensor(operation, [images.value], name: name)
}

// MARK: - From files

extension BatchBlocks: DecodableOperation {
    package static var operationNames: [String] { ["SpaceToBatchND", "BatchToSpaceND"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        guard let role = Role(rawValue: node.operation) else { throw .unsupported("the op \(node.operation)") }
        self.init(
            role, dtype: try node.dtype("T"), blockType: try node.dtype("Tblock_shape", default: .int32),
            marginType: try node.dtype(role == .spaceToBatch ? "Tpaddings" : "Tcrops", default: .int32))
    }
}

extension DepthBlocks: DecodableOperation {
    package static var operationNames: [String] { ["SpaceToDepth", "DepthToSpace"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        guard let role = Role(rawValue: node.operation) else { throw .unsupported("the op \(node.operation)") }
        let name = try node.string("data_format", default: "NHWC")
        guard name == "NHWC" || name == "NCHW", let format = DataFormat(name: name) else {
            throw .unsupported("the data format \(name) is not supported, only NHWC and NCHW")
        }
        self.init(role, dtype: try node.dtype("T"), blockSize: try node.int("block_size"), format: format)
    }
}
