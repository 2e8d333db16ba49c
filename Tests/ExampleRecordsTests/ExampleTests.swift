// Examples: what is written is read again, wrong features are refused, and damaged bytes never end the process.

import Datasets
import FileTestSupport
import Tensors
import Testing

@testable import ExampleRecords

struct ExampleTests {
    private let example = Example([
        "image": .bytes([[0, 255, 10], []]), "label": .integers([-7]), "weights": .floats([0.5, -.infinity]),
        "name": .text("Zoë"), "none": .floats([]),
    ])

    @Test func anExampleIsReadAsItWasWritten() throws {
        #expect(try Example(serialized: example.serialized()) == example)
        #expect(try Example(serialized: []) == Example())
        #expect(try example.serialized() == Example(serialized: example.serialized()).serialized())
    }

    @Test func featuresAreReadAsArrays() throws {
        let arrays = try example.parsed([
            "image": .fixedLength(.string, shape: [2]), "label": .fixedLength(.int64),
            "weights": .fixedLength(.float32, shape: [2, 1]), "name": .variableLength(.string),
            "absent": .variableLength(.int64),
            "age": .fixedLength(.float32, shape: [2], default: AnyArray(NDArray<Float>(3))),
            "none": .fixedLength(.float32, shape: [0]),
        ])
        #expect(arrays.count == 7)
        #expect(arrays["image"]?.byteStrings == [[0, 255, 10], []])
        #expect(try arrays.array("label", of: Int64.self) == NDArray<Int64>(-7))
        #expect(arrays["weights"]?.shape == [2, 1])
        #expect(arrays["name"]?.strings == ["Zoë"])
        #expect(arrays["absent"]?.shape == [0])
        #expect(try arrays.array("age", of: Float.self).scalars == [3, 3])
        #expect(arrays["none"]?.shape == [0])
        #expect(throws: ExampleError.self) { try arrays.array("label", of: Float.self) }
        let error = #expect(throws: ExampleError.self) { try arrays.array("labell", of: Float.self) }
        #expect(error?.hint.hasPrefix("did you mean \"label\"?") == true)
    }

    @Test(
        arguments: [
            ("label", .fixedLength(.float32), "it holds values of int64, not of float32"),
            ("labell", .fixedLength(.int64), "it is missing\n    hint: did you mean \"label\"?"),
            ("weights", .fixedLength(.float32), "it holds 2 values, but the shape [] needs 1"),
            ("weights", .fixedLength(.float32, shape: [-1]), "needs more than memory can address"),
            ("weights", .fixedLength(.float64, shape: [2]), "examples hold no values of float64"),
            ("none", .fixedLength(.float32), "it holds 0 values"),
            ("age", .fixedLength(.int64, default: AnyArray(NDArray<Float>(1))), "the default is float32[]"),
            ("age", .fixedLength(.int64, shape: [1 << 50], default: AnyArray(NDArray<Int64>(1))), "memory"),
        ] as [(String, FeatureSpecification, String)])
    func wrongFeaturesAreRefused(name: String, specification: FeatureSpecification, message: String) {
        let error = #expect(throws: ExampleError.self) { try example.parsed([name: specification]) }
        #expect(error?.feature == name)
        #expect(error?.description.contains(message) == true, "\(error as Any)")
    }

    @Test func everyDamageIsRefusedOrReadAsAnotherExample() throws {
        let bytes = try example.serialized()
        var refused = 0
        for index in bytes.indices {
            for value: UInt8 in [0, 0x7f, 0x80, 0xff, bytes[index] ^ 1] {
                var damaged = bytes
                damaged[index] = value
                do { _ = try Example(serialized: damaged).parsed(["label": .variableLength(.int64)]) } catch {
                    refused += 1
                    #expect(!"\(error)".isEmpty)
                }
            }
            do { _ = try Example(serialized: Array(bytes[..<index])) } catch { refused += 1 }
        }
        #expect(refused > bytes.count)
    }

    @Test func recordsBecomeBatches() throws {
        let folder = try TemporaryFolder()
        let writer = try TFRecordWriter(folder.path("a.tfrecord"), compression: .gzip)
        for index in 0..<10 {
            try writer.write(Example(["x": .floats([Float(index), 1]), "y": .integers([Int64(index)])]))
        }
        try writer.close()
        let records = Dataset.tfRecords(folder.path("a.tfrecord"), compression: .gzip)
        for parallelism in [1, 3] {
            let batches = try records.parseExamples(
                ["x": .fixedLength(.float32, shape: [2]), "y": .fixedLength(.int64)], parallelism: parallelism
            ).map { Pair(try $0.array("x", of: Float.self), try $0.array("y", of: Int64.self)) }.batch(4).elements()
            #expect(batches.map(\.x.shape) == [[4, 2], [4, 2], [2, 2]])
            #expect(batches.flatMap(\.y.scalars) == Array(0..<10))
        }
        let error = #expect(throws: PipelineError.self) {
            try records.parseExamples(["z": .fixedLength(.int64)]).elements()
        }
        #expect(error?.element == 0 && error?.underlying is ExampleError)
    }

    /// Files written here are read by TensorFlow, and files written by TensorFlow here, with the same values.
    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
    func tensorFlowReadsWhatIsWrittenAndTheReverse() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let examples = (0..<5).map { index in
            Example([
                "text": .text("example \(index)"), "x": .floats((0..<3).map { Float(index) + Float($0) / 3 }),
                "label": .integers([Int64(index) - (1 << 40)]),
                "many": .integers((0..<index).map { Int64($0) }),
                "big": .bytes([[UInt8](repeating: 7, count: 100_000)]),
            ])
        }
        for compression in [FileCompression.none, .gzip, .zlib] {
            let writer = try TFRecordWriter(folder.path("ours-\(compression.rawValue)"), compression: compression)
            for example in examples { try writer.write(example) }
            try writer.close()
        }
        let output = try oracle.run(
            """
            import sys, tensorflow as tf
            folder = sys.argv[1]
            spec = {"text": tf.io.FixedLenFeature([], tf.string), "x": tf.io.FixedLenFeature([3], tf.float32),
                    "label": tf.io.FixedLenFeature([], tf.int64), "many": tf.io.VarLenFeature(tf.int64),
                    "big": tf.io.FixedLenFeature([], tf.string)}
            for name, kind in [("none", ""), ("gzip", "GZIP"), ("zlib", "ZLIB")]:
                count = 0
                options = tf.io.TFRecordOptions(compression_type=kind)
                with tf.io.TFRecordWriter(f"{folder}/theirs-{name}", options) as writer:
                    for record in tf.data.TFRecordDataset(f"{folder}/ours-{name}", compression_type=kind):
                        e = tf.io.parse_single_example(record, spec)
                        assert e["text"].numpy() == b"example %d" % count
                        assert abs(e["x"].numpy() - [count + i / 3 for i in range(3)]).max() < 1e-6
                        assert e["label"].numpy() == count - (1 << 40)
                        assert list(tf.sparse.to_dense(e["many"]).numpy()) == list(range(count))
                        assert e["big"].numpy() == bytes([7]) * 100000
                        count += 1
                        message = tf.train.Example.FromString(record.numpy())
                        writer.write(message.SerializeToString())
                assert count == 5
            def outcome(feature, kind):
                example = tf.train.Example(features=tf.train.Features(feature={"a": feature}))
                try:
                    return str(tf.io.parse_single_example(example.SerializeToString(), {"a": kind})["a"].numpy())
                except tf.errors.InvalidArgumentError:
                    return "refused"
            empty = tf.train.Feature(float_list=tf.train.FloatList(value=[]))
            print(outcome(empty, tf.io.FixedLenFeature([], tf.float32, 5.0)))
            print(outcome(empty, tf.io.FixedLenFeature([], tf.int64, 5)))
            print(outcome(tf.train.Feature(), tf.io.FixedLenFeature([], tf.float32, 5.0)))
            print(outcome(tf.train.Feature(), tf.io.FixedLenFeature([2], tf.float32, [1.0, 2.0])))
            """, [folder.path("")])
        #expect(output.split(separator: "\n") == ["refused", "refused", "5.0", "[1. 2.]"])
        for compression in [FileCompression.none, .gzip, .zlib] {
            let records = Dataset.tfRecords(folder.path("theirs-\(compression.rawValue)"), compression: compression)
            #expect(try records.map { try Example(serialized: $0) }.elements() == examples)
        }
        let empty = Example(["a": .floats([])])
        #expect(throws: ExampleError.self) {
            try empty.parsed(["a": .fixedLength(.float32, default: AnyArray(NDArray<Float>(5)))])
        }
        #expect(throws: ExampleError.self) {
            try empty.parsed(["a": .fixedLength(.int64, default: AnyArray(NDArray<Int64>(5)))])
        }
    }
}
