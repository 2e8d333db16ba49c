// What every row of the table of samples must keep to.

import Graphs
import Operations
import Tensors
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

/// Operations as files describe them.
@Suite struct DecodingTests {
    @Test(arguments: OperationCatalogue.operations.indices)
    func everyOperationIsReadBackFromItsAttributes(_ index: Int) throws {
        let operation = OperationCatalogue.operations[index]
        let decoded = try OperationCatalogue.operation(description(of: operation))
        #expect(decoded.name == operation.name)
        #expect(decoded.attributes == operation.attributes)
        #expect(type(of: decoded) == type(of: operation))
    }

    @Test(arguments: OpSample.all)
    func everyNodeOfASampleIsReadBackFromItsAttributes(_ sample: OpSample) throws {
        for node in SampleGraph(sample).graph.nodes where OperationCatalogue.knows(node.type) {
            let operation = node.record.operation
            let decoded = try OperationCatalogue.operation(description(of: operation))
            #expect(decoded.attributes == operation.attributes, "\(node)")
        }
    }

    /// What a file would say of an operation, with the functions that it calls at hand.
    private func description(of operation: any Operation) -> NodeDescription {
        NodeDescription(
            operation: operation.name,
            attributes: Dictionary(operation.attributes.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 }),
            inputTypes: [], variableAt: { _ in TensorType(.float32, .scalar) },
            bodyOf: { name, _ throws(DecodingMistake) in
                let bodies = (operation as? any CallingOperation)?.bodies ?? []
                guard let body = bodies.first(where: { $0.name == name }) else { throw .malformed("no \(name)") }
                return body
            })
    }

    @Test func aMissingTypeIsMalformed() {
        let description = NodeDescription(operation: "MatMul", attributes: [:], inputTypes: [])
        #expect(throws: DecodingMistake.malformed("the attribute \"T\" is missing")) {
            try OperationCatalogue.operation(description)
        }
    }

    @Test func anUnknownOpIsUnsupported() {
        let description = NodeDescription(operation: "Frobnicate", attributes: [:], inputTypes: [])
        #expect(throws: DecodingMistake.unsupported("the op Frobnicate is not known")) {
            try OperationCatalogue.operation(description)
        }
    }
}
