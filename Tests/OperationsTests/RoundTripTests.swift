import FileTestSupport
import GraphDefs
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Graphs that were exported and imported again.
@Suite struct RoundTripTests {
    @Test(arguments: OpSample.all)
    func everySampleGivesTheSameBitsAfterExportAndImport(_ sample: OpSample) throws {
        let built = SampleGraph(sample)
        let arrays = sample.arrays()
        let expected = try built.outputs(arrays)

        let graph = Graph()
        let imported = try graph.importGraphDef(GraphDef(bytes: GraphDef(built.graph).serialized))
        #expect(imported.unsupportedNodes.isEmpty)
        let session = Session(graph: graph, options: SessionOptions(threads: 1))
        try session.initializeVariables()
        let feeds = try zip(built.inputs, arrays).map { try imported.tensor(named: $0.name).fed(AnyArray($1)) }
        let found = try session.run(built.outputs.map { try imported.tensor(named: $0.name) }, feeding: feeds)
        for (value, original) in zip(found, expected) {
            #expect(value.differences(from: AnyArray(original)) == [])
        }
    }
}
