// Random numbers: with the same seeds those that TensorFlow draws.

public import Graphs
package import Programs
public import Tensors

// MARK: - Seeds

/// The two seeds of a random operation, as TensorFlow derives them.
///
/// - Source: `tensorflow/python/framework/random_seed.py` of TensorFlow 2.21, graph mode.
package struct RandomSeeds: Hashable, Sendable {
    let seed: Int
    let seed2: Int

    /// - Parameters:
    ///   - operationSeed: the seed given for the operation alone. Without one, the graph's is combined with the number
    ///     of operations before this one that had none; without either, both seeds are 0, and the numbers differ in
    ///     every session.
    package init(operationSeed: Int?, in graph: Graph) {
        switch (graph.seed, operationSeed) {
        case (nil, nil):
            (seed, seed2) = (0, 0)
        case (let graphSeed, let operationSeed):
            let first = Self.truncated(graphSeed ?? 87_654_321)
            let second = Self.truncated(operationSeed ?? graph.nextOperationSeed())
            // Two zeros would mean that there are no seeds.
            (seed, seed2) = first == 0 && second == 0 ? (0, Int(Int32.max)) : (first, second)
        }
    }

    package init(seed: Int, seed2: Int) {
        (self.seed, self.seed2) = (seed, seed2)
    }

    private static func truncated(_ seed: Int) -> Int {
        let remainder = seed % Int(Int32.max)
        return remainder < 0 ? remainder + Int(Int32.max) : remainder
    }

    fileprivate var attributes: [Attribute] { [Attribute("seed", .int(seed)), Attribute("seed2", .int(seed2))] }
}

/// How many 128-bit samples of its stream a run of a random operation uses up.
///
/// TensorFlow sets aside 256 for each number, more than any distribution rejects.
private func reservedSamples(_ count: Int) -> Int {
    let (samples, overflows) = count.multipliedReportingOverflow(by: 256)
    return overflows ? Int.max : samples
}

// MARK: - Operations

/// Numbers of a floating-point type in the shape that the input holds.
///
/// - Gradient: none; the numbers depend on no input.
package struct RandomNumbers: RandomOperation {
    package enum Kind: String, Hashable, Sendable, CaseIterable {
        /// Even in `[0, 1)`.
        case uniform = "RandomUniform"
        /// Normal, with mean 0 and standard deviation 1.
        case normal = "RandomStandardNormal"
        /// Normal, drawn anew where the magnitude is above 2.
        case truncatedNormal = "TruncatedNormal"
    }

    let kind: Kind
    let dtype: DType
    let indexType: DType
    let randomSeeds: RandomSeeds

    package init(_ kind: Kind, dtype: DType, indexType: DType = .int32, seeds: RandomSeeds) {
        self.kind = kind
        self.dtype = dtype
        self.indexType = indexType
        randomSeeds = seeds
    }

    package var name: String { kind.rawValue }
    package var attributes: [Attribute] {
        randomSeeds.attributes + [Attribute("dtype", .type(dtype)), Attribute("T", .type(indexType))]
    }
    package var effect: Effect { .random }
    package var outputCount: Int { 1 }
    package var seeds: (Int, Int) { (randomSeeds.seed, randomSeeds.seed2) }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 1)
        if !dtype.isFloating { throw .unsupported(dtype, accepted: "floating-point numbers") }
        return [TensorType(dtype, try inputs.requireShape(0))]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "random numbers depend on no input") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        _ = try context.integers(0, "the shape")
        let type = ArrayType(dtype, try context.outputShape())
        let state = try context.randomState(samples: reservedSamples(type.count))
        return [try context.builder.add(.random(kind.distribution), [state], type: type)]
    }
}

extension RandomNumbers.Kind {
    var distribution: Distribution {
        switch self {
        case .uniform: .uniform
        case .normal: .normal
        case .truncatedNormal: .truncatedNormal
        }
    }
}

/// (shape, low, high) → whole numbers, even in `[low, high)`.
///
/// - Gradient: none; whole numbers change in steps.
package struct RandomIntegers: RandomOperation {
    let dtype: DType
    let indexType: DType
    let randomSeeds: RandomSeeds

    package init(dtype: DType, indexType: DType = .int32, seeds: RandomSeeds) {
        self.dtype = dtype
        self.indexType = indexType
        randomSeeds = seeds
    }

    package var name: String { "RandomUniformInt" }
    package var attributes: [Attribute] {
        randomSeeds.attributes + [Attribute("Tout", .type(dtype)), Attribute("T", .type(indexType))]
    }
    package var effect: Effect { .random }
    package var outputCount: Int { 1 }
    package var seeds: (Int, Int) { (randomSeeds.seed, randomSeeds.seed2) }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 3)
        try inputs.requireBounds(1, dtype)
        return [TensorType(dtype, try inputs.requireShape(0))]
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "whole numbers change in steps") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        _ = try context.integers(0, "the shape")
        let type = ArrayType(dtype, try context.outputShape())
        let state = try context.randomState(samples: reservedSamples(type.count))
        return [
            try context.builder.add(
                .random(.uniformInteger), [state, context.operands[1], context.operands[2]], type: type)
        ]
    }
}

extension InputTypes {
    /// The shape that input `index` holds.
    func requireShape(_ index: Int) throws(Mistake) -> Shape {
        try requireIntegers(index, "the shape")
        if let sizes = integers(index), elementCount(sizes) == nil {
            throw Mistake("\(sizes) is not a shape: its sizes are negative or too large")
        }
        return sizes(index)
    }

    /// Inputs `first` and the next are the bounds of a range of whole numbers.
    func requireBounds(_ first: Int, _ dtype: DType) throws(Mistake) {
        if dtype != .int32, dtype != .int64 { throw .unsupported(dtype, accepted: "int32 and int64") }
        for index in first...(first + 1) {
            if self[index].dtype != dtype { throw .dtypesDiffer(self[index].dtype, dtype) }
            if !self[index].shape.isCompatible(with: .scalar) {
                throw Mistake("the bounds must be single numbers, but one has shape \(self[index].shape)")
            }
        }
        if let low = integers(first)?.first, let high = integers(first + 1)?.first, low >= high {
            throw Mistake("there is no whole number from \(low) up to but without \(high)")
        }
    }
}

// MARK: - Public functions

/// Numbers drawn evenly from a range, new ones in every run.
///
///     randomUniform([2, 3], in: -1..<1) as Tensor<Float>
///
/// - Parameters:
///   - seed: decides the numbers together with the graph's seed. Without it, the graph's alone does; without that too,
///     each session draws others.
/// - Errors: a negative size is a mistake.
/// - Gradient: none.
/// - Source: TensorFlow's `random.uniform`; the same seeds give the same numbers.
public func randomUniform<Scalar: FloatingElement>(
    _ shape: [Int], in range: Range<Scalar> = 0..<1, seed: Int? = nil, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    makeUniform(graph ?? .default, range, seed, name) { integerConstant(shape, name: "shape") }
}

/// Numbers drawn evenly from a range, in a shape that the graph computes.
///
///     randomUniform(shape(of: x), in: -1..<1) as Tensor<Float>
///
/// - Parameters, Gradient, Source: as for `randomUniform(_:in:seed:name:in:)`.
public func randomUniform<Scalar: FloatingElement>(
    _ shape: some TensorExpression<Int32>, in range: Range<Scalar> = 0..<1, seed: Int? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let shape = shape.tensor.value
    return makeUniform(shape.graph, range, seed, name) { shape }
}

/// Normally distributed numbers, new ones in every run.
///
///     randomNormal([784, 10], standardDeviation: 0.03) as Tensor<Float>
///
/// - Parameters, Errors, Gradient: as for `randomUniform(_:in:seed:name:in:)`.
/// - Source: TensorFlow's `random.normal`; the same seeds give the same numbers.
public func randomNormal<Scalar: FloatingElement>(
    _ shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1, seed: Int? = nil, name: String? = nil,
    in graph: Graph? = nil
) -> Tensor<Scalar> {
    makeNormal(.normal, "random_normal", graph ?? .default, mean, standardDeviation, seed, name) {
        integerConstant(shape, name: "shape")
    }
}

/// Normally distributed numbers, in a shape that the graph computes.
///
///     x + randomNormal(shape(of: x), standardDeviation: 0.1)
///
/// - Parameters, Gradient, Source: as for `randomNormal(_:mean:standardDeviation:seed:name:in:)`.
public func randomNormal<Scalar: FloatingElement>(
    _ shape: some TensorExpression<Int32>, mean: Scalar = 0, standardDeviation: Scalar = 1, seed: Int? = nil,
    name: String? = nil
) -> Tensor<Scalar> {
    let shape = shape.tensor.value
    return makeNormal(.normal, "random_normal", shape.graph, mean, standardDeviation, seed, name) { shape }
}

/// Normally distributed numbers, drawn anew where they are more than two standard deviations from the mean.
///
/// - Parameters, Errors, Gradient: as for `randomUniform(_:in:seed:name:in:)`.
/// - Source: TensorFlow's `random.truncated_normal`; the same seeds give the same numbers.
public func truncatedNormal<Scalar: FloatingElement>(
    _ shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1, seed: Int? = nil, name: String? = nil,
    in graph: Graph? = nil
) -> Tensor<Scalar> {
    makeNormal(.truncatedNormal, "truncated_normal", graph ?? .default, mean, standardDeviation, seed, name) {
        integerConstant(shape, name: "shape")
    }
}

/// Whole numbers (`int32` or `int64`) drawn evenly from a range, new ones in every run.
///
///     randomInteger([5], in: 1..<7) as Tensor<Int32>
///
/// - Parameters, Gradient: as for `randomUniform(_:in:seed:name:in:)`.
/// - Errors: an empty range, a negative size or another type is a mistake.
/// - Source: TensorFlow's `random.uniform`; the same seeds give the same numbers.
public func randomInteger<Scalar: IntegerElement>(
    _ shape: [Int], in range: Range<Scalar>, seed: Int? = nil, name: String? = nil, in graph: Graph? = nil
) -> Tensor<Scalar> {
    inNodeScope(name, "random_uniform", of: graph ?? .default) { name in
        let sizes = integerConstant(shape, name: "shape")
        let low = constant(range.lowerBound, name: "min").value
        let high = constant(range.upperBound, name: "max").value
        return Tensor(makeRandomIntegers(Scalar.dtype, sizes, low, high, seed: seed, name: name))
    }
}

private func makeUniform<Scalar: FloatingElement>(
    _ graph: Graph, _ range: Range<Scalar>, _ seed: Int?, _ name: String?, _ makeSizes: () -> Value
) -> Tensor<Scalar> {
    let (low, high) = (range.lowerBound, range.upperBound)
    return inNodeScope(name, "random_uniform", of: graph) { name in
        let numbers = makeRandomNumbers(.uniform, Scalar.dtype, makeSizes(), seed: seed)
        if low == 0, high == 1 { return Tensor(numbers) }
        let maximum = constant(high, name: "max").value
        if low == 0 { return Tensor(numbers * maximum) }
        let minimum = constant(low, name: "min").value
        let scaled = numbers * elementwise(.subtract, [maximum, minimum], name: "sub")
        return Tensor(elementwise(.add, [scaled, minimum], name: name))
    }
}

private func makeNormal<Scalar: FloatingElement>(
    _ kind: RandomNumbers.Kind, _ defaultName: String, _ graph: Graph, _ mean: Scalar, _ deviation: Scalar,
    _ seed: Int?, _ name: String?, _ makeSizes: () -> Value
) -> Tensor<Scalar> {
    inNodeScope(name, defaultName, of: graph) { name in
        let sizes = makeSizes()
        let mean = constant(mean, name: "mean").value
        let deviation = constant(deviation, name: "stddev").value
        let numbers = makeRandomNumbers(kind, Scalar.dtype, sizes, seed: seed)
        let scaled = elementwise(.multiply, [numbers, deviation], name: "mul")
        return Tensor(elementwise(.add, [scaled, mean], name: name))
    }
}

// MARK: - From files

extension RandomSeeds {
    /// The seeds that a node's attributes give.
    init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(seed: try node.int("seed", default: 0), seed2: try node.int("seed2", default: 0))
    }
}

extension RandomNumbers: DecodableOperation {
    package static var operationNames: [String] { Kind.allCases.map(\.rawValue) }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            Kind(rawValue: node.operation) ?? .uniform, dtype: try node.dtype("dtype"),
            indexType: try node.dtype("T"), seeds: try RandomSeeds(node))
    }
}

extension RandomIntegers: DecodableOperation {
    package static var operationNames: [String] { ["RandomUniformInt"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("Tout"), indexType: try node.dtype("T"), seeds: try RandomSeeds(node))
    }
}
