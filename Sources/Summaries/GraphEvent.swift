// A graph as TensorBoard's graph page wants it.

import Graphs
import Messages
import SwiftProtobuf

/// The graph in TensorFlow's binary form, with what the graph page shows: names, ops, inputs and devices.
func graphDefinition(of graph: Graph) -> [UInt8] {
    var message = Tensorflow_GraphDef()
    message.node = graph.nodes.map { node in
        .with {
            $0.name = node.name
            $0.op = node.type
            $0.input = node.inputNames
            $0.device = node.device
        }
    }
    return serialized(message)
}
