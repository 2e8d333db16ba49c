// Numbers of categories as vectors, and numbers as categories.

import Graphs
import Operations
public import Tensors

/// How categories are put out.
public enum CategoryMode: String, Hashable, Sendable, CaseIterable {
    /// The number of each.
    case int
    /// A vector for each, 1 in its place.
    case oneHot = "one_hot"
    /// A vector for each sample, 1 in the place of each category that it has.
    case multiHot = "multi_hot"
    /// A vector for each sample: how often it has each category.
    case count

    /// - Parameters:
    ///   - weights: what each number counts, of its shape; nil: 1.
    fileprivate func encoded(
        _ numbers: Tensor<Int32>, count: Int, weights: Tensor<Float>? = nil, _ context: LayerContext
    ) -> AnyTensor {
        if self == .int { return AnyTensor(numbers) }
        guard numbers.node.isSound else { return AnyTensor(context.nothing) }
        guard let rank = numbers.shape.rank, rank >= (self == .oneHot ? 1 : 2) else {
            let shape = self == .oneHot ? "[batch, ...]" : "[batch, categories, ...]"
            return AnyTensor(context.mistake("takes inputs \(shape), but is given shape \(numbers.shape)"))
        }
        let vectors: Tensor<Float> = Operations.oneHot(numbers, depth: count)
        switch self {
        case .multiHot: return AnyTensor(vectors.max(axis: 1))
        case .count:
            return AnyTensor((weights.map { vectors * $0.expandingDimension(at: rank) } ?? vectors).sum(axis: 1))
        case .int, .oneHot:
            // An axis of size 1 behind that of the samples is left out, as in Keras.
            return AnyTensor(rank > 1 && numbers.shape[-1] == 1 ? vectors.squeezed(axes: [rank - 1]) : vectors)
        }
    }
}

/// Vectors for numbers of categories.
///
///     CategoryEncoding(4)([[0, 1], [3, 3]])        // [[1, 1, 0, 0], [0, 0, 0, 1]]
///
/// - Shapes: whole numbers `[batch, n]` → `[batch, count]`; `oneHot`: `[batch, ..., count]`. In the mode `count` a second
///   input of the same shape says what each number counts. A number that is no category counts nowhere.
/// - Source: Keras's `CategoryEncoding`.
public struct CategoryEncoding: IndexLayer {
    public let state: LayerState
    /// How many categories there are.
    public let count: Int
    public let mode: CategoryMode

    public init(_ count: Int, mode: CategoryMode = .multiHot, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.count = count
        self.mode = mode
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        [LayerValue(encoded(inputs, context))]
    }

    private func encoded(_ inputs: [LayerValue], _ context: LayerContext) -> AnyTensor {
        func refused(_ fact: String, hint: String? = nil) -> AnyTensor {
            AnyTensor(context.mistake(fact, hint: hint))
        }
        guard count > 0 else { return refused("the number of categories must be at least 1, but is \(count)") }
        guard mode != .int else { return refused("numbers are what it is given", hint: "use another mode") }
        guard inputs.count == 1 || inputs.count == 2, let first = inputs.first?.tensor else {
            return refused("takes numbers, and perhaps what they count, but is given \(inputs.count) inputs")
        }
        let numbers = first.as(Int32.self) ?? cast(context.float(first), to: Int32.self)
        guard inputs.count == 2 else { return mode.encoded(numbers, count: count, context) }
        guard mode == .count else {
            return refused("what numbers count is for the mode count, but the mode is \(mode)")
        }
        let weights = context.float(inputs[1].tensor)
        guard weights.shape.isCompatible(with: numbers.shape) else {
            return refused("numbers of shape \(numbers.shape) do not fit what they count, of shape \(weights.shape)")
        }
        return mode.encoded(numbers, count: count, weights: weights, context)
    }
}

/// The number of the bin that each number lies in.
///
///     Discretization([0, 1.5, 3])            // below 0 → 0, from 0 → 1, from 1.5 → 2, from 3 → 3
///
/// - Shapes: any, unchanged, whole numbers; with another mode as `CategoryEncoding`.
/// - Gradient: none.
/// - Source: Keras's `Discretization`.
public struct Discretization: Layer {
    public let state: LayerState
    /// Where bins begin, in ascending order.
    public let boundaries: [Float]
    public let mode: CategoryMode

    public init(_ boundaries: [Float], mode: CategoryMode = .int, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.boundaries = boundaries
        self.mode = mode
    }

    /// Bins that hold about equally many of the numbers.
    ///
    /// - Parameters:
    ///   - epsilon: how exact it is: about `1 / epsilon` of the sorted numbers are looked at.
    /// - Errors: `KerasError` for no bins, an epsilon that is not between 0 and 1, or data with no or no finite numbers.
    public init(
        adaptedTo data: NDArray<Float>, bins: Int, epsilon: Double = 0.01, mode: CategoryMode = .int,
        inputShape: Shape? = nil, name: String? = nil
    ) throws {
        let boundaries = try quantiles(of: data, bins: bins, epsilon: epsilon)
        self.init(boundaries, mode: mode, inputShape: inputShape, name: name)
    }

    public func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] {
        guard let input = context.single(inputs) else { return [LayerValue(context.nothing)] }
        guard boundaries.allSatisfy(\.isFinite) else {
            return [LayerValue(context.mistake("boundaries must be finite, but are \(boundaries)"))]
        }
        guard zip(boundaries, boundaries.dropFirst()).allSatisfy({ $0 <= $1 }) else {
            return [LayerValue(context.mistake("boundaries must be in ascending order, but are \(boundaries)"))]
        }
        let values = context.float(input.tensor).expandingDimension(at: -1)
        // Counted so that NaN comes into the last bin, as in Keras.
        let below = cast(less(values, constant(boundaries, in: values.graph)), to: Int32.self).sum(axis: -1)
        let numbers = Int32(clamping: boundaries.count) - below
        return [LayerValue(mode.encoded(numbers, count: boundaries.count + 1, context))]
    }
}

// MARK: - Quantiles

/// Sorted numbers, each of which stands for so many.
private struct QuantileSummary {
    var values: [Float]
    var weights: [Float]

    /// Every so many of the sorted numbers.
    init(of sorted: [Float], epsilon: Double) {
        let step = max(Double(sorted.count) * epsilon, 1)
        values = stride(from: Int(step - 1), to: sorted.count, by: Int(step)).map { sorted[$0] }
        weights = [Float](repeating: Float(step), count: values.count)
    }

    /// With values at each `epsilon` of the whole weight, between those that are there.
    func compressed(_ epsilon: Double) -> QuantileSummary {
        if Double(values.count) * epsilon < 1 { return self }
        var sum: Float = 0
        let sums = weights.map { weight in
            sum += weight
            return sum
        }
        let shares = sums.map { Double($0 / sum) }
        let places = (0..<Int((1 / epsilon).rounded(.up))).map { epsilon + Double($0) * epsilon }
        let ends = Self.interpolated(places, shares, sums.map { Double($0) })
        var result = self
        result.values = Self.interpolated(places, shares, values.map { Double($0) }).map { Float($0) }
        result.weights = zip(ends, [0] + ends).map { Float($0 - $1) }
        return result
    }

    /// The ordinates at places, between the nearest points; both ascend.
    private static func interpolated(_ places: [Double], _ abscissas: [Double], _ ordinates: [Double]) -> [Double] {
        var upper = 0
        return places.map { place in
            while upper < abscissas.count, abscissas[upper] <= place { upper += 1 }
            if upper == 0 || upper == abscissas.count { return ordinates[max(0, upper - 1)] }
            let slope = (ordinates[upper] - ordinates[upper - 1]) / (abscissas[upper] - abscissas[upper - 1])
            return slope * (place - abscissas[upper - 1]) + ordinates[upper - 1]
        }
    }
}

/// Where bins of about equally many numbers begin.
///
/// - Source: Keras's `Discretization.adapt`, step by step, so that the boundaries are the same.
private func quantiles(of data: NDArray<Float>, bins: Int, epsilon: Double) throws -> [Float] {
    guard bins >= 1 else { throw KerasError("numbers cannot be put into \(bins) bins") }
    guard epsilon > 1e-6, epsilon < 1 else {
        throw KerasError("epsilon must be above 1e-06 and below 1, but is \(epsilon)")
    }
    let numbers = data.scalars
    guard !numbers.isEmpty else {
        throw KerasError("the data of shape \(Shape(data.shape)) has no numbers to find bins for")
    }
    guard numbers.allSatisfy(\.isFinite) else {
        throw KerasError("the data has numbers that are not finite, for which there are no bins")
    }
    let summary = QuantileSummary(of: numbers.sorted(), epsilon: epsilon).compressed(epsilon)
    return summary.compressed(1 / Double(bins)).values.dropLast()
}

// MARK: - In files

extension Configuration {
    fileprivate func categoryMode(default value: CategoryMode) throws -> CategoryMode {
        let name = try string("output_mode", default: value.rawValue)
        if let mode = CategoryMode(rawValue: name) { return mode }
        throw KerasError.unknownName(name, "output mode", known: CategoryMode.allCases.map(\.rawValue))
    }

    fileprivate func refuseSparse() throws {
        if try bool("sparse", default: false) {
            throw KerasError("\"sparse\" of \(className) is not taken here: there are no sparse tensors")
        }
    }
}

extension CategoryEncoding: ConfigurableLayer, ArgumentNaming {
    public var configuration: Configuration {
        Configuration(Self.className, ["num_tokens": .integer(count), "output_mode": .string(mode.rawValue)])
    }

    public init(configuration: Configuration) throws {
        try configuration.refuseSparse()
        self.init(
            try configuration.integer("num_tokens"), mode: try configuration.categoryMode(default: .multiHot),
            name: configuration.layerName)
    }

    func arguments(_ inputs: [KerasTensor], _ tensors: [JSONValue]) -> (
        positional: [JSONValue], named: [String: JSONValue]
    ) {
        (Array(tensors.prefix(1)), tensors.count > 1 ? ["count_weights": tensors[1]] : [:])
    }
}

extension Discretization: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "bin_boundaries": .array(boundaries.map { .number(Double($0)) }), "num_bins": nil,
                "output_mode": .string(mode.rawValue),
            ])
    }

    public init(configuration: Configuration) throws {
        try configuration.refuseSparse()
        if configuration.settings["bin_boundaries"] ?? .null == .null {
            throw KerasError("Discretization has no \"bin_boundaries\"", hint: "adapt it to data before it is saved")
        }
        let boundaries = try configuration.setting("bin_boundaries", nil, "numbers") { json in
            json.array.flatMap { list -> [Float]? in
                let numbers = list.compactMap { $0.number.map { Float($0) } }
                return numbers.count == list.count && numbers.allSatisfy(\.isFinite) ? numbers : nil
            }
        }
        self.init(boundaries, mode: try configuration.categoryMode(default: .int), name: configuration.layerName)
    }
}
