// A graph as TensorFlow's GraphDef: read and written, binary or as text. Importing and exporting stand beside it.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
public import Files
import Graphs
package import Messages
import SwiftProtobuf

/// A graph in TensorFlow's form.
///
///     let definition = try GraphDef(contentsOf: "model.pb")
///     let imported = try Graph.default.importGraphDef(definition, prefix: "model")
///     try GraphDef(graph).write(to: "mine.pb")           // opens in TensorFlow
///     print(try GraphDef(graph).text)                    // the text form, as in .pbtxt files
///
/// - Source: `tensorflow/core/framework/graph.proto` of TensorFlow 2.21.
public struct GraphDef: Sendable, Equatable {
    package var message: Tensorflow_GraphDef
    /// The file it was read from.
    package var path: String?

    package init(_ message: Tensorflow_GraphDef, path: String? = nil) {
        self.message = message
        self.path = path
    }

    /// Reads a file, binary or text; which one is told by the content.
    ///
    /// - Errors: `FileError` where it cannot be read, `GraphDefError` where it holds no graph.
    public init(contentsOf path: String, files: any FileSystem = LocalFileSystem()) throws {
        let bytes = try files.contents(of: path, limit: Self.largestByteCount)
        do {
            try self.init(bytes: bytes)
        } catch let error as GraphDefError {
            throw error.inFile(path)
        }
        self.path = path
    }

    /// Reads the binary or the text form; which one is told by the content.
    ///
    /// - Errors: `GraphDefError` where it is neither.
    public init(bytes: [UInt8]) throws {
        do {
            try self.init(serialized: bytes)
        } catch let binaryError as GraphDefError {
            // A text begins with a field's name or a comment, after white space.
            guard let first = bytes.first(where: { !" \t\r\n".utf8.contains($0) }),
                first == UInt8(ascii: "#") || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first),
                let text = String(validating: bytes, as: UTF8.self)
            else { throw binaryError }
            do { try self.init(text: text) } catch let textError as GraphDefError {
                throw GraphDefError(
                    "it is no graph definition, neither in binary (\(binaryError.reason)) nor as text "
                        + "(\(textError.reason))")
            }
        }
    }

    /// Reads the binary form.
    ///
    /// - Errors: `GraphDefError`.
    public init(serialized bytes: [UInt8]) throws {
        do {
            message = try Tensorflow_GraphDef(serializedBytes: bytes)
        } catch {
            throw GraphDefError("the bytes are no GraphDef: \(error)")
        }
        // Bytes of other messages often parse as one without anything in it.
        if message.node.isEmpty, !message.unknownFields.data.isEmpty || (!message.hasVersions && !bytes.isEmpty) {
            if !message.hasLibrary { throw GraphDefError("the bytes are no GraphDef: there is no node in it") }
        }
    }

    /// Reads the text form.
    ///
    /// - Errors: `GraphDefError` with the place.
    public init(text: String) throws {
        var options = TextFormatDecodingOptions()
        options.ignoreUnknownFields = true
        do {
            message = try Tensorflow_GraphDef(textFormatString: text, options: options)
        } catch {
            throw GraphDefError("the text is no GraphDef: \(error)")
        }
    }

    /// The binary form.
    public var serialized: [UInt8] {
        // Without required fields, serialization has nothing to refuse but sizes above 2 GB.
        (try? message.serializedBytes() as [UInt8]) ?? []
    }

    /// The text form.
    public var text: String { message.textFormatString() }

    /// Writes the binary form, or the text form where the name ends in `.pbtxt`. After a crash either the old or the
    /// new file is there.
    ///
    /// - Errors: `FileError`; `GraphDefError` for more than 2 GB, the most that a message can hold.
    public func write(to path: String, files: any FileSystem = LocalFileSystem()) throws {
        if path.hasSuffix(".pbtxt") {
            try files.writeAtomically(Array(text.utf8), to: path)
            return
        }
        let bytes: [UInt8]
        do { bytes = try message.serializedBytes() } catch {
            throw GraphDefError("it cannot be written: \(error)", path: path, hint: "keep large arrays in variables")
        }
        try files.writeAtomically(bytes, to: path)
    }

    /// The most that a message can hold.
    static let largestByteCount = Int(Int32.max)
}

extension GraphDef {
    /// A node as the definition holds it.
    public struct NodeDef: Sendable {
        package let message: Tensorflow_NodeDef

        /// The full name.
        public var name: String { message.name }
        /// TensorFlow's name of the op.
        public var operation: String { message.op }
        /// The inputs: `a`, `b:1`, and `^c` for control inputs.
        public var inputs: [String] { message.input }
        /// The device asked for; empty where any will do.
        public var device: String { message.device }
    }

    /// The nodes, in the order of the definition.
    public var nodes: [NodeDef] { message.node.map(NodeDef.init) }

    /// The names of the functions in its library.
    public var functionNames: [String] { message.library.function.map(\.signature.name) }

    /// The version of TensorFlow's graph format that its producer wrote.
    public var producerVersion: Int { Int(message.versions.producer) }
}
