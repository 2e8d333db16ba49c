// From a graph to its definition.

public import Graphs
import Messages
import SwiftProtobuf
import Tensors

extension GraphDef {
    /// The version of TensorFlow's graph format that is written: that of TensorFlow 2.21.
    package static let writtenProducerVersion: Int32 = 2474

    /// The definition of a graph, which TensorFlow can run.
    ///
    /// - Errors: `GraphError` where the graph has mistakes.
    public init(_ graph: Graph) throws(GraphError) {
        try graph.requireSound()
        let records = graph.records
        var message = Tensorflow_GraphDef()
        message.versions.producer = Self.writtenProducerVersion
        message.library = Tensorflow_FunctionDefLibrary()
        var names: Set<String> = []
        var libraries: Set<ObjectIdentifier> = []
        for record in records {
            guard let library = (record.operation as? ForeignOperation)?.library,
                libraries.insert(ObjectIdentifier(library)).inserted,
                let functions = try? Tensorflow_FunctionDefLibrary(serializedBytes: library.serialized)
            else { continue }
            message.library.function += functions.function.filter { names.insert($0.signature.name).inserted }
            message.library.gradient += functions.gradient
        }
        var exporter = FunctionExporter(library: message.library.function)
        message.node.reserveCapacity(records.count)
        for record in records { message.node.append(Tensorflow_NodeDef(record, in: records, &exporter)) }
        message.library.function += exporter.functions
        self.init(message)
    }
}

extension Tensorflow_NodeDef {
    fileprivate init(_ record: NodeRecord, in records: [NodeRecord], _ functions: inout FunctionExporter) {
        self.init()
        name = record.name
        op = record.operation.name
        device = record.device.map(canonicalDevice) ?? ""
        var data: Set<NodeID> = []
        for endpoint in record.inputs {
            data.insert(endpoint.node)
            let source = records[endpoint.node.int].name
            input.append(endpoint.output == 0 ? source : "\(source):\(endpoint.output)")
        }
        // A control input that a data input implies is left out, as TensorFlow does.
        for control in record.controlInputs where !data.contains(control) {
            input.append("^" + records[control.int].name)
        }
        for attribute in functions.attributes(of: record.operation) {
            attr[attribute.name] = attribute.value.message
        }
    }
}

/// A device as TensorFlow's files name it: `/device:GPU:0` for `/gpu:0`. Forms that are not understood stay.
private func canonicalDevice(_ device: String) -> String {
    device.split(separator: "/", omittingEmptySubsequences: true).map { part in
        let fields = part.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard let kind = fields.first, !["job", "replica", "task", "device"].contains(kind.lowercased()) else {
            return "/" + part
        }
        return "/device:" + ([kind.uppercased()] + fields.dropFirst()).joined(separator: ":")
    }.joined()
}
