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

    /// The elements as another type: rounded toward zero and limited to its range.
    func converted<Scalar: NumericElement>(to type: Scalar.Type) -> NDArray<Scalar>? {
        func convert<Source: TensorElement>(_ source: Source.Type) -> NDArray<Scalar>? {
            guard let array = try? self.as(source) else { return nil }
            return NDArray<Scalar>(shape: shape) { target in
                array.withUnsafeBufferPointer { elements in
                    for index in target.indices where index < elements.count {
                        let element = elements[index]
                        let number: Double =
                            if let numeric = element as? any NumericElement { numeric.asDouble } else {
                                element == .one ? 1 : 0
                            }
                        target.initializeElement(at: index, to: Scalar(clamping: number))
                    }
                }
            }
        }
        if let same = try? self.as(type) { return same }
        return dtype.elementType.flatMap { convert($0) }
    }

    /// The position of the first element that is not a number, or nil.
    var firstNaN: Int? {
        func find<Scalar: FloatingElement>(_ type: Scalar.Type) -> Int? {
            guard let array = try? self.as(type) else { return nil }
            return array.withUnsafeBufferPointer { elements in
                // Block by block, so that the search within one is a sum the compiler can vectorise.
                var start = 0
                while start < elements.count {
                    let end = Swift.min(start + 4096, elements.count)
                    var count: Int32 = 0
                    for index in start..<end { count &+= elements[index] == elements[index] ? 0 : 1 }
                    if count > 0 { return (start..<end).first { elements[$0].isNaN } }
                    start = end
                }
                return nil
            }
        }
        switch dtype {
        case .float32: return find(Float.self)
        case .float64: return find(Double.self)
        default: return nil
        }
    }
}
