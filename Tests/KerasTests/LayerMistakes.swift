// What users get wrong with layers, and what they are told.

import Graphs
import Keras
import Operations
import Sessions
import Tensors
import Testing

/// A layer that does not fit what it is given.
struct LayerMistake: Sendable, CustomTestStringConvertible {
    /// `Layer "name": the fact`, and the hint on a line of its own.
    let expected: String
    let layer: @Sendable () -> any Layer
    let shapes: [Shape]

    init(_ expected: String, _ layer: @autoclosure @escaping @Sendable () -> any Layer, _ shapes: Shape...) {
        (self.expected, self.layer, self.shapes) = (expected, layer, shapes)
    }

    var testDescription: String { expected }
}

@Suite struct LayerMistakeTests {
    @Test(arguments: layerMistakes) func aLayerThatDoesNotFitSaysWhyOnceAndInFull(_ mistake: LayerMistake) {
        let graph = Graph()
        graph.asDefault {
            let inputs = mistake.shapes.map { LayerValue(placeholder(Float.self, $0, name: "x")) }
            call(mistake.layer(), inputs)
        }
        let found = graph.diagnostics.map { diagnostic in
            let node = diagnostic.node.map { " \"\($0)\"" } ?? ""
            return "\(diagnostic.operation)\(node): \(diagnostic.message)"
                + (diagnostic.hint.map { "\n    hint: " + $0 } ?? "")
        }
        #expect(found.joined(separator: "\n") == mistake.expected)
        // Not `#expect(throws:)`, which tells the error in full: looking up the line of each takes a tenth of a second.
        do {
            try Session(graph: graph).run(noOp(in: graph))
            Issue.record("nothing was thrown")
        } catch {
            #expect(error is GraphError)
        }
    }
}

@Suite struct HugeLayerTests {
    /// What cannot be is refused by name, whichever size says so; nothing overflows.
    @Test(arguments: [Int.max, 1 << 62, 1 << 32])
    func sizesThatNoMemoryHoldsAreRefused(_ size: Int) {
        let sequences: Shape = [6, 4]
        let images: Shape = [6, 5, 2]
        let volumes: Shape = [6, 5, 4, 2]
        let layers: [(layer: any Layer, shape: Shape)] = [
            (Dense(size), sequences), (Embedding(size, size), [3]), (Conv1D(size, kernelSize: size), sequences),
            (DepthwiseConv1D(2, depthMultiplier: size), sequences),
            (DepthwiseConv2D((2, 2), depthMultiplier: size), images),
            (SeparableConv2D(size, kernelSize: (2, 2), depthMultiplier: size), images),
            (SeparableConv1D(size, kernelSize: 2, depthMultiplier: size), sequences), (SimpleRNN(size), sequences),
            (LSTM(size), sequences), (GRU(size), sequences), (Bidirectional(LSTM(size)), sequences),
            (RepeatVector(size), [3]), (UpSampling1D(size), sequences), (Keras.Resizing(size, 3), images),
            (Keras.Resizing(size, size, interpolation: .nearest), images), (CenterCrop(size, 2), images),
            (RandomCrop(size, 2), images), (RandomCrop(size, size, dataFormat: .channelsFirst), images),
            (ZeroPadding1D((size, size)), sequences), (ZeroPadding2D(vertical: (size, size)), images),
            (CategoryEncoding(size), [3]), (EinsumDense("ab,bc->ac", outputShape: [size], biasAxes: "c"), [3]),
            (Conv3D(size, kernelSize: (2, size, 2), dilations: (2, size, 2)), volumes),
            (Conv3DTranspose(2, kernelSize: (2, size, 2), strides: (size, 1, size)), volumes),
            (MaxPooling3D((size, 2, size)), volumes), (ZeroPadding3D(depth: (size, size)), volumes),
            (AdaptiveMaxPooling1D(size), sequences), (AdaptiveAveragePooling2D((2, size)), images),
            (AdaptiveMaxPooling3D(size), volumes), (Cropping3D(depth: (size, size)), volumes),
            (UpSampling3D((size, size, size)), volumes),
        ]
        for (layer, shape) in layers {
            let graph = Graph()
            let isIndex = layer is any IndexLayer
            let x = input(shape: shape, dtype: isIndex ? .int32 : .float32, in: graph)
            let model = Model(inputs: x, outputs: layer(x))
            #expect(!model.summaryText().isEmpty)
            let dimensions = [2] + (shape.known ?? [])
            #expect(throws: (any Error).self, "\(type(of: layer).className)") {
                try isIndex
                    ? model.predict(NDArray<Int32>.zeros(dimensions)) : model.predict(NDArray<Float>.zeros(dimensions))
            }
        }
    }

    @Test func headsThatNoMemoryHoldsAreRefused() {
        for (heads, size) in [(Int.max, 2), (2, Int.max), (Int.max, Int.max)] {
            let x = input(shape: [4, 3], in: Graph())
            let model = Model(inputs: x, outputs: MultiHeadAttention(heads: heads, keySize: size)([x, x]))
            #expect(throws: GraphError.self) { try model.predict(NDArray<Float>.zeros([2, 4, 3])) }
        }
    }

    @Test func imagesOfMoreElementsThanCanBeCountedAreNotLookedUp() {
        for layer in [RandomZoom(0.5), RandomZoom(0.5, fill: .wrap)] {
            Graph().asDefault {
                call(layer, [LayerValue(placeholder(Float.self, [nil, 1 << 40, 1 << 40, 1]))])
                #expect(Graph.default.diagnostics.count == 1)
            }
        }
    }
}

/// Calls a layer, whichever it is.
private func call(_ layer: some Layer, _ inputs: [LayerValue]) { _ = layer.callAsFunction(inputs) }

/// What inputs with one axis less are told.
private func axisHint(_ shape: String) -> String {
    "\n    hint: is there an axis missing? Reshape(\(shape)) before it adds one"
}

private let layerMistakes: [LayerMistake] = [
    // Dense, and what has no weights.
    .init("Dense \"dense\": units must be above 0, but is 0", Dense(0), [nil, 3]),
    .init(
        "Dense \"dense\": must know the size of axis -1 of its input, whose shape is [?, ?]\n"
            + "    hint: give the model's input that size", Dense(2), [nil, nil]),
    .init(
        "Dense \"dense\": needs inputs with an axis behind that of the samples, but is given shape [?]\n"
            + "    hint: give numbers that are samples by themselves as shape [samples, 1]", Dense(2), [nil]),
    .init("Dense \"dense\": needs an input with a batch axis and another, but is given shape [3]", Dense(2), [3]),
    .init("Dense \"dense\": takes one input, but is given 2", Dense(2), [nil, 3], [nil, 3]),
    .init(
        "Reshape \"reshape\": the target shape [-1, -1] may have one size of -1, and none below", Reshape([-1, -1]),
        [nil, 6]),
    .init(
        "Reshape \"reshape\": samples of shape [2, 3] have 6 elements, which the target shape [4] does not hold",
        Reshape([4]), [nil, 2, 3]),
    .init(
        "Reshape \"reshape\": samples of shape [7] have 7 elements, which the target shape [-1, 2] does not hold",
        Reshape([-1, 2]), [nil, 7]),
    .init("Permute \"permute\": axes [0, 1] are not an order of the axes 1...2", Permute([0, 1]), [nil, 2, 3]),
    .init(
        "Permute \"permute\": takes inputs of rank 3, as there are axes and the batch's, but is given shape [?, 2]",
        Permute([2, 1]), [nil, 2]),
    .init("RepeatVector \"repeat_vector\": must repeat at least once, but is told 0", RepeatVector(0), [nil, 2]),
    .init(
        "RepeatVector \"repeat_vector\": takes inputs of rank 2, [batch, features], but is given shape [?, 2, 3]",
        RepeatVector(2), [nil, 2, 3]),
    .init("ReLU \"re_lu\": the maximum must not be below 0, but is -1.0", ReLU(maximum: -1), [nil, 2]),
    .init("ReLU \"re_lu\": the negative slope must not be below 0, but is -1.0", ReLU(negativeSlope: -1), [nil, 2]),
    .init(
        "PReLU \"p_re_lu\": must know the size of axis 1 of its input, whose shape is [?, ?]\n"
            + "    hint: give the model's input that size", PReLU(), [nil, nil]),

    // Noise.
    .init("Dropout \"dropout\": the rate must be from 0 to 1, but is 1.5", Dropout(1.5), [nil, 2]),
    .init("Dropout \"dropout\": the rate must be from 0 to 1, but is nan", Dropout(.nan), [nil, 2]),
    .init(
        "GaussianNoise \"gaussian_noise\": the standard deviation must not be below 0, but is -1.0", GaussianNoise(-1),
        [nil, 2]),
    .init(
        "GaussianDropout \"gaussian_dropout\": the rate must be from 0 up to, but not 1, but is 1.0",
        GaussianDropout(1), [nil, 2]),
    .init(
        "AlphaDropout \"alpha_dropout\": the rate must be from 0 up to, but not 1, but is -0.5", AlphaDropout(-0.5),
        [nil, 2]),
    .init(
        "SpatialDropout1D \"spatial_dropout1d\": takes inputs of rank 3, [batch, steps, channels], but is given shape "
            + "[?, 2]"
            + axisHint("[2, 1]"), SpatialDropout1D(0.5), [nil, 2]),
    .init(
        "SpatialDropout2D \"spatial_dropout2d\": the rate must be from 0 to 1, but is 2.0", SpatialDropout2D(2),
        [nil, 2, 2, 1]),

    // Look-ups.
    .init("Embedding \"embedding\": sizes must be at least 1, but are 0 and 3", Embedding(0, 3), [nil, 2]),
    .init(
        "Masking \"masking\": takes inputs of rank 3, [batch, steps, features], but is given shape [?, 2]"
            + axisHint("[2, 1]"), Masking(),
        [nil, 2]),

    // Convolutions.
    .init(
        "Conv1D \"conv1d\": takes inputs of rank 3, [batch, steps, channels], but is given shape [?, 5]"
            + axisHint("[5, 1]"),
        Conv1D(2, kernelSize: 3), [nil, 5]),
    .init("Conv1D \"conv1d\": kernelSize must be at least 1, but is [0]", Conv1D(2, kernelSize: 0), [nil, 5, 1]),
    .init(
        "Conv2D \"conv2d\": takes inputs of rank 4, [batch, height, width, channels], but is given shape [?, 28, 28]"
            + axisHint("[28, 28, 1]"),
        Conv2D(2, kernelSize: (3, 3)), [nil, 28, 28]),
    .init("Conv2D \"conv2d\": filters must be at least 1, but is 0", Conv2D(0, kernelSize: (3, 3)), [nil, 8, 8, 1]),
    .init(
        "Conv2D \"conv2d\": strides must be at least 1, but is [1, 0]", Conv2D(1, kernelSize: (3, 3), strides: (1, 0)),
        [nil, 8, 8, 1]),
    .init(
        "Conv2D \"conv2d\": dilations must be at least 1, but is [-1, 1]",
        Conv2D(1, kernelSize: (3, 3), dilations: (-1, 1)), [nil, 8, 8, 1]),
    .init(
        "Conv2D \"conv2d\": causal padding is for sequences\n    hint: use valid or same",
        Conv2D(1, kernelSize: (3, 3), padding: .causal), [nil, 8, 8, 1]),
    .init(
        "Conv2D \"conv2d\": 2 groups do not divide 3 channels and 4 filters", Conv2D(4, kernelSize: (3, 3), groups: 2),
        [nil, 8, 8, 3]),
    .init(
        "Conv2D \"conv2d\": must know the size of axis -1 of its input, whose shape is [?, 8, 8, ?]\n"
            + "    hint: give the model's input that size", Conv2D(4, kernelSize: (3, 3)), [nil, 8, 8, nil]),
    .init(
        "Conv2DTranspose \"conv2d_transpose\": filters must be at least 1, but is -1",
        Conv2DTranspose(-1, kernelSize: (2, 2)), [nil, 8, 8, 1]),
    .init(
        "SeparableConv2D \"separable_conv2d\": depthMultiplier must be at least 1, but is 0",
        SeparableConv2D(1, kernelSize: (2, 2), depthMultiplier: 0), [nil, 8, 8, 1]),
    .init(
        "SeparableConv1D \"separable_conv1d\": depthMultiplier must be at least 1, but is 0",
        SeparableConv1D(1, kernelSize: 2, depthMultiplier: 0), [nil, 8, 1]),

    // Pooling.
    .init(
        "MaxPooling2D \"max_pooling2d\": takes inputs of rank 4, images, but is given shape [?, 4, 4]"
            + axisHint("[4, 4, 1]"), MaxPooling2D(),
        [nil, 4, 4]),
    .init(
        "MaxPooling1D \"max_pooling1d\": pool size and strides must be at least 1, but are [0] and [0]",
        MaxPooling1D(0), [nil, 4, 4]),
    .init(
        "AveragePooling1D \"average_pooling1d\": causal padding is for convolutions\n    hint: use valid or same",
        AveragePooling1D(padding: .causal), [nil, 4, 4]),
    .init(
        "AveragePooling2D \"average_pooling2d\": pool size and strides must be at least 1, but are [2, 2] and [2, -1]",
        AveragePooling2D(strides: (2, -1)), [nil, 4, 4, 1]),
    .init(
        "GlobalMaxPooling1D \"global_max_pooling1d\": takes inputs of rank 3, sequences, but is given shape [?, 4]"
            + axisHint("[4, 1]"),
        GlobalMaxPooling1D(), [nil, 4]),
    .init(
        "GlobalAveragePooling2D \"global_average_pooling2d\": takes inputs of rank 4, images, but is given shape "
            + "[?, 4, 4]"
            + axisHint("[4, 4, 1]"), GlobalAveragePooling2D(), [nil, 4, 4]),

    // Padding, cutting, repeating.
    .init("ZeroPadding1D \"zero_padding1d\": padding must not be below 0", ZeroPadding1D((-1, 0)), [nil, 4, 4]),
    .init(
        "ZeroPadding2D \"zero_padding2d\": takes inputs of rank 4, [batch, height, width, channels], but is given "
            + "shape [?, 4, 4]"
            + axisHint("[4, 4, 1]"), ZeroPadding2D(), [nil, 4, 4]),
    .init(
        "Cropping1D \"cropping1d\": cuts 2 and 2 off axis 1 of shape [?, 4, 1]: nothing is left", Cropping1D((2, 2)),
        [nil, 4, 1]),
    .init("UpSampling1D \"up_sampling1d\": the size must be at least 1, but is 0", UpSampling1D(0), [nil, 4, 1]),
    .init(
        "UpSampling2D \"up_sampling2d\": sizes must be at least 1, but are (2, 0)", UpSampling2D((2, 0)),
        [nil, 4, 4, 1]),

    // Normalisation.
    .init(
        "BatchNormalization \"batch_normalization\": momentum must be from 0 to 1, but is 1.5",
        BatchNormalization(momentum: 1.5), [nil, 4]),
    .init(
        "BatchNormalization \"batch_normalization\": needs an input with an axis 3, but is given shape [?, 4]",
        BatchNormalization(axis: 3), [nil, 4]),
    .init(
        "GroupNormalization \"group_normalization\": 32 groups do not divide 4 channels", GroupNormalization(),
        [nil, 4]),
    .init(
        "Normalization \"normalization\": has 1 means and 2 variances", Normalization(mean: [1], variance: [1, 2]),
        [nil, 4]),
    .init(
        "Normalization \"normalization\": has the moments of 2 features, but is given shape [?, 4]",
        Normalization(mean: [1, 2], variance: [1, 2]), [nil, 4]),

    // Merging.
    .init("Add \"add\": takes at least two inputs, but is given 1", Add(), [nil, 4]),
    .init("Subtract \"subtract\": takes two inputs, but is given 3", Subtract(), [nil, 4], [nil, 4], [nil, 4]),
    .init(
        "Concatenate \"concatenate\": the axis of the samples cannot be joined\n    hint: use axis -1",
        Concatenate(axis: 0), [nil, 4], [nil, 4]),
    .init(
        "Dot \"dot\": takes inputs of rank 2 or 3, but is given shapes [?, 4] and [?, 4, 2, 1]", Dot(), [nil, 4],
        [nil, 4, 2, 1]),
    .init(
        "Dot \"dot\": axes (0, 1) are not those of shapes [?, 4] and [?, 4]", Dot(axes: (0, 1)), [nil, 4], [nil, 4]),

    // Recurrent layers.
    .init("LSTMCell \"lstm_cell\": units must be above 0, but is 0", LSTM(0), [nil, 5, 3]),
    .init(
        "GRUCell \"gru_cell\": recurrentDropout must be from 0 up to, but not 1, but is 1.0",
        GRU(2, recurrentDropout: 1), [nil, 5, 3]),
    .init(
        "LSTM \"lstm\": takes inputs of rank 3, [batch, steps, features], but is given shape [?, 5]"
            + axisHint("[5, 1]"), LSTM(2), [nil, 5]),
    .init(
        "LSTM \"lstm\": takes a sequence and perhaps 2 initial states, but is given 2 inputs", LSTM(2), [nil, 5, 3],
        [nil, 2]),
    .init(
        "SimpleRNN \"simple_rnn\": takes initial states of shape [?, 2], but is given [?, 3]", SimpleRNN(2),
        [nil, 5, 3], [nil, 3]),
    .init(
        "GRU \"gru\": is stateful and must know the number of samples, but is given shape [?, 5, 3]\n"
            + "    hint: give the model's input its batchSize", GRU(2, isStateful: true), [nil, 5, 3]),
    .init(
        "SimpleRNN \"simple_rnn\": must know the size of axis 1 of its input, whose shape is [?, ?, 3]\n"
            + "    hint: give the model's input that size", SimpleRNN(2, unrolls: true), [nil, nil, 3]),
    .init(
        "Bidirectional \"bidirectional\": both layers go forwards",
        Bidirectional(LSTM(2), backwardLayer: LSTM(2)), [nil, 5, 3]),
    .init(
        "Bidirectional \"bidirectional\": the layers differ in returnsState: false forwards, true backwards",
        Bidirectional(LSTM(2), backwardLayer: LSTM(2, returnsState: true, goesBackwards: true)), [nil, 5, 3]),
    .init(
        "Bidirectional \"bidirectional\": takes a sequence and perhaps initial states for both directions, but is given "
            + "2 inputs", Bidirectional(GRU(2)), [nil, 5, 3], [nil, 2]),
    .init(
        "LSTMCell \"lstm_cell\": takes an input and perhaps 2 states, but is given 2 inputs", LSTMCell(2), [nil, 3],
        [nil, 2]),
    .init("StackedRNNCells \"stacked_rnn_cells\": has no cells", RNN([]), [nil, 5, 3]),

    // Attention.
    .init(
        "Attention \"attention\": takes a query, a value and perhaps a key, but is given 1 inputs\n"
            + "    hint: for self-attention give the same tensor twice", Attention(), [nil, 5, 3]),
    .init(
        "AdditiveAttention \"additive_attention\": the dropout must be from 0 up to, but not 1, but is 1.5",
        AdditiveAttention(dropout: 1.5), [nil, 5, 3], [nil, 5, 3]),
    .init(
        "Attention \"attention\": takes inputs of rank 3, [batch, steps, features], but is given shape [?, 3]"
            + axisHint("[3, 1]"),
        Attention(), [nil, 5, 3], [nil, 3]),
    .init(
        "GroupQueryAttention \"group_query_attention\": 3 heads of keys do not divide 4 heads of queries",
        GroupQueryAttention(headSize: 2, queryHeads: 4, keyHeads: 3), [nil, 5, 3], [nil, 5, 3]),
    .init(
        "MultiHeadAttention \"multi_head_attention\": heads and sizes must be at least 1 and the dropout below 1, but are "
            + "0, 2 and 0.0", MultiHeadAttention(heads: 0, keySize: 2), [nil, 5, 3], [nil, 5, 3]),

    // Settings that no array and no number can follow.
    .init(
        "Conv2D \"conv2d/Conv2D\": the strides must be at most 2147483647, but are [4611686018427387904, 1]",
        Conv2D(1, kernelSize: (2, 2), strides: (1 << 62, 1)), [nil, 4, 4, 1]),
    .init(
        "Pad \"conv1d/Pad\": paddings [0, 0, 9223372036854775807, 0, 0, 0] are too large",
        Conv1D(1, kernelSize: 3, padding: .causal, dilation: .max), [nil, 4, 1]),
    .init(
        "Cropping1D \"cropping1d\": cuts 9223372036854775807 and 1 off axis 1 of shape [?, 4, 1]: nothing is left",
        Cropping1D((.max, 1)), [nil, 4, 1]),
    .init(
        "LayerNormalization \"layer_normalization\": axes [-1, 2] name an axis twice",
        LayerNormalization(axes: [-1, 2]), [nil, 4, 3]),
    .init(
        "LayerNormalization \"layer_normalization\": epsilon must not be below 0, but is -1.0",
        LayerNormalization(epsilon: -1), [nil, 3]),
    .init(
        "BatchNormalization \"batch_normalization\": epsilon must not be below 0, but is nan",
        BatchNormalization(epsilon: .nan), [nil, 3]),
    .init(
        "Dense \"dense\": the initializer RandomUniform draws from 1.0 up to 0.0, which is no range",
        Dense(2, kernelInitializer: .randomUniform(minimum: 1, maximum: 0)), [nil, 3]),
    .init(
        "Dense \"dense\": the initializer RandomUniform draws from nan up to 0.0, which is no range",
        Dense(2, kernelInitializer: .randomUniform(minimum: .nan, maximum: 0)), [nil, 3]),
    .init(
        "Dense \"dense\": the initializer TruncatedNormal has mean 0.0 and standard deviation -1.0, which must not be "
            + "below 0", Dense(2, kernelInitializer: .truncatedNormal(standardDeviation: -1)), [nil, 3]),
    .init(
        "Dense \"dense\": the initializer VarianceScaling has the scale 0.0, but must have one above 0",
        Dense(2, kernelInitializer: .varianceScaling(scale: 0)), [nil, 3]),
    .init(
        "Dense \"dense\": the constraint MaxNorm has the maximum -1.0, but must have one of at least 0",
        Dense(2, kernelConstraint: .maxNorm(-1)), [nil, 3]),
    .init(
        "Dense \"dense\": the constraint MinMaxNorm brings norms into nan...1.0 at the rate 1.0, but must into a range "
            + "from 0 on", Dense(2, kernelConstraint: .minMaxNorm(minimum: .nan)), [nil, 3]),

    // Other sizes.
    .init(
        "Resizing \"resizing\": the height and the width must be at least 1, but are (0, 3)", Keras.Resizing(0, 3),
        [nil, 4, 4, 1]),
    .init(
        "CenterCrop \"center_crop\": must know the size of axis 1 of its input, whose shape is [?, ?, 4, 1]\n"
            + "    hint: give the model's input that size", CenterCrop(2, 2), [nil, nil, 4, 1]),
    .init(
        "UpSampling2D \"up_sampling2d\": must know the size of axis 2 of its input, whose shape is [?, 4, ?, 1]\n"
            + "    hint: give the model's input that size", UpSampling2D(interpolation: .bilinear), [nil, 4, nil, 1]),
    .init(
        "GroupNormalization \"group_normalization\": the axis of the samples cannot be that of the channels",
        GroupNormalization(groups: 1, axis: 0), [2, 4]),

    // Categories.
    .init(
        "CategoryEncoding \"category_encoding\": the number of categories must be at least 1, but is 0",
        CategoryEncoding(0), [nil, 3]),
    .init(
        "CategoryEncoding \"category_encoding\": numbers are what it is given\n    hint: use another mode",
        CategoryEncoding(3, mode: .int), [nil, 3]),
    .init(
        "CategoryEncoding \"category_encoding\": takes inputs [batch, categories, ...], but is given shape [?]",
        CategoryEncoding(3), [nil]),
    .init(
        "CategoryEncoding \"category_encoding\": what numbers count is for the mode count, but the mode is multiHot",
        CategoryEncoding(3), [nil, 3], [nil, 3]),
    .init(
        "CategoryEncoding \"category_encoding\": numbers of shape [?, 3] do not fit what they count, of shape [?, 2]",
        CategoryEncoding(3, mode: .count), [nil, 3], [nil, 2]),
    .init(
        "CategoryEncoding \"category_encoding\": takes numbers, and perhaps what they count, but is given 3 inputs",
        CategoryEncoding(3, mode: .count), [nil, 3], [nil, 3], [nil, 3]),
    .init(
        "Discretization \"discretization\": boundaries must be in ascending order, but are [1.0, 0.0]",
        Discretization([1, 0]), [nil, 3]),
    .init(
        "Discretization \"discretization\": boundaries must be finite, but are [0.0, inf]",
        Discretization([0, .infinity]), [nil, 3]),

    // Volumes.
    .init(
        "Conv3D \"conv3d\": takes inputs of rank 5, [batch, depth, height, width, channels], but is given shape "
            + "[?, 8, 8, 1]" + axisHint("[8, 8, 1, 1]"), Conv3D(2, kernelSize: (3, 3, 3)), [nil, 8, 8, 1]),
    .init(
        "Conv3DTranspose \"conv3d_transpose\": strides must be at least 1, but is [1, 0, 1]",
        Conv3DTranspose(2, kernelSize: (3, 3, 3), strides: (1, 0, 1)), [nil, 8, 8, 8, 1]),
    .init(
        "MaxPooling3D \"max_pooling3d\": takes inputs of rank 5, volumes, but is given shape [?, 8, 8, 1]"
            + axisHint("[8, 8, 1, 1]"),
        MaxPooling3D(), [nil, 8, 8, 1]),
    .init(
        "ZeroPadding3D \"zero_padding3d\": padding must not be below 0", ZeroPadding3D(depth: (-1, 0)),
        [nil, 8, 8, 8, 1]),
    .init(
        "Cropping3D \"cropping3d\": cuts 2 and 2 off axis 3 of shape [?, 8, 8, 4, 1]: nothing is left",
        Cropping3D(horizontal: (2, 2)), [nil, 8, 8, 4, 1]),
    .init(
        "UpSampling3D \"up_sampling3d\": sizes must be at least 1, but are (1, 0, 1)", UpSampling3D((1, 0, 1)),
        [nil, 2, 2, 2, 1]),
    .init(
        "SpatialDropout3D \"spatial_dropout3d\": takes inputs of rank 5, [batch, depth, height, width, channels], but is "
            + "given shape [?, 2]", SpatialDropout3D(0.5), [nil, 2]),

    // Equations.
    .init(
        "EinsumDense \"einsum_dense\": \"ab,bc\" is no equation for an input and a kernel\n"
            + "    hint: write one such as \"abc,cd->abd\"", EinsumDense("ab,bc", outputShape: [3]), [nil, 2]),
    .init(
        "EinsumDense \"einsum_dense\": \"ab,bc->ac\" does not fit an input of shape [?, 2, 3]",
        EinsumDense("ab,bc->ac", outputShape: [3]), [nil, 2, 3]),
    .init(
        "EinsumDense \"einsum_dense\": the result of \"ab,bc->ac\" has other axes than the first and those of "
            + "outputShape [3, 4]", EinsumDense("ab,bc->ac", outputShape: [3, 4]), [nil, 2]),
    .init(
        "EinsumDense \"einsum_dense\": axis \"b\" has size 5 in the input, but 4 in outputShape",
        EinsumDense("abc,cd->abd", outputShape: [4, 3]), [nil, 5, 2]),
    .init(
        "EinsumDense \"einsum_dense\": axis \"z\" of the kernel is neither the input's nor the result's",
        EinsumDense("ab,bz->ab", outputShape: [2]), [nil, 2]),
    .init(
        "EinsumDense \"einsum_dense\": the size of axis \"b\" must be known for the kernel",
        EinsumDense("ab,bc->ac", outputShape: [3]), [nil, nil]),
    .init(
        "EinsumDense \"einsum_dense\": axis \"b\" of the bias is not one of the result of \"ab,bc->ac\"",
        EinsumDense("ab,bc->ac", outputShape: [3], biasAxes: "b"), [nil, 2]),

    // Pooling to a number of places.
    .init(
        "AdaptiveMaxPooling1D \"adaptive_max_pooling1d\": output sizes must be at least 1, but it is 0",
        AdaptiveMaxPooling1D(0), [nil, 6, 2]),
    .init(
        "AdaptiveAveragePooling2D \"adaptive_average_pooling2d\": output sizes must be at least 1, but are [2, -1]",
        AdaptiveAveragePooling2D((2, -1)), [nil, 6, 6, 2]),
    .init(
        "AdaptiveAveragePooling2D \"adaptive_average_pooling2d\": takes inputs of rank 4, images, but is given shape "
            + "[?, 6, 6]" + axisHint("[6, 6, 1]"), AdaptiveAveragePooling2D(2), [nil, 6, 6]),
    .init(
        "AdaptiveMaxPooling2D \"adaptive_max_pooling2d\": must know the size of axis 2 of its input, whose shape is "
            + "[?, 6, ?, 1]\n    hint: give the model's input that size", AdaptiveMaxPooling2D(2), [nil, 6, nil, 1]),
    .init(
        "AdaptiveMaxPooling3D \"adaptive_max_pooling3d\": cannot pool inputs of shape [?, 6, 0, 2, 1], which have no "
            + "elements", AdaptiveMaxPooling3D(2), [nil, 6, 0, 2, 1]),

    // Images changed at random.
    .init(
        "RandomFlip \"random_flip\": takes inputs of rank 4, images, but is given shape [?, 8, 8]"
            + axisHint("[8, 8, 1]"), RandomFlip(),
        [nil, 8, 8]),
    .init(
        "RandomBrightness \"random_brightness\": factors must ascend from -1.0 or above to at most 1, but are "
            + "(-1.5, 1.5)", RandomBrightness(1.5), [nil, 8, 8, 1]),
    .init(
        "RandomContrast \"random_contrast\": factors must be from 0 to 1, but are (0.0, nan)",
        RandomContrast((0, .nan)), [nil, 8, 8, 1]),
    .init(
        "RandomZoom \"random_zoom\": must know the size of axis 2 of its input, whose shape is [?, 8, ?, 1]\n"
            + "    hint: give the model's input that size", RandomZoom(0.5), [nil, 8, nil, 1]),
    .init(
        "RandomCrop \"random_crop\": the height and the width must be at least 1, but are (0, 3)", RandomCrop(0, 3),
        [nil, 8, 8, 1]),
    .init(
        "RandomCrop \"random_crop\": the height and the width must be at least 1, but are (4, -3)", RandomCrop(4, -3),
        [nil, 8, 8, 1]),
    .init(
        "RandomCrop \"random_crop\": must know the size of axis 1 of its input, whose shape is [?, ?, 8, 1]\n"
            + "    hint: give the model's input that size", RandomCrop(4, 4), [nil, nil, 8, 1]),
    .init(
        "RandomCrop \"random_crop\": takes inputs of rank 4, images, but is given shape [?, 8, 8]"
            + axisHint("[8, 8, 1]"), RandomCrop(4, 4), [nil, 8, 8]),
    .init(
        "RandomTranslation \"random_translation\": factors must ascend from -1.0 or above to at most 1, but are "
            + "(-2.0, 2.0)", RandomTranslation(height: 0.5, width: 2), [nil, 8, 8, 1]),
]
