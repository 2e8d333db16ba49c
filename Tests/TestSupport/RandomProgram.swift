// Random well-typed programs with arguments, for tests that hold two ways of running a program against each other.

package import Programs
package import Tensors

/// A random program that its seed alone decides.
///
/// Integer divisors are never zero and indices are in range, so that every program runs to its end.
package struct RandomProgram: Sendable, CustomStringConvertible {
    /// What the program may contain.
    package struct Options: Sendable {
        /// How many instructions to try, parameters and constants apart.
        package var stepCount = 14
        package var dtypes = DType.all
        /// Whether NaN, infinities, negative zero and the extremes of integers are among the arguments.
        package var hasSpecialValues = false
        /// Whether dimensions may be 0.
        package var hasEmptyArrays = false
        /// Whether every result is decided bit for bit (but for the sign of a zero): without functions that a device
        /// may round differently, and without sums and products of floats, which it may add up in another order.
        /// Otherwise such instructions are there, but what makes much of a small difference (comparisons, rounding,
        /// conversions to integers) is applied only to values before them.
        package var isExact = false
        /// Whether there are loops and conditionals.
        package var hasControlFlow = false

        package init() {}
    }

    package let seed: UInt64
    package let program: Program
    package let arguments: [UntypedArray]

    /// - Parameters:
    ///   - simplifies: whether the builder may simplify; with and without, a seed gives programs of the same meaning.
    package init(seed: UInt64, options: Options = Options(), simplifies: Bool = true) throws {
        var generator = Generator(seed: seed, options: options, simplifies: simplifies)
        self.seed = seed
        program = try generator.makeProgram()
        arguments = generator.arguments
    }

    package var description: String { "random program of seed \(seed)" }
}

/// A value at hand, with what the generator decides by; equal with and without simplification.
struct Candidate {
    let id: ValueID
    let type: ArrayType
    /// Whether any correct device computes the same bits.
    let isExact: Bool
    var isUsed = false
}

struct Generator {
    var options: RandomProgram.Options
    let builder: ProgramBuilder
    var random: RandomStream
    var arguments: [UntypedArray] = []
    var candidates: [Candidate] = []
    /// In how many programs this one lies.
    var depth = 0

    init(seed: UInt64, options: RandomProgram.Options, simplifies: Bool) {
        self.options = options
        builder = ProgramBuilder(simplifies: simplifies)
        random = RandomStream(seed: seed, stream: 1)
    }

    mutating func makeProgram() throws -> Program {
        // Few dtypes and shapes, so that values fit each other.
        let dtypes = (0..<2).map { _ in pick(options.dtypes) ?? .float32 }
        for _ in 0..<3 {
            let shape = (0..<below(4)).map { _ in extent() }
            _ = newParameter(ArrayType(pick(dtypes) ?? .float32, shape))
        }
        for _ in 0..<options.stepCount { try addStep() }
        let leaves = candidates.indices.filter { !candidates[$0].isUsed }
        return builder.finish(results: leaves.map { candidates[$0].id })
    }

    // MARK: - Choices

    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<max(1, bound), using: &random) }
    mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
    mutating func pick<Element>(_ elements: [Element]) -> Element? {
        elements.isEmpty ? nil : elements[below(elements.count)]
    }
    mutating func extent() -> Int { options.hasEmptyArrays && chance(10) ? 0 : 1 + below(4) }

    mutating func pickIndex(where isFit: (Candidate) -> Bool) -> Int? {
        pick(candidates.indices.filter { isFit(candidates[$0]) })
    }

    /// Takes a value as an operand.
    mutating func use(_ index: Int) -> ValueID {
        candidates[index].isUsed = true
        return candidates[index].id
    }

    mutating func record(_ id: ValueID, isExact: Bool) -> Int {
        candidates.append(Candidate(id: id, type: builder.type(of: id), isExact: isExact))
        return candidates.count - 1
    }

    // MARK: - Data

    mutating func newParameter(_ type: ArrayType) -> Int {
        newParameter(type, numbers: (0..<type.count).map { _ in number(type.dtype) })
    }

    mutating func newParameter(_ type: ArrayType, numbers: [Double]) -> Int {
        // The arguments of a nested program come from the one around it.
        if depth > 0 { return record(builder.constant(array(type, numbers)), isExact: true) }
        arguments.append(array(type, numbers))
        return record(builder.parameter(type), isExact: true)
    }

    func array(_ type: ArrayType, _ numbers: [Double]) -> UntypedArray {
        func make<Scalar: TensorElement>(_ scalar: Scalar.Type) -> UntypedArray {
            if let numeric = scalar as? any NumericElement.Type { return convert(numeric) }
            return NDArray(numbers.map { $0 > 0 ? Scalar.one : Scalar.zero }).untyped
        }
        func convert<Scalar: NumericElement>(_ scalar: Scalar.Type) -> UntypedArray {
            NDArray(numbers.map { Scalar(clamping: $0) }).untyped
        }
        let flat = type.dtype.elementType.map { make($0) } ?? NDArray<Float>.zeros([0]).untyped
        return flat.reshaped(type.shape)
    }

    /// A number that fits the dtype: small, often whole so that numbers are equal, now and then a special one.
    mutating func number(_ dtype: DType) -> Double {
        if options.hasSpecialValues, chance(15) {
            let specials: [Double] =
                dtype.isFloating
                ? [.nan, .infinity, -.infinity, -0.0, 0, 1e30, -1e30] : [.infinity, -.infinity, 0, 1, -1]
            return pick(specials) ?? 0
        }
        return chance(50) ? Double(below(9) - 4) : random.nextUniform() * 4 - 2
    }

    /// A constant: mostly one of the numbers that simplifications look for, repeated.
    mutating func newConstant(_ type: ArrayType) throws -> Int {
        if chance(25) {
            let numbers = (0..<type.count).map { _ in number(type.dtype) }
            return record(builder.constant(array(type, numbers)), isExact: true)
        }
        let value = pick([0, 1, -1, 2, 0.5, 4, 3, -2] as [Double]) ?? 0
        return record(try builder.filled(value, type), isExact: true)
    }

    /// A value of exactly this type.
    mutating func partner(_ type: ArrayType) throws -> Int {
        if chance(30) { return try newConstant(type) }
        if chance(70), let index = pickIndex(where: { $0.type == type }) { return index }
        // A smaller array, repeated.
        let smaller = type.shape.indices.filter { _ in chance(50) }
        let inner = newParameter(ArrayType(type.dtype, smaller.map { type.shape[$0] }))
        return record(try builder.broadcast(use(inner), to: type.shape, axes: smaller), isExact: true)
    }

    // MARK: - Instructions

    mutating func addStep() throws {
        guard let index = pickIndex(where: { _ in true }) else { return }
        if options.hasControlFlow, chance(15) { return try addControlFlow(index) }
        switch below(22) {
        case 0...3: try addUnary(index)
        case 4...7: try addBinary(index)
        case 8: try addComparison(index)
        case 9: try addSelect(index)
        case 10: try addConversion(index)
        case 11...12: try addReduction(index)
        case 13: try addDot(index)
        case 14: try addIndexed(index)
        case 15: try addConvolution(index)
        case 16: try addWindow(index)
        default: try addMove(index)
        }
    }

    mutating func addUnary(_ index: Int) throws {
        let operand = candidates[index]
        let exact: [UnaryFunction] = [.negate, .abs, .not, .sqrt]
        let abrupt: [UnaryFunction] = [.sign, .floor, .ceil, .roundNearestEven, .isFinite]
        // These grow a small error little; the others are applied to exact values only.
        let tame: [UnaryFunction] = [.tanh, .logistic, .erf]
        let wild: [UnaryFunction] = [
            .exponential, .exponentialMinusOne, .log, .logPlusOne, .rsqrt, .sine, .cosine, .tan,
        ]
        var choices = operand.isExact ? exact + abrupt : [.negate, .abs]
        if !options.isExact { choices += tame + (operand.isExact ? wild : []) }
        choices = choices.filter { $0.accepts(operand.type.dtype) }
        guard let function = pick(choices) else { return }
        let keeps = operand.isExact && (exact + abrupt).contains(function)
        _ = record(try builder.unary(function, use(index)), isExact: keeps)
    }

    mutating func addBinary(_ index: Int) throws {
        let dtype = candidates[index].type.dtype
        var choices: [BinaryFunction] = [.add, .subtract, .multiply, .maximum, .minimum, .and, .or, .xor, .divide]
        if candidates[index].isExact { choices.append(.remainder) }
        if !options.isExact && candidates[index].isExact { choices += [.power, .atan2] }
        if dtype.isInteger { choices.append(.power) }
        choices = choices.filter { $0.accepts(dtype) }
        guard let function = pick(choices) else { return }
        var other = try partner(candidates[index].type)
        switch function {
        case .divide where dtype.isFloating, .remainder where dtype.isFloating, .power where dtype.isFloating,
            .atan2:
            // By a constant: the sign of a zero must not decide between infinities.
            let divisor = pick([1, 2, -4, 0.5, 3, -1] as [Double]) ?? 1
            other = record(try builder.filled(divisor, candidates[index].type), isExact: true)
        case .power:
            // XLA looks at the last six bits of an exponent only.
            let few = try builder.filled(7, candidates[index].type)
            other = record(try builder.binary(.and, use(other), few), isExact: candidates[other].isExact)
        case .divide, .remainder:
            let one = try builder.filled(1, candidates[index].type)
            other = record(try builder.binary(.or, use(other), one), isExact: candidates[other].isExact)
        default:
            break
        }
        let operands = (candidates[index], candidates[other])
        let isExact = operands.0.isExact && operands.1.isExact && (!dtype.isFloating || function != .power)
        let (left, right) =
            chance(50) || [.divide, .remainder, .power].contains(function)
            ? (index, other) : (other, index)
        let value = try builder.binary(function, use(left), use(right))
        _ = record(value, isExact: isExact && function != .atan2)
    }

    mutating func addComparison(_ index: Int) throws {
        let other = try partner(candidates[index].type)
        guard candidates[index].isExact, candidates[other].isExact, let comparison = pick(Comparison.allCases)
        else { return }
        _ = record(try builder.compare(comparison, use(index), use(other)), isExact: true)
    }

    mutating func addSelect(_ index: Int) throws {
        let predicate = try partner(ArrayType(.bool, candidates[index].type.shape))
        let other = try partner(candidates[index].type)
        let isExact = candidates[index].isExact && candidates[other].isExact && candidates[predicate].isExact
        _ = record(try builder.select(use(predicate), use(index), use(other)), isExact: isExact)
    }

    mutating func addConversion(_ index: Int) throws {
        guard let dtype = pick(options.dtypes), candidates[index].isExact || dtype.isFloating else { return }
        _ = record(try builder.convert(use(index), to: dtype), isExact: candidates[index].isExact)
    }

    mutating func addReduction(_ index: Int) throws {
        let operand = candidates[index]
        if operand.isExact, !operand.type.shape.isEmpty, chance(25) {
            let axis = below(operand.type.shape.count)
            var shape = operand.type.shape
            shape.remove(at: axis)
            if operand.type.dtype.isNumeric, chance(30) {
                let count = below(operand.type.shape[axis] + 1)
                let order = Instruction.argSort(axis: axis, descending: chance(50), count: count)
                _ = record(try builder.add(order, [use(index)]), isExact: true)
                return
            }
            let type = ArrayType(chance(50) ? .int32 : .int64, shape)
            let value = try builder.add(.argReduce(smallest: chance(50), axis: axis), [use(index)], type: type)
            _ = record(value, isExact: true)
            return
        }
        let isRounded = operand.type.dtype.isFloating
        let choices = Reducer.allCases.filter {
            $0.accepts(operand.type.dtype) && !(options.isExact && isRounded && ($0 == .sum || $0 == .product))
        }
        guard let reducer = pick(choices) else { return }
        let axes = operand.type.shape.indices.filter { _ in chance(50) }
        let keeps = !isRounded || (reducer != .sum && reducer != .product)
        _ = record(try builder.reduce(reducer, use(index), axes: axes), isExact: operand.isExact && keeps)
    }

    mutating func addDot(_ index: Int) throws {
        let type = candidates[index].type
        guard type.shape.count >= 2, type.dtype.isNumeric, !(options.isExact && type.dtype.isFloating) else { return }
        let (transposeLeft, transposeRight) = (chance(50), chance(50))
        let k = type.shape[type.shape.count - (transposeLeft ? 2 : 1)]
        let n = extent()
        let other = try partner(
            ArrayType(type.dtype, type.shape.dropLast(2) + (transposeRight ? [n, k] : [k, n])))
        let isExact = candidates[index].isExact && candidates[other].isExact && !type.dtype.isFloating
        let value = try builder.dot(
            use(index), use(other), transposeLeft: transposeLeft, transposeRight: transposeRight)
        _ = record(value, isExact: isExact)
    }

    /// A gather or a scattered sum, with indices of its own.
    mutating func addIndexed(_ index: Int) throws {
        let operand = candidates[index]
        guard !operand.type.shape.isEmpty else { return }
        let axis = below(operand.type.shape.count)
        let dtype: DType = chance(50) ? .int32 : .int64
        if operand.type.shape[0] > 0, chance(30) {
            let number = newParameter(ArrayType(dtype, []), numbers: [Double(below(operand.type.shape[0]))])
            let first = newParameter(ArrayType(dtype, []), numbers: [Double(below(operand.type.shape[0]))])
            let row = try builder.add(.gather(axis: 0), [use(index), use(first)])
            let value = try builder.add(.updateRow, [use(index), row, use(number)])
            _ = record(value, isExact: operand.isExact)
        } else if chance(50) {
            let range = operand.type.shape[axis]
            let shape = range == 0 ? [0] : (0..<below(3)).map { _ in extent() }
            let type = ArrayType(dtype, shape)
            let indices = newParameter(type, numbers: (0..<type.count).map { _ in Double(below(range)) })
            let value = try builder.add(.gather(axis: axis), [use(index), use(indices)])
            _ = record(value, isExact: operand.isExact)
        } else {
            let isRounded = operand.type.dtype.isFloating
            guard operand.type.dtype.isNumeric, !(options.isExact && isRounded) else { return }
            let range = 1 + below(4)
            let type = ArrayType(dtype, [operand.type.shape[axis]])
            let indices = newParameter(type, numbers: (0..<type.count).map { _ in Double(below(range + 1) - 1) })
            let value = try builder.add(.scatterAdd(axis: axis, range: range), [use(index), use(indices)])
            _ = record(value, isExact: operand.isExact && !isRounded)
        }
    }
}

// MARK: - Moves

extension Generator {
    mutating func addMove(_ index: Int) throws {
        let operand = candidates[index]
        let shape = operand.type.shape
        let value: ValueID
        switch below(8) {
        case 0:
            var longer = shape
            let place = below(shape.count + 1)
            longer.insert(extent(), at: place)
            let axes = shape.indices.map { $0 < place ? $0 : $0 + 1 }
            for (axis, extent) in zip(axes, shape) where extent == 1 && chance(50) { longer[axis] = self.extent() }
            guard longer.count <= 4 else { return }
            value = try builder.broadcast(use(index), to: longer, axes: axes)
        case 1:
            var other = shape.filter { $0 != 1 }
            if chance(40) { other.insert(1, at: below(other.count + 1)) }
            if chance(30) { other = [operand.type.count] }
            value = try builder.reshape(use(index), to: other)
        case 2...3:
            var permutation = Array(shape.indices)
            if chance(50), shape.count >= 2 {
                permutation.swapAt(shape.count - 1, shape.count - 2)
            } else {
                permutation.shuffle(using: &random)
            }
            value = try builder.transpose(use(index), permutation)
        case 4:
            let starts = shape.map { below($0 + 1) }
            let limits = zip(starts, shape).map { $0 + below($1 - $0 + 1) }
            let isWhole = chance(30) || zip(starts, limits).contains { $0 == $1 }
            let strides = shape.map { _ in isWhole ? 1 : 1 + below(3) }
            value = try builder.add(
                .slice(
                    starts: isWhole ? shape.map { _ in 0 } : starts, limits: isWhole ? shape : limits, strides: strides),
                [use(index)])
        case 5:
            let isNothing = chance(20)
            let paddings = (0..<3).map { _ in shape.map { _ in isNothing ? 0 : below(3) } }
            let fill = try partner(ArrayType(operand.type.dtype, []))
            let isExact = operand.isExact && candidates[fill].isExact
            _ = record(
                try builder.add(
                    .pad(low: paddings[0], high: paddings[1], interior: paddings[2]), [use(index), use(fill)]),
                isExact: isExact)
            return
        case 6:
            guard !shape.isEmpty else { return }
            let other = try partner(operand.type)
            let isExact = operand.isExact && candidates[other].isExact
            let joined = try builder.add(.concatenate(axis: below(shape.count)), [use(index), use(other)])
            _ = record(joined, isExact: isExact)
            return
        default:
            if chance(30), !shape.isEmpty, operand.type.dtype.isNumeric {
                _ = record(try builder.iota(operand.type, axis: below(shape.count)), isExact: true)
                return
            }
            value = try builder.add(.reverse(axes: shape.indices.filter { _ in chance(50) }), [use(index)])
        }
        _ = record(value, isExact: operand.isExact)
    }
}
