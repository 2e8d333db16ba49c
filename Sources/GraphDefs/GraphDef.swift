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
        message = try readMessage(path) { () throws(MessageError) in
            try Tensorflow_GraphDef(bytes: bytes, named: "GraphDef", refusal: Self.refusal)
        }
        self.path = path
    }

    /// Reads the binary or the text form; which one is told by the content.
    ///
    /// - Errors: `GraphDefError` where it is neither.
    public init(bytes: [UInt8]) throws {
        message = try readMessage { () throws(MessageError) in
            try Tensorflow_GraphDef(bytes: bytes, named: "GraphDef", refusal: Self.refusal)
        }
    }

    /// Reads the binary form.
    ///
    /// - Errors: `GraphDefError`.
    public init(serialized bytes: [UInt8]) throws {
        message = try readMessage { () throws(MessageError) in
            try Tensorflow_GraphDef(serialized: bytes, named: "GraphDef", refusal: Self.refusal)
        }
    }

    /// Reads the text form.
    ///
    /// - Errors: `GraphDefError` with the place.
    public init(text: String) throws {
        message = try readMessage { () throws(MessageError) in
            try Tensorflow_GraphDef(text: text, named: "GraphDef", refusal: Self.refusal)
        }
    }

    /// An empty graph has its versions at least: else what was read was something else, or nothing.
    private static func refusal(_ message: Tensorflow_GraphDef) -> String? {
        message.node.isEmpty && !message.hasLibrary && (!message.hasVersions || !message.unknownFields.data.isEmpty)
            ? "there is no node in it" : nil
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
        try writeMessage(message, asText: path.hasSuffix(".pbtxt"), to: path, files)
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

/// Reads a message, with its mistakes as those of a definition.
func readMessage<Result>(
    _ path: String? = nil, _ read: () throws(MessageError) -> Result
) throws(GraphDefError) -> Result {
    do throws(MessageError) { return try read() } catch { throw GraphDefError(error.description, path: path) }
}

/// Writes a message, binary or as text.
func writeMessage(_ message: some Message, asText: Bool, to path: String, _ files: any FileSystem) throws {
    let bytes: [UInt8]
    do { bytes = asText ? Array(message.textFormatString().utf8) : try message.serializedBytes() } catch {
        throw GraphDefError("it cannot be written: \(error)", path: path, hint: "keep large arrays in variables")
    }
    try files.writeAtomically(bytes, to: path)
}
