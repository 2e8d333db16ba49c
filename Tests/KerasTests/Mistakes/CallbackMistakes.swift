// Rows of the table of mistakes: callbacks, and going on.

import FileTestSupport
import Graphs
import Keras
import Operations
import Tensors
import Training

/// Callbacks.
let callbackMistakes: [UserMistake] = [
    .init("a checkpoint in a folder that cannot be", "cannot make the folder FOLDER/file: Not a directory") { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(try kit.blockedPath("{epoch}"))])
    },
    .init("a backup in a folder that cannot be", "cannot make the folder FOLDER/file: Not a directory") { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [BackupAndRestore(try kit.blockedPath("state"))])
    },
    .init("a log in a folder that cannot be", "cannot make the folder FOLDER/file: Not a directory") { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [CSVLogger(try kit.blockedPath("log.csv"))])
    },
    .init("events in a folder that cannot be", "cannot make the folder FOLDER/file/logs: Not a directory") { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, callbacks: [TensorBoard(logDirectory: try kit.blockedPath("logs"))])
    },
    .init(
        "an unknown name to monitor",
        """
        there is no value for EarlyStopping to monitor named "val_los"
            hint: did you mean "val_loss"?
        """
    ) { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, callbacks: [EarlyStopping(monitor: "val_los")], validationSplit: 0.5)
    },
    .init(
        "a monitored validation without validation",
        """
        there is no value for ModelCheckpoint to monitor named "val_loss"
            hint: fit has no validationData or validationSplit; there is: loss, learning_rate
        """
    ) { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("best"), saveBestOnly: true)])
    },
    .init(
        "a name that does not say what is better",
        """
        EarlyStopping cannot tell whether "beauty" is to be small or large
            hint: give it mode: .min or .max
        """
    ) { kit in
        try kit.classifier(metrics: [Metric(name: "beauty") { labels, _ in labels }]).fit(
            kit.x, kit.y, verbose: 0, callbacks: [EarlyStopping(monitor: "beauty")])
    },
    .init(
        "a checkpoint after each 0 batches",
        """
        ModelCheckpoint saves after 0 batches
            hint: give at least 1, or .epoch
        """
    ) { kit in
        try kit.classifier().fit(
            kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("a"), saveFrequency: .batches(0))])
    },
    .init(
        "a path with an unknown name",
        """
        there is no value for the path "FOLDER/{epok:02d}" named "epok"
            hint: known are: epoch, learning_rate, loss
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("{epok:02d}"))])
    },
    .init(
        "a path with a format that is none",
        """
        "02q" in the path "FOLDER/{epoch:02q}" is no format of a number
            hint: such as {epoch:02d}, {val_loss:.2f}
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("{epoch:02q}"))])
    },
    .init(
        "whole states under the name of weights",
        """
        FOLDER/a.npz holds weights alone, but ModelCheckpoint is to save the whole training
            hint: pass saveWeightsOnly: true, or a path without ending
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("a.npz"))])
    },
    .init(
        "a rate that a scheduler made negative",
        """
        LearningRateScheduler gives the learning rate -1.0 for epoch 0
            hint: it must be a number of at least 0
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [LearningRateScheduler { _, _ in -1 }])
    },
    .init(
        "a scheduler where there is a schedule",
        """
        LearningRateScheduler cannot set the learning rate, which is the optimizer's own, such as a schedule
            hint: compile with a number for the learning rate
        """
    ) { kit in
        let schedule = KerasOptimizer.sgd(
            learningRate: LearningRate(ExponentialDecay(0.1, decaySteps: 10, decayRate: 0.5)))
        try kit.classifier(optimizer: schedule).fit(
            kit.x, kit.y, verbose: 0, callbacks: [LearningRateScheduler { _, _ in 1 }])
    },
]

/// Going on.
let resumeMistakes: [UserMistake] = [
    .init(
        "going on from nothing",
        """
        there is no training state FOLDER/state
            hint: there must be a file FOLDER/state.index
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, resume: kit.path("state"))
    },
    .init(
        "going on from an empty folder",
        """
        the folder FOLDER holds no training state
            hint: states are written by ModelCheckpoint, BackupAndRestore and FitRun.saveTrainingState(to:)
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, resume: kit.folder.path)
    },
    .init(
        "going on from weights",
        """
        FOLDER/weights holds weights, but no training state
            hint: load them with loadWeights(from:) instead
        """
    ) { kit in
        let model = try kit.classifier()
        try model.saveWeights(to: kit.path("weights"))
        try model.fit(kit.x, kit.y, verbose: 0, resume: kit.path("weights"))
    },
    .init(
        "going on with another model",
        """
        the training state FOLDER/a is not of this model and data:
            - variable "out/kernel" of float32[4, 3] was saved as float32[4, 2]
            - variable "out/bias" of float32[3] was saved as float32[2]
            hint: go on with the model, the optimizer and the data that it was saved with
        """
    ) { kit in
        try kit.classifier().fit(kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("a"))], seed: 1)
        try kit.classifier(units: 3).fit(kit.x, kit.y, epochs: 2, verbose: 0, resume: kit.path("a"))
    },
    .init(
        "going on with other data",
        """
        the training state FOLDER/a is not of this model and data:
            - batch size was 32, but is 5
            hint: go on with the model, the optimizer and the data that it was saved with
        """
    ) { kit in
        let model = try kit.classifier()
        try model.fit(kit.x, kit.y, verbose: 0, callbacks: [ModelCheckpoint(kit.path("a"))], seed: 1)
        try model.fit(kit.x, kit.y, batchSize: 5, epochs: 2, verbose: 0, resume: kit.path("a"))
    },
]
