// What users get wrong with models, and what they are told: a table in several files, one row a mistake, with the text in
// full. Mistakes in building layers are in `LayerMistakes.swift`.

import ArrayFiles
import FileTestSupport
import Foundation
import Graphs
import Keras
import Operations
import Sessions
import Tensors
import Testing

/// Something wrong that a user does.
struct UserMistake: Sendable, CustomTestStringConvertible {
    let what: String
    /// The error's text; `FOLDER` stands for that of the test.
    let expected: String
    let body: @Sendable (MistakeKit) throws -> Void

    init(_ what: String, _ expected: String, _ body: @escaping @Sendable (MistakeKit) throws -> Void) {
        (self.what, self.expected, self.body) = (what, expected, body)
    }

    var testDescription: String { what }
}

@Suite struct UserMistakeTests {
    @Test(arguments: compileMistakes + inputMistakes + labelMistakes + weightingMistakes + weightedDatasetMistakes)
    func dataAndSettingsThatDoNotFitAreRefused(_ mistake: UserMistake) throws { try check(mistake) }

    @Test(arguments: structureMistakes + settingMistakes)
    func modelsAndSettingsThatMakeNoSenseAreRefused(_ mistake: UserMistake) throws { try check(mistake) }

    @Test(arguments: runMistakes + datasetMistakes + callbackMistakes + resumeMistakes)
    func trainingsThatCannotBeAreRefused(_ mistake: UserMistake) throws { try check(mistake) }

    @Test(arguments: weightFileMistakes + modelFileMistakes + dataFileMistakes + graphMistakes)
    func filesThatCannotBeReadOrWrittenAreToldOf(_ mistake: UserMistake) throws { try check(mistake) }

    @Test(arguments: pathMistakes)
    func pathsThatNameNoFileAreRefusedAndLeaveNothing(_ mistake: UserMistake) throws {
        let kit = try check(mistake)
        #expect(try FileManager.default.contentsOfDirectory(atPath: kit.folder.path).isEmpty)
        #expect(!FileManager.default.fileExists(atPath: ".index"))
    }

    @discardableResult
    private func check(_ mistake: UserMistake) throws -> MistakeKit {
        let kit = MistakeKit(folder: try TemporaryFolder())
        do {
            try mistake.body(kit)
            Issue.record("\(mistake.what): nothing was thrown")
        } catch {
            #expect(kit.text(of: error) == mistake.expected)
        }
        return kit
    }
}

/// Models and data of which a row makes a mistake.
struct MistakeKit: Sendable {
    let folder: TemporaryFolder

    /// Ten samples of three features, of which the first tells the class.
    let x = NDArray<Float>(randomNormal: [10, 3], standardDeviation: 1, seed: 5)
    let y = NDArray<Int32>([0, 1, 1, 0, 1, 0, 0, 1, 1, 0])

    init(folder: TemporaryFolder) { self.folder = folder }

    /// Three features in, the probabilities of two classes out.
    @discardableResult
    func classifier(
        units: Int = 2, loss: Loss? = .sparseCategoricalCrossentropy, optimizer: KerasOptimizer = "sgd",
        metrics: [Metric] = []
    ) throws -> Sequential {
        let model = Sequential(name: "net", in: Graph()) {
            Dense(4, activation: .relu, inputShape: [3], name: "hidden")
            Dense(units, activation: .softmax, name: "out")
        }
        if let loss { try model.compile(optimizer: optimizer, loss: loss, metrics: metrics) }
        return model
    }

    /// Inputs `words` `[?, 4]` and `size` `[?, 2]`; outputs `kind` of three classes and `price`.
    func branched(compiled: Bool = true) throws -> Model {
        try withGraph(Graph()) {
            let words = input(shape: [4], name: "words")
            let size = input(shape: [2], name: "size")
            let joined = Concatenate()([words, size])
            let model = Model(
                inputs: [words, size],
                outputs: [Dense(3, activation: .softmax, name: "kind")(joined), Dense(1, name: "price")(joined)],
                name: "branched")
            if compiled {
                try model.compile(optimizer: "sgd", losses: [.sparseCategoricalCrossentropy, .meanSquaredError])
            }
            return model
        }
    }

    let words = NDArray<Float>(repeating: 0.5, shape: [6, 4])
    let sizes = NDArray<Float>(repeating: 0.25, shape: [6, 2])
    let kinds = NDArray<Int32>([0, 1, 2, 0, 1, 2])
    let prices = NDArray<Float>(repeating: 1.5, shape: [6, 1])

    /// Numbers of words in, one number out.
    func embedder() throws -> Sequential {
        let model = Sequential(name: "words", in: Graph()) {
            Embedding(5, 2, inputShape: [3], name: "table")
            GlobalAveragePooling1D(name: "mean")
            Dense(1, name: "out")
        }
        try model.compile(optimizer: "sgd", loss: "mse")
        return model
    }

    /// The array with one element replaced.
    func replacing<Scalar>(_ index: Int, of array: NDArray<Scalar>, by value: Scalar) throws -> NDArray<Scalar> {
        var scalars = array.scalars
        scalars[index] = value
        return try NDArray(shape: array.shape, scalars)
    }

    func path(_ name: String) -> String { folder.path(name) }

    /// A file whose name is not that of a folder.
    func blockedPath(_ name: String) throws -> String {
        try folder.write([1], to: "file")
        return folder.path("file/" + name)
    }

    /// The error as it is told, without what differs from run to run.
    func text(of error: any Error) -> String {
        let text =
            if let error = error as? GraphError {
                error.diagnostics.map { diagnostic in
                    "\(diagnostic.operation)\(diagnostic.node.map { " \"\($0)\"" } ?? ""): \(diagnostic.message)"
                        + (diagnostic.hint.map { "\n    hint: " + $0 } ?? "")
                }.joined(separator: "\n")
            } else {
                "\(error)"
            }
        return text.replacingOccurrences(of: folder.path, with: "FOLDER")
            .replacing(/\.swift:\d+/, with: ".swift:LINE").replacing(/\.\d+\.\d+\.tmp/, with: ".NUMBER.tmp")
    }
}
