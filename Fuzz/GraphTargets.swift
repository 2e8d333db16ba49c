// GraphDef, binary and as text: read, imported, exported again.

import GraphDefs
import Graphs

let graphTargets: [FuzzTarget] = [
    FuzzTarget(
        name: "graphdef",
        read: { try importGraph(GraphDef(serialized: $0)) },
        seeds: { try fixtures(in: "GraphDefsTests/Fixtures/graphdef").filter { $0.first == 0x0a } }),
    FuzzTarget(
        name: "graphdef-text",
        read: { bytes in
            guard let text = String(validating: bytes, as: UTF8.self) else { return }
            try importGraph(GraphDef(text: text))
        },
        seeds: {
            let nodes = """
                node { name: "x" op: "Placeholder" attr { key: "dtype" value { type: DT_FLOAT } } }
                node { name: "y" op: "Relu" input: "x" attr { key: "T" value { type: DT_FLOAT } } }
                versions { producer: 1 }
                """
            return try [Array(nodes.utf8), fixture("GraphDefsTests/Fixtures/graphdef/mlp_train.pbtxt")]
        }),
]

private func importGraph(_ definition: GraphDef) throws {
    _ = definition.functionNames
    let graph = Graph()
    try graph.importGraphDef(definition)
    _ = try GraphDef(graph).serialized
}
