import FileTestSupport
import Files
import Foundation
import Summaries
import Tensors
import Testing

@Suite struct EmbeddingProjectorTests {
    private func projector() throws -> EmbeddingProjector {
        var projector = EmbeddingProjector()
        projector.embeddings.append(
            .init(
                "words/a b", try NDArray(shape: [3, 2], [0.1, 1, -2.5, 1e-20, 3, 4]), columns: ["word", "count"],
                metadata: [["a\tb", "1"], ["c", "2"], ["d\ne", "3"]],
                pictures: try NDArray(shape: [3, 1, 2, 1], [1, 2, 3, 4, 5, 6])))
        projector.embeddings.append(.init(variable: "weights", metadata: [["x"], ["y"]]))
        return projector
    }

    @Test func theFilesAreWhatTheConfigurationNames() throws {
        let folder = try TemporaryFolder()
        try projector().visualize(in: folder.path("run"))
        let text = String(decoding: try folder.bytes(of: "run/projector_config.pbtxt"), as: UTF8.self)
        for line in [
            "tensor_name: \"words/a b\"", "tensor_path: \"projector_0_words_a_b_tensor.tsv\"",
            "metadata_path: \"projector_0_words_a_b_metadata.tsv\"", "tensor_name: \"weights\"",
            "metadata_path: \"projector_1_weights_metadata.tsv\"",
        ] {
            #expect(text.contains(line), "\(text)")
        }
        let tensor = try folder.bytes(of: "run/projector_0_words_a_b_tensor.tsv")
        #expect(String(decoding: tensor, as: UTF8.self) == "0.1\t1.0\n-2.5\t1e-20\n3.0\t4.0\n")
        let metadata = try folder.bytes(of: "run/projector_0_words_a_b_metadata.tsv")
        #expect(String(decoding: metadata, as: UTF8.self) == "word\tcount\na b\t1\nc\t2\nd e\t3\n")
    }

    @Test func partsThatDoNotFitAreRefusedBeforeAnythingIsWritten() throws {
        let folder = try TemporaryFolder()
        let points = NDArray<Float>.zeros([3, 2])
        let wrong: [EmbeddingProjector.Embedding] = [
            .init("rank", .zeros([3])),
            .init("rows", points, metadata: [["a"], ["b"]]),
            .init("columns", points, columns: ["a", "b"], metadata: [["1", "2"], ["1"], ["1", "2"]]),
            .init("pictures", points, pictures: .zeros([2, 4, 4, 3])),
            .init("channels", points, pictures: .zeros([3, 4, 4, 2])),
            .init("size", points, pictures: .zeros([3, 1, 5000, 1])),
        ]
        for embedding in wrong {
            var projector = EmbeddingProjector()
            projector.embeddings = [embedding]
            #expect(throws: SummaryError.self, "\(embedding.name)") { try projector.visualize(in: folder.path) }
        }
        #expect(try LocalFileSystem().list(folder.path).isEmpty)
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func tensorBoardsProjectorServesPointsMetadataAndPictures() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        var projector = try projector()
        projector.embeddings.removeLast()
        try projector.visualize(in: folder.path("run"))
        let writer = try FileWriter(folder.path("run"))
        try writer.close()
        let script = """
            import io, json, os, sys
            import numpy as np, tensorflow as tf
            from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
            from tensorboard.plugins import base_plugin
            from tensorboard.plugins.projector import projector_plugin
            from werkzeug import test, wrappers
            from tensorboard.backend import application
            root = sys.argv[1]
            multiplexer = plugin_event_multiplexer.EventMultiplexer()
            multiplexer.AddRunsFromDirectory(root)
            multiplexer.Reload()
            provider = data_provider.MultiplexerDataProvider(multiplexer, root)
            context = base_plugin.TBContext(logdir=root, multiplexer=multiplexer, data_provider=provider)
            plugin = projector_plugin.ProjectorPlugin(context)
            server = test.Client(application.TensorBoardWSGI([plugin]), wrappers.Response)
            def get(route):
                answer = server.get("/data/plugin/projector/" + route)
                assert answer.status_code == 200, (route, answer.status_code, answer.data)
                return answer.data
            assert json.loads(get("runs")) == ["run"]
            info = json.loads(get("info?run=run"))
            embedding = info["embeddings"][0]
            assert embedding["tensorShape"] == [3, 2], info
            tensor = np.frombuffer(get("tensor?run=run&name=words/a%20b"), np.float32)
            assert tensor.tolist() == [np.float32(v) for v in (0.1, 1, -2.5, 1e-20, 3, 4)], tensor
            assert get("metadata?run=run&name=words/a%20b") == b"word\\tcount\\na b\\t1\\nc\\t2\\nd e\\t3\\n"
            sprite = tf.io.decode_png(get("sprite_image?run=run&name=words/a%20b")).numpy()[:, :, 0]
            assert sprite.tolist() == [[1, 2, 3, 4], [5, 6, 0, 0]], sprite
            assert embedding["sprite"]["singleImageDim"] == [2, 1], embedding
            print("ok")
            """
        #expect(try oracle.run(script, [folder.path]).hasSuffix("ok\n"))
    }
}
