// Rows of the table of mistakes: how long to train, and data sets.

import Datasets
import FileTestSupport
import Graphs
import Keras
import Operations
import Tensors
import Training

/// Numbers that say how to train.
let runMistakes: [UserMistake] = [
    .init(
        "a batch size of 0",
        """
        the batch size is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in try kit.classifier().fit(kit.x, kit.y, batchSize: 0, verbose: 0) },
    .init(
        "a batch size below 0 in evaluate",
        """
        the batch size is -2, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in
        try kit.classifier().evaluate(kit.x, kit.y, batchSize: -2, verbose: 0)
    },
    .init(
        "a batch size of 0 in predict",
        """
        the batch size is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in _ = try kit.classifier().predict(kit.x, batchSize: 0) },
    .init(
        "a batch size of 0 in validation",
        """
        the batch size of validation is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationSplit: 0.5, validationBatchSize: 0)
    },
    .init(
        "epochs below 0",
        """
        epochs is -1, but must not be below 0
            hint: it is the number of the epoch after the last
        """
    ) { kit in try kit.classifier().fit(kit.x, kit.y, epochs: -1, verbose: 0) },
    .init(
        "a first epoch below 0",
        """
        initialEpoch is -1, but must not be below 0
            hint: the first epoch is 0
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, epochs: 2, verbose: 0, initialEpoch: -1)
    },
    .init(
        "a first epoch past the last",
        """
        initialEpoch is 10, but epochs is 5
            hint: epochs is the number of the epoch after the last, not how many there are: give 15 for 5 more
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, epochs: 5, verbose: 0, initialEpoch: 10)
    },
    .init(
        "a validation split of 1",
        """
        the validation split is 1.0, but must be from 0 up to, but not 1
            hint: 0.2 keeps the last fifth of the samples for validation
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationSplit: 1)
    },
    .init(
        "a validation split below 0",
        """
        the validation split is -0.1, but must be from 0 up to, but not 1
            hint: 0.2 keeps the last fifth of the samples for validation
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationSplit: -0.1)
    },
    .init(
        "a validation split that leaves nothing to train on",
        """
        a validation split of 0.5 leaves 0 of 1 sample for training and 1 for validation
            hint: give more samples, or another split
        """
    ) { kit in
        try kit.classifier().fit(NDArray<Float>.zeros([1, 3]), NDArray<Int32>([0]), verbose: 0, validationSplit: 0.5)
    },
    .init(
        "a validation split that leaves nothing to validate",
        """
        a validation split of 1e-20 leaves 10 of 10 samples for training and 0 for validation
            hint: give more samples, or another split
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationSplit: 1e-20)
    },
    .init(
        "validation data of another width",
        """
        validation data: the input has shape [4, 2], but the model takes [?, 3]
            hint: give samples of shape [3], or make the model for [2]
        """
    ) { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, validationData: (NDArray<Float>.zeros([4, 2]), NDArray<Int32>([0, 1, 0, 1])))
    },
    .init(
        "validation labels of another number",
        """
        validation data: there are 10 samples, but 4 of the labels
            hint: inputs and labels must have the same number of samples
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationData: (kit.x, NDArray<Int32>([0, 1, 0, 1])))
    },
    .init(
        "a validation frequency of 0",
        """
        validationFrequency is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationSplit: 0.5, validationFrequency: 0)
    },
    .init(
        "more steps of validation than batches",
        """
        validation data: validationSteps is 3, but the data has 2 batches
            hint: leave it out to take all, or call repeat() on a data set
        """
    ) { kit in
        try kit.classifier().fit(
            kit.x, kit.y, batchSize: 5, verbose: 0, validationData: (kit.x, kit.y), validationSteps: 3)
    },
    .init(
        "steps of validation without data",
        """
        validationSteps is 1, but there is no validation data
            hint: give validationData or a validation split, or leave it out
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, validationSteps: 1)
    },
    .init(
        "weights of validation without data",
        """
        there are sample weights for validation, but no validation data
            hint: a validation split takes its part of sampleWeight
        """
    ) { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, validationSplit: 0.5, validationSampleWeight: NDArray<Float>.ones([5]))
    },
    .init(
        "no steps in an epoch",
        """
        stepsPerEpoch is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, stepsPerEpoch: 0)
    },
    .init(
        "more steps than batches",
        """
        stepsPerEpoch is 3, but the data has 2 batches
            hint: leave it out to take all, or call repeat() on a data set
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, batchSize: 5, verbose: 0, stepsPerEpoch: 3)
    },
    .init(
        "evaluation in no steps",
        """
        steps is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in
        try kit.classifier().evaluate(kit.x, kit.y, verbose: 0, steps: 0)
    },
    .init(
        "evaluation in more steps than there are batches",
        """
        steps is 100, but the data has 1 batch
            hint: leave it out to take all, or call repeat() on a data set
        """
    ) { kit in
        try kit.classifier().evaluate(kit.x, kit.y, verbose: 0, steps: 100)
    },
]

private struct BrokenFile: Error, CustomStringConvertible {
    let description = "the file is gone"
}

/// Data sets.
let datasetMistakes: [UserMistake] = [
    .init(
        "a data set without end",
        """
        the data set has no end
            hint: give stepsPerEpoch
        """
    ) { kit in
        try kit.classifier().fit(try Dataset(kit.x, kit.y).batch(5).repeat(), verbose: 0)
    },
    .init(
        "validation data without end",
        """
        validation data: the data set has no end
            hint: give validationSteps, or call take(_:) on it
        """
    ) { kit in
        let data = try Dataset(kit.x, kit.y).batch(5)
        try kit.classifier().fit(data, verbose: 0, validationData: data.repeat())
    },
    .init(
        "evaluation without end",
        """
        the data set has no end
            hint: say how many batches to take with steps
        """
    ) { kit in
        try kit.classifier().evaluate(try Dataset(kit.x, kit.y).batch(5).repeat(), verbose: 0)
    },
    .init(
        "prediction without end",
        """
        the data set has no end
            hint: say how many batches to take with steps
        """
    ) { kit in
        _ = try kit.classifier().predict(try Dataset(slices: kit.x).batch(5).repeat())
    },
    .init(
        "an empty data set",
        """
        the data set has no batch
            hint: its source is empty, or filter, take or skip leave nothing of it
        """
    ) { kit in
        try kit.classifier().fit(try Dataset(kit.x, kit.y).batch(5).take(0), verbose: 0)
    },
    .init(
        "a data set of which nothing is left",
        """
        the data set has no batch
            hint: its source is empty, or filter, take or skip leave nothing of it
        """
    ) { kit in
        try kit.classifier().evaluate(try Dataset(kit.x, kit.y).filter { _ in false }.batch(5), verbose: 0)
    },
    .init(
        "an empty data set to predict",
        """
        the data set has no batch
            hint: its source is empty, or filter, take or skip leave nothing of it
        """
    ) { kit in
        _ = try kit.classifier().predict(try Dataset(slices: kit.x).batch(5).skip(2))
    },
    .init(
        "prediction in no steps",
        """
        steps is 0, but must be at least 1
            hint: give 1 or more, or leave it out
        """
    ) { kit in
        _ = try kit.classifier().predict(try Dataset(slices: kit.x).batch(5), steps: 0)
    },
    .init(
        "more steps than the data set has",
        """
        stepsPerEpoch is 3, but the data has 2 batches
            hint: leave it out to take all, or call repeat() on a data set
        """
    ) { kit in
        try kit.classifier().fit(try Dataset(kit.x, kit.y).batch(5), verbose: 0, stepsPerEpoch: 3)
    },
    .init(
        "more steps than a generator makes",
        """
        the data set ended after 2 batches of epoch 1, but stepsPerEpoch is 3
            hint: call repeat() on it, or leave stepsPerEpoch out
        """
    ) { kit in
        let data = Dataset<Pair<NDArray<Float>, NDArray<Int32>>>.generating { _ in
            var count = 0
            return {
                count += 1
                return count > 2 ? nil : Pair(kit.x, kit.y)
            }
        }
        try kit.classifier().fit(data, verbose: 0, stepsPerEpoch: 3)
    },
    .init(
        "a generator that is empty from the second pass on",
        """
        the data set has no batch in epoch 2
            hint: does each pass over it begin anew?
        """
    ) { kit in
        let data = Dataset<Pair<NDArray<Float>, NDArray<Int32>>>.generating { epoch in
            var isDone = epoch > 0
            return {
                defer { isDone = true }
                return isDone ? nil : Pair(kit.x, kit.y)
            }
        }
        try kit.classifier().fit(data, epochs: 3, verbose: 0)
    },
    .init(
        "a data set without batches, for a model that does not know its inputs",
        """
        the elements of the data set are single samples, but training takes batches
            hint: call batch(_:) on it, such as batch(32)
        """
    ) { kit in
        let model = Sequential(in: Graph()) { Dense(2, activation: .softmax) }
        try model.compile(optimizer: .sgd(), loss: .sparseCategoricalCrossentropy)
        let data = try Dataset(kit.x, kit.y).map { Pair($0.x, NDArray<Int32>($0.y.scalar)) }
        try model.fit(data, verbose: 0)
    },
    .init(
        "a data set without batches",
        """
        batch 1 of pass 1: the input has shape [3], but the model takes [?, 3]
            hint: is the data set one of single samples? Call batch(_:) on it
        """
    ) { kit in
        let data = try Dataset(kit.x, kit.y).map { Pair($0.x, NDArray<Int32>($0.y.scalar)) }
        try kit.classifier().fit(data, verbose: 0)
    },
    .init(
        "a data set that throws",
        """
        KerasTests/RunMistakes.swift:LINE: map: element 1: the file is gone
        """
    ) { kit in
        let data = try Dataset(kit.x, kit.y).batch(5).map { pair -> Pair<NDArray<Float>, NDArray<Int32>> in
            if pair.x.scalars[0] == kit.x.scalars[15] { throw BrokenFile() }
            return pair
        }
        try kit.classifier().fit(data, verbose: 0)
    },
    .init(
        "a later batch of another width",
        """
        batch 2 of pass 1: the input has shape [10, 2], but the model takes [?, 3]
            hint: give samples of shape [3], or make the model for [2]
        """
    ) { kit in
        let data = Dataset([Pair(kit.x, kit.y), Pair(NDArray<Float>.zeros([10, 2]), kit.y)])
        try kit.classifier().fit(data, verbose: 0)
    },
    .init(
        "a later batch with NaN",
        """
        batch 3 of pass 1: the input: element 1 of sample 1 is NaN
            hint: replace or leave out missing values first
        """
    ) { kit in
        let data = Dataset([
            Pair(kit.x, kit.y), Pair(kit.x, kit.y), Pair(try kit.replacing(4, of: kit.x, by: .nan), kit.y),
        ])
        try kit.classifier().fit(data, epochs: 2, verbose: 0)
    },
    .init(
        "a later batch with a class that is too large",
        """
        batch 2 of pass 1: label 7 of sample 2 is not one of the 2 classes, 0..<2
            hint: classes are counted from 0, and the output needs a unit for each
        """
    ) { kit in
        let data = Dataset([Pair(kit.x, kit.y), Pair(kit.x, try kit.replacing(2, of: kit.y, by: 7))])
        try kit.classifier().evaluate(data, verbose: 0)
    },
    .init(
        "a later batch with labels of another rank",
        """
        batch 2 of pass 1: the labels have another rank than those of the first batch
            hint: make them alike with map
        """
    ) { kit in
        let column = try NDArray<Int32>(shape: [10, 1], kit.y.scalars)
        try kit.classifier().fit(Dataset([Pair(kit.x, kit.y), Pair(kit.x, column)]), verbose: 0)
    },
    .init(
        "a later batch to predict of another width",
        """
        batch 2: the input has shape [10, 2], but the model takes [?, 3]
            hint: give samples of shape [3], or make the model for [2]
        """
    ) { kit in
        _ = try kit.classifier().predict(Dataset([kit.x, NDArray<Float>.zeros([10, 2])]))
    },
    .init(
        "a data set for a model with two outputs",
        """
        "branched" has 2 outputs
            hint: use predictAll
        """
    ) { kit in
        _ = try kit.branched().predict(Dataset([[kit.words, kit.sizes]]))
    },
    .init(
        "validation with a batch that does not fit",
        """
        validation data: batch 2 of pass 1: there are 10 samples, but 1 of the labels
            hint: inputs and labels must have the same number of samples
        """
    ) { kit in
        let data = Dataset([Pair(kit.x, kit.y)])
        let other = Dataset([Pair(kit.x, kit.y), Pair(kit.x, NDArray<Int32>([1]))])
        try kit.classifier().fit(data, verbose: 0, validationData: other)
    },
]
