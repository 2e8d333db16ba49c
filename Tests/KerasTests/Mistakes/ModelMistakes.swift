// Rows of the table of mistakes: how models are put together, and settings that make no sense.

import Graphs
import Keras
import Operations
import Tensors
import Training

/// How models are put together.
let structureMistakes: [UserMistake] = [
    .init(
        "a stack in itself",
        """
        Sequential "net": is added to itself
            hint: a model cannot be a layer of itself; make another
        """
    ) { kit in
        let model = try kit.classifier()
        model.add(model)
        _ = try model.predict(kit.x)
    },
    .init(
        "two stacks in each other",
        """
        Sequential "b": is added to "a", which is inside it
            hint: a model cannot be a layer of itself; make another
        """
    ) { kit in
        let graph = Graph()
        let a = Sequential(name: "a", in: graph) { Dense(3, inputShape: [3]) }
        let b = Sequential(name: "b", in: graph) { Dense(3, inputShape: [3]) }
        a.add(b)
        b.add(a)
        _ = try a.predict(kit.x)
    },
    .init(
        "a layer that calls itself",
        """
        Selfish "selfish": is called inside itself
            hint: a layer cannot be a part of itself
        """
    ) { kit in
        _ = try Model(Selfish(), inputShape: [3], in: Graph()).predict(kit.x)
    },
    .init(
        "layers a thousand deep",
        """
        Wrapper "wrapper": lies in 100 layers, one in the other
            hint: let layers follow each other instead
        """
    ) { kit in
        var layer: any Layer = Dense(2)
        for _ in 0..<1000 { layer = Wrapper(inner: layer) }
        let x = input(shape: [3], in: Graph())
        _ = try Model(inputs: x, outputs: layer(x)).predict(kit.x)
    },
    .init(
        "two layers of one name in a stack",
        """
        Sequential "net": two layers are named "same"
            hint: give one of them another name
        """
    ) { kit in
        let model = Sequential(name: "net", in: Graph()) {
            Dense(3, inputShape: [3], name: "same")
            Dense(3, name: "same")
        }
        _ = try model.predict(kit.x)
    },
    .init(
        "a layer removed after training",
        """
        Sequential "net": "out" was removed after the model was trained
            hint: remove layers before
        """
    ) { kit in
        let model = try kit.classifier()
        try model.fit(kit.x, kit.y, verbose: 0)
        model.removeLast()
        try model.fit(kit.x, kit.y, verbose: 0)
    },
    .init("an input twice", "Model \"twice\": \"x\" is among the inputs twice") { kit in
        let x = input(shape: [3], name: "x", in: Graph())
        _ = try Model(inputs: [x, x], outputs: [Dense(2)(x)], name: "twice").predict([kit.x, kit.x])
    },
    .init(
        "training without weights",
        """
        no weight of "flat" is trained
            hint: give it layers with weights, and set isTrainable of those that are to learn
        """
    ) { kit in
        let model = Sequential(name: "flat", in: Graph()) { Flatten(inputShape: [3]) }
        try model.compile(loss: "mse")
        try model.fit(kit.x, kit.x, verbose: 0)
    },
    .init(
        "training of frozen weights",
        """
        no weight of "net" is trained
            hint: give it layers with weights, and set isTrainable of those that are to learn
        """
    ) { kit in
        let model = try kit.classifier()
        model.isTrainable = false
        try model.trainOnBatch(kit.x, kit.y)
    },
    .init(
        "another number of samples than a model takes",
        """
        the input has shape [6, 3], but the model takes [4, 3]
            hint: it takes 4 samples at a time: give so many, or make its input without batchSize
        """
    ) { kit in
        let model = try kit.fixedBatches()
        try model.compile(loss: "mse")
        try model.trainOnBatch(kit.x.rows(0..<6), NDArray<Float>.zeros([6, 2]))
    },
    .init(
        "another batch size than a model takes",
        """
        "fixed" takes 4 samples at a time, but the batch size is 32 for 8 samples
            hint: pass batchSize: 4, or make the input without batchSize
        """
    ) { kit in _ = try kit.fixedBatches().predict(kit.x.rows(0..<8)) },
    .init(
        "samples that are no whole batches",
        """
        "fixed" takes 4 samples at a time, but there are 10
            hint: leave out 2, or make the input without batchSize
        """
    ) { kit in _ = try kit.fixedBatches().predict(kit.x, batchSize: 4) },
]

/// Settings that make no sense.
let settingMistakes: [UserMistake] = [
    .init(
        "a rate that float32 does not hold",
        """
        the learning rate of sgd is 1e+39, but must be a number of at least 0
            hint: 0.001 is a usual one
        """
    ) { kit in try kit.classifier(optimizer: .sgd(learningRate: 1e39)) },
    .init(
        "a scheduled rate that float32 does not hold",
        """
        LearningRateScheduler gives the learning rate 1e+39 for epoch 0
            hint: it must be a number of at least 0
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [LearningRateScheduler { _, _ in 1e39 }])
    },
    .init("huber's delta below 0", "the loss huber has the delta -1.0, but must have one above 0") { kit in
        try kit.classifier(loss: .huber(delta: -1))
    },
    .init(
        "labels smoothed too far",
        "the loss categorical_crossentropy has the label smoothing 1.5, but must have one from 0 to 1"
    ) { kit in try kit.classifier(loss: .categoricalCrossentropy(labelSmoothing: 1.5)) },
    .init(
        "labels smoothed by NaN",
        "the loss binary_crossentropy has the label smoothing nan, but must have one from 0 to 1"
    ) { kit in try kit.classifier(loss: .binaryCrossentropy(labelSmoothing: .nan)) },
    .init(
        "a log without separator",
        """
        the separator of CSVLogger is "", but must not be empty
            hint: give a text without line end, such as a comma
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [CSVLogger(kit.path("a.csv"), separator: "")])
    },
    .init(
        "a log whose separator ends lines",
        """
        the separator of CSVLogger is "\\n", but must not end lines
            hint: give a text without line end, such as a comma
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [CSVLogger(kit.path("a.csv"), separator: "\n")])
    },
]

/// Calls itself.
private struct Selfish: Layer {
    let state = LayerState()
    func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] { self(inputs) }
}

/// Does what another layer does.
private struct Wrapper: Layer {
    let state = LayerState()
    let inner: any Layer
    func call(_ inputs: [LayerValue], _ context: LayerContext) -> [LayerValue] { inner(inputs) }
}

extension MistakeKit {
    /// Takes four samples of three features at a time.
    func fixedBatches() throws -> Model {
        let x = input(shape: [3], batchSize: 4, in: Graph())
        return Model(inputs: x, outputs: Dense(2)(x), name: "fixed")
    }
}
