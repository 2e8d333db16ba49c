import FileTestSupport
import Foundation
import GraphDefs
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

@Suite struct MetaGraphTests {
    /// A linear model with one variable that is not trained.
    private func model() throws -> (graph: Graph, x: Tensor<Float>, loss: Tensor<Float>, train: Node) {
        let graph = Graph()
        return graph.asDefault {
            let x = placeholder(Float.self, [nil, 2], name: "x")
            let w = Variable<Float>(NDArray(repeating: 0.5, shape: [2, 1]), name: "w")
            let scale = Variable<Float>(NDArray(2), trainable: false, name: "scale")
            let loss = (matmul(x, w) * scale - 1).sum().tensor
            let square = identity(loss * loss, name: "loss")
            let train = GradientDescent(learningRate: 0.01).minimize(square)
            graph.addToCollection("losses", AnyTensor(square))
            graph.addToCollection("train_op", train)
            return (graph, x, square, train)
        }
    }

    @Test func collectionsComeBack() throws {
        let (graph, _, loss, train) = try model()
        let folder = try TemporaryFolder()
        for name in ["m.meta", "m.pbtxt"] {
            try MetaGraphDef(graph, tags: ["train"]).write(to: folder.path(name))
            let definition = try MetaGraphDef(contentsOf: folder.path(name))
            #expect(definition.tags == ["train"])
            #expect(definition.collectionKeys == ["losses", "train_op", "trainable_variables", "variables"])
            #expect(definition.collection("variables") == ["w:0", "scale:0"])
            #expect(definition.collection("trainable_variables") == ["w:0"])
            let other = Graph()
            try other.importMetaGraphDef(definition)
            #expect(other.variables.map(\.name) == ["w", "scale"])
            #expect(other.trainableVariables.map(\.name) == ["w"])
            #expect(
                other.variables.compactMap { $0.initializer?.name }
                    == graph.variables.compactMap { $0.initializer?.name })
            #expect(other.collection("losses").map(\.name) == [loss.name])
            #expect(other.collection("train_op").map(\.name) == [train.name])
            #expect(try MetaGraphDef(other, tags: ["train"]) == MetaGraphDef(graph, tags: ["train"]))
        }
    }

    @Test func localVariablesComeBackAsSuch() throws {
        let graph = Graph()
        graph.asDefault {
            _ = Variable<Float>(.ones, shape: [2], name: "w")
            _ = Variable<Float>(.zeros, shape: [], local: true, name: "count")
        }
        let definition = try MetaGraphDef(graph)
        #expect(definition.collection("variables") == ["w:0"])
        #expect(definition.collection("local_variables") == ["count:0"])
        let other = Graph()
        try other.importMetaGraphDef(definition)
        #expect(other.variables.map(\.name) == ["w"])
        #expect(other.localVariables.map(\.name) == ["count"])
        #expect(other.localVariables[0].initializer != nil)
    }

    @Test func whatIsNoMetaGraphIsToldSo() throws {
        let folder = try TemporaryFolder()
        try folder.write([1, 2, 3], to: "bad.meta")
        #expect(throws: GraphDefError.self) { try MetaGraphDef(contentsOf: folder.path("bad.meta")) }
        #expect(throws: GraphDefError.self) { try MetaGraphDef(serialized: []) }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil, "no Python with tensorflow"))
    func aModelOfOursTrainsInTensorFlowAndOneOfTheirsHere() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let (graph, x, loss, train) = try model()
        try MetaGraphDef(graph).write(to: folder.path("ours.meta"))
        let session = Session(graph: graph)
        try session.initializeVariables()
        let input = try NDArray<Float>([[1, 2], [3, 4]])
        var losses: [Float] = []
        for _ in 0..<5 { losses.append(try session.run(train, loss, feeding: x.fed(input)).1.scalar) }

        let output = try oracle.run(Self.script, [folder.path])
        let lines = output.split(separator: "\n").map(String.init)
        #expect(lines.first == "['w', 'scale'] ['w'] ['\(train.name)']")
        let theirs = lines[1].split(separator: " ").compactMap { Float($0) }
        #expect(theirs.count == 5)
        for (there, here) in zip(theirs, losses) { #expect(abs(there - here) <= 1e-5 * max(1, abs(here))) }

        // What TensorFlow exports again trains here.
        let back = Graph()
        let imported = try back.importMetaGraphDef(MetaGraphDef(contentsOf: folder.path("theirs.meta")))
        #expect(back.trainableVariables.map(\.name) == ["w"])
        let other = Session(graph: back)
        try other.initializeVariables()
        let feed = try imported.tensor(named: "x", as: Float.self).fed(input)
        let step = try imported.node(named: train.name)
        for here in losses {
            let (_, there) = try other.run(step, imported.tensor(named: "loss", as: Float.self), feeding: feed)
            #expect(there.scalar == here)
        }
    }

    private static let script = """
        import sys
        import tensorflow as tf
        tf1 = tf.compat.v1
        tf1.disable_eager_execution()
        folder = sys.argv[1]
        with tf.Graph().as_default() as graph, tf1.Session() as session:
            tf1.train.import_meta_graph(f"{folder}/ours.meta")
            train = tf1.get_collection("train_op")[0]
            print([v.op.name for v in tf1.global_variables()], [v.op.name for v in tf1.trainable_variables()],
                  [train.name])
            session.run(tf1.global_variables_initializer())
            losses = []
            for _ in range(5):
                losses.append(session.run([train, "loss:0"], {"x:0": [[1, 2], [3, 4]]})[1])
            print(*losses)
            tf1.train.export_meta_graph(f"{folder}/theirs.meta")
        """
}
