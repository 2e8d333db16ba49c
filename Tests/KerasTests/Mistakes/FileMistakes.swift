// Rows of the table of mistakes: weights, models and data in files, and what belongs to another graph.

import ArrayFiles
import Checkpoints
import Datasets
import FileTestSupport
import Foundation
import Graphs
import Keras
import Operations
import Sessions
import Tensors
import Training

extension MistakeKit {
    /// The file without its last bytes.
    fileprivate func truncate(_ name: String, by count: Int) throws {
        try folder.write(Array(try folder.bytes(of: name).dropLast(count)), to: name)
    }
}

/// Weights.
let weightFileMistakes: [UserMistake] = [
    .init("an archive that is not there", "FOLDER/w.npz: cannot open it: No such file or directory") { kit in
        try kit.classifier().loadWeights(from: kit.path("w.npz"))
    },
    .init(
        "safetensors that are not there",
        """
        FOLDER/w.safetensors: cannot open it: No such file or directory
        """
    ) { kit in
        try kit.classifier().loadWeights(from: kit.path("w.safetensors"))
    },
    .init(
        "a checkpoint that is not there",
        """
        FOLDER/w: there is no checkpoint: FOLDER/w.index does not exist
        """
    ) { kit in try kit.classifier().loadWeights(from: kit.path("w")) },
    .init(
        "weights as HDF5",
        """
        FOLDER/w.weights.h5: weights are not kept in files of this kind (HDF5)
            hint: end the path with .npz or .safetensors, or give one without ending for a checkpoint
        """
    ) { kit in try kit.classifier().loadWeights(from: kit.path("w.weights.h5")) },
    .init(
        "weights of another width",
        """
        the weights in FOLDER/w.npz are not those of "net":
        2 weights loaded
        different: out/kernel has shape [4, 2], the file [4, 3]
        different: out/bias has shape [2], the file [3]
            hint: byName: true takes what is there, skipMismatch: true leaves out what has another shape
        """
    ) { kit in
        try kit.classifier(units: 3).saveWeights(to: kit.path("w.npz"))
        try kit.classifier().loadWeights(from: kit.path("w.npz"))
    },
    .init(
        "a file that lacks weights and has others",
        """
        the weights in FOLDER/w.safetensors are not those of "net":
        2 weights loaded
        missing: hidden/kernel (did you mean hiden/kernel?)
        missing: hidden/bias (did you mean hiden/bias?)
        not in the model: hiden/bias
        not in the model: hiden/kernel
            hint: byName: true takes what is there, skipMismatch: true leaves out what has another shape
        """
    ) { kit in
        let model = Sequential(in: Graph()) {
            Dense(4, inputShape: [3], name: "hiden")
            Dense(2, name: "out")
        }
        try model.saveWeights(to: kit.path("w.safetensors"))
        try kit.classifier().loadWeights(from: kit.path("w.safetensors"))
    },
    .init(
        "a file with more weights",
        """
        the weights in FOLDER/w are not those of "net":
        4 weights loaded
        not in the model: more/bias
        not in the model: more/kernel
            hint: byName: true takes what is there, skipMismatch: true leaves out what has another shape
        """
    ) { kit in
        let model = Sequential(in: Graph()) {
            Dense(4, inputShape: [3], name: "hidden")
            Dense(2, name: "out")
            Dense(2, name: "more")
        }
        try model.saveWeights(to: kit.path("w"))
        try kit.classifier().loadWeights(from: kit.path("w"))
    },
    .init(
        "a truncated archive",
        """
        FOLDER/w.npz: byte 1028: it does not end as a zip archive does: it is cut short or no npz file
        """
    ) { kit in
        let model = try kit.classifier()
        try model.saveWeights(to: kit.path("w.npz"))
        try kit.truncate("w.npz", by: 30)
        try model.loadWeights(from: kit.path("w.npz"))
    },
    .init(
        "truncated safetensors",
        """
        FOLDER/w.safetensors: byte 272: the arrays take 104 bytes, but 100 follow the header
          hint: the file was cut short
        """
    ) { kit in
        let model = try kit.classifier()
        try model.saveWeights(to: kit.path("w.safetensors"))
        try kit.truncate("w.safetensors", by: 4)
        try model.loadWeights(from: kit.path("w.safetensors"))
    },
    .init(
        "a truncated checkpoint",
        """
        FOLDER/w.data-00000-of-00001, byte 96: tensor "out/bias": it takes the bytes up to 104, but the file \
        has only 96
        """
    ) { kit in
        let model = try kit.classifier()
        try model.saveWeights(to: kit.path("w"))
        try kit.truncate("w.data-00000-of-00001", by: 8)
        try model.loadWeights(from: kit.path("w"))
    },
    .init(
        "a truncated index of a checkpoint",
        """
        FOLDER/w.index, byte 204: this is no index of a checkpoint: it does not end in the number of one
        """
    ) { kit in
        let model = try kit.classifier()
        try model.saveWeights(to: kit.path("w"))
        try kit.truncate("w.index", by: 8)
        try model.loadWeights(from: kit.path("w"))
    },
    .init(
        "a checkpoint without its data",
        """
        FOLDER/w.data-00000-of-00001: tensor "hidden/kernel": cannot open FOLDER/w.data-00000-of-00001: No \
        such file or directory
        """
    ) { kit in
        let model = try kit.classifier()
        try model.saveWeights(to: kit.path("w"))
        try FileManager.default.removeItem(atPath: kit.path("w.data-00000-of-00001"))
        try model.loadWeights(from: kit.path("w"))
    },
    .init(
        "an archive that is none",
        """
        FOLDER/w.npz: byte 7: it does not end as a zip archive does: it is cut short or no npz file
        """
    ) { kit in
        try kit.folder.write(Array("weights".utf8), to: "w.npz")
        try kit.classifier().loadWeights(from: kit.path("w.npz"))
    },
    .init("weights into a folder that cannot be", "cannot make the folder FOLDER/file: Not a directory") { kit in
        try kit.classifier().saveWeights(to: try kit.blockedPath("w.npz"))
    },
    .init("a checkpoint into a folder that cannot be", "cannot make the folder FOLDER/file: Not a directory") { kit in
        try kit.classifier().saveWeights(to: try kit.blockedPath("w"))
    },
    .init(
        "weights under the name of another format",
        """
        FOLDER/w.pt: weights are not kept in files of this kind (PyTorch)
            hint: end the path with .npz or .safetensors, or give one without ending for a checkpoint
        """
    ) { kit in
        try kit.classifier().saveWeights(to: kit.path("w.pt"))
    },
    .init(
        "too few arrays of weights",
        """
        the model "net" has 4 weights, but 1 arrays are given
            hint: its weights are: hidden/kernel, hidden/bias, out/kernel, out/bias
        """
    ) { kit in try kit.classifier().setWeights([kit.x]) },
    .init(
        "weights of another shape",
        """
        the weight "hidden/kernel" of the model "net" has shape [3, 4], but an array of shape [4] is given
            hint: weights come in the order of getWeights()
        """
    ) { kit in
        let model = try kit.classifier()
        var weights = try model.getWeights()
        weights.swapAt(0, 1)
        try model.setWeights(weights)
    },
    .init(
        "weights of a layer of another model",
        """
        the layer "hidden" is none of the model "net"
        """
    ) { kit in
        _ = try kit.classifier().getWeights(of: try kit.classifier().layers[0])
    },
    .init(
        "an unknown layer",
        """
        there is no layer "hiden"
            hint: did you mean "hidden"?
        """
    ) { kit in _ = try kit.classifier().layer(named: "hiden") },
]

/// Whole models.
let modelFileMistakes: [UserMistake] = [
    .init(
        "a model that is not there",
        """
        FOLDER/model holds no configuration of layers
            hint: is it a folder that Model.save(to:) wrote?
        """
    ) { kit in _ = try loadModel(from: kit.path("model"), in: Graph()) },
    .init("JSON that is not there", "cannot open FOLDER/model.json: No such file or directory") { kit in
        _ = try loadModel(from: kit.path("model.json"), in: Graph())
    },
    .init(
        "an archive of Keras that is not there",
        """
        FOLDER/model.keras: cannot open it: No such file or directory
        """
    ) { kit in
        _ = try loadModel(from: kit.path("model.keras"), in: Graph())
    },
    .init(
        "JSON that ends early",
        """
        FOLDER/model.json: the text is not JSON: line 1, column 20: the text ends within quotes
        """
    ) { kit in
        try kit.folder.write(Array("{\"class_name\": \"Seq".utf8), to: "model.json")
        _ = try loadModel(from: kit.path("model.json"), in: Graph())
    },
    .init(
        "JSON with an unknown layer",
        """
        FOLDER/model.json: $.config.layers[1]: there is no layer class "Dence"
            hint: did you mean "Dense"?; give layers of your own as customLayers
        """
    ) { kit in
        let json = try kit.classifier().toJSON().replacingOccurrences(of: "\"Dense\"", with: "\"Dence\"")
        try kit.folder.write(Array(json.utf8), to: "model.json")
        _ = try loadModel(from: kit.path("model.json"), in: Graph())
    },
    .init(
        "JSON with a setting of another type",
        """
        $.config.layers[1].config: "units" of Dense must be a whole number, but is "four"
        """
    ) { kit in
        let json = try kit.classifier().toJSON().replacingOccurrences(of: "\"units\": 4", with: "\"units\": \"four\"")
        _ = try modelFromJSON(json, in: Graph())
    },
    .init(
        "a model as .keras",
        """
        FOLDER/model.keras: .keras and .h5 files hold HDF5, which is not written
            hint: give a folder for a SavedModel, or save toJSON() and saveWeights(to: "weights.npz")
        """
    ) { kit in try kit.classifier().save(to: kit.path("model.keras")) },
    .init(
        "a model where there is something",
        """
        FOLDER/model: there is a saved model of that name; pass overwrite: true, or choose another name
        """
    ) { kit in
        try kit.classifier().save(to: kit.path("model"))
        try kit.classifier().save(to: kit.path("model"))
        try kit.classifier().save(to: kit.path("model"), overwrite: false)
    },
    .init(
        "a model where there is a folder of others",
        """
        FOLDER/others: there is something else of that name; choose another, or remove it
        """
    ) { kit in
        try FileManager.default.createDirectory(atPath: kit.path("others"), withIntermediateDirectories: true)
        try kit.classifier().save(to: kit.path("others"))
    },
    .init(
        "a model into a folder that cannot be",
        """
        cannot make the folder FOLDER/file/model.NUMBER.tmp: Not a directory
        """
    ) { kit in
        try kit.classifier().save(to: try kit.blockedPath("model"))
    },
    .init(
        "a model without its weights",
        """
        FOLDER/model/variables/variables: there is no checkpoint: FOLDER/model/variables/variables.index does \
        not exist
        """
    ) { kit in
        try kit.classifier().save(to: kit.path("model"))
        try FileManager.default.removeItem(atPath: kit.path("model/variables/variables.index"))
        _ = try loadModel(from: kit.path("model"), in: Graph())
    },
]

/// Data.
let dataFileMistakes: [UserMistake] = [
    .init(
        "a CSV file that is not there",
        """
        FOLDER/data.csv: the file cannot be opened: No such file or directory
            hint: check the path and that this user may read it
        """
    ) { kit in _ = try CSVFile(kit.path("data.csv")) },
    .init(
        "an unknown column",
        """
        FOLDER/data.csv: there is no column "heigth"
            hint: did you mean "height"? the columns are "width", "height", "label"
        """
    ) { kit in
        try kit.folder.write(Array("width,height,label\n1,2,0\n".utf8), to: "data.csv")
        _ = try CSVFile(kit.path("data.csv")).dataset(features: ["width", "heigth"], target: "label")
    },
    .init(
        "a column that holds no numbers",
        """
        FOLDER/data.csv: line 3, column "width": "wide" is not a number
            hint: leave the column out, or add the text to missingMarkers where it stands for no number
        """
    ) { kit in
        try kit.folder.write(Array("width,label\n1,0\nwide,1\n".utf8), to: "data.csv")
        let data = try CSVFile(kit.path("data.csv")).dataset(features: ["width"], target: "label")
        try kit.classifier().fit(data.map { Pair($0.x, NDArray<Int32>(Int32($0.y))) }.batch(2), verbose: 0)
    },
    .init(
        "a file of images that is not there",
        """
        FOLDER/train-images-idx3-ubyte: the file cannot be opened: No such file or directory
            hint: check the path and that this user may read it
        """
    ) { kit in
        _ = try IDXFile.read(kit.path("train-images-idx3-ubyte"), as: UInt8.self)
    },
    .init(
        "a folder without images",
        """
        FOLDER: the folder does not hold train-images-idx3-ubyte[.gz], train-labels-idx1-ubyte[.gz], \
        t10k-images-idx3-ubyte[.gz], t10k-labels-idx1-ubyte[.gz]
            hint: give the folder into which the files of the data set were downloaded
        """
    ) { kit in _ = try MNIST.read(folder: kit.folder.path) },
    .init(
        "an unknown array of an archive",
        """
        FOLDER/data.npz: array "image": there is no such array among the 1 here
          hint: did you mean "images"?
        """
    ) { kit in
        try NPZWriter.write(["images": AnyArray(kit.x)], to: kit.path("data.npz"))
        _ = try NPZReader(kit.path("data.npz")).read("image")
    },
]

/// What belongs to another graph.
let graphMistakes: [UserMistake] = [
    .init(
        "a layer in two graphs",
        """
        Dense "shared": its weights belong to another graph
            hint: make a new layer, or use one graph for both
        """
    ) { kit in
        let layer = Dense(2, name: "shared")
        let first = input(shape: [3], in: Graph())
        _ = layer(first)
        let x = input(shape: [3], in: Graph())
        _ = try Model(inputs: x, outputs: layer(x), name: "second").predict(kit.x)
    },
    .init(
        "a model of two graphs",
        """
        AddV2 "sum/Add": input 1, "b:0", belongs to another graph
            hint: make all inputs inside the same asDefault block
        """
    ) { kit in
        let a = input(shape: [3], in: Graph())
        let b = input(shape: [3], name: "b", in: Graph())
        let sum = Add(name: "sum")([a, b])
        _ = try Model(inputs: [a, b], outputs: [sum], name: "both").predictAll([kit.x, kit.x])
    },
    .init(
        "a model inside a model of another graph",
        """
        Sequential "net": its weights belong to another graph
            hint: make a new layer, or use one graph for both
        """
    ) { kit in
        let inner = try kit.classifier()
        let x = input(shape: [3], in: Graph())
        _ = try Model(inputs: x, outputs: inner(x), name: "outer").predict(kit.x)
    },
    .init(
        "an input that is not among the model's",
        """
        Model "model": an output depends on "b", which is not among the model's inputs
            hint: add it to inputs
        """
    ) { kit in
        try withGraph(Graph()) {
            let a = input(shape: [3], name: "a")
            let b = input(shape: [3], name: "b")
            _ = try Model(inputs: a, outputs: Add()([a, b]), name: "model").predict(kit.x)
        }
    },
    .init(
        "a model without outputs",
        """
        Model "model": has no outputs
        """
    ) { kit in
        let x = input(shape: [3], in: Graph())
        _ = try Model(inputs: [x], outputs: [], name: "model").predictAll(kit.x)
    },
    .init(
        "a model without inputs",
        """
        Model "model": an output depends on "input", which is not among the model's inputs
            hint: add it to inputs
        """
    ) { kit in
        let x = input(shape: [3], in: Graph())
        let model = Model(inputs: [], outputs: [Dense(2)(x)], name: "model")
        try model.compile(loss: "mse")
        try model.fit([NDArray<Float>](), kit.y, verbose: 0)
    },
]
