// What a sample of an operation is: how to build it, and with which inputs. The table of all samples drives most tests
// of this target.

import Graphs
import Operations
import Tensors
import Testing

/// Where the elements of an input come from.
enum Domain: Sendable {
    /// Drawn evenly from a range.
    case uniform(ClosedRange<Double>)
    /// Spread evenly over a range, in random order: no two are equal, so that extremes are unique.
    case distinct(ClosedRange<Double>)
    /// Whole numbers of a range.
    case integers(ClosedRange<Int>)
    /// `true` or `false`.
    case truth
    /// These numbers, again from the first where there are more elements.
    case values([Double])
}

/// One input of a sample.
struct SampleInput: Sendable {
    let dtype: DType
    let shape: [Int]
    let domain: Domain

    init(_ dtype: DType, _ shape: [Int], _ domain: Domain) {
        self.dtype = dtype
        self.shape = shape
        self.domain = domain
    }

    func array(_ random: inout RandomStream) -> UntypedArray {
        let count = shape.reduce(1, *)
        let numbers: [Double]
        switch domain {
        case .uniform(let range):
            numbers = (0..<count).map { _ in
                range.lowerBound + random.nextUniform() * (range.upperBound - range.lowerBound)
            }
        case .distinct(let range):
            let step = (range.upperBound - range.lowerBound) / Double(max(1, count))
            numbers = (0..<count).map { range.lowerBound + (Double($0) + 0.5) * step }.shuffled(using: &random)
        case .integers(let range): numbers = (0..<count).map { _ in Double(Int.random(in: range, using: &random)) }
        case .truth: numbers = (0..<count).map { _ in Bool.random(using: &random) ? 1 : 0 }
        case .values(let values): numbers = (0..<count).map { values[$0 % values.count] }
        }
        return UntypedArray(numbers, dtype: dtype, shape: shape)
    }
}

/// What is to be expected of a sample's gradient.
enum GradientExpectation: Sendable {
    /// It and its own gradient agree with differences.
    case smooth
    /// It agrees with differences; its own gradient does not exist or is not that of what was differentiated.
    case firstOrder(reason: String)
    /// There is none, and the mistake says why.
    case none(reason: String)
    /// The operation has no floating-point input to differentiate by.
    case noInput
}

/// How much of its inputs' shapes an operation must know while the graph is built.
enum ShapeKnowledge: Sendable {
    case nothing
    case ranks(reason: String)
    case everything(reason: String)
}

/// An operation with inputs: one case of many tests.
struct OpSample: Sendable {
    /// TensorFlow's name of the op.
    let operation: String
    /// What distinguishes it from other samples of the operation.
    var variant = ""
    let inputs: [SampleInput]
    var gradient = GradientExpectation.smooth
    var needs = ShapeKnowledge.nothing
    /// Overrides that of the dtype; the reason stands beside it.
    var tolerance: Double?
    /// Whether the plain lowering, without folding, can be interpreted.
    var isFoldingNeeded = false
    let build: @Sendable ([Value]) -> [Value]
}

extension OpSample: CustomTestStringConvertible {
    var testDescription: String {
        let types = inputs.map { "\($0.dtype)\($0.shape)" }.joined(separator: ", ")
        return operation + (variant.isEmpty ? "" : " \(variant)") + "(\(types))"
    }

    /// A seed of its own, which depends on nothing but the description.
    var seed: UInt64 {
        testDescription.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }

    /// The arrays to feed.
    func arrays() -> [UntypedArray] {
        var random = RandomStream(seed: seed)
        return inputs.map { $0.array(&random) }
    }
}

extension OpSample {
    /// Samples of a function of tensors of one type, one for each list of input shapes.
    ///
    /// - Parameters:
    ///   - domains: one for each input, or one for all.
    static func family<Scalar: TensorElement>(
        _ operation: String, _ variant: String = "", of type: Scalar.Type, shapes: [[[Int]]],
        domains: [Domain], gradient: GradientExpectation = .smooth, needs: ShapeKnowledge = .nothing,
        tolerance: Double? = nil, isFoldingNeeded: Bool = false,
        build: @escaping @Sendable ([Tensor<Scalar>]) -> [Value]
    ) -> [OpSample] {
        shapes.map { shapes in
            OpSample(
                operation: operation, variant: variant,
                inputs: shapes.enumerated().map { index, shape in
                    SampleInput(Scalar.dtype, shape, domains[min(index, domains.count - 1)])
                },
                gradient: Scalar.dtype.isFloating ? gradient : .noInput, needs: needs, tolerance: tolerance,
                isFoldingNeeded: isFoldingNeeded, build: { build($0.map { Tensor<Scalar>($0) }) })
        }
    }

    /// Samples of a function of one tensor.
    static func unary<Scalar: TensorElement>(
        _ operation: String, _ variant: String = "", of type: Scalar.Type, shapes: [[Int]], in domain: Domain,
        gradient: GradientExpectation = .smooth, needs: ShapeKnowledge = .nothing, isFoldingNeeded: Bool = false,
        build: @escaping @Sendable (Tensor<Scalar>) -> [Value]
    ) -> [OpSample] {
        family(
            operation, variant, of: type, shapes: shapes.map { [$0] }, domains: [domain], gradient: gradient,
            needs: needs, isFoldingNeeded: isFoldingNeeded, build: { build($0[0]) })
    }
}

extension UntypedArray {
    /// Numbers converted to a type.
    init(_ numbers: [Double], dtype: DType, shape: [Int]) {
        let storage = ArrayStorage(byteCount: numbers.count * dtype.byteCount)
        func write<Scalar: TensorElement>(_ type: Scalar.Type) {
            let elements = storage.bytes.assumingMemoryBound(to: Scalar.self)
            for (index, number) in numbers.enumerated() {
                if let numeric = type as? any NumericElement.Type {
                    func convert<Number: NumericElement>(_ type: Number.Type) -> Scalar? {
                        Number(clamping: number) as? Scalar
                    }
                    elements[index] = convert(numeric) ?? .zero
                } else {
                    elements[index] = number != 0 ? .one : .zero
                }
            }
        }
        if let type = dtype.elementType { write(type) }
        self.init(dtype: dtype, shape: shape, storage: storage)
    }
}
