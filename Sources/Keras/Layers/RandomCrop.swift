// Parts of images, cut out at a random place in training and out of the middle in use.

public import Graphs
public import Operations
public import Tensors

/// Cuts images of a given size out of larger ones: in training at a random place, the same for all images of a batch;
/// in use, and where images are smaller, the largest part of that aspect ratio in the middle, brought to the size.
///
///     Sequential {
///         RandomCrop(28, 28, inputShape: [32, 32, 3])
///         ...
///     }
///
/// - Shapes: `[batch, height', width', channels]` → `[batch, height, width, channels]`; the sizes of the images must be
///   known.
/// - Gradient: to the elements that were cut out, by their shares where they were resized.
/// - Source: Keras's `RandomCrop` as it is documented, and as its output shape has it. Keras 3.15 itself leaves images
///   in use as they are, and distorts those that are smaller.
public struct RandomCrop: UnaryLayer, MaskEnding {
    public let state: LayerState
    public let height: Int
    public let width: Int
    /// Decides together with the graph's seed.
    public let seed: Int?
    public let dataFormat: DataFormat

    public init(
        _ height: Int, _ width: Int, seed: Int? = nil, dataFormat: DataFormat = .channelsLast,
        inputShape: Shape? = nil, name: String? = nil
    ) {
        state = LayerState(name: name, inputShape: inputShape)
        self.height = height
        self.width = width
        self.seed = seed
        self.dataFormat = dataFormat
    }

    public func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> {
        guard let own = imageSize(of: input, (height, width), dataFormat, context) else { return context.nothing }
        if context.isTraining, own.0 >= height, own.1 >= width {
            let first = dataFormat == .channelsFirst ? 2 : 1
            let rows = cut(input, axis: first, own.0, height, seed)
            return cut(rows, axis: first + 1, own.1, width, seed.map { $0 &+ 1 })
        }
        return dataFormat.withChannelsLast(input) { images in
            resized(croppedToAspectRatio(images, own, (height, width)), to: (height, width), method: .bilinear)
        }
    }

    /// So many steps of an axis, from a random one on.
    private func cut(
        _ images: Tensor<Float>, axis: Int, _ own: Int, _ size: Int, _ seed: Int?
    ) -> Tensor<Float> {
        if own == size { return images }
        let start: Tensor<Int64> = randomInteger(
            [1], in: 0..<Int64(clamping: own - size) + 1, seed: seed, in: images.graph)
        let steps = range(0 as Int64, Int64(clamping: size), in: images.graph)
        return gather(images, start + steps, axis: axis)
    }
}

extension RandomCrop: ConfigurableLayer {
    public var configuration: Configuration {
        Configuration(
            Self.className,
            [
                "height": .integer(height), "width": .integer(width), "seed": JSONValue(seed),
                "data_format": .string(dataFormat.kerasName),
            ])
    }

    public init(configuration: Configuration) throws {
        self.init(
            try configuration.integer("height"), try configuration.integer("width"),
            seed: try configuration.seed(), dataFormat: try configuration.dataFormat(),
            name: configuration.layerName)
    }
}
