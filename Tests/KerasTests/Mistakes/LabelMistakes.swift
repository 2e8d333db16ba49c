// Rows of the table of mistakes: labels, and the weights of samples and classes.

import Graphs
import Keras
import Operations
import Tensors
import Training

/// Arrays for the labels.
let labelMistakes: [UserMistake] = [
    .init(
        "a class below 0",
        """
        label -1 of sample 4 is not one of the 2 classes, 0..<2
            hint: classes are counted from 0, and the output needs a unit for each
        """
    ) { kit in
        try kit.classifier().fit(kit.x, try kit.replacing(4, of: kit.y, by: -1), verbose: 0)
    },
    .init(
        "a class that is too large",
        """
        label 2 of sample 9 is not one of the 2 classes, 0..<2
            hint: classes are counted from 0, and the output needs a unit for each
        """
    ) { kit in
        try kit.classifier().evaluate(kit.x, try kit.replacing(9, of: kit.y, by: 2), verbose: 0)
    },
    .init(
        "classes counted from 1, as int64",
        """
        label 2 of sample 1 is not one of the 2 classes, 0..<2
            hint: classes are counted from 0, and the output needs a unit for each
        """
    ) { kit in
        try kit.classifier().fit(kit.x, NDArray<Int64>([1, 2, 1, 2, 1, 2, 1, 2, 1, 2]), verbose: 0)
    },
    .init(
        "a class that does not fit in int32",
        """
        label 1099511627776 of sample 3 is not one of the 2 classes, 0..<2
            hint: classes are counted from 0, and the output needs a unit for each
        """
    ) { kit in
        try kit.classifier().fit(kit.x, NDArray<Int64>([0, 0, 0, 1 << 40, 0, 0, 0, 0, 0, 0]), verbose: 0)
    },
    .init(
        "a class that is not whole",
        """
        label 0.5 of sample 3 is not one of the 2 classes, 0..<2
            hint: the labels must be whole numbers; for other targets use a loss such as mean_squared_error
        """
    ) { kit in
        try kit.classifier().fit(kit.x, NDArray<Float>([0, 1, 0, 0.5, 0, 0, 0, 0, 0, 0]), verbose: 0)
    },
    .init(
        "a class that is no number",
        """
        label nan of sample 5 is not one of the 2 classes, 0..<2
            hint: the labels must be whole numbers; for other targets use a loss such as mean_squared_error
        """
    ) { kit in
        try kit.classifier().trainOnBatch(kit.x, NDArray<Double>([0, 1, 0, 1, 0, .nan, 0, 0, 0, 0]))
    },
    .init(
        "one-hot where numbers are asked",
        """
        the labels have shape [10, 2], but sparse_categorical_crossentropy takes the numbers of classes, of \
        shape [?]
            hint: for one-hot labels use categorical_crossentropy
        """
    ) { kit in
        try kit.classifier().fit(kit.x, NDArray<Float>.zeros([10, 2]), verbose: 0)
    },
    .init(
        "numbers where one-hot is asked",
        """
        the labels have shape [10], but the output has shape [?, 2]
            hint: for the numbers of classes use sparse_categorical_crossentropy
        """
    ) { kit in
        try kit.classifier(loss: .categoricalCrossentropy).fit(kit.x, kit.y, verbose: 0)
    },
    .init(
        "a column of numbers where one-hot is asked",
        """
        the labels have shape [10, 1], but the output has shape [?, 2]
            hint: for the numbers of classes use sparse_categorical_crossentropy
        """
    ) { kit in
        let column = try NDArray<Int32>(shape: [10, 1], kit.y.scalars)
        try kit.classifier(loss: .categoricalCrossentropy).fit(kit.x, column, verbose: 0)
    },
    .init(
        "numbers of classes for binary_crossentropy of two units",
        """
        the labels have shape [10], but the output has shape [?, 2]
            hint: for the numbers of classes use sparse_categorical_crossentropy
        """
    ) { kit in
        try kit.classifier(loss: "binary_crossentropy").fit(kit.x, kit.y, verbose: 0)
    },
    .init(
        "labels of -1 and 1 for binary_crossentropy",
        """
        the labels: sample 0 is -1.0, but binary_crossentropy takes labels from 0 to 1
            hint: for labels of -1 and 1 use hinge, or make them 0 and 1
        """
    ) { kit in
        let labels = NDArray<Float>(kit.y.scalars.map { $0 == 0 ? -1 : 1 })
        try kit.classifier(units: 1, loss: .binaryCrossentropy).fit(kit.x, labels, verbose: 0)
    },
    .init(
        "targets of another width",
        """
        the labels have shape [10, 3], but the output has shape [?, 2]
            hint: labels must have the shape of the output
        """
    ) { kit in
        try kit.classifier(loss: "mse").fit(kit.x, NDArray<Float>.zeros([10, 3]), verbose: 0)
    },
    .init(
        "NaN in targets",
        """
        the labels: element 1 of sample 5 is NaN
            hint: replace or leave out missing values first
        """
    ) { kit in
        let targets = try kit.replacing(11, of: NDArray<Float>.zeros([10, 2]), by: .nan)
        try kit.classifier(loss: "mse").fit(kit.x, targets, verbose: 0)
    },
    .init(
        "infinity in targets",
        """
        the labels: element 0 of sample 0 is infinity
            hint: limit numbers to what float32 holds, about 3.4e38, for example by a smaller unit
        """
    ) { kit in
        let targets = try kit.replacing(0, of: NDArray<Float>.zeros([10, 2]), by: .infinity)
        try kit.classifier(loss: "mse").evaluate(kit.x, targets, verbose: 0)
    },
    .init(
        "texts for labels",
        """
        the labels cannot be made of an array of string where int32 is wanted
            hint: give an array of numbers
        """
    ) { kit in
        try kit.classifier().fit(kit.x, AnyArray(strings: Array(repeating: [65], count: 10), shape: [10]), verbose: 0)
    },
    .init(
        "labels of one output for two",
        """
        "branched" is trained with 2 arrays of labels, but is given 1
            hint: give one for each of: kind, price
        """
    ) { kit in
        try kit.branched().fit([kit.words, kit.sizes], kit.kinds, verbose: 0)
    },
    .init(
        "labels in the wrong order",
        """
        label 1.5 of sample 0 is not one of the 3 classes, 0..<3
            hint: the labels of "kind" must be whole numbers; for other targets use a loss such as \
        mean_squared_error
        """
    ) { kit in
        try kit.branched().fit([kit.words, kit.sizes], [AnyArray(kit.prices), AnyArray(kit.kinds)], verbose: 0)
    },
    .init(
        "labels by a wrong name",
        """
        "branched" is trained with no array of labels "prize"
            hint: did you mean "price"?
        """
    ) { kit in
        let labels = ["kind": AnyArray(kit.kinds), "prize": AnyArray(kit.prices)]
        try kit.branched().fit([kit.words, kit.sizes], labels, verbose: 0)
    },
]

/// Weights of samples and classes.
let weightingMistakes: [UserMistake] = [
    .init(
        "too few sample weights",
        """
        the sample weights have shape [2], but there are 10 samples
            hint: give one weight for each sample, an array of shape [10]
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, sampleWeight: NDArray<Float>([1, 2]))
    },
    .init(
        "sample weights of rank 2",
        """
        the sample weights have shape [10, 1], but there are 10 samples
            hint: give one weight for each sample, an array of shape [10]
        """
    ) { kit in
        try kit.classifier().evaluate(kit.x, kit.y, verbose: 0, sampleWeight: NDArray<Float>.zeros([10, 1]))
    },
    .init(
        "a sample weight that is no number",
        """
        the sample weights: sample 3 is NaN
            hint: replace or leave out missing values first
        """
    ) { kit in
        let weights = try kit.replacing(3, of: NDArray<Float>(repeating: 1, shape: [10]), by: .nan)
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, sampleWeight: weights)
    },
    .init(
        "a weight of an unknown class",
        """
        there is a weight for class 2, but the classes are 0..<2
            hint: classes are counted from 0
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, classWeight: [0: 1, 1: 2, 2: 3])
    },
    .init(
        "a weight of a class below 0",
        """
        there is a weight for class -1, but the classes are 0..<2
            hint: classes are counted from 0
        """
    ) { kit in
        try kit.classifier(units: 1, loss: .binaryCrossentropy)
            .fit(kit.x, kit.y, verbose: 0, classWeight: [-1: 1, 1: 2])
    },
    .init(
        "a class weight below 0",
        """
        the weight of class 1 is -2.0, but must be a number of at least 0
            hint: a class of weight 0 does not count at all
        """
    ) { kit in
        try kit.classifier().trainOnBatch(kit.x, kit.y, classWeight: [0: 1, 1: -2])
    },
    .init(
        "a class weight that is no number",
        """
        the weight of class 1 is nan, but must be a number of at least 0
            hint: a class of weight 0 does not count at all
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, classWeight: [1: .nan])
    },
    .init(
        "class weights for targets of sequences",
        """
        class weights are for one class per sample, but the labels have shape [2, 4, 1]
            hint: use sampleWeight
        """
    ) { kit in
        let model = Sequential(in: Graph()) { Dense(1, inputShape: [4, 3]) }
        try model.compile(loss: "mse")
        try model.fit(
            NDArray<Float>.zeros([2, 4, 3]), NDArray<Float>.zeros([2, 4, 1]), verbose: 0, classWeight: [0: 1])
    },
    .init(
        "class weights for two outputs",
        """
        class weights are for models with one trained output, but there are 2
            hint: use sampleWeight
        """
    ) { kit in
        try kit.branched().fit(
            [kit.words, kit.sizes], [AnyArray(kit.kinds), AnyArray(kit.prices)], verbose: 0, classWeight: [0: 1])
    },
]
