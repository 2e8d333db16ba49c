// A training at rest: all that decides the numbers that follow. It is a checkpoint of TensorFlow's format, so `Saver`
// and TensorFlow read its variables.
//
//   <variable's name>                         the value of each variable that a step of training touches: weights, the
//                                             optimizer's slots and count of steps, the learning rate, metrics
//   training_state                            JSON: the position (epoch, batch), the seed of the order of samples, the
//                                             history, what callbacks know, what the data and the model were
//   training_state/random_streams             int64 [n, 3]: key and counter of each random stream, whose nodes the JSON
//                                             names
//   training_state/callbacks/<key>/<name>     arrays that callbacks keep, such as the best weights
//
// It is written by `CheckpointWriter`: after a crash the old state is there or the new one, whole.

import Checkpoints
import Files
import Graphs
import Operations
import Sessions
import Tensors

/// A state of training that was saved.
struct TrainingSnapshot {
    static let stateName = "training_state"
    fileprivate static let streamsName = "training_state/random_streams"
    private static let callbacksPrefix = "training_state/callbacks/"
    private static let version = 1

    let path: String
    /// The epoch that goes on, and how many of its batches are done.
    var epoch: Int
    var batch: Int
    /// The seed of the order of samples.
    var seed: UInt64
    var history: History
    /// What the data was, by names such as `samples`; compared when training goes on.
    var data: [String: JSONValue]
    var callbacks: [String: CallbackState]
    var streams: [RandomStreamPosition]
    /// The values of variables by name.
    var values: [(name: String, value: AnyArray)]

    // MARK: - Writing

    /// Writes it, whole or not at all.
    func write() throws {
        if !parentPath(path).isEmpty { try LocalFileSystem().makeFolder(parentPath(path)) }
        let writer = try CheckpointWriter(path)
        for (name, value) in values { try writer.add(value, named: name) }
        for (key, state) in callbacks.sorted(by: { $0.key < $1.key }) {
            for (name, array) in state.arrays.sorted(by: { $0.key < $1.key }) {
                try writer.add(array, named: Self.callbacksPrefix + key + "/" + name)
            }
        }
        let numbers = NDArray<Int64>(
            streams.flatMap { [$0.key, $0.low, $0.high].map { Int64(bitPattern: $0) } })
        try writer.add(AnyArray(try numbers.reshaped([streams.count, 3])), named: Self.streamsName)
        try writer.add(AnyArray(strings: [Array(json.text().utf8)], shape: []), named: Self.stateName)
        try writer.finish()
    }

    private var json: JSONValue {
        .object([
            "version": .integer(Self.version), "epoch": .integer(epoch), "batch": .integer(batch),
            // A number of 64 bits without a sign does not fit in JSON's numbers.
            "seed": .string("\(seed)"), "data": .object(data),
            "history": .array(
                zip(history.epochs, history.logs).map { epoch, logs in
                    [
                        "epoch": .integer(epoch),
                        "logs": .array(logs.entries.map { [.string($0.name), .number($0.value)] }),
                    ]
                }),
            "callbacks": .object(callbacks.mapValues { .object($0.values) }),
            "random_streams": .array(streams.map { .string($0.node) }),
        ])
    }

}

// MARK: - Reading

extension TrainingSnapshot {
    /// The state at a path: that of a checkpoint, or the newest in a folder.
    ///
    /// - Errors: `KerasError` where there is none or it makes no sense; `CheckpointError`.
    init(reading path: String) throws {
        let (path, reader) = try Self.reader(of: path)
        func damaged(_ fact: String) -> KerasError {
            KerasError("\(path): the training state \(fact)", hint: "was it written by this version of fit?")
        }
        guard let bytes = try reader.read(Self.stateName).byteStrings?.first else {
            throw damaged("is no text")
        }
        let json = try JSONValue(bytes: bytes)
        guard let version = json["version"]?.integer else { throw damaged("has no version") }
        guard version == Self.version else { throw damaged("has version \(version), not \(Self.version)") }
        guard let epoch = json["epoch"]?.integer, epoch >= 0, let batch = json["batch"]?.integer, batch >= 0,
            let seed = json["seed"]?.string.flatMap({ UInt64($0) })
        else { throw damaged("has no position: epoch, batch and seed") }
        var history = History()
        for entry in json["history"]?.array ?? [] {
            guard let number = entry["epoch"]?.integer, let pairs = entry["logs"]?.array else {
                throw damaged("has a history that makes no sense")
            }
            var logs = Logs()
            for pair in pairs {
                guard let pair = pair.array, pair.count == 2, let name = pair[0].string, let value = pair[1].number
                else { throw damaged("has a history that makes no sense") }
                logs[name] = value
            }
            history.epochs.append(number)
            history.logs.append(logs)
        }
        let nodes = (json["random_streams"]?.array ?? []).compactMap(\.string)
        let numbers = try reader.read(Self.streamsName, as: Int64.self)
        guard numbers.shape == [nodes.count, 3] else { throw damaged("has random streams that make no sense") }
        streams = numbers.withUnsafeBufferPointer { numbers in
            nodes.enumerated().map { index, node in
                let (key, low, high) = (numbers[3 * index], numbers[3 * index + 1], numbers[3 * index + 2])
                return RandomStreamPosition(
                    node: node, key: UInt64(bitPattern: key), low: UInt64(bitPattern: low),
                    high: UInt64(bitPattern: high))
            }
        }
        callbacks = (json["callbacks"]?.object ?? [:]).mapValues { CallbackState(values: $0.object ?? [:]) }
        values = []
        for entry in reader.entries where entry.name != Self.stateName && entry.name != Self.streamsName {
            let value = try reader.read(entry.name)
            if entry.name.hasPrefix(Self.callbacksPrefix) {
                let parts = entry.name.dropFirst(Self.callbacksPrefix.count).split(separator: "/", maxSplits: 1)
                if parts.count == 2 { callbacks[String(parts[0])]?.arrays[String(parts[1])] = value }
            } else {
                values.append((entry.name, value))
            }
        }
        (self.path, self.epoch, self.batch, self.seed, self.history) = (path, epoch, batch, seed, history)
        data = json["data"]?.object ?? [:]
    }

    private static func reader(of path: String) throws -> (path: String, reader: CheckpointReader) {
        let files = LocalFileSystem()
        if path.isEmpty {
            throw KerasError(
                "the path of the training state is empty", hint: "give the state's, or that of a folder with some")
        }
        if fileExists(path + ".index") {
            let reader = try CheckpointReader(path)
            if reader[stateName] != nil { return (path, reader) }
            throw KerasError(
                "\(path) holds weights, but no training state", hint: "load them with loadWeights(from:) instead")
        }
        if try files.status(path)?.isFolder == true {
            // The newest checkpoint that is a state; others, of weights alone, may lie beside it.
            let names = try files.list(path).filter { $0.hasSuffix(".index") }
            let found = names.map { name in
                let status = (try? files.status(joinPath(path, name))).flatMap { $0 }
                return (joinPath(path, String(name.dropLast(6))), status?.modificationSeconds ?? 0)
            }
            for (prefix, _) in found.sorted(by: { ($0.1, $0.0) > ($1.1, $1.0) }) {
                guard let reader = try? CheckpointReader(prefix), reader[stateName] != nil,
                    (try? reader.checkFiles()) != nil
                else { continue }
                return (prefix, reader)
            }
            throw KerasError(
                "the folder \(path) holds no training state",
                hint: "states are written by ModelCheckpoint, BackupAndRestore and FitRun.saveTrainingState(to:)")
        }
        throw KerasError("there is no training state \(path)", hint: "there must be a file \(path).index")
    }

    // MARK: - Going on

    /// Checks that the state is one of the given variables and data, then sets the session's values and random streams.
    ///
    /// - Errors: `KerasError` with all that does not fit; then nothing has changed.
    func apply(to session: Session, _ variables: [AnyVariable], _ data: [String: JSONValue]) throws {
        var misfits: [String] = []
        for (name, value) in self.data.sorted(by: { $0.key < $1.key }) {
            if let other = data[name], other != value {
                misfits.append("\(name) was \(value.text()), but is \(other.text())")
            }
        }
        let saved = Dictionary(values.map { ($0.name, $0.value) }, uniquingKeysWith: { $1 })
        var settings: [(variable: AnyVariable, value: AnyArray)] = []
        for variable in variables {
            guard let value = saved[variable.name] else {
                misfits.append("variable \"\(variable.name)\" of \(variable.dtype)\(variable.shape) was not saved")
                continue
            }
            if value.dtype == variable.dtype, variable.shape.accepts(value.shape) {
                settings.append((variable, value))
            } else {
                misfits.append(
                    "variable \"\(variable.name)\" of \(variable.dtype)\(variable.shape) was saved as "
                        + "\(value.dtype)\(Shape(value.shape))")
            }
        }
        let names = Set(variables.map(\.name))
        for (name, _) in values where !names.contains(name) {
            misfits.append("\"\(name)\" was saved, but is not trained")
        }
        let graph = session.graph
        for stream in streams where graph.node(named: stream.node) == nil {
            misfits.append("random node \"\(stream.node)\" was saved, but is not there")
        }
        guard misfits.isEmpty else {
            let shown = misfits.prefix(10).map { "\n    - " + $0 }.joined()
            let more = misfits.count > 10 ? "\n    - and \(misfits.count - 10) more" : ""
            throw KerasError(
                "the training state \(path) is not of this model and data:\(shown)\(more)",
                hint: "go on with the model, the optimizer and the data that it was saved with")
        }
        try session.setValues(settings)
        session.setRandomStreamPositions(streams)
    }
}

extension TrainingSteps {
    /// The variables that training touches: what its nodes need, in the order of the graph.
    func variables(of model: Model) -> [AnyVariable] {
        let graph = model.graph
        var found = Set(model.weights.map { AnyVariable($0.variable).handle.node })
        var seen: Set<Node> = []
        var waiting = train + results.map { AnyTensor($0).node }
        while let node = waiting.popLast() {
            guard seen.insert(node).inserted else { continue }
            let record = node.record
            waiting += (record.inputs.map(\.node) + record.controlInputs).map { Node(graph: graph, id: $0) }
        }
        found.formUnion(seen)
        return (graph.variables + graph.localVariables).filter { found.contains($0.handle.node) }
    }
}
