// What a layer says of itself so that it can be saved and made again, and the layers that are known by name.

import Tensors

/// A layer that Keras's JSON can hold: it tells its settings by Keras's names, and is made from them.
///
///     extension Scale: ConfigurableLayer {
///         var configuration: Configuration { Configuration(Self.className, ["factor": .number(factor)]) }
///         init(configuration: Configuration) throws {
///             self.init(factor: try configuration.number("factor", default: 1), name: configuration.layerName)
///         }
///     }
///     let model = try modelFromJSON(text, customLayers: [Scale.self])
public protocol ConfigurableLayer: Layer {
    /// Its class and settings. The name, and whether it is trained, are added by what saves it.
    ///
    /// - Errors: `KerasError` for a setting that is a function of one's own.
    var configuration: Configuration { get throws }
    /// The layer of the given settings.
    ///
    /// - Errors: `KerasError` for settings that are missing or make no sense.
    init(configuration: Configuration) throws
}

/// A layer whose inputs Keras takes otherwise than as one tensor or one list.
protocol ArgumentNaming: Layer {
    /// The arguments of a call.
    ///
    /// - Parameters:
    ///   - tensors: the inputs in Keras's JSON.
    func arguments(_ inputs: [KerasTensor], _ tensors: [JSONValue]) -> (
        positional: [JSONValue], named: [String: JSONValue]
    )
}

extension Configuration {
    /// The name of the layer, where it is given.
    public var layerName: String? { settings["name"]?.string }
}

/// The layers of this library by Keras's names.
enum LayerCatalogue {
    /// One a line; a test makes sure that all are here.
    static let types: [any ConfigurableLayer.Type] = [
        Activation.self,
        ActivityRegularization.self,
        AdaptiveAveragePooling1D.self,
        AdaptiveAveragePooling2D.self,
        AdaptiveAveragePooling3D.self,
        AdaptiveMaxPooling1D.self,
        AdaptiveMaxPooling2D.self,
        AdaptiveMaxPooling3D.self,
        Add.self,
        AdditiveAttention.self,
        AlphaDropout.self,
        Attention.self,
        Average.self,
        AveragePooling1D.self,
        AveragePooling2D.self,
        AveragePooling3D.self,
        BatchNormalization.self,
        Bidirectional.self,
        CategoryEncoding.self,
        CenterCrop.self,
        Concatenate.self,
        Conv1D.self,
        Conv1DTranspose.self,
        Conv2D.self,
        Conv2DTranspose.self,
        Conv3D.self,
        Conv3DTranspose.self,
        Cropping1D.self,
        Cropping2D.self,
        Cropping3D.self,
        Dense.self,
        DepthwiseConv1D.self,
        DepthwiseConv2D.self,
        Discretization.self,
        Dot.self,
        Dropout.self,
        ELU.self,
        EinsumDense.self,
        Embedding.self,
        Flatten.self,
        GRU.self,
        GRUCell.self,
        GaussianDropout.self,
        GaussianNoise.self,
        GlobalAveragePooling1D.self,
        GlobalAveragePooling2D.self,
        GlobalAveragePooling3D.self,
        GlobalMaxPooling1D.self,
        GlobalMaxPooling2D.self,
        GlobalMaxPooling3D.self,
        GroupNormalization.self,
        GroupQueryAttention.self,
        Identity.self,
        LSTM.self,
        LSTMCell.self,
        LayerNormalization.self,
        LeakyReLU.self,
        Masking.self,
        MaxPooling1D.self,
        MaxPooling2D.self,
        MaxPooling3D.self,
        Maximum.self,
        Minimum.self,
        MultiHeadAttention.self,
        Multiply.self,
        Normalization.self,
        PReLU.self,
        Permute.self,
        RMSNormalization.self,
        RNN.self,
        RandomBrightness.self,
        RandomContrast.self,
        RandomCrop.self,
        RandomFlip.self,
        RandomRotation.self,
        RandomTranslation.self,
        RandomZoom.self,
        ReLU.self,
        RepeatVector.self,
        Rescaling.self,
        Reshape.self,
        Resizing.self,
        SeparableConv1D.self,
        SeparableConv2D.self,
        SimpleRNN.self,
        SimpleRNNCell.self,
        Softmax.self,
        SpatialDropout1D.self,
        SpatialDropout2D.self,
        SpatialDropout3D.self,
        StackedRNNCells.self,
        Subtract.self,
        TimeDistributed.self,
        UnitNormalization.self,
        UpSampling1D.self,
        UpSampling2D.self,
        UpSampling3D.self,
        ZeroPadding1D.self,
        ZeroPadding2D.self,
        ZeroPadding3D.self,
    ]

    static let byName: [String: any ConfigurableLayer.Type] = table(types)

    static func table(_ types: [any ConfigurableLayer.Type]) -> [String: any ConfigurableLayer.Type] {
        Dictionary(types.map { ($0.className, $0) }, uniquingKeysWith: { $1 })
    }
}
