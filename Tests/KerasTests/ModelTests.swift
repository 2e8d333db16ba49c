import Datasets
import Graphs
@testable import Keras
import Operations
import Sessions
import Tensors
import Testing
import Training

@Suite struct ModelTests {
    @Test func theStackOfTheFirstTutorialHasAsManyParametersAsKerasSays() throws {
        let model = Sequential(in: Graph()) {
            Flatten(inputShape: [28, 28])
            Dense(512, activation: .relu)
            Dropout(0.2)
            Dense(10, activation: .softmax)
        }
        try model.graph.requireSound()
        #expect(model.parameterCount == 407_050)
        #expect(model.layers.map(\.name) == ["flatten", "dense", "dropout", "dense_1"])
        #expect(model.weights.map(\.variable.name) == ["dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"])
        print(model.summaryText())
        #expect(model.summaryText().contains("Total params: 407,050"))
    }

    @Test func namesOfLayersCountWithoutGapsInEveryForm() throws {
        struct Tower: UnaryLayer {
            let state = LayerState()
            let first = Dense(3)
            let second = Dense(2)
            func call(_ input: Tensor<Float>, _ context: LayerContext) -> Tensor<Float> { second(first(input)) }
        }
        let graph = Graph()
        let (a, b) = (input(shape: [4], in: graph), input(shape: [3], in: graph))
        let shared = Dense(2)
        let model = Model(
            inputs: [a, b],
            outputs: [Concatenate()([Dense(2)(a), Dense(2)(b), shared(shared(Dense(2)(b))), Tower()(a)])])
        try graph.requireSound()
        #expect(
            Set(model.weights.map(\.variable.name).filter { $0.hasSuffix("kernel") }) == [
                "dense/kernel", "dense_1/kernel", "dense_2/kernel", "dense_3/kernel", "tower/dense/kernel",
                "tower/dense_1/kernel",
            ])
        #expect(Set(model.layers.map(\.name)) == ["dense", "dense_1", "dense_2", "dense_3", "tower", "concatenate"])
        // Nodes stand beside the weights of their layer.
        let product = model.outputs[0].tensor.node
        #expect(product.name.hasPrefix("concatenate/"))
    }

    @Test func aMistakeInAModelNamesTheLineOfTheProgram() throws {
        let graph = Graph()
        let line = #line + 1
        let model = Sequential(in: graph) { Conv2D(2, kernelSize: (3, 3), inputShape: [28, 28]) }
        let error = #expect(throws: GraphError.self) {
            try model.predict(NDArray<Float>(repeating: 0, shape: [1, 28, 28]))
        }
        #expect("\(error.map { "\($0)" } ?? "")".contains("ModelTests.swift:\(line): Conv2D"))
    }

    @Test func aDatasetOfUnknownLengthEndsWithTheNumberOfItsSteps() {
        final class Text: ProgressOutput {
            var text = ""
            var terminalWidth: Int? { nil }
            func write(_ more: String) { text += more }
        }
        let output = Text()
        var display = ProgressDisplay(title: nil, total: nil, verbosity: .lines, output: output)
        display.finish(step: 10, Logs())
        #expect(output.text.hasPrefix("10/10 - "))
    }

    @Test func aStackLearnsToSeparateTwoClouds() throws {
        let graph = Graph()
        graph.seed = 1
        let model = Sequential(in: graph) {
            Dense(16, activation: .relu, inputShape: [2])
            Dense(2)
        }
        let count = 400
        let noise = NDArray<Float>(randomNormal: [count, 2], standardDeviation: 0.5, seed: 3)
        let labels = NDArray<Int32>((0..<Int32(count)).map { $0 % 2 })
        let x = try NDArray<Float>(
            shape: [count, 2],
            noise.scalars.enumerated().map { index, value in value + ((index / 2) % 2 == 0 ? 1 : -1) })
        try model.compile(
            optimizer: .sgd(learningRate: 0.1), loss: .sparseCategoricalCrossentropy(fromLogits: true),
            metrics: [.accuracy])
        let history = try model.fit(x, labels, batchSize: 20, epochs: 5, verbose: 2, validationSplit: 0.2)
        #expect(history["loss"].last ?? 1 < history["loss"][0])
        #expect(history["val_accuracy"].last ?? 0 > 0.95)
        let test = try model.evaluate(x, labels, verbose: 0)
        #expect(test["accuracy"] ?? 0 > 0.95)
        #expect(try model.predict(x).shape == [count, 2])
    }
}

@Suite struct DatasetFittingTests {
    private func data(count: Int) throws -> (NDArray<Float>, NDArray<Int32>) {
        let labels = NDArray<Int32>((0..<Int32(count)).map { $0 % 2 })
        let noise = NDArray<Float>(randomNormal: [count, 2], standardDeviation: 0.5, seed: 3).scalars
        let x = noise.enumerated().map { index, value in value + ((index / 2) % 2 == 0 ? 1 : -1) }
        return (try NDArray<Float>(shape: [count, 2], x), labels)
    }

    private func model() throws -> Model {
        let graph = Graph()
        graph.seed = 1
        let model = Sequential(in: graph) { Dense(2, inputShape: [2]) }
        try model.compile(
            optimizer: .sgd(learningRate: 0.1), loss: .sparseCategoricalCrossentropy(fromLogits: true),
            metrics: [.accuracy])
        return model
    }

    @Test func aDatasetGivesTheLossesOfItsArrays() throws {
        let (x, y) = try data(count: 100)
        let fromArrays = try model().fit(x, y, batchSize: 20, epochs: 3, verbose: 0, shuffle: false)
        let batches = try Dataset(x, y).batch(20)
        let model = try model()
        let fromBatches = try model.fit(batches, epochs: 3, verbose: 0, validationData: batches)
        #expect(fromArrays["loss"] == fromBatches["loss"])
        #expect(fromBatches["val_accuracy"].last ?? 0 > 0.9)
        #expect(try model.evaluate(batches, verbose: 0)["accuracy"] ?? 0 > 0.9)
        #expect(try model.predict(Dataset(slices: x).batch(20)).shape == [100, 2])
    }

    @Test func aDatasetWithoutEndNeedsANumberOfSteps() throws {
        let (x, y) = try data(count: 20)
        let batches = try Dataset(x, y).batch(5).repeat()
        let error = #expect(throws: KerasError.self) { try model().fit(batches, verbose: 0) }
        #expect(error?.message == "the data set has no end")
        let history = try model().fit(batches, epochs: 2, verbose: 0, stepsPerEpoch: 7)
        #expect(history.epochs == [0, 1])
    }
}
