// What the data of a model may be given as: one array, several, or arrays by name.

public import Tensors

/// Arrays for a model's inputs or outputs: an array, a list of arrays in the order of the inputs, or a dictionary by their
/// names.
///
///     try model.predict(images)
///     try model.fit([AnyArray(words), AnyArray(lengths)], labels)
///     try model.predict(["image": AnyArray(images)])
public protocol ArrayBundle: Sendable {
    /// The arrays, with their names where they have some.
    var namedArrays: [(name: String?, array: AnyArray)] { get }
}

extension NDArray: ArrayBundle {
    public var namedArrays: [(name: String?, array: AnyArray)] { [(nil, AnyArray(self))] }
}

extension AnyArray: ArrayBundle {
    public var namedArrays: [(name: String?, array: AnyArray)] { [(nil, self)] }
}

extension Array: ArrayBundle where Element: ArrayBundle {
    public var namedArrays: [(name: String?, array: AnyArray)] { flatMap(\.namedArrays) }
}

extension Dictionary: ArrayBundle where Key == String, Value: ArrayBundle {
    public var namedArrays: [(name: String?, array: AnyArray)] {
        sorted { $0.key < $1.key }.flatMap { key, value in value.namedArrays.map { (key, $0.array) } }
    }
}

extension AnyArray {
    /// The number of samples: the size of the first axis.
    var sampleCount: Int? { shape.first }
}
