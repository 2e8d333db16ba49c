// Rows of the table of mistakes: paths that name no file.

import ArrayFiles
import Checkpoints
import Graphs
import Keras
import Operations
import Sessions
import Tensors
import Training

extension MistakeKit {
    fileprivate func fit(_ callback: any Callback, resume: String? = nil) throws {
        try classifier().fit(x, y, verbose: 0, callbacks: [callback], resume: resume)
    }

    fileprivate func session() throws -> Session {
        let graph = Graph()
        _ = Variable(NDArray<Float>([1, 2]), name: "w", in: graph)
        let session = Session(graph: graph)
        try session.initializeVariables()
        return session
    }
}

/// Paths that are empty, or end with the name of a folder.
let pathMistakes: [UserMistake] = [
    .init(
        "ModelCheckpoint without a path",
        """
        the path of ModelCheckpoint is empty
            hint: give the name of a file, such as {epoch:02d}
        """
    ) { kit in try kit.fit(ModelCheckpoint("")) },
    .init(
        "ModelCheckpoint with a folder",
        """
        the path of ModelCheckpoint, FOLDER/runs/, names a folder
            hint: give the name of a file, such as FOLDER/runs/{epoch:02d}
        """
    ) { kit in try kit.fit(ModelCheckpoint(kit.path("runs/"), saveWeightsOnly: true)) },
    .init(
        "ModelCheckpoint with a folder for each epoch",
        """
        the path of ModelCheckpoint, FOLDER/{epoch}/, names a folder
            hint: give the name of a file, such as FOLDER/{epoch}/{epoch:02d}
        """
    ) { kit in try kit.fit(ModelCheckpoint(kit.path("{epoch}/"))) },
    .init(
        "ModelCheckpoint in the root",
        """
        the path of ModelCheckpoint, /, names a folder
            hint: give the name of a file, such as /{epoch:02d}
        """
    ) { kit in try kit.fit(ModelCheckpoint("/")) },
    .init(
        "ModelCheckpoint with a closure that gives no path",
        """
        the path of the training state is empty
            hint: give the name of a file, such as state
        """
    ) { kit in try kit.fit(ModelCheckpoint { _, _ in "" }) },
    .init(
        "ModelCheckpoint of weights with a closure that gives a folder",
        """
        the path of weights, FOLDER/, names a folder
            hint: give the name of a file, such as FOLDER/model.safetensors
        """
    ) { kit in try kit.fit(ModelCheckpoint(saveWeightsOnly: true) { _, _ in kit.path("") }) },
    .init(
        "BackupAndRestore without a path",
        """
        the path of BackupAndRestore is empty
            hint: give the name of a file, such as state
        """
    ) { kit in try kit.fit(BackupAndRestore("")) },
    .init(
        "BackupAndRestore with a folder",
        """
        the path of BackupAndRestore, FOLDER/backup/, names a folder
            hint: give the name of a file, such as FOLDER/backup/state
        """
    ) { kit in try kit.fit(BackupAndRestore(kit.path("backup/"))) },
    .init(
        "CSVLogger without a path",
        """
        the path of CSVLogger is empty
            hint: give the name of a file, such as log.csv
        """
    ) { kit in try kit.fit(CSVLogger("")) },
    .init(
        "CSVLogger with a folder",
        """
        the path of CSVLogger, FOLDER/logs/, names a folder
            hint: give the name of a file, such as FOLDER/logs/log.csv
        """
    ) { kit in try kit.fit(CSVLogger(kit.path("logs/"))) },
    .init(
        "going on without a path",
        """
        the path of the training state is empty
            hint: give the state's, or that of a folder with some
        """
    ) { kit in try kit.fit(TerminateOnNaN(), resume: "") },
    .init(
        "weights without a path",
        """
        the path of weights is empty
            hint: give the name of a file, such as model.safetensors
        """
    ) { kit in try kit.classifier().saveWeights(to: "") },
    .init(
        "weights in a folder",
        """
        the path of weights, FOLDER/runs/, names a folder
            hint: give the name of a file, such as FOLDER/runs/model.safetensors
        """
    ) { kit in try kit.classifier().saveWeights(to: kit.path("runs/")) },
    .init(
        "weights in this folder",
        """
        the path of weights, ., names a folder
            hint: give the name of a file, such as ./model.safetensors
        """
    ) { kit in try kit.classifier().saveWeights(to: ".") },
    .init(
        "weights from a folder",
        """
        the path of weights, FOLDER/, names a folder
            hint: give the name of a file, such as FOLDER/model.safetensors
        """
    ) { kit in try kit.classifier().loadWeights(from: kit.path("")) },
    .init(
        "a model without a path",
        """
        "": a saved model needs a folder of its own, such as "model"
        """
    ) { kit in try kit.classifier().save(to: "") },
    .init(
        "a model in the root",
        """
        /: a saved model needs a folder of its own, such as "model"
        """
    ) { kit in try kit.classifier().save(to: "/") },
    .init(
        "a checkpoint without a path",
        """
        "": a checkpoint needs a name after the folder, such as "model"
        """
    ) { kit in
        let session = try kit.session()
        try withGraph(session.graph) { _ = try Saver().save(session, to: "") }
    },
    .init(
        "a checkpoint in a folder",
        """
        FOLDER/: a checkpoint needs a name after the folder, such as "FOLDER/model"
        """
    ) { kit in _ = try CheckpointWriter(kit.path("")) },
    .init(
        "an archive without a path",
        """
        "": cannot create it: the path is empty
        """
    ) { _ in _ = try NPZWriter("") },
    .init(
        "an archive in a folder",
        """
        FOLDER/arrays/: cannot create it: it names a folder; add the name of a file to it
        """
    ) { kit in try NPZWriter.write(["x": AnyArray(kit.x)], to: kit.path("arrays/")) },
    .init(
        "safetensors in a folder",
        """
        FOLDER/: cannot create it: it names a folder; add the name of a file to it
        """
    ) { kit in try SafetensorsWriter.write(["x": AnyArray(kit.x)], to: kit.path("")) },
    .init(
        "an array without a path",
        """
        "": cannot create it: the path is empty
        """
    ) { kit in try NPYFile.write(AnyArray(kit.x), to: "") },
]
