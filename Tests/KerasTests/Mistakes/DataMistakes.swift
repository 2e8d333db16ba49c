// Rows of the table of mistakes: what is told to `compile`, and arrays for inputs.

import Graphs
import Keras
import Operations
import Tensors
import Training

/// What `compile` is told.
let compileMistakes: [UserMistake] = [
    .init(
        "an unknown loss",
        """
        there is no loss "sparse_categorical_crossentropie"
            hint: did you mean "sparse_categorical_crossentropy"?
        """
    ) { kit in
        try kit.classifier(loss: "sparse_categorical_crossentropie")
    },
    .init(
        "an unknown metric",
        """
        there is no metric "acuracy"
            hint: did you mean "accuracy"?
        """
    ) { kit in try kit.classifier(metrics: ["acuracy"]) },
    .init(
        "an unknown optimizer",
        """
        there is no optimizer "adamm"
            hint: did you mean "adam"?
        """
    ) { kit in try kit.classifier(optimizer: "adamm") },
    .init(
        "an unknown activation",
        """
        Dense "d": there is no activation "relo"
            hint: did you mean "relu"?
        """
    ) { kit in
        let model = Sequential(in: Graph()) { Dense(2, activation: "relo", inputShape: [3], name: "d") }
        _ = try model.predict(kit.x)
    },
    .init(
        "an unknown initializer",
        """
        Dense "d": there is no initializer "glorot_unifrom"
            hint: did you mean "glorot_uniform"?
        """
    ) { kit in
        let model = Sequential(in: Graph()) {
            Dense(2, kernelInitializer: "glorot_unifrom", inputShape: [3], name: "d")
        }
        _ = try model.predict(kit.x)
    },
    .init(
        "an unknown regularizer",
        """
        Dense "d": there is no regularizer "l3"
            hint: did you mean "l1"?
        """
    ) { kit in
        let model = Sequential(in: Graph()) { Dense(2, kernelRegularizer: "l3", inputShape: [3], name: "d") }
        _ = try model.predict(kit.x)
    },
    .init(
        "an unknown constraint",
        """
        Dense "d": there is no constraint "maxnorm"
            hint: did you mean "max_norm"?
        """
    ) { kit in
        let model = Sequential(in: Graph()) { Dense(2, kernelConstraint: "maxnorm", inputShape: [3], name: "d") }
        _ = try model.predict(kit.x)
    },
    .init(
        "a learning rate below 0",
        """
        the learning rate of adam is -1.0, but must be a number of at least 0
            hint: 0.001 is a usual one
        """
    ) { kit in try kit.classifier(optimizer: .adam(learningRate: -1)) },
    .init(
        "a learning rate that is no number",
        """
        the learning rate of sgd is nan, but must be a number of at least 0
            hint: 0.001 is a usual one
        """
    ) { kit in
        try kit.classifier(optimizer: .sgd(learningRate: LearningRate(.nan)))
    },
    .init(
        "an infinite learning rate",
        """
        the learning rate of sgd is inf, but must be a number of at least 0
            hint: 0.001 is a usual one
        """
    ) { kit in
        try kit.classifier(optimizer: .sgd(learningRate: LearningRate(.infinity)))
    },
    .init(
        "a learning rate below 0 later",
        """
        the learning rate of sgd is -0.5, but must be a number of at least 0
            hint: 0.001 is a usual one
        """
    ) { kit in try kit.classifier().setLearningRate(-0.5) },
    .init(
        "a learning rate before compile",
        """
        "net" was not compiled
            hint: call compile(optimizer:loss:metrics:) before training or evaluating it
        """
    ) { kit in try kit.classifier(loss: nil).setLearningRate(0.5) },
    .init(
        "a learning rate where there is a schedule",
        """
        the learning rate of sgd is its own, such as a schedule, and cannot be set
            hint: compile with a number for the learning rate
        """
    ) { kit in
        let schedule = KerasOptimizer.sgd(
            learningRate: LearningRate(ExponentialDecay(0.1, decaySteps: 10, decayRate: 0.5)))
        try kit.classifier(optimizer: schedule).setLearningRate(0.5)
    },
    .init(
        "two losses for one output",
        """
        "net" has 1 output, but is given 2 losses
            hint: give one for each output, nil for one that is not trained
        """
    ) { kit in
        try kit.classifier(loss: nil).compile(losses: ["mse", "mae"])
    },
    .init(
        "one loss in a list for two outputs",
        """
        "branched" has 2 outputs, but is given 1 loss
            hint: give one for each output, nil for one that is not trained
        """
    ) { kit in
        try kit.branched(compiled: false).compile(losses: ["mse"])
    },
    .init(
        "no loss at all",
        """
        no output of "branched" has a loss
            hint: give at least one
        """
    ) { kit in try kit.branched(compiled: false).compile(losses: [nil, nil]) },
    .init(
        "loss weights of another number",
        """
        2 losses have 1 weight
            hint: give each loss one
        """
    ) { kit in
        try kit.branched(compiled: false).compile(losses: ["mse", "mse"], lossWeights: [1])
    },
    .init(
        "a loss weight that is no number",
        """
        the weight of loss 1 is nan
            hint: give a number, 0 for one that does not count
        """
    ) { kit in
        try kit.branched(compiled: false).compile(losses: ["mse", "mse"], lossWeights: [1, .nan])
    },
    .init(
        "metrics for more outputs than there are",
        """
        there are metrics for 3 outputs, but "branched" has 2
            hint: give a list of metrics for each output
        """
    ) { kit in
        try kit.branched(compiled: false).compile(losses: ["mse", "mse"], metrics: [["mae"], [], ["mse"]])
    },
    .init(
        "fit before compile",
        """
        "net" was not compiled
            hint: call compile(optimizer:loss:metrics:) before training or evaluating it
        """
    ) { kit in try kit.classifier(loss: nil).fit(kit.x, kit.y, verbose: 0) },
    .init(
        "evaluate before compile",
        """
        "net" was not compiled
            hint: call compile(optimizer:loss:metrics:) before training or evaluating it
        """
    ) { kit in try kit.classifier(loss: nil).evaluate(kit.x, kit.y, verbose: 0) },
    .init(
        "trainOnBatch before compile",
        """
        "net" was not compiled
            hint: call compile(optimizer:loss:metrics:) before training or evaluating it
        """
    ) { kit in try kit.classifier(loss: nil).trainOnBatch(kit.x, kit.y) },
    .init(
        "fit without layers",
        """
        the model "net" has no layers
            hint: add some before it is used
        """
    ) { kit in
        let model = Sequential(name: "net", in: Graph())
        try model.compile(loss: "mse")
        try model.fit(kit.x, kit.y, verbose: 0)
    },
    .init(
        "predict without layers",
        """
        the model "net" has no layers
            hint: add some before it is used
        """
    ) { kit in _ = try Sequential(name: "net", in: Graph()).predict(kit.x) },
    .init(
        "classes by number for a single unit",
        """
        sparse_categorical_crossentropy compares classes, but the output "out" of shape [?, 1] has only one
            hint: give it one unit for each class, or use binary_crossentropy for yes and no
        """
    ) { kit in
        try kit.classifier(units: 1).fit(kit.x, kit.y, verbose: 0)
    },
    .init(
        "classes one-hot for a single unit",
        """
        categorical_crossentropy compares classes, but the output "out" of shape [?, 1] has only one
            hint: give it one unit for each class, or use binary_crossentropy for yes and no
        """
    ) { kit in
        let labels = NDArray<Float>(repeating: 1, shape: [10, 1])
        try kit.classifier(units: 1, loss: .categoricalCrossentropy).fit(kit.x, labels, verbose: 0)
    },
    .init(
        "a loss of another shape",
        """
        DataMistakes.swift:LINE: Reshape "training/loss/Reshape": shape [10, 2] with 20 elements cannot become \
        [7] with 7
        """
    ) { kit in
        let loss = Loss { labels, predictions in (labels - predictions).reshaped([7]) }
        let labels = NDArray<Float>(repeating: 1, shape: [10, 2])
        try kit.classifier(loss: loss).fit(kit.x, labels, verbose: 0)
    },
    .init(
        "a layer after training",
        """
        Sequential "net": "late" was added after the model was trained
            hint: add all layers before
        """
    ) { kit in
        let model = try kit.classifier()
        try model.fit(kit.x, kit.y, verbose: 0)
        model.add(Dense(2, name: "late"))
        _ = try model.predict(kit.x)
    },
]

/// Arrays for the inputs.
let inputMistakes: [UserMistake] = [
    .init(
        "more labels than samples",
        """
        there are 10 samples, but 2 of the labels
            hint: inputs and labels must have the same number of samples
        """
    ) { kit in
        try kit.classifier().fit(kit.x, NDArray<Int32>([0, 1]), verbose: 0)
    },
    .init(
        "too few features",
        """
        the input has shape [10, 2], but the model takes [?, 3]
            hint: give samples of shape [3], or make the model for [2]
        """
    ) { kit in
        try kit.classifier().fit(NDArray<Float>.zeros([10, 2]), kit.y, verbose: 0)
    },
    .init(
        "images for a flat input",
        """
        the input has shape [5, 28, 28], but the model takes [?, 784]
            hint: it would fit as shape [5, 784]
        """
    ) { kit in
        let model = Sequential(in: Graph()) { Dense(2, inputShape: [784]) }
        _ = try model.predict(NDArray<Float>.zeros([5, 28, 28]))
    },
    .init(
        "a single sample",
        """
        the input has shape [3], but the model takes [?, 3]
            hint: is the axis of the samples missing? A single sample has shape [1, 3]
        """
    ) { kit in _ = try kit.classifier().predict(NDArray<Float>([1, 2, 3])) },
    .init(
        "a single number",
        """
        the input has shape [], but the model takes [?, 3]
            hint: give samples of shape [3], or make the model for []
        """
    ) { kit in _ = try kit.classifier().predict(NDArray<Float>(1)) },
    .init(
        "samples of another rank",
        """
        the input has shape [2, 3, 1], but the model takes [?, 3]
            hint: it would fit as shape [2, 3]
        """
    ) { kit in
        _ = try kit.classifier().predict(NDArray<Float>.zeros([2, 3, 1]))
    },
    .init(
        "no samples for fit",
        """
        the input has no samples
            hint: the first axis is that of the samples
        """
    ) { kit in
        try kit.classifier().fit(NDArray<Float>.zeros([0, 3]), NDArray<Int32>.zeros([0]), verbose: 0)
    },
    .init(
        "no samples for evaluate",
        """
        the input has no samples
            hint: the first axis is that of the samples
        """
    ) { kit in
        try kit.classifier().evaluate(NDArray<Float>.zeros([0, 3]), NDArray<Int32>.zeros([0]), verbose: 0)
    },
    .init(
        "no samples for predict",
        """
        the input has no samples
            hint: the first axis is that of the samples
        """
    ) { kit in _ = try kit.classifier().predict(NDArray<Float>.zeros([0, 3])) },
    .init(
        "no samples in a batch",
        """
        the input has no samples
            hint: the first axis is that of the samples
        """
    ) { kit in
        try kit.classifier().trainOnBatch(NDArray<Float>.zeros([0, 3]), NDArray<Int32>.zeros([0]))
    },
    .init(
        "NaN in inputs",
        """
        the input: element 1 of sample 2 is NaN
            hint: replace or leave out missing values first
        """
    ) { kit in
        try kit.classifier().fit(try kit.replacing(7, of: kit.x, by: .nan), kit.y, verbose: 0)
    },
    .init(
        "infinity in inputs",
        """
        the input: element 2 of sample 9 is -infinity
            hint: limit numbers to what float32 holds, about 3.4e38, for example by a smaller unit
        """
    ) { kit in
        try kit.classifier().fit(try kit.replacing(29, of: kit.x, by: -.infinity), kit.y, verbose: 0)
    },
    .init(
        "NaN in inputs of predict",
        """
        the input: element 0 of sample 0 is NaN
            hint: replace or leave out missing values first
        """
    ) { kit in
        _ = try kit.classifier().predict(try kit.replacing(0, of: kit.x, by: .nan))
    },
    .init(
        "numbers too large for float32",
        """
        the input: element 0 of sample 0 is infinity
            hint: limit numbers to what float32 holds, about 3.4e38, for example by a smaller unit
        """
    ) { kit in
        _ = try kit.classifier().predict(NDArray<Double>(repeating: 1e300, shape: [1, 3]))
    },
    .init(
        "texts for numbers",
        """
        the input cannot be made of an array of string where float32 is wanted
            hint: give an array of numbers
        """
    ) { kit in
        _ = try kit.classifier().predict(AnyArray(strings: [[65], [66], [67]], shape: [1, 3]))
    },
    .init(
        "fractions for indices",
        """
        the input: element 1 of sample 0 is 1.5, which is no whole number of int32
            hint: the model takes whole numbers here
        """
    ) { kit in
        _ = try kit.embedder().predict(try NDArray<Float>(shape: [1, 3], [0, 1.5, 2]))
    },
    .init(
        "indices that are too large for int32",
        """
        the input: element 1 of sample 0 is 1099511627776, which is no whole number of int32
            hint: the model takes whole numbers here
        """
    ) { kit in
        _ = try kit.embedder().predict(try NDArray<Int64>(shape: [1, 3], [0, 1 << 40, 2]))
    },
    .init(
        "an index beyond the table",
        """
        UserMistake.swift:LINE: GatherV2 "words/table/embedding_lookup": index 5 is out of range, the range is \
        0..<5
        """
    ) { kit in
        _ = try kit.embedder().predict(try NDArray<Int32>(shape: [2, 3], [0, 1, 2, 3, 4, 5]))
    },
    .init(
        "an index below 0",
        """
        UserMistake.swift:LINE: GatherV2 "words/table/embedding_lookup": index -1 is out of range, the range is \
        0..<5
        """
    ) { kit in
        try kit.embedder().trainOnBatch(try NDArray<Int32>(shape: [1, 3], [0, -1, 2]), NDArray<Float>([1]))
    },
    .init(
        "one array for two inputs",
        """
        "branched" takes 2 inputs, but is given 1
            hint: give one for each of: words, size
        """
    ) { kit in _ = try kit.branched().predictAll(kit.words) },
    .init(
        "two arrays for one input",
        """
        "net" takes 1 input, but is given 2
            hint: give one array
        """
    ) { kit in _ = try kit.classifier().predict([kit.x, kit.x]) },
    .init(
        "inputs in the wrong order",
        """
        the input "words" has shape [6, 2], but the model takes [?, 4]
            hint: give samples of shape [4], or make the model for [2]
        """
    ) { kit in _ = try kit.branched().predictAll([kit.sizes, kit.words]) },
    .init(
        "an input by a wrong name",
        """
        "branched" takes no input "sizes"
            hint: did you mean "size"?
        """
    ) { kit in
        _ = try kit.branched().predictAll(["words": kit.words, "sizes": kit.sizes])
    },
    .init(
        "an input that there is not",
        """
        "branched" takes no input "color"
            hint: give: words, size
        """
    ) { kit in
        _ = try kit.branched().predictAll(["words": kit.words, "size": kit.sizes, "color": kit.sizes])
    },
    .init(
        "inputs of different numbers of samples",
        """
        the input "size" has 5 samples, but the input "words" has 6
            hint: all inputs must have the same number of samples
        """
    ) { kit in
        _ = try kit.branched().predictAll(["words": kit.words, "size": NDArray<Float>.zeros([5, 2])])
    },
    .init(
        "one output of a model with two",
        """
        "branched" has 2 outputs
            hint: use predictAll
        """
    ) { kit in _ = try kit.branched().predict([kit.words, kit.sizes]) },
]
