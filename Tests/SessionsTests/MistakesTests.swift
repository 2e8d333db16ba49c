import Datasets
import Foundation
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

/// What users get wrong, and what they are told. No mistake ends the process.
@Suite struct MistakesTests {
    /// A mistake in building a graph.
    struct GraphMistake: Sendable, CustomTestStringConvertible {
        let name: String
        /// `Op "node": the fact`, and the hint on a line of its own.
        let expected: String
        let build: @Sendable () -> Void

        init(_ name: String, _ expected: String, _ build: @escaping @Sendable () -> Void) {
            self.name = name
            self.expected = expected
            self.build = build
        }

        var testDescription: String { name }
    }

    @Test(arguments: graphMistakes + windowMistakes)
    func aMistakeInBuildingIsSaidOnceAndInFull(_ mistake: GraphMistake) {
        let graph = Graph()
        graph.asDefault(mistake.build)
        let found = graph.diagnostics.map(text).joined(separator: "\n")
        #expect(found == mistake.expected)
        #expect(throws: GraphError.self) { try Session(graph: graph).run(noOp(in: graph)) }
        #expect(throws: GraphError.self) { try Session(graph: graph).initializeVariables() }
    }

    /// A mistake that shows when a graph runs.
    struct RunMistake: Sendable, CustomTestStringConvertible {
        let name: String
        let kind: SessionError.Kind
        let expected: String
        let run: @Sendable () throws -> Void

        init(
            _ name: String, _ kind: SessionError.Kind, _ expected: String, _ run: @escaping @Sendable () throws -> Void
        ) {
            self.name = name
            self.kind = kind
            self.expected = expected
            self.run = run
        }

        var testDescription: String { name }
    }

    @Test(arguments: runMistakes)
    func aMistakeInARunIsThrownInFull(_ mistake: RunMistake) {
        let error = #expect(throws: SessionError.self) { try Graph().asDefault(mistake.run) }
        #expect(error?.kind == mistake.kind)
        #expect(error.map { withoutPlaces($0.description) } == mistake.expected)
    }

    @Test func thereAreAtLeastFortyMistakesHere() {
        #expect(graphMistakes.count + runMistakes.count >= 40)
    }

    // MARK: - The whole report

    @Test func allMistakesOfAGraphAreReportedTogether() {
        let graph = Graph()
        let first = #line + 5
        graph.asDefault {
            let x = placeholder(Float.self, [nil, 300], name: "x")
            let w2 = Variable<Float>(.zeros, shape: [400, 10], name: "W2")
            let b = Variable<Float>(.zeros, shape: [12], name: "b")
            let logits = withNameScope("fc2") { matmul(x, w2) }
            let sum = placeholder(Float.self, [nil, 10]) + b
            // What follows from a mistake is not reported again.
            _ = (logits + sum).mean()
        }
        let error = #expect(throws: GraphError.self) { try Session(graph: graph).run(noOp(in: graph)) }
        #expect(error?.diagnostics.count == 2)
        let report = error?.description ?? ""
        #expect(
            withoutPlaces(report) == """
                the graph has 2 mistakes
                  MatMul "fc2/MatMul": inner dimensions differ: [?, 300] × [400, 10]
                      hint: the right side comes from variable "W2"; did you mean shape [300, 10]?
                  AddV2 "Add": shapes [?, 10] and [12] do not broadcast
                """)
        #if os(Linux) && DEBUG
            #expect(
                report == """
                    the graph has 2 mistakes
                      MistakesTests.swift:\(first): MatMul "fc2/MatMul": inner dimensions differ: [?, 300] × [400, 10]
                          hint: the right side comes from variable "W2" (MistakesTests.swift:\(first - 2)); \
                    did you mean shape [300, 10]?
                      MistakesTests.swift:\(first + 1): AddV2 "Add": shapes [?, 10] and [12] do not broadcast
                    """)
        #endif
    }

    @Test func oneMistakeIsReportedAsOne() {
        let graph = Graph()
        _ = graph.asDefault { matmul(zeros([2, 3]), zeros([3, 2])) + zeros([5]) as Tensor<Float> }
        let error = #expect(throws: GraphError.self) { try graph.requireSound() }
        #expect(
            withoutPlaces(error?.description ?? "") == """
                the graph has a mistake
                  AddV2 "Add": shapes [2, 2] and [5] do not broadcast
                """)
    }

    @Test func aLabelOutOfRangeMakesItsOwnLossNotANumber() throws {
        try Graph().asDefault {
            let labels = placeholder(Int32.self, [nil])
            let loss = sparseSoftmaxCrossEntropy(logits: ones([3, 10]) as Tensor<Float>, labels: labels)
            let losses = try Session().run(loss, feeding: labels.fed(NDArray([9, 10, -1])))
            #expect(losses.scalars.map(\.isNaN) == [false, true, true])
        }
    }

    @Test func damagedFilesOfDataAreRefused() throws {
        let path = FileManager.default.temporaryDirectory.path + "/mistakes-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: path) }
        func text(of bytes: [UInt8]) throws -> String {
            try Data(bytes).write(to: URL(fileURLWithPath: path))
            let error = #expect(throws: DatasetError.self) { try IDXFile.read(path, as: Float.self) }
            return error.map { "\($0.reason)\n\($0.hint)" } ?? ""
        }
        // Another kind of file; cut short in the header and in the data; more data than announced; sizes beyond memory.
        #expect(
            try text(of: [0x89, 0x50, 0x4E, 0x47]) == """
                an IDX file starts with the bytes 00 00, this one with 89 50 4e 47
                give an IDX file, plain or gzipped; other archives (zip, xz) must be unpacked first
                """)
        #expect(
            try text(of: [0, 0, 8, 1, 0]) == """
                the content ends inside the IDX header
                the file is empty or was cut short: get it anew
                """)
        #expect(
            try text(of: [0, 0, 8, 1, 0, 0, 0, 3, 1, 2]) == """
                the content ends here, but its header announces 11 bytes
                the copy or download was cut short: get the file anew
                """)
        #expect(
            try text(of: [0, 0, 8, 1, 0, 0, 0, 1, 1, 2]) == """
                more bytes follow where the header says that the content ends
                the header or the file is damaged: get it anew
                """)
        #expect(
            try text(of: [0, 0, 8, 2] + Array(repeating: 0xFF, count: 8)) == """
                the header announces the shape [4294967295, 4294967295], more elements than memory can address
                the header is damaged: get the file anew
                """)
    }

    // MARK: - Sizes beyond memory

    /// More elements than any machine's memory holds; more bytes than a machine can count.
    static let hugeShapes: [[Int]] = [[1 << 40], [1 << 24, 1 << 24], [1 << 62], [1 << 40, 1 << 40], [3, Int.max]]

    @Test(arguments: hugeShapes)
    func anArrayBeyondMemoryHasNoElementsAndIsRefusedWhereItIsUsed(shape: [Int]) {
        let arrays: [NDArray<Float>] = [
            .zeros(shape), .ones(shape), NDArray(repeating: 2, shape: shape),
            NDArray(randomIn: 0..<1, shape: shape, seed: 1),
            NDArray(randomNormal: shape, seed: 1), NDArray(randomIntegersIn: 0..<5, shape: shape, seed: 1),
        ]
        for array in arrays {
            #expect(array.count == 0 && array.shape.count == shape.count)
            let graph = Graph()
            let x = placeholder(Float.self, in: graph)
            let error = #expect(throws: SessionError.self) {
                try Session(graph: graph).run(x * 2, feeding: x.fed(array))
            }
            #expect(error?.kind == .outOfMemory)
            let text = "the array that is fed for \"Placeholder:0\" could not be made: shape \(shape) "
            #expect(error?.description.hasPrefix(text) == true)
            _ = constant(array, in: graph)
            #expect(graph.diagnostics.count == 1)
            #expect(graph.diagnostics.first?.message.hasPrefix("shape \(shape) ") == true)
        }
    }

    @Test(arguments: hugeShapes)
    func aTensorBeyondMemoryIsRefusedBeforeTheRun(shape: [Int]) throws {
        let makers: [@Sendable () -> Tensor<Float>] = [
            { zeros(shape) }, { fill(shape, with: 3) }, { randomUniform(shape) }, { randomNormal(shape) + 1 },
            { constant(1).broadcast(to: shape) * 2 }, { ones([1]).reshaped([1]).broadcast(to: shape) },
        ]
        for make in makers {
            #expect(throws: (any Error).self) { try Graph().asDefault { _ = try Session().run(make()) } }
        }
    }
}

/// A diagnostic without its place.
private func text(_ diagnostic: Diagnostic) -> String {
    let node = diagnostic.node.map { " \"\($0)\"" } ?? ""
    return withoutPlaces("\(diagnostic.operation)\(node): \(diagnostic.message)")
        + (diagnostic.hint.map { "\n    hint: " + withoutPlaces($0) } ?? "")
}

/// The text without `file:line:` and `(file:line)`.
private func withoutPlaces(_ text: String) -> String {
    text.replacing(#/[A-Za-z]+\.swift:[0-9]+: /#, with: "").replacing(#/ \([A-Za-z]+\.swift:[0-9]+\)/#, with: "")
}
