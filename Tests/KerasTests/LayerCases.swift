// The layers that are compared with Keras's. `Fixtures/make_layers.py` has the same under the same names.

import Graphs
import Keras
import Operations
import Tensors

/// Layers, one after the other, under the name that Keras's have in the script.
struct LayerCase: Sendable {
    let name: String
    /// How far a number may be from Keras's, relative to the largest number of its array.
    let tolerance: Float
    let layers: @Sendable () -> [any Layer]

    /// Whether what is compared is a second call, which goes on with the states of the first.
    var isStateful: Bool { name.hasPrefix("stateful") }
    /// Whether it passes through sequences, and need not know while the graph is built how long they are.
    var takesAnyNumberOfSteps: Bool {
        Self.recurrent.contains { $0.name == name } && !name.hasSuffix("unrolled") && !name.hasSuffix("cell")
    }

    init(_ name: String, tolerance: Float = 1e-5, _ layers: @autoclosure @escaping @Sendable () -> any Layer) {
        self.init(name, tolerance: tolerance, list: { [layers()] })
    }

    init(_ name: String, tolerance: Float = 1e-5, list: @escaping @Sendable () -> [any Layer]) {
        (self.name, self.tolerance, self.layers) = (name, tolerance, list)
    }
}

extension LayerCase {
    static let all: [LayerCase] =
        simple + activations + lookups + convolutions + pooling + rearranging + volumes + normalization + merging
        + attention + recurrent + masks + adaptive

    private static let simple: [LayerCase] = [
        .init("dense", Dense(3)),
        .init("dense-rank-3", Dense(3, activation: .tanh, usesBias: false)),
        .init("dense-activity", Dense(3, activation: .sigmoid, activityRegularizer: .l1l2(l1: 0.1, l2: 0.2))),
        .init("identity", Identity()),
        .init("einsum-dense") {
            [EinsumDense("abc,cd->abd", outputShape: [nil, 3], activation: .tanh, biasAxes: "d")]
        },
        .init("einsum-dense-heads", EinsumDense("abc,cde->abde", outputShape: [nil, 3, 2], biasAxes: "e")),
        .init("einsum-dense-elided", EinsumDense("...x,xy->...y", outputShape: [3], biasAxes: "y")),
        .init("einsum-dense-behind", EinsumDense("ab...,bc->ac...", outputShape: [3], biasAxes: "c")),
        .init("einsum-dense-joined", EinsumDense("abc,bcd->ad", outputShape: [3])),
        .init("flatten", Flatten()),
        .init("reshape", Reshape([-1, 2])),
        .init("permute", Permute([3, 1, 2])),
        .init("repeat-vector", RepeatVector(3)),
        .init("activity-regularization", ActivityRegularization(l1: 0.1, l2: 0.2)),
        .init("rescaling", Rescaling(scale: 0.5, offset: -1)),
        .init("normalization", Normalization(mean: [0.5, -1, 2], variance: [4, 0.25, 1])),
        .init("dropout-in-use") { [Dropout(0.5), GaussianNoise(1), GaussianDropout(0.5), AlphaDropout(0.5)] },
        .init("spatial-dropout-in-use", SpatialDropout1D(0.5)),
    ]

    private static let activations: [LayerCase] =
        [
            ActivationFunction.relu, .relu6, .elu, .selu, .softplus, .softsign, .softmax, .logSoftmax, .sigmoid,
            .hardSigmoid, .silu, .hardSilu, .gelu, .mish, .leakyRelu, .exponential, .linear, .tanh, .celu, .hardTanh,
            .hardShrink, .softShrink, .tanhShrink, .squareplus, .logSigmoid, .sparsePlus, .sparseSigmoid,
        ].map { function in LayerCase("activation-\(function.name)", Activation(function)) } + [
            .init("activation-glu", Activation(.glu)),
            .init("relu-settings", ReLU(maximum: 1, negativeSlope: 0.25, threshold: 0.5)),
            .init("leaky-relu", LeakyReLU()),
            .init("leaky-relu-slope", LeakyReLU(negativeSlope: 0.1)),
            .init("prelu", PReLU()),
            .init("prelu-shared", PReLU(sharedAxes: [1, 2])),
            .init("elu", ELU()),
            .init("elu-alpha", ELU(alpha: 0.5)),
            .init("softmax", Softmax()),
            .init("softmax-axis", Softmax(axis: 1)),
        ]

    private static let lookups: [LayerCase] = [
        .init("embedding", Embedding(7, 3)),
        .init("embedding-masked-mean") { [Embedding(4, 3, masksZero: true), GlobalAveragePooling1D()] },
        .init("category-encoding", CategoryEncoding(6)),
        .init("category-encoding-one-hot", CategoryEncoding(6, mode: .oneHot)),
        .init("category-encoding-column", CategoryEncoding(6, mode: .oneHot)),
        .init("category-encoding-count", CategoryEncoding(6, mode: .count)),
        .init("category-encoding-rank-3", CategoryEncoding(6)),
        .init("category-encoding-weights", CategoryEncoding(6, mode: .count)),
        .init("discretization") { [Discretization([-1, 0, 0.5]), Embedding(4, 3)] },
        .init("discretization-one-hot", Discretization([-1, 0, 0.5], mode: .oneHot)),
        .init("discretization-multi-hot", Discretization([-1, 0, 0.5], mode: .multiHot)),
        .init("discretization-count", Discretization([-1, 0, 0.5], mode: .count)),
        .init("random-images-in-use") {
            [RandomFlip(.horizontal), RandomBrightness(0.5, seed: 3), RandomContrast((0.25, 0.5), valueRange: (0, 1))]
        },
        .init("random-transformations-in-use") {
            [
                RandomRotation(0.25, fill: .constant, value: 2),
                RandomTranslation(height: (-0.5, 0.25), width: (0, 0.5)),
                RandomZoom(0.5, fill: .wrap, interpolation: .nearest), RandomZoom(height: (0, 0.5), width: (0, 0.25)),
            ]
        },
        .init("random-crop-of-all", RandomCrop(4, 3, seed: 3)),
        .init("masking") { [Masking(value: 2), GlobalAveragePooling1D()] },
        .init("masking-passed-on") {
            [Masking(), Dense(3, activation: .relu), Dropout(0.5), LayerNormalization(), GlobalAveragePooling1D()]
        },
    ]

    /// Windows that are alike, that are not, that overlap, and fewer elements than places.
    private static let adaptive: [LayerCase] = [
        .init("adaptive-average1d", AdaptiveAveragePooling1D(4)),
        .init("adaptive-average1d-alike", AdaptiveAveragePooling1D(3)),
        .init("adaptive-average1d-more", AdaptiveAveragePooling1D(10)),
        .init("adaptive-average1d-one", AdaptiveAveragePooling1D(1)),
        .init("adaptive-average1d-first", AdaptiveAveragePooling1D(3, dataFormat: .channelsFirst)),
        .init("adaptive-max1d", AdaptiveMaxPooling1D(4)),
        .init("adaptive-max1d-alike", AdaptiveMaxPooling1D(3)),
        .init("adaptive-max1d-more", AdaptiveMaxPooling1D(10)),
        .init("adaptive-max1d-first", AdaptiveMaxPooling1D(3, dataFormat: .channelsFirst)),
        .init("adaptive-average2d", AdaptiveAveragePooling2D((3, 2))),
        .init("adaptive-average2d-same", AdaptiveAveragePooling2D(4)),
        .init("adaptive-average2d-first", AdaptiveAveragePooling2D((2, 4), dataFormat: .channelsFirst)),
        .init("adaptive-max2d", AdaptiveMaxPooling2D((3, 2))),
        .init("adaptive-max2d-same", AdaptiveMaxPooling2D(4)),
        .init("adaptive-max2d-first", AdaptiveMaxPooling2D((2, 4), dataFormat: .channelsFirst)),
        .init("adaptive-average3d", AdaptiveAveragePooling3D((3, 2, 4))),
        .init("adaptive-average3d-first", AdaptiveAveragePooling3D(2, dataFormat: .channelsFirst)),
        .init("adaptive-max3d", AdaptiveMaxPooling3D((3, 2, 4))),
        .init("adaptive-max3d-first", AdaptiveMaxPooling3D(2, dataFormat: .channelsFirst)),
    ]

    /// Which layers pass a mask on, and which end it.
    private static let masks: [LayerCase] = [
        .init("mask-conv1d") { [Masking(), Conv1D(2, kernelSize: 2)] },
        .init("mask-pooling") { [Masking(), MaxPooling1D()] },
        .init("mask-flatten") { [Masking(), Flatten()] },
        .init("mask-rms") { [Masking(), RMSNormalization()] },
        .init("mask-dense") { [Masking(), Dense(2)] },
        .init("mask-padding") { [Masking(), ZeroPadding1D()] },
        .init("mask-time-distributed") { [Masking(), TimeDistributed(Dense(2))] },
        .init("mask-batch") { [Masking(), BatchNormalization()] },
        .init("mask-lstm") { [Masking(), LSTM(2, returnsSequences: true)] },
        .init("mask-add") { [Masking(), Add()] },
        .init("mask-concatenate") { [Masking(), Concatenate()] },
        .init("mask-concatenate-steps") { [Masking(), Concatenate(axis: 1)] },
        .init("mask-dot") { [Masking(), Dot(axes: (2, 2))] },
    ]

    private static let convolutions: [LayerCase] = [
        .init("conv1d", Conv1D(4, kernelSize: 3)),
        .init("conv1d-strides", Conv1D(4, kernelSize: 3, stride: 2, padding: .same, activation: .relu)),
        .init("conv1d-causal", Conv1D(4, kernelSize: 3, padding: .causal, dilation: 2)),
        .init("conv1d-groups", Conv1D(4, kernelSize: 2, groups: 2, usesBias: false)),
        .init("conv1d-first", Conv1D(4, kernelSize: 3, padding: .same, dataFormat: .channelsFirst)),
        .init("conv2d", Conv2D(4, kernelSize: (3, 2))),
        .init("conv2d-strides", Conv2D(4, kernelSize: (3, 3), strides: (2, 1), padding: .same, activation: .tanh)),
        .init("conv2d-dilations", Conv2D(2, kernelSize: (2, 2), dilations: (2, 3))),
        .init("conv2d-groups", Conv2D(6, kernelSize: (2, 2), groups: 3)),
        .init(
            "conv2d-first", Conv2D(4, kernelSize: (3, 3), strides: (2, 2), padding: .same, dataFormat: .channelsFirst)),
        .init("conv1d-transpose", Conv1DTranspose(4, kernelSize: 3, stride: 2)),
        .init("conv1d-transpose-same", Conv1DTranspose(2, kernelSize: 3, stride: 2, padding: .same)),
        .init("conv1d-transpose-small", Conv1DTranspose(2, kernelSize: 2, stride: 3)),
        .init("conv2d-transpose", Conv2DTranspose(4, kernelSize: (3, 2), strides: (2, 1))),
        .init(
            "conv2d-transpose-same",
            Conv2DTranspose(2, kernelSize: (3, 3), strides: (2, 2), padding: .same, activation: .relu)),
        .init("conv2d-transpose-small", Conv2DTranspose(2, kernelSize: (1, 2), strides: (2, 3))),
        .init("conv2d-transpose-dilations", Conv2DTranspose(2, kernelSize: (2, 2), dilations: (2, 2))),
        .init("depthwise1d", DepthwiseConv1D(3, depthMultiplier: 2)),
        .init("depthwise1d-strides", DepthwiseConv1D(3, stride: 2, padding: .same)),
        .init("depthwise2d", DepthwiseConv2D((2, 3), depthMultiplier: 2, activation: .relu)),
        .init("depthwise2d-strides", DepthwiseConv2D((3, 3), strides: (2, 2), padding: .same, usesBias: false)),
        .init("depthwise2d-dilations", DepthwiseConv2D((2, 2), dilations: (2, 2))),
        .init("separable1d", SeparableConv1D(4, kernelSize: 3, depthMultiplier: 2)),
        .init("separable1d-same", SeparableConv1D(4, kernelSize: 2, padding: .same, activation: .tanh)),
        .init("separable2d", SeparableConv2D(4, kernelSize: (2, 2), depthMultiplier: 2)),
        .init("separable2d-strides", SeparableConv2D(4, kernelSize: (3, 3), strides: (2, 2), padding: .same)),
    ]

    private static let pooling: [LayerCase] = [
        .init("max-pooling1d", MaxPooling1D()),
        .init("max-pooling1d-same", MaxPooling1D(3, stride: 2, padding: .same)),
        .init("max-pooling2d", MaxPooling2D()),
        .init("max-pooling2d-same", MaxPooling2D((3, 2), strides: (2, 1), padding: .same)),
        .init("max-pooling2d-first", MaxPooling2D(dataFormat: .channelsFirst)),
        .init("average-pooling1d", AveragePooling1D()),
        .init("average-pooling1d-same", AveragePooling1D(3, stride: 2, padding: .same)),
        .init("average-pooling2d", AveragePooling2D()),
        .init("average-pooling2d-same", AveragePooling2D((3, 2), strides: (2, 1), padding: .same)),
        .init("global-max1d", GlobalMaxPooling1D()),
        .init("global-max2d", GlobalMaxPooling2D(keepsDimensions: true)),
        .init("global-max2d-first", GlobalMaxPooling2D(dataFormat: .channelsFirst)),
        .init("global-average1d", GlobalAveragePooling1D(keepsDimensions: true)),
        .init("global-average1d-first", GlobalAveragePooling1D(dataFormat: .channelsFirst)),
        .init("global-average2d", GlobalAveragePooling2D()),
        .init("global-average2d-first", GlobalAveragePooling2D(keepsDimensions: true, dataFormat: .channelsFirst)),
    ]

    private static let rearranging: [LayerCase] = [
        .init("zero-padding1d", ZeroPadding1D((1, 2))),
        .init("zero-padding2d", ZeroPadding2D(vertical: (1, 2), horizontal: (0, 3))),
        .init(
            "zero-padding2d-first", ZeroPadding2D(vertical: (1, 2), horizontal: (0, 3), dataFormat: .channelsFirst)),
        .init("cropping1d", Cropping1D((1, 2))),
        .init("cropping2d", Cropping2D(vertical: (1, 0), horizontal: (2, 1))),
        .init("cropping2d-first", Cropping2D(vertical: (1, 0), horizontal: (2, 1), dataFormat: .channelsFirst)),
        .init("up-sampling1d", UpSampling1D(3)),
        .init("up-sampling2d", UpSampling2D((2, 3))),
        .init("up-sampling2d-bilinear", UpSampling2D((2, 3), interpolation: .bilinear)),
        .init("resizing", Keras.Resizing(5, 3)),
        .init("resizing-nearest", Keras.Resizing(2, 6, interpolation: .nearest)),
        .init("resizing-crop", Keras.Resizing(3, 6, cropsToAspectRatio: true)),
        .init("center-crop", CenterCrop(2, 3)),
        .init("center-crop-larger", CenterCrop(6, 3)),
        .init("up-sampling2d-first", UpSampling2D((2, 2), dataFormat: .channelsFirst)),
    ]

    private static let normalization: [LayerCase] = [
        .init("batch-normalization", BatchNormalization()),
        .init(
            "batch-normalization-settings",
            BatchNormalization(momentum: 0.75, epsilon: 0.125, centers: false, scales: false)),
        .init("batch-normalization-axis", BatchNormalization(axis: 1)),
        .init("batch-normalization-frozen") {
            let layer = BatchNormalization()
            layer.isTrainable = false
            return [layer]
        },
        .init("layer-normalization", LayerNormalization()),
        .init("layer-normalization-axes", LayerNormalization(axes: [1, 2], epsilon: 0.125)),
        .init("layer-normalization-middle", LayerNormalization(axes: [1], centers: false)),
        .init("group-normalization", GroupNormalization(groups: 2)),
        .init("group-normalization-instance", GroupNormalization(groups: -1, scales: false)),
        .init("group-normalization-axis", GroupNormalization(groups: 2, axis: 1)),
        .init("rms-normalization-axes", RMSNormalization(axes: [1, 2], epsilon: 0.125)),
        .init("batch-normalization-masked") { [Masking(), BatchNormalization()] },
        .init("rms-normalization", RMSNormalization()),
        .init("unit-normalization", UnitNormalization()),
        .init("unit-normalization-axes", UnitNormalization(axes: [1, 2])),
    ]

    private static let volumes: [LayerCase] = [
        .init("conv3d", Conv3D(3, kernelSize: (2, 3, 2))),
        .init("conv3d-strides") {
            [Conv3D(2, kernelSize: (3, 2, 2), strides: (2, 1, 2), padding: .same, activation: .tanh)]
        },
        .init("conv3d-dilations", Conv3D(2, kernelSize: (2, 2, 2), dilations: (2, 1, 2), usesBias: false)),
        .init("conv3d-first", Conv3D(2, kernelSize: (2, 2, 2), padding: .same, dataFormat: .channelsFirst)),
        .init("conv3d-transpose", Conv3DTranspose(3, kernelSize: (2, 3, 2), strides: (2, 1, 2))),
        .init("conv3d-transpose-same") {
            [Conv3DTranspose(2, kernelSize: (3, 3, 3), strides: (2, 2, 2), padding: .same, activation: .relu)]
        },
        .init("max-pooling3d", MaxPooling3D()),
        .init("max-pooling3d-same", MaxPooling3D((3, 2, 2), strides: (2, 1, 2), padding: .same)),
        .init("max-pooling3d-first", MaxPooling3D(dataFormat: .channelsFirst)),
        .init("average-pooling3d", AveragePooling3D()),
        .init("average-pooling3d-same", AveragePooling3D((3, 2, 2), strides: (2, 1, 2), padding: .same)),
        .init("global-max3d", GlobalMaxPooling3D(keepsDimensions: true)),
        .init("global-average3d", GlobalAveragePooling3D()),
        .init("global-average3d-first", GlobalAveragePooling3D(dataFormat: .channelsFirst)),
        .init("zero-padding3d", ZeroPadding3D(depth: (1, 2), vertical: (0, 3), horizontal: (1, 0))),
        .init("zero-padding3d-first", ZeroPadding3D(dataFormat: .channelsFirst)),
        .init("cropping3d", Cropping3D(depth: (1, 0), vertical: (2, 1), horizontal: (0, 1))),
        .init("cropping3d-first", Cropping3D(dataFormat: .channelsFirst)),
        .init("up-sampling3d", UpSampling3D((2, 1, 3))),
        .init("spatial-dropout3d-in-use", SpatialDropout3D(0.5)),
    ]

    private static let merging: [LayerCase] = [
        .init("add", Add()),
        .init("add-broadcast", Add()),
        .init("add-ranks", Add()),
        .init("subtract", Subtract()),
        .init("multiply", Multiply()),
        .init("average", Average()),
        .init("maximum", Maximum()),
        .init("minimum", Minimum()),
        .init("concatenate", Concatenate()),
        .init("concatenate-axis", Concatenate(axis: 1)),
        .init("dot", Dot(axes: (1, 1))),
        .init("dot-cosine", Dot(axes: (1, 1), normalizes: true)),
        .init("dot-rank-3", Dot(axes: (2, 1))),
        .init("dot-rank-3-steps", Dot(axes: (1, 2))),
        .init("dot-mixed", Dot(axes: (2, 1))),
    ]

    // Scores of attention are large here, and what softmax makes of them is sensitive to their last digits; the gradient
    // of the keys' bias is a sum that would be 0 without rounding.
    private static let attention: [LayerCase] = [
        .init("attention", tolerance: 3e-4, MultiHeadAttention(heads: 2, keySize: 3)),
        .init(
            "attention-sizes", tolerance: 3e-4,
            MultiHeadAttention(heads: 3, keySize: 2, valueSize: 4, outputSize: 6, usesBias: false)),
        .init("attention-causal", tolerance: 3e-4, MultiHeadAttention(heads: 2, keySize: 3, isCausal: true)),
        .init("attention-masked", tolerance: 3e-4) {
            [Masking(), MultiHeadAttention(heads: 2, keySize: 3), GlobalAveragePooling1D()]
        },
        .init("attention-mask", tolerance: 3e-4, MultiHeadAttention(heads: 2, keySize: 3)),
        .init("group-query-attention", tolerance: 3e-4, GroupQueryAttention(headSize: 3, queryHeads: 4, keyHeads: 2)),
        .init(
            "group-query-attention-causal", tolerance: 3e-4,
            GroupQueryAttention(headSize: 2, queryHeads: 2, keyHeads: 1, usesBias: false, isCausal: true)),
        .init("dot-attention", tolerance: 3e-5, Attention()),
        .init("dot-attention-scale", tolerance: 3e-5, Attention(usesScale: true)),
        .init("dot-attention-concat", tolerance: 3e-5, Attention(usesScale: true, scoreMode: .concat)),
        .init("dot-attention-causal", tolerance: 3e-5, Attention(isCausal: true)),
        .init("dot-attention-masked", tolerance: 3e-5) { [Masking(), Attention()] },
        .init("additive-attention", tolerance: 3e-5, AdditiveAttention()),
        .init("additive-attention-plain", tolerance: 3e-5, AdditiveAttention(usesScale: false, isCausal: true)),
        .init("time-distributed", TimeDistributed(Dense(3, activation: .tanh))),
        .init("time-distributed-images", TimeDistributed(Conv2D(2, kernelSize: (2, 2)))),
    ]
}
