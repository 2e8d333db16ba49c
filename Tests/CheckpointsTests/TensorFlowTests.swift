import Checkpoints
import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing

/// Checkpoints against real TensorFlow, both ways, bit for bit.
@Suite struct TensorFlowTests {
    static let ourModels = 56
    static let theirModels = 30

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil), .timeLimit(.minutes(5)))
    func modelsAreTheSameBitForBitBothWays() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        for name in ["ours", "again", "theirs"] {
            try FileManager.default.createDirectory(atPath: folder.path(name), withIntermediateDirectories: true)
        }
        let models = try (0..<Self.ourModels).map { try RandomModel(seed: UInt64($0)) }
        for (number, model) in models.enumerated() { try model.write(to: folder.path("ours/m\(number)")) }
        let output = try oracle.run(Self.script, [folder.path, "\(Self.ourModels)", "\(Self.theirModels)"])
        print(output)
        let dump = try Dump(folder)

        #expect(dump.refused.isEmpty)
        // What TensorFlow read from our files, and what we read from the files that it then wrote.
        for (number, model) in models.enumerated() {
            let read = dump.tensors["m\(number)"] ?? [:]
            #expect(read.count == model.parts.count, "model \(number)")
            let again = try CheckpointReader(folder.path("again/m\(number)"))
            #expect(again.verify().isEmpty)
            for part in model.parts {
                #expect(read[Array(part.name.utf8)] == part.value, "model \(number), \(part.name)")
                #expect(try again.read(part.name) == part.value, "model \(number), \(part.name), written again")
            }
        }
        // What TensorFlow made up and wrote.
        var count = 0
        for number in 0..<Self.theirModels {
            let reader = try CheckpointReader(folder.path("theirs/t\(number)"))
            let expected = try #require(dump.tensors["t\(number)"])
            #expect(reader.entries.count == expected.count)
            #expect(reader.verify().isEmpty)
            try reader.checkFiles()
            for entry in reader.entries {
                let value = try reader.read(entry.name)
                #expect(value == expected[Array(entry.name.utf8)], "model \(number), \(entry.name)")
                count += 1
                guard !entry.shape.isEmpty, entry.dtype != .string else { continue }
                let slice = entry.shape.map { ($0 / 3)..<($0 - $0 / 4) }
                #expect(try reader.read(entry.name, slice: slice) == piece(value, slice))
            }
        }
        print("\(Self.ourModels) models of ours, \(Self.theirModels) of TensorFlow's with \(count) tensors")
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil), .timeLimit(.minutes(5)))
    func tensorFlowsSaverToolsAndObjectsUnderstandOurs() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let model = TestModel()
        let saver = Saver(maxToKeep: 2, keepEveryHours: 1)
        for step in [5, 10, 15] {
            try model.setStep(step)
            try saver.save(model.session, to: folder.path("runs/model"), step: model.step)
        }
        // A checkpoint that replaced one of the same name: its data is in a file of another name.
        for step in 1...3 {
            try model.setStep(step)
            try Saver().save(model.session, to: folder.path("same/model"))
            let names = try FileManager.default.contentsOfDirectory(atPath: folder.path("same"))
            #expect(names.count == 3, "\(names)")
        }
        try model.setStep(2)
        try Saver().save(model.session, to: folder.path("same/model"))
        let output = try oracle.run(Self.toolScript, [folder.path])
        #expect(output.contains("all well"))

        // What TensorFlow's own savers left, restored here.
        #expect(latestCheckpoint(in: folder.path("tf1")) == folder.path("tf1/model-3"))
        try model.setStep(99)
        try Saver().restore(model.session, from: folder.path("tf1/model-3"))
        #expect(try model.isAt(7))
        try model.setStep(99)
        let newest = try #require(latestCheckpoint(in: folder.path("tf2")))
        let report = try Saver().restoreMatching(model.session, from: newest)
        print(report)
        #expect(report.restored.sorted() == ["flags", "global_step", "layer/bias", "layer/weights"])
        #expect(report.unexpected.map(\.name).sorted() == ["listed/0/.ATTRIBUTES/VARIABLE_VALUE"])
        #expect(try model.isAt(7))
        let reader = try CheckpointReader(newest)
        #expect(try reader.read("holder/weights", as: Float.self).count == 300)
        #expect(reader.verify().isEmpty)
        if output.contains("keras done") {
            let keras = try CheckpointReader(try #require(latestCheckpoint(in: folder.path("keras"))))
            print(keras.entries.map(\.name))
            #expect(keras.verify().isEmpty)
        }
    }

    /// What TensorFlow read or made, as raw bytes.
    private struct Dump {
        var tensors: [String: [[UInt8]: AnyArray]] = [:]
        /// Types that TensorFlow does not read, or does not write, in this way.
        var refused: [String] = []

        init(_ folder: TemporaryFolder) throws {
            let bytes = try folder.bytes(of: "dump.bin")
            let text = String(decoding: try folder.bytes(of: "dump.txt"), as: UTF8.self)
            for line in text.split(separator: "\n") {
                let words = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
                switch words[0] {
                case "unreadable", "unwritable": refused.append(line.description)
                default:
                    let shape = words[3].split(separator: ",").compactMap { Int($0) }
                    let start = try #require(Int(words[4]))
                    let part = bytes[start..<(start + (try #require(Int(words[5]))))]
                    let number = try #require(Int(words[2]))
                    let dtype = try #require(DType(tensorFlowNumber: number))
                    let value =
                        dtype == .string
                        ? try AnyArray(strings: Self.strings(Array(part)), shape: shape)
                        : try AnyArray(dtype: dtype, shape: shape, bytes: part)
                    tensors[words[0], default: [:]][Self.hex(words[1])] = value
                }
            }
        }

        private static func hex(_ text: String) -> [UInt8] {
            let digits = text.utf8.map { $0 < 58 ? $0 - 48 : $0 - 87 }
            return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
        }

        private static func strings(_ bytes: [UInt8]) -> [[UInt8]] {
            var (strings, index) = ([[UInt8]](), 0)
            while index < bytes.count {
                let count = (0..<4).reduce(0) { $0 | Int(bytes[index + $1]) << (8 * $1) }
                strings.append(Array(bytes[(index + 4)..<(index + 4 + count)]))
                index += 4 + count
            }
            return strings
        }
    }

    /// Reads our models and writes them again; makes models of its own.
    private static let script = #"""
        import sys, struct, numpy as np, tensorflow as tf
        folder, ours, theirs = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
        text, blob = open(folder + "/dump.txt", "w"), open(folder + "/dump.bin", "wb")
        refused, reported = {}, set()

        def raw(value, dtype):
            if dtype == tf.string:
                flat = np.asarray(value, dtype=object).reshape(-1)
                return b"".join(struct.pack("<I", len(s)) + s for s in flat)
            return np.ascontiguousarray(value).tobytes()

        def dump(model, name, dtype, shape, value):
            data = raw(value, dtype)
            text.write("\t".join([model, name.encode().hex(), str(dtype.as_datatype_enum),
                                  ",".join(map(str, shape)), str(blob.tell()), str(len(data))]) + "\n")
            blob.write(data)

        for number in range(ours):
            prefix = f"{folder}/ours/m{number}"
            reader = tf.train.load_checkpoint(prefix)
            types = reader.get_variable_to_dtype_map()
            shapes = reader.get_variable_to_shape_map()
            names, tensors = [], []
            for name in sorted(shapes):
                dtype = types[name]
                try:
                    try:
                        value = reader.get_tensor(name)
                    except Exception as error:
                        value = tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=[name], shape_and_slices=[""],
                                                     dtypes=[dtype])[0].numpy()
                except Exception as error:
                    refused.setdefault(("unreadable", dtype.name), str(error)[-300:])
                    continue
                dump(f"m{number}", name, dtype, shapes[name], value)
                tensor = tf.raw_ops.RestoreV2(prefix=prefix, tensor_names=[name], shape_and_slices=[""],
                                              dtypes=[dtype])[0] if number != 0 else tf.constant(value)
                names.append(name)
                tensors.append(tensor)
            # What cannot be written is left out.
            while True:
                try:
                    tf.raw_ops.SaveV2(prefix=f"{folder}/again/m{number}", tensor_names=names,
                                      shape_and_slices=[""] * len(names), tensors=tensors)
                    break
                except Exception as error:
                    kept = []
                    for name, tensor in zip(names, tensors):
                        try:
                            tf.raw_ops.SaveV2(prefix=f"{folder}/probe", tensor_names=["x"], shape_and_slices=[""],
                                              tensors=[tensor])
                            kept.append((name, tensor))
                        except Exception as inner:
                            refused.setdefault(("unwritable", tensor.dtype.name), str(inner)[:100])
                    if len(kept) == len(names): raise
                    names, tensors = [n for n, _ in kept], [t for _, t in kept]

        random = np.random.default_rng(7)
        usable = [tf.float32, tf.float64, tf.int8, tf.int16, tf.int32, tf.int64, tf.uint8, tf.uint16, tf.uint32, tf.uint64,
                  tf.bool, tf.float16, tf.bfloat16, tf.complex64, tf.complex128, tf.string,
                  tf.dtypes.experimental.float8_e5m2, tf.dtypes.experimental.float8_e4m3fn]

        def make(dtype, shape):
            count = int(np.prod(shape))
            if dtype == tf.string:
                values = [random.bytes(int(random.integers(0, 300))) for _ in range(count)]
                return tf.reshape(tf.constant(values, tf.string, shape=[count]), shape)
            if dtype == tf.bool:
                return tf.constant(random.integers(0, 2, shape).astype(bool))
            size = dtype.size
            array = np.frombuffer(random.bytes(count * size), dtype=dtype.as_numpy_dtype).reshape(shape)
            return tf.constant(array, dtype)

        for number in range(theirs):
            prefix = f"{folder}/theirs/t{number}"
            shards = 1 if number % 3 else 2 + number % 4
            prefixes = []
            count = 4000 if number == 1 else int(random.integers(1, 15))
            for shard in range(shards):
                names, specs, tensors = [], [], []
                for index in range(count):
                    name = f"shard{shard}/n{number}/{'ä' if index % 2 else 'a'}{index}" + "/deep" * (index % 20)
                    dtype = usable[int(random.integers(len(usable)))]
                    shape = [int(random.integers(0, 6)) for _ in range(int(random.integers(0, 4)))]
                    value = make(dtype, shape)
                    dump(f"t{number}", name, dtype, shape, value.numpy())
                    names.append(name); specs.append(""); tensors.append(value)
                if number % 2 == 0:
                    # Pieces of one tensor, in one shard or several.
                    rows, columns = 4 * shards, 2 + number * 37 % 190
                    whole = np.arange(rows * columns, dtype=np.float32).reshape(rows, columns) + number
                    if shard == 0: dump(f"t{number}", "parted", tf.float32, whole.shape, whole)
                    half = columns // 2
                    top = 4 * shard
                    for start, length in ((0, half), (half, columns - half)):
                        names.append("parted")
                        specs.append(f"{rows} {columns} {top},4:{start},{length}")
                        tensors.append(tf.constant(whole[top:top + 4, start:start + length]))
                    lines = np.arange(2 * shards * 5, dtype=np.int64).reshape(2 * shards, 5)
                    if shard == 0: dump(f"t{number}", "lines", tf.int64, lines.shape, lines)
                    names.append("lines")
                    specs.append(f"{2 * shards} 5 {2 * shard},2:-")
                    tensors.append(tf.constant(lines[2 * shard:2 * shard + 2]))
                part = prefix if shards == 1 else f"{prefix}_part{shard}"
                tf.raw_ops.SaveV2(prefix=part, tensor_names=names, shape_and_slices=specs, tensors=tensors)
                prefixes.append(part)
            if shards > 1:
                tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=prefixes, destination_prefix=prefix,
                                              delete_old_dirs=False)
        for (kind, name), reason in refused.items():
            text.write(f"{kind}\t{name}\n")
            print(kind, name, reason)
        """#

    /// TensorFlow's own tools on our files, and files of its own savers.
    private static let toolScript = #"""
        import sys, os, numpy as np, tensorflow as tf
        folder = sys.argv[1]
        runs = folder + "/runs"
        assert tf.train.latest_checkpoint(runs) == runs + "/model-15"
        state = tf.train.get_checkpoint_state(runs)
        assert list(state.all_model_checkpoint_paths) == [runs + "/model-10", runs + "/model-15"], state
        assert len(state.all_model_checkpoint_timestamps) == 2 and state.last_preserved_timestamp > 0, state
        # The folder may be moved.
        os.rename(runs, folder + "/moved"); runs = folder + "/moved"
        assert tf.train.latest_checkpoint(runs) == runs + "/model-15"
        listed = dict(tf.train.list_variables(runs + "/model-15"))
        assert listed == {"flags": [2], "global_step": [], "layer/bias": [2, 3], "layer/weights": [300]}, listed
        assert tf.compat.v1.train.checkpoint_exists(runs + "/model-15")

        def weights(step):
            return np.array([np.float32((i * 31 + step * 1009) % 100003) for i in range(300)])

        with tf.Graph().as_default(), tf.compat.v1.Session() as session:
            v1 = tf.compat.v1
            with v1.variable_scope("layer"):
                w = v1.get_variable("weights", [300], tf.float32)
                b = v1.get_variable("bias", [2, 3], tf.float64)
            step = v1.get_variable("global_step", [], tf.int64, trainable=False)
            flags = v1.get_variable("flags", [2], tf.bool, trainable=False, initializer=v1.zeros_initializer())
            saver = v1.train.Saver(save_relative_paths=True)
            saver.restore(session, runs + "/model-15")
            assert session.run(step) == 15
            assert (session.run(w) == weights(15)).all()
            assert (session.run(b).reshape(-1) == np.arange(6) / 7 + 15).all()
            assert session.run(flags).tolist() == [False, True]
            # A checkpoint that replaced another.
            saver.restore(session, tf.train.latest_checkpoint(folder + "/same"))
            assert session.run(step) == 2 and (session.run(w) == weights(2)).all()
            reader = tf.train.load_checkpoint(folder + "/same/model")
            assert reader.get_tensor("global_step") == 2
            # TensorFlow's own saver, after restoring.
            session.run([step.assign(7), w.assign(weights(7)), b.assign((np.arange(6) / 7 + 7).reshape(2, 3)),
                         flags.assign([False, True])])
            os.makedirs(folder + "/tf1")
            for number in (1, 2, 3): saver.save(session, folder + "/tf1/model", global_step=number)
            values = session.run([w, b, step, flags])
            # TensorFlow's saver replaces and removes ours.
            for number in range(6): saver.save(session, folder + "/same/model")

        class Holder(tf.Module):
            def __init__(self):
                self.weights = tf.Variable(values[0], name="layer/weights")
                self.bias = tf.Variable(values[1], name="layer/bias")
                self.step = tf.Variable(values[2], name="global_step")
                self.flags = tf.Variable(values[3], name="flags")
        checkpoint = tf.train.Checkpoint(holder=Holder(), listed=[tf.Variable(3.0, name="other")])
        tf.train.CheckpointManager(checkpoint, folder + "/tf2", max_to_keep=2).save()
        # A manager takes up our state file.
        manager = tf.train.CheckpointManager(checkpoint, runs, max_to_keep=2, checkpoint_name="model")
        assert manager.checkpoints == [runs + "/model-10", runs + "/model-15"], manager.checkpoints
        try:
            import keras
            model = keras.Sequential([keras.layers.Input([4]), keras.layers.Dense(3), keras.layers.Dense(2)])
            model.compile("adam", "mse")
            model.fit(np.zeros([4, 4]), np.zeros([4, 2]), verbose=0)
            tf.train.Checkpoint(model=model).save(folder + "/keras/model")
            print("keras done")
        except ImportError:
            print("no keras")
        print("all well")
        """#
}
