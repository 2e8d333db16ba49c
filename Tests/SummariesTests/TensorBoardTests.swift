// TensorBoard and TensorFlow read what is written here, and agree on how it is computed.

import FileTestSupport
import Files
import Foundation
import Graphs
import Operations
import Sessions
import Summaries
import Tensors
import Testing

/// The data that Swift and Python both know: as files of numbers.
private struct Samples {
    let values: [Float] = (0..<1000).map { (index: Int) -> Float in Float((index * 7919) % 1013 - 500) / 37 }
    let tiny: [Float] = [0, -0.0, 1e-30, 1e-12, -1e-12, 1.1e-12, 3e38, -3e38, 1, 1, 1, 2]
    let equal: [Float] = [3, 3, 3]
    let bytes: [UInt8] = (0..<120).map { UInt8(($0 * 31) % 256) }
    /// Images of numbers: both signs, only positive ones, some not finite, all nearly 0.
    let numbers: [Float] = {
        var numbers: [Float] = (0..<72).map { Float(($0 * 17) % 29) / 7 }
        for index in 0..<18 { numbers[index] -= 2 }
        numbers[40] = .nan
        numbers[47] = .infinity
        for index in 54..<72 { numbers[index] = 1e-8 }
        return numbers
    }()
    let sound: [Float] = (0..<200).map { (index: Int) -> Float in 1.1 * Float(sin(Double(index) / 3)) }
    let labels: [Bool] = (0..<300).map { $0 % 3 == 0 || $0 % 7 == 1 }
    let predictions: [Float] = (0..<300).map { Float(($0 * 101) % 97) / 96 }

    func write(to folder: TemporaryFolder) throws {
        func write<Scalar>(_ array: [Scalar], _ name: String) throws {
            try folder.write(array.withUnsafeBytes { Array($0) }, to: name)
        }
        try write(values, "values")
        try write(tiny, "tiny")
        try write(equal, "equal")
        try write(bytes, "bytes")
        try write(numbers, "numbers")
        try write(sound, "sound")
        try write(labels.map { $0 ? 1 : 0 } as [UInt8], "labels")
        try write(predictions, "predictions")
    }
}

@Suite(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) struct TensorBoardTests {
    private let samples = Samples()

    /// Writes every kind from outside of a graph.
    private func writeRun(_ folder: String, _ form: SummaryForm) throws {
        var options = FileWriterOptions()
        options.form = form
        let writer = try FileWriter(folder, options: options)
        for step in 0..<3 {
            writer.scalar("loss", 1 / Double(step + 1), step: step, displayName: "the loss", description: "it *falls*")
        }
        try writer.histogram("values", NDArray(samples.values), step: 1)
        try writer.histogram("tiny", NDArray(samples.tiny), step: 1, bucketCount: 7)
        try writer.histogram("equal", NDArray(samples.equal), step: 1)
        try writer.histogram("empty", NDArray([] as [Float]), step: 1)
        try writer.image("bytes", NDArray(shape: [2, 5, 4, 3], samples.bytes), step: 1)
        try writer.image("numbers", NDArray(shape: [4, 3, 2, 3], samples.numbers), step: 1, maxOutputs: 4)
        try writer.image("unit", NDArray(shape: [4, 3, 2, 3], samples.numbers), step: 1, maxOutputs: 1, scaling: .unit)
        try writer.audio("sound", NDArray(shape: [2, 50, 2], samples.sound), sampleRate: 8000, step: 1)
        writer.text("text", "a **bold** word", step: 1)
        try writer.text("table", AnyArray(strings: ["a", "b"]), step: 1)
        try writer.tensor("tensor", AnyArray(NDArray<Int32>([1, 2, 3])), step: 1)
        try writer.tensor("own", AnyArray(NDArray<Double>([0.5])), step: 1, plugin: "my_plugin", content: [1, 2])
        try writer.prCurve("curve", labels: samples.labels, predictions: samples.predictions, step: 1)
        try writer.prCurve(
            "weighted", labels: samples.labels, predictions: samples.predictions,
            weights: samples.predictions.map { $0 + 1 }, thresholds: 11, step: 1)
        writer.layout(
            ScalarLayout([
                .init(
                    "first", [.lines("all", tags: ["lo.*"]), .margin("error", [.init("loss", "low", "high")])],
                    isClosed: true)
            ]))
        writer.hparams(["lr": 0.1, "opt": "adam", "bias": true], trial: "t1")
        writer.hparamsEnd(.success)
        writer.add(
            RunMetadata(
                startMicroseconds: 1_700_000_000_000_000,
                devices: [
                    .init(
                        device: "/job:localhost/replica:0/task:0/device:CPU:0",
                        nodes: [
                            .init(
                                node: "mul", label: "Mul", startNanoseconds: 5000, durationNanoseconds: 2500,
                                output: .init(dtype: .float32, shape: [2, 3], byteCount: 24))
                        ])
                ]), tag: "step1", step: 1)
        try writer.close()
        #expect(writer.droppedCount == 0)
    }

    /// The same kinds by nodes of a graph.
    private func writeGraphRun(_ folder: String) throws {
        let graph = Graph()
        try graph.asDefault {
            let x = placeholder(Float.self, [nil], name: "x")
            withNameScope("model") { _ = summary.scalar("average", x.mean(), description: "of *x*") }
            summary.histogram("values", x)
            summary.image("bytes", constant(try NDArray(shape: [2, 5, 4, 3], samples.bytes)))
            summary.audio(
                "sound", constant(try NDArray(shape: [2, 50, 2], samples.sound)), sampleRate: 8000)
            summary.text("text", "a **bold** word")
            summary.prCurve(
                "curve", labels: constant(samples.labels), predictions: constant(samples.predictions))
            let all = summary.mergeAll()
            let writer = try FileWriter(folder, graph: graph)
            writer.add(try Session(graph: graph).run(all, feeding: x.fed(NDArray(samples.values))), step: 4)
            try writer.close()
        }
    }

    @Test func everyKindIsReadBackByTensorBoard() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        try samples.write(to: folder)
        try writeRun(folder.path("logs/plugin"), .plugin)
        try writeRun(folder.path("logs/classic"), .classic)
        try writeGraphRun(folder.path("logs/graph"))
        let script = try #require(Bundle.module.path(forResource: "Fixtures/read_back", ofType: "py"))
        let output = try oracle.run(String(contentsOfFile: script, encoding: .utf8), [folder.path])
        let passed = output.split(separator: "\n").filter { $0.hasPrefix("ok ") }.map { $0.dropFirst(3) }
        print("TensorBoard agrees on: \(passed.joined(separator: ", "))")
        #expect(passed.last == "everything", "\(output)")
        #expect(passed.count == 30)
    }
}
