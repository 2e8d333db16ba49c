// The values of weights, in Keras's order and by names, from outside of runs.

import Graphs
import Operations
import Sessions
public import Tensors

/// A weight and the name under which files have it.
struct NamedWeight {
    /// The names of the layers around it and its own: `dense/kernel`, `encoder/dense/kernel`.
    let name: String
    let variable: Variable<Float>
}

extension Model {
    /// The weights in Keras's order, see `layersInKerasOrder`.
    var namedWeights: [NamedWeight] { Keras.namedWeights(of: layersInKerasOrder) }

    /// The values of the weights, in Keras's order.
    ///
    ///     let before = try model.getWeights()
    ///
    /// - Errors: `GraphError` for mistakes in building the model.
    public func getWeights() throws -> [NDArray<Float>] { try namedWeightValues().map(\.value) }

    /// Sets the weights, in Keras's order.
    ///
    /// - Errors: `KerasError` for another number of arrays, or an array of another shape, which it names; then nothing
    ///   has changed.
    public func setWeights(_ values: [NDArray<Float>]) throws {
        try set(values, to: namedWeights, of: "the model \"\(name)\"")
    }

    /// The values of the weights of one layer, in Keras's order.
    public func getWeights(of layer: any Layer) throws -> [NDArray<Float>] {
        try values(of: try weights(of: layer)).map(\.value)
    }

    /// Sets the weights of one layer, in Keras's order.
    ///
    /// - Errors: as for the model.
    public func setWeights(_ values: [NDArray<Float>], of layer: any Layer) throws {
        try set(values, to: try weights(of: layer), of: "the layer \"\(layer.name)\"")
    }

    /// The names and values of the weights: `dense/kernel`.
    func namedWeightValues() throws -> [(name: String, value: NDArray<Float>)] {
        _ = try requireStructure()
        return try values(of: namedWeights)
    }

    private func weights(of layer: any Layer) throws -> [NamedWeight] {
        let weights = Keras.namedWeights(of: [layer])
        let own = Set(namedWeights.map(\.variable))
        guard weights.allSatisfy({ own.contains($0.variable) }) else {
            throw KerasError("the layer \"\(layer.name)\" is none of the model \"\(name)\"")
        }
        return weights
    }

    private func values(of weights: [NamedWeight]) throws -> [(name: String, value: NDArray<Float>)] {
        try initializeVariables()
        let values = try session.values(of: weights.map { AnyVariable($0.variable) })
        return try zip(weights, values).map { weight, value in
            guard let value else { throw KerasError("the weight \"\(weight.name)\" has no value") }
            return (weight.name, try value.as(Float.self))
        }
    }

    private func set(_ values: [NDArray<Float>], to weights: [NamedWeight], of owner: String) throws {
        _ = try requireStructure()
        guard values.count == weights.count else {
            throw KerasError(
                "\(owner) has \(weights.count) weights, but \(values.count) arrays are given",
                hint: "its weights are: \(weights.map(\.name).joined(separator: ", "))")
        }
        for (weight, value) in zip(weights, values) where !weight.variable.shape.accepts(value.shape) {
            throw KerasError(
                "the weight \"\(weight.name)\" of \(owner) has shape \(weight.variable.shape), but an array of shape "
                    + "\(Shape(value.shape)) is given", hint: "weights come in the order of getWeights()")
        }
        try initializeVariables()
        try session.setValues(zip(weights, values).map { (AnyVariable($0.variable), AnyArray($1)) })
    }
}

/// The weights of layers, each once, in Keras's order: of each layer those that training changes before the others,
/// then those of the layers inside it.
func namedWeights(of layers: [any Layer]) -> [NamedWeight] {
    var result: [NamedWeight] = []
    var seen: Set<Variable<Float>> = []
    var entered: Set<ObjectIdentifier> = []
    // A loop over a stack: layers may be nested as deep as the user likes.
    var waiting: [(layer: any Layer, path: String)] = layers.reversed().map { ($0, "") }
    while let (layer, prefix) = waiting.popLast() {
        guard entered.insert(ObjectIdentifier(layer.state)).inserted else { continue }
        let path = prefix + layer.name + "/"
        let weights = layer.state.weights
        for weight in weights.filter(\.isTrainable) + weights.filter({ !$0.isTrainable })
        where seen.insert(weight.variable).inserted {
            result.append(NamedWeight(name: path + weight.name, variable: weight.variable))
        }
        let children = (layer as? Model)?.layersInKerasOrder ?? layer.state.children
        waiting += children.reversed().map { ($0, path) }
    }
    return result
}
