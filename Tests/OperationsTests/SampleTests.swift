// What every row of the table of samples must keep to.

import Graphs
import Operations
import Testing

@Suite struct SampleTests {
    @Test func everyOperationOfTheCatalogueHasASample() {
        #expect(OpSample.operationsWithoutSamples(in: OperationCatalogue.names) == [])
    }

    @Test func anOperationWithoutASampleIsNoticed() {
        let extended = OperationCatalogue.names + ["NotSampled"]
        #expect(OpSample.operationsWithoutSamples(in: extended) == ["NotSampled"])
    }

    @Test func samplesAreOfOperationsOfTheCatalogue() {
        #expect(Set(OpSample.all.map(\.operation)).subtracting(OperationCatalogue.names) == [])
    }

    @Test func theCatalogueNamesEveryOperationOnce() {
        let repeated = Dictionary(grouping: OperationCatalogue.names, by: \.self).filter { $1.count > 1 }.keys
        #expect(repeated.sorted() == [])
    }

    @Test(arguments: OpSample.all)
    func samplesBuildSoundGraphsOfTheirOperation(_ sample: OpSample) {
        let built = SampleGraph(sample)
        #expect(built.graph.diagnostics.map(\.description) == [])
        #expect(built.operations.contains(sample.operation))
        let names = built.graph.nodes.map(\.name)
        #expect(Set(names).count == names.count, "two nodes of one name among \(names)")
        for node in built.graph.nodes {
            for (name, value) in node.attributes {
                #expect(!name.isEmpty && !value.isEmpty, "an attribute of \(node)")
            }
        }
    }
}
