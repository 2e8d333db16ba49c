// Every layer against Keras's: outputs, gradients and losses, element by element. Without Python the numbers are those
// of the fixture; with it, new ones of another seed.

import ArrayFiles
import FileTestSupport
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing

@testable import Keras

@Suite struct LayerTests {
    private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

    @Test func layersComputeWhatKerasDid() throws {
        try compare(LayerNumbers(NPZReader(Self.folder.appending(path: "layers.npz").path)))
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func layersComputeWhatKerasDoes() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let seed = Int.random(in: 1..<1_000_000)
        print("layers are compared with seed \(seed)")
        let script = try String(contentsOf: Self.folder.appending(path: "make_layers.py"), encoding: .utf8)
        let folder = try TemporaryFolder()
        _ = try oracle.run(script, [folder.path("layers.npz"), "\(seed)"])
        try compare(LayerNumbers(NPZReader(folder.path("layers.npz"))))
    }

    /// Keras 3.15's own sums up too much, so that its results are not 1 in sum.
    @Test func sparsemaxIsTheNearestPointWhoseNumbersAreOneInSum() throws {
        try Graph().asDefault { () throws in
            let x = constant([[1.5, 1.25, 0.5, -1], [3, 0, 0, 0], [0, 0, 0, 0]] as [[Float]])
            let y = try Session().run(Activation(.sparsemax)(x))
            #expect(y.scalars == [0.625, 0.375, 0, 0, 1, 0, 0, 0, 0.25, 0.25, 0.25, 0.25])
        }
    }

    private func compare(_ numbers: LayerNumbers) throws {
        // Neither side has a layer that the other has not.
        #expect(Set(LayerCase.all.map(\.name)) == Set(numbers.cases))
        for each in LayerCase.all where numbers.cases.contains(each.name) {
            do {
                try compare(each, numbers, isTraining: false)
                if each.takesAnyNumberOfSteps { try compare(each, numbers, isTraining: false, knowsSteps: false) }
                if numbers.has(each.name + "/training/y") { try compare(each, numbers, isTraining: true) }
            } catch {
                Issue.record("\(each.name): \(error)")
            }
        }
    }

    private func compare(
        _ each: LayerCase, _ numbers: LayerNumbers, isTraining: Bool, knowsSteps: Bool = true
    ) throws {
        let expected = each.name + (isTraining ? "/training" : "")
        let graph = Graph()
        try graph.asDefault {
            // Only the number of samples is unknown while the graph is built, as in a model.
            var feeds: [AnyFeed] = []
            var floats: [Tensor<Float>] = []
            var values: [LayerValue] = []
            for (_, array) in try numbers.arrays(each.name + "/x") {
                let batch = each.isStateful ? array.shape.first : nil
                var shape = Shape([batch] + array.shape.dropFirst().map { Optional($0) })
                let isSequence = array.shape.count == (array.dtype == .int32 ? 2 : 3)
                if !knowsSteps, isSequence {
                    shape = Shape([batch, nil] + array.shape.dropFirst(2).map { Optional($0) })
                }
                if array.dtype == .bool {
                    let input = placeholder(Bool.self, shape)
                    values.append(LayerValue(input))
                    feeds.append(AnyTensor(input).fed(array))
                } else if array.dtype == .int32 {
                    let input = placeholder(Int32.self, shape)
                    values.append(LayerValue(input))
                    feeds.append(AnyTensor(input).fed(array))
                } else {
                    let input = placeholder(Float.self, shape)
                    floats.append(input)
                    values.append(LayerValue(input))
                    feeds.append(AnyTensor(input).fed(array))
                }
            }
            let layers = each.layers()
            let context = LayerContext(graph: graph, isTraining: isTraining)
            for layer in layers {
                // Attention of a sequence to itself is called with the sequence twice.
                let isToItself = layer is any SelfAttending && values.count == 1
                values =
                    layer is Masking
                    ? values.flatMap { context.outputs(of: layer, for: [$0]) }
                    : context.outputs(of: layer, for: isToItself ? values + values : values)
            }
            var output = try #require(values.first?.tensor.as(Float.self))
            // Several outputs stand side by side, sample by sample.
            if values.count > 1 {
                output = concatenate(values.compactMap { $0.tensor.as(Float.self).map { Flatten()($0) } }, axis: 1)
            }

            let session = Session(graph: graph)
            try session.initializeVariables()
            let weights = namedWeights(of: layers)
            let given = try numbers.arrays(each.name + "/w")
            #expect(
                weights.map { $0.name.split(separator: "/").last ?? "" } == given.map { $0.name[...] }, "\(each.name)")
            #expect(weights.map { $0.variable.shape } == given.map { Shape($0.array.shape) }, "\(each.name)")
            guard weights.count == given.count else { return }
            try session.setValues(zip(weights, given).map { (AnyVariable($0.variable), $1.array) })

            if each.isStateful { try session.run(group(context.updates), feeding: feeds) }
            let trained = layers.flatMap(\.trainableWeights).map(\.variable.tensor)
            let projection = constant(try numbers.read(each.name + "/c"))
            let derived = gradients(
                of: (output * projection).sum(), with: floats + trained, unconnected: .zero)
            func check(_ tensor: Tensor<Float>, _ name: String) throws {
                let found = try session.run(tensor, feeding: feeds)
                let there = try numbers.read("\(expected)/\(name)")
                #expect(found.shape == there.shape, "\(expected)/\(name)")
                guard found.shape == there.shape else { return }
                let scale = Swift.max(1, there.scalars.map { abs($0) }.max() ?? 1)
                let worst = zip(found.scalars, there.scalars).map { abs($0 - $1) }.max() ?? 0
                #expect(worst <= each.tolerance * scale, "\(expected)/\(name) differs by \(worst) of \(scale)")
            }
            try check(output, "y")
            let mask = values.count == 1 ? values[0].mask : nil
            #expect((mask != nil) == numbers.has(expected + "/mask"), "\(expected)")
            if let mask, numbers.has(expected + "/mask") {
                #expect(try session.run(mask, feeding: feeds) == numbers.readMask(expected + "/mask"), "\(expected)")
            }
            for (index, gradient) in derived.enumerated() {
                let isInput = index < floats.count
                try check(gradient, isInput ? "dx/\(index)" : "dw/\(index - floats.count)")
            }
            #expect(context.losses.isEmpty != numbers.has(expected + "/loss"), "\(expected)")
            if let first = context.losses.first {
                try check(context.losses.dropFirst().reduce(first) { $0 + $1 }, "loss")
            }
            guard isTraining else { return }
            for update in context.updates { try session.run(update, feeding: feeds) }
            for (weight, (name, _)) in zip(weights, given) {
                let index = weights.firstIndex { $0.variable == weight.variable } ?? 0
                try check(weight.variable.tensor, "w/\(index)/\(name)")
            }
        }
    }
}

/// The arrays of an archive that `make_layers.py` wrote.
private struct LayerNumbers {
    let reader: NPZReader
    let cases: Set<String>
    private let names: Set<String>

    init(_ reader: NPZReader) {
        self.reader = reader
        names = Set(reader.names)
        cases = Set(reader.names.map { String($0.prefix { $0 != "/" }) })
    }

    func has(_ name: String) -> Bool { names.contains(name) }

    func read(_ name: String) throws -> NDArray<Float> { try reader.read(name, as: Float.self) }

    func readMask(_ name: String) throws -> NDArray<Bool> { try reader.read(name, as: Bool.self) }

    /// The arrays `prefix/0`, ..., in order, with what their names say behind the number.
    func arrays(_ prefix: String) throws -> [(name: String, array: AnyArray)] {
        let found = names.filter { $0.hasPrefix(prefix + "/") }.map { $0.split(separator: "/") }
        let count = prefix.split(separator: "/").count
        return
            try found
            .sorted { (Int($0[count]) ?? 0) < (Int($1[count]) ?? 0) }
            .map {
                (String($0.dropFirst(count + 1).joined(separator: "/")), try reader.read($0.joined(separator: "/")))
            }
    }
}
