// Random numbers that follow from a seed among the inputs alone: the same seed gives the same numbers, however often they
// are drawn. What is drawn inside branches and loops is drawn so; see BodySeeds.

public import Graphs
package import Programs
public import Tensors

/// Numbers of a floating-point type in the shape that input 0 holds, from the two numbers of the seed in input 1.
///
/// - Gradient: none; the numbers change in steps with the seed.
/// - Source: TensorFlow's `StatelessRandomUniform`, `StatelessRandomNormal` and `StatelessTruncatedNormal`; the same
///   seeds give the same numbers.
package struct StatelessRandomNumbers: Operation {
    let kind: RandomNumbers.Kind
    let dtype: DType
    let indexType: DType
    let seedType: DType

    package init(_ kind: RandomNumbers.Kind, dtype: DType, indexType: DType = .int32, seedType: DType = .int64) {
        self.kind = kind
        self.dtype = dtype
        self.indexType = indexType
        self.seedType = seedType
    }

    package var name: String {
        switch kind {
        case .uniform: "StatelessRandomUniform"
        case .normal: "StatelessRandomNormal"
        case .truncatedNormal: "StatelessTruncatedNormal"
        }
    }
    package var attributes: [Attribute] {
        [Attribute("dtype", .type(dtype)), Attribute("T", .type(indexType)), Attribute("Tseed", .type(seedType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 2)
        if !dtype.isFloating { throw .unsupported(dtype, accepted: "floating-point numbers") }
        try inputs.requireSeed(1, seedType)
        return [TensorType(dtype, try inputs.requireShape(0))]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "random numbers depend on no input") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        _ = try context.integers(0, "the shape")
        let state = try context.builder.randomState(seed: context.operands[1])
        let type = ArrayType(dtype, try context.outputShape())
        return [try context.builder.add(.random(kind.distribution), [state], type: type)]
    }
}

/// (shape, seed, low, high) → whole numbers, even in `[low, high)`.
///
/// - Gradient: none; whole numbers change in steps.
/// - Source: TensorFlow's `StatelessRandomUniformInt`; the same seeds give the same numbers.
package struct StatelessRandomIntegers: Operation {
    let dtype: DType
    let indexType: DType
    let seedType: DType

    package init(dtype: DType, indexType: DType = .int32, seedType: DType = .int64) {
        self.dtype = dtype
        self.indexType = indexType
        self.seedType = seedType
    }

    package var name: String { "StatelessRandomUniformInt" }
    package var attributes: [Attribute] {
        [Attribute("dtype", .type(dtype)), Attribute("T", .type(indexType)), Attribute("Tseed", .type(seedType))]
    }
    package var effect: Effect { .none }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 4)
        try inputs.requireSeed(1, seedType)
        try inputs.requireBounds(2, dtype)
        return [TensorType(dtype, try inputs.requireShape(0))]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "whole numbers change in steps") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        _ = try context.integers(0, "the shape")
        let state = try context.builder.randomState(seed: context.operands[1])
        let type = ArrayType(dtype, try context.outputShape())
        return [
            try context.builder.add(
                .random(.uniformInteger), [state, context.operands[2], context.operands[3]], type: type)
        ]
    }
}

extension InputTypes {
    fileprivate func requireSeed(_ index: Int, _ dtype: DType) throws(Mistake) {
        if self[index].dtype != dtype { throw .dtypesDiffer(self[index].dtype, dtype) }
        if dtype != .int32, dtype != .int64 { throw .unsupported(dtype, accepted: "int32 and int64") }
        guard self[index].shape.isCompatible(with: [2]) else {
            throw Mistake("a seed is two whole numbers, but has shape \(self[index].shape)")
        }
    }
}

extension ProgramBuilder {
    /// The state of the stream of a seed, two whole numbers.
    ///
    /// - Source: TensorFlow's `GenerateKey` (core/kernels/stateless_random_ops.cc): the seed as the counter of a generator
    ///   with a fixed key, whose block gives the key and the counter's upper half.
    func randomState(seed: ValueID) throws -> ValueID {
        let numbers = try convert(convert(seed, to: .int64), to: .uint64)
        let fixed = constant(NDArray<UInt64>([0x0246_1E29_3EC8_F720]).untyped)
        let zero = constant(NDArray<UInt64>([0]).untyped)
        let start = try add(.concatenate(axis: 0), [fixed, numbers, zero])
        // All 64 bits: the range leaves out one number of 2⁶⁴.
        let (low, high) = (constant(NDArray(Int64.min).untyped), constant(NDArray(Int64.max).untyped))
        let drawn = try add(.random(.uniformInteger), [start, low, high], type: ArrayType(.int64, [2]))
        let offset = constant(NDArray<Int64>([.min, .min]).untyped)
        let words = try convert(binary(.subtract, drawn, offset), to: .uint64)
        func word(_ number: Int) throws -> ValueID {
            try add(.slice(starts: [number], limits: [number + 1], strides: [1]), [words])
        }
        return try add(.concatenate(axis: 0), [word(0), zero, word(1), zero])
    }
}

// MARK: - Public functions

/// Numbers drawn evenly from a range that follow from the seed alone: the same seed gives the same numbers in every run.
///
///     statelessUniform([2, 3], seed: constant([1, 2] as [Int32])) as Tensor<Float>
///
/// - Shapes: seed `[2]` → the given shape.
/// - Errors: a negative size, or a seed that is not two numbers, is a mistake.
/// - Gradient: none.
/// - Source: TensorFlow's `random.stateless_uniform`; the same seeds give the same numbers.
public func statelessUniform<Scalar: FloatingElement>(
    _ shape: [Int], seed: some TensorExpression<some IntegerElement>, in range: Range<Scalar> = 0..<1,
    name: String? = nil
) -> Tensor<Scalar> {
    let (low, high) = (range.lowerBound, range.upperBound)
    let numbers: Tensor<Scalar> = makeStateless(.uniform, shape, seed.value, name ?? "stateless_random_uniform")
    return low == 0 && high == 1 ? numbers : numbers * (high - low) + low
}

/// Normally distributed numbers that follow from the seed alone.
///
/// - Shapes, Errors, Gradient: as for `statelessUniform`.
/// - Source: TensorFlow's `random.stateless_normal`; the same seeds give the same numbers.
public func statelessNormal<Scalar: FloatingElement>(
    _ shape: [Int], seed: some TensorExpression<some IntegerElement>, mean: Scalar = 0,
    standardDeviation: Scalar = 1, name: String? = nil
) -> Tensor<Scalar> {
    let numbers: Tensor<Scalar> = makeStateless(.normal, shape, seed.value, name ?? "stateless_random_normal")
    return numbers * standardDeviation + mean
}

/// Normally distributed numbers that follow from the seed alone, drawn anew where they are more than two standard
/// deviations from the mean.
///
/// - Shapes, Errors, Gradient: as for `statelessUniform`.
/// - Source: TensorFlow's `random.stateless_truncated_normal`; the same seeds give the same numbers.
public func statelessTruncatedNormal<Scalar: FloatingElement>(
    _ shape: [Int], seed: some TensorExpression<some IntegerElement>, mean: Scalar = 0,
    standardDeviation: Scalar = 1, name: String? = nil
) -> Tensor<Scalar> {
    let numbers: Tensor<Scalar> = makeStateless(
        .truncatedNormal, shape, seed.value, name ?? "stateless_truncated_normal")
    return numbers * standardDeviation + mean
}

private func makeStateless<Scalar: FloatingElement>(
    _ kind: RandomNumbers.Kind, _ shape: [Int], _ seed: Value, _ name: String
) -> Tensor<Scalar> {
    let sizes = integerConstant(shape, in: seed.graph)
    return makeTensor(
        StatelessRandomNumbers(kind, dtype: Scalar.dtype, indexType: sizes.dtype, seedType: seed.dtype),
        [sizes, seed], name: name)
}

// MARK: - From files

extension StatelessRandomNumbers: DecodableOperation {
    package static var operationNames: [String] {
        RandomNumbers.Kind.allCases.map { StatelessRandomNumbers($0, dtype: .float32).name }
    }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let (dtype, indexType, seedType) = (try node.dtype("dtype"), try node.dtype("T"), try node.dtype("Tseed"))
        let kind = RandomNumbers.Kind.allCases.first {
            StatelessRandomNumbers($0, dtype: .float32).name == node.operation
        }
        self.init(kind ?? .uniform, dtype: dtype, indexType: indexType, seedType: seedType)
    }
}

extension StatelessRandomIntegers: DecodableOperation {
    package static var operationNames: [String] { ["StatelessRandomUniformInt"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("dtype"), indexType: try node.dtype("T"), seedType: try node.dtype("Tseed"))
    }
}
