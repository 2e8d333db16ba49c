// One example of a data set as TensorFlow's files hold it (tf.train.Example): named lists of numbers or bytes.

public import Datasets
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Messages
import SwiftProtobuf

/// Named lists of values: what a record of most TFRecord files is.
///
///     let example = Example(["image": .bytes([pixels]), "label": .integers([7])])
///     let writer = try TFRecordWriter("train.tfrecord")
///     try writer.write(example)
///     try writer.close()
public struct Example: Hashable, Sendable {
    /// The lists by their names.
    public var features: [String: Feature]

    public init(_ features: [String: Feature] = [:]) { self.features = features }
}

/// A list of values of one kind.
public enum Feature: Hashable, Sendable {
    /// Strings of bytes: texts, images, serialized arrays.
    case bytes([[UInt8]])
    /// Floating-point numbers.
    case floats([Float])
    /// Whole numbers.
    case integers([Int64])

    /// A text, in UTF-8.
    public static func text(_ text: String) -> Feature { .bytes([Array(text.utf8)]) }

    /// How many values there are.
    public var count: Int {
        switch self {
        case .bytes(let values): values.count
        case .floats(let values): values.count
        case .integers(let values): values.count
        }
    }

    /// The element type by TensorFlow's name.
    var kind: String {
        switch self {
        case .bytes: "string"
        case .floats: "float32"
        case .integers: "int64"
        }
    }
}

// MARK: - Bytes

extension Example {
    /// Reads the bytes of a record.
    ///
    /// - Errors: `ExampleError` where they are no example.
    public init(serialized bytes: [UInt8]) throws(ExampleError) {
        let message: Tensorflow_Example
        do throws(MessageError) { message = try Tensorflow_Example(serialized: bytes, named: "Example") } catch {
            throw ExampleError(
                reason: error.description, hint: "check that the records of this file are serialized tf.train.Example")
        }
        features = message.features.feature.compactMapValues { feature in
            switch feature.kind {
            case .bytesList(let list): .bytes(list.value.map { [UInt8]($0) })
            case .floatList(let list): .floats(list.value)
            case .int64List(let list): .integers(list.value)
            case nil: nil
            }
        }
    }

    /// The bytes of a record; equal examples have equal ones.
    ///
    /// - Errors: `ExampleError` where it is larger than a message can be, 2 GiB.
    public func serialized() throws(ExampleError) -> [UInt8] {
        var message = Tensorflow_Example()
        message.features.feature = features.mapValues { feature in
            Tensorflow_Feature.with { message in
                switch feature {
                case .bytes(let values): message.bytesList.value = values.map { Data($0) }
                case .floats(let values): message.floatList.value = values
                case .integers(let values): message.int64List.value = values
                }
            }
        }
        var options = BinaryEncodingOptions()
        options.useDeterministicOrdering = true
        do { return try message.serializedBytes(options: options) } catch {
            throw ExampleError(reason: "the example cannot be written: \(error)", hint: "split it")
        }
    }
}

extension TFRecordWriter {
    /// Adds an example.
    ///
    /// - Errors: `DatasetError` where the file cannot be written; `ExampleError` for an example that is too large.
    public func write(_ example: Example) throws { try write(try example.serialized()) }
}

/// A record that is not the example it should be.
public struct ExampleError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The feature concerned, where it is one.
    public let feature: String?
    /// What is wrong.
    public let reason: String
    /// What to do about it.
    public let hint: String

    init(feature: String? = nil, reason: String, hint: String) {
        self.feature = feature
        self.reason = reason
        self.hint = hint
    }

    public var description: String {
        (feature.map { "feature \"\($0)\": " } ?? "") + reason + "\n    hint: " + hint
    }
}
