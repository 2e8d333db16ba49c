import Foundation
import GraphDefs
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// The path of a file that real TensorFlow wrote.
func fixture(_ name: String) throws -> String {
    try #require(Bundle.module.path(forResource: "Fixtures/graphdef/\(name)", ofType: nil), "no fixture \(name)")
}

/// The training graph of a small network, as TensorFlow wrote it, with what TensorFlow computed.
@Suite struct TrainedGraphTests {
    private struct Expected: Decodable {
        let feeds: [String: [[Float]]]
        let loss: [Float]
        let predictionBefore: [[Float]]
        let weights1After5: [[Float]]
        let bias1After5: [Float]
        let weights2After5: [[Float]]
        let bias2After5: [Float]
        let lossAfter5: Float
        let globalStep: Int64

        enum CodingKeys: String, CodingKey {
            case feeds, loss
            case predictionBefore = "pred_before"
            case weights1After5 = "W1_after5"
            case bias1After5 = "b1_after5"
            case weights2After5 = "W2_after5"
            case bias2After5 = "b2_after5"
            case lossAfter5 = "loss_after5"
            case globalStep = "global_step"
        }
    }

    private let expected: Expected

    init() throws {
        let data = try Data(contentsOf: URL(fileURLWithPath: fixture("mlp_train_expected.json")))
        expected = try JSONDecoder().decode(Expected.self, from: data)
    }

    /// Runs the graph as TensorFlow was run, and compares.
    private func train(_ session: Session, _ imported: ImportedGraph) throws {
        let tolerance: Float = 1e-6
        func isClose(_ found: NDArray<Float>, _ wanted: [Float]) -> Bool {
            found.count == wanted.count && zip(found.scalars, wanted).allSatisfy { abs($0 - $1) <= tolerance }
        }
        let x = try imported.tensor(named: "x:0", as: Float.self).fed(NDArray(try #require(expected.feeds["x:0"])))
        let t = try imported.tensor(named: "t:0", as: Float.self).fed(NDArray(try #require(expected.feeds["t:0"])))
        let loss = try imported.tensor(named: "loss", as: Float.self)
        let train = try imported.node(named: "train")

        try session.run(imported.node(named: "init"))
        let before = try session.run(imported.tensor(named: "pred:0", as: Float.self), feeding: x)
        #expect(isClose(before, expected.predictionBefore.flatMap { $0 }), "\(before)")
        for value in expected.loss {
            let (_, found) = try session.run(train, loss, feeding: x, t)
            #expect(abs(found.scalar - value) <= tolerance, "\(found) instead of \(value)")
        }
        #expect(abs(try session.run(loss, feeding: x, t).scalar - expected.lossAfter5) <= tolerance)
        let weights = [
            ("W1", expected.weights1After5.flatMap { $0 }), ("b1", expected.bias1After5),
            ("W2", expected.weights2After5.flatMap { $0 }), ("b2", expected.bias2After5),
        ]
        for (name, values) in weights {
            let found = try session.run(imported.tensor(named: name, as: Float.self))
            #expect(isClose(found, values), "\(name): \(found) instead of \(values)")
        }
        let step = try session.run(imported.tensor(named: "global_step/Read/ReadVariableOp:0", as: Int64.self))
        #expect(step.scalar == expected.globalStep)
    }

    @Test(arguments: ["mlp_train.pb", "mlp_train.pbtxt"])
    func trainsAsInTensorFlow(file: String) throws {
        let graph = Graph()
        let imported = try graph.importGraphDef(GraphDef(contentsOf: fixture(file)))
        #expect(imported.variableNames.sorted() == ["W1", "W2", "b1", "b2", "global_step"])
        try train(Session(graph: graph), imported)
    }

    @Test func trainsAsInTensorFlowUnderAPrefixBesideAnother() throws {
        let graph = Graph()
        let definition = try GraphDef(contentsOf: fixture("mlp_train.pb"))
        try graph.importGraphDef(definition)
        let imported = try graph.importGraphDef(definition, prefix: "second")
        try train(Session(graph: graph), imported)
    }

    @Test func trainsAsInTensorFlowAfterBeingExportedAndImportedAgain() throws {
        let first = Graph()
        try first.importGraphDef(GraphDef(contentsOf: fixture("mlp_train.pb")))
        let graph = Graph()
        let imported = try graph.importGraphDef(GraphDef(bytes: GraphDef(first).serialized))
        try train(Session(graph: graph), imported)
        let third = Graph()
        try third.importGraphDef(GraphDef(text: GraphDef(graph).text))
        #expect(try GraphDef(third) == GraphDef(graph))
    }
}
