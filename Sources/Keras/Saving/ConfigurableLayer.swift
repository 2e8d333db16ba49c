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

extension Configuration {
    /// The name of the layer, where it is given.
    public var layerName: String? { settings["name"]?.string }
}

/// The layers of this library by Keras's names.
enum LayerCatalogue {
    /// One a line; a test makes sure that all are here.
    static let types: [any ConfigurableLayer.Type] = [
        Activation.self,
        Dense.self,
        Dropout.self,
        Flatten.self,
        Reshape.self,
    ]

    static let byName: [String: any ConfigurableLayer.Type] = table(types)

    static func table(_ types: [any ConfigurableLayer.Type]) -> [String: any ConfigurableLayer.Type] {
        Dictionary(types.map { ($0.className, $0) }, uniquingKeysWith: { $1 })
    }
}
