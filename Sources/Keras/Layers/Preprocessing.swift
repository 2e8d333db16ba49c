// Layers that bring data to the range that networks like.

public import Graphs
import Operations
public import Tensors

/// `scale · x + offset`
///
///     Rescaling(scale: 1 / 255, inputShape: [28, 28, 1])        // bytes to 0...1
///
/// - Shapes: any, unchanged.
/// - Source: Keras's `Rescaling`.
public struct Rescaling: UnaryLayer {
    public let state: LayerState
    public let scale: Float
    public let offset: Float

    public init(scale: Float, offset: Float = 0, inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.scale = scale
        self.offset = offset
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        offset == 0 ? input * scale : input * scale + offset
    }
}

/// Brings features to mean 0 and variance 1, whose moments are given or taken from data.
///
///     let normal = try Normalization(adaptedTo: images)
///
/// - Shapes: `[..., features]`, unchanged.
/// - Source: Keras's `Normalization`.
public struct Normalization: UnaryLayer {
    public let state: LayerState
    /// The mean and variance of each feature, or of all together.
    public let mean: [Float]
    public let variance: [Float]

    public init(mean: [Float], variance: [Float], inputShape: Shape? = nil, name: String? = nil) {
        state = LayerState(name: name, inputShape: inputShape)
        self.mean = mean
        self.variance = variance
    }

    /// The moments of each feature, the last axis of the data.
    ///
    /// - Errors: `KerasError` for data without samples.
    public init(adaptedTo data: NDArray<Float>, inputShape: Shape? = nil, name: String? = nil) throws {
        let size = data.shape.last ?? 1
        guard data.count > 0, size > 0 else {
            throw KerasError("the data of shape \(Shape(data.shape)) has no samples to take moments of")
        }
        var sums = [Double](repeating: 0, count: size)
        var squares = sums
        data.withUnsafeBufferPointer { elements in
            for (index, element) in elements.enumerated() {
                sums[index % size] += Double(element)
                squares[index % size] += Double(element) * Double(element)
            }
        }
        let count = Double(data.count / size)
        self.init(
            mean: sums.map { Float($0 / count) },
            variance: zip(sums, squares).map { Float(Swift.max(0, $1 / count - $0 / count * $0 / count)) },
            inputShape: inputShape, name: name)
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard mean.count == variance.count, !mean.isEmpty else {
            return context.mistake("has \(mean.count) means and \(variance.count) variances")
        }
        if let size = input.shape[-1], mean.count > 1, mean.count != size {
            return context.mistake("has the moments of \(mean.count) features, but is given shape \(input.shape)")
        }
        // As Keras: a variance of 0 leaves the feature at 0 rather than at infinity.
        let factors = variance.map { 1 / Swift.max($0.squareRoot(), 1e-7) }
        func constant(_ values: [Float]) -> Tensor<Float> {
            values.count == 1
                ? Operations.constant(values[0], in: input.graph) : Operations.constant(values, in: input.graph)
        }
        return (input - constant(mean)) * constant(factors)
    }
}

// MARK: - In files

extension Rescaling: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(Self.className, ["scale": .number(Double(scale)), "offset": .number(Double(offset))])
    }

    public init(configuration: Configuration) throws {
        self.init(
            scale: try configuration.float("scale", default: 1), offset: try configuration.float("offset", default: 0),
            name: configuration.layerName)
    }
}

extension Normalization: ConfigurableLayer {
    public var configuration: Configuration {
        func list(_ values: [Float]) -> JSONValue { .array(values.map { .number(Double($0)) }) }
        return Configuration(
            Self.className,
            ["axis": .array(mean.count == 1 ? [] : [-1]), "mean": list(mean), "variance": list(variance)])
    }

    public init(configuration: Configuration) throws {
        func list(_ key: String) throws -> [Float] {
            try configuration.setting(key, nil, "numbers") { json in
                if let number = json.number { return [Float(number)] }
                var values: [JSONValue] = json.array ?? []
                // Keras wraps them in the axes of a batch.
                while values.count == 1, let inner = values[0].array { values = inner }
                return values.isEmpty ? nil : values.compactMap { $0.number.map { Float($0) } }
            }
        }
        self.init(mean: try list("mean"), variance: try list("variance"), name: configuration.layerName)
    }
}
