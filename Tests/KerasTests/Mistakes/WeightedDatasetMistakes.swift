// Rows of the table of mistakes: data sets with sample weights.

import Datasets
import Graphs
import Keras
import Tensors

/// A batch with weights or without, which triples and pairs cannot be.
private struct SomeBatch: LabelledBatch {
    let kit: MistakeKit
    let weights: NDArray<Float>?
    var inputs: any ArrayBundle { kit.x }
    var labels: any ArrayBundle { kit.y }
    var sampleWeight: (any ArrayBundle)? { weights }
}

/// Weights in data sets.
let weightedDatasetMistakes: [UserMistake] = [
    .init(
        "too few sample weights in a data set",
        """
        batch 2 of pass 1: the sample weights have shape [2], but there are 10 samples
            hint: give one weight for each sample, an array of shape [10]
        """
    ) { kit in
        let data = Dataset([Triple(kit.x, kit.y, NDArray<Float>.ones([10])), Triple(kit.x, kit.y, .ones([2]))])
        try kit.classifier().fit(data, verbose: 0)
    },
    .init(
        "sample weights of rank 2 in a data set",
        """
        batch 1 of pass 1: the sample weights have shape [5, 1], but there are 5 samples
            hint: give one weight for each sample, an array of shape [5]
        """
    ) { kit in
        try kit.classifier().evaluate(try Dataset(kit.x, kit.y, NDArray<Float>.ones([10, 1])).batch(5), verbose: 0)
    },
    .init(
        "a sample weight of a data set that is no number",
        """
        batch 2 of pass 1: the sample weights: sample 1 is NaN
            hint: replace or leave out missing values first
        """
    ) { kit in
        let weights = try kit.replacing(6, of: NDArray<Float>.ones([10]), by: .nan)
        try kit.classifier().fit(try Dataset(kit.x, kit.y, weights).batch(5), verbose: 0)
    },
    .init(
        "a sample weight of a data set that is infinite",
        """
        batch 1 of pass 1: the sample weights: sample 3 is infinity
            hint: limit numbers to what float32 holds, about 3.4e38, for example by a smaller unit
        """
    ) { kit in
        let weights = try kit.replacing(3, of: NDArray<Double>.ones([10]), by: 1e300)
        try kit.classifier().fit(try Dataset(kit.x, kit.y, weights).batch(5), verbose: 0)
    },
    .init(
        "texts for sample weights",
        """
        batch 1 of pass 1: the sample weights cannot be made of an array of string where float32 is wanted
            hint: give an array of numbers
        """
    ) { kit in
        let texts = AnyArray(strings: kit.y.scalars.map { "\($0)" })
        try kit.classifier().fit(Dataset([Triple(kit.x, kit.y, texts)]), verbose: 0)
    },
    .init(
        "sample weights for each output",
        """
        batch 1 of pass 1: the sample weights are 2 arrays
            hint: give one array with a weight for each sample, which counts for all outputs
        """
    ) { kit in
        let labels = [AnyArray(kit.kinds), AnyArray(kit.prices)]
        let weights = [NDArray<Float>.ones([6]), .ones([6])]
        try kit.branched().fit(Dataset([Triple([kit.words, kit.sizes], labels, weights)]), verbose: 0)
    },
    .init(
        "a later batch without sample weights",
        """
        batch 2 of pass 1: there are no sample weights, but the first batch has some
            hint: give them with every batch; a weight of 1 changes nothing
        """
    ) { kit in
        let batches = [NDArray<Float>.ones([10]), nil].map { SomeBatch(kit: kit, weights: $0) }
        try kit.classifier().fit(Dataset(batches), verbose: 0)
    },
    .init(
        "a later batch with sample weights",
        """
        batch 2 of pass 1: there are sample weights, but the first batch has none
            hint: give them with every batch; a weight of 1 changes nothing
        """
    ) { kit in
        let batches = [nil, NDArray<Float>.ones([10])].map { SomeBatch(kit: kit, weights: $0) }
        try kit.classifier().evaluate(Dataset(batches), verbose: 0)
    },
    .init(
        "validation data with sample weights that do not fit",
        """
        validation data: batch 1 of pass 1: the sample weights have shape [3], but there are 10 samples
            hint: give one weight for each sample, an array of shape [10]
        """
    ) { kit in
        let validation = Dataset([Triple(kit.x, kit.y, NDArray<Float>.ones([3]))])
        try kit.classifier().fit(Dataset([Pair(kit.x, kit.y)]), verbose: 0, validationData: validation)
    },
    .init(
        "a data set with sample weights without batches",
        """
        batch 1 of pass 1: the input has shape [3], but the model takes [?, 3]
            hint: is the data set one of single samples? Call batch(_:) on it
        """
    ) { kit in
        try kit.classifier().fit(try Dataset(kit.x, kit.y, NDArray<Float>.ones([10])), verbose: 0)
    },
    .init(
        "a data set with sample weights without end",
        """
        the data set has no end
            hint: give stepsPerEpoch
        """
    ) { kit in
        try kit.classifier().fit(try Dataset(kit.x, kit.y, NDArray<Float>.ones([10])).batch(5).repeat(), verbose: 0)
    },
    .init(
        "an empty data set with sample weights",
        """
        the data set has no batch
            hint: its source is empty, or filter, take or skip leave nothing of it
        """
    ) { kit in
        try kit.classifier().evaluate(try Dataset(kit.x, kit.y, NDArray<Float>.ones([10])).take(0).batch(5), verbose: 0)
    },
]
