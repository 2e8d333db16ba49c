// The same pipelines in tf.data and Keras give the same elements, where no random order is involved.

import FileTestSupport
import Foundation
import Tensors
import Testing

@testable import Datasets

@Suite(.enabled(if: TensorFlowOracle.fromEnvironment != nil))
struct TensorFlowDataTests {
    @Test func deterministicPipelinesAgreeWithTensorFlow() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let table = "x,\"y \"\"z\"\"\"\r\n1.5,\"a,b\"\r\n-2e3,\"two\nlines\"\r\n"
        let path = try folder.write(Array(table.utf8), to: "table.csv")
        let output = try oracle.run(
            """
            import sys, numpy as np, tensorflow as tf, keras
            D = tf.data.Dataset
            def show(dataset):
                print(" ".join(str(np.array(e).flatten().tolist()).replace(" ", "") for e in dataset.as_numpy_iterator()))
            r = D.range(10)
            lists = D.range(1, 6).map(lambda n: n)
            ragged = D.from_generator(lambda: [[1, 2, 3], [4], [], [5, 6]], output_signature=tf.TensorSpec([None], tf.int32))
            show(r.shard(3, 1))
            show(r.batch(4))
            show(r.batch(4, drop_remainder=True))
            show(r.repeat(2).skip(7).take(6))
            show(lists.interleave(lambda n: D.range(n).map(lambda i: n * 10 + i), cycle_length=3, block_length=2))
            show(lists.interleave(lambda n: D.range(n).map(lambda i: n * 10 + i), cycle_length=2, block_length=1))
            show(D.range(9).interleave(lambda n: D.range(n % 3).map(lambda i: n * 10 + i), cycle_length=4, block_length=1))
            show(lists.flat_map(lambda n: D.range(n)))
            show(r.window(4, shift=3, stride=2).flat_map(lambda w: w.batch(4)))
            show(r.window(3, shift=5, stride=1, drop_remainder=True).flat_map(lambda w: w.batch(3)))
            show(ragged.padded_batch(2))
            show(ragged.padded_batch(4, padded_shapes=[5], padding_values=-1))
            show(r.shuffle(1, seed=1))
            show(r.concatenate(D.range(2)))
            n = np.arange(24)
            show(keras.utils.timeseries_dataset_from_array(n, None, 4, sequence_stride=3, sampling_rate=2, batch_size=3))
            print(keras.utils.to_categorical([0, 2, 1]).flatten().tolist())
            print(keras.utils.pad_sequences([[1], [2, 3, 4], []], maxlen=2).flatten().tolist())
            print(keras.utils.pad_sequences([[1], [2, 3, 4], []], padding="post", value=7).flatten().tolist())
            print(keras.utils.normalize(np.array([[3., 4.], [0., 0.], [1., 0.]]), axis=-1).flatten().tolist())
            print(keras.utils.normalize(np.array([[3., 4.], [0., 0.], [1., 0.]]), axis=-1, order=1).flatten().tolist())
            for x, y in tf.data.experimental.CsvDataset(sys.argv[1], [tf.float32, tf.string], header=True):
                print(x.numpy(), y.numpy().decode().encode())
            """, [path])

        func show<T>(_ dataset: Dataset<T>) throws -> String {
            try dataset.elements().map { "\($0)".filter { $0 != " " && $0 != "\n" } }.joined(separator: " ")
        }
        func flat<T: CustomStringConvertible>(_ dataset: Dataset<NDArray<T>>) throws -> String {
            try show(dataset.map { $0.scalars })
        }
        let numbers = Dataset.range(10)
        let lists = Dataset.range(1..<6)
        let ragged = Dataset([[1, 2, 3], [4], [], [5, 6]] as [[Int32]])
        let matrix = try NDArray<Double>([[3, 4], [0, 0], [1, 0]])
        let csv = try CSVFile(path)
        var ours = [
            try show(numbers.shard(count: 3, index: 1).map { [$0] }), try flat(numbers.batch(4)),
            try flat(numbers.batch(4, dropRemainder: true)), try show(numbers.repeat(2).skip(7).take(6).map { [$0] }),
        ]
        for (cycle, block) in [(3, 2), (2, 1)] {
            ours.append(
                try show(
                    lists.interleave(cycleLength: cycle, blockLength: block) { n in
                        Dataset.range(n).map { [n * 10 + $0] }
                    }))
        }
        ours += [
            try show(Dataset.range(9).interleave(cycleLength: 4) { n in Dataset.range(n % 3).map { [n * 10 + $0] } }),
            try show(lists.flatMap { Dataset.range($0).map { [$0] } }),
            try show(numbers.window(4, shift: 3, stride: 2, dropRemainder: false)),
            try show(numbers.window(3, shift: 5)), try flat(ragged.paddedBatch(2)),
            try flat(ragged.paddedBatch(4, padding: ArrayPadding(shape: [5], value: -1))),
            try show(numbers.shuffle(bufferSize: 1, seed: 1).map { [$0] }),
            try show(numbers.concatenate(.range(2)).map { [$0] }),
            try flat(
                Dataset.timeseriesWindows(
                    NDArray((0..<24).map { Int32($0) }), length: 4, stride: 3, samplingRate: 2
                ).batch(3)),
            try "\(toCategorical(NDArray<Int32>([0, 2, 1])).scalars)",
            try "\(padSequences([[1], [2, 3, 4], []] as [[Int32]], maxLength: 2).scalars)",
            try "\(padSequences([[1], [2, 3, 4], []] as [[Int32]], padding: .post, value: 7).scalars)",
            "\(try normalize(matrix).scalars)", "\(try normalize(matrix, order: 1).scalars)",
        ]
        for row in try csv.rows.elements() {
            let text = row[1].replacing("\n", with: "\\n")
            ours.append("\(try #require(Float(row[0]))) b'\(text)'")
        }
        // A scalar prints as a list of one in our half; TensorFlow's prints bare numbers.
        let theirs = output.split(separator: "\n").map(String.init)
        #expect(theirs.count == ours.count)
        for (mine, other) in zip(ours, theirs) {
            #expect(mine.filter { !"[] ".contains($0) } == other.filter { !"[] ".contains($0) })
        }
    }
}
