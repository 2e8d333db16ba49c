// Weights in files: TensorFlow's checkpoints, NumPy's archives, safetensors.

import ArrayFiles
import Checkpoints
import Files
import Operations
import Sessions
public import Tensors

/// The kind of file that a path's ending stands for.
enum WeightsFormat {
    case checkpoint
    case npz
    case safetensors

    init(path: String) {
        self = path.hasSuffix(".npz") ? .npz : path.hasSuffix(".safetensors") ? .safetensors : .checkpoint
    }

    var ending: String {
        switch self {
        case .checkpoint: ""
        case .npz: ".npz"
        case .safetensors: ".safetensors"
        }
    }

    /// Endings that stand for files of other kinds, so that no checkpoint is written under them.
    private static let foreignEndings = [
        "h5": "HDF5", "hdf5": "HDF5", "keras": "Keras's archive with HDF5 inside", "pt": "PyTorch", "pth": "PyTorch",
        "npy": "a single array", "pb": "a message", "json": "JSON", "onnx": "ONNX", "bin": "bytes", "pkl": "Python",
    ]

    /// The format of a path.
    ///
    /// - Errors: `KerasError` for endings of files that are not written or read, and for paths that name a folder.
    static func required(for path: String) throws -> WeightsFormat {
        try requireFileName(in: path, "weights", such: "model.safetensors")
        let format = WeightsFormat(path: path)
        if format == .checkpoint, let dot = lastPathPart(path).lastIndex(of: "."),
            let kind = foreignEndings[String(lastPathPart(path)[dot...].dropFirst()).lowercased()]
        {
            throw KerasError(
                "\(path): weights are not kept in files of this kind (\(kind))",
                hint: "end the path with .npz or .safetensors, or give one without ending for a checkpoint")
        }
        return format
    }
}

/// - Parameters:
///   - title: what is to be in the file, or who writes it.
///   - example: a name.
/// - Errors: `KerasError` for a path that names no file.
func requireFileName(in path: String, _ title: String, such example: String) throws {
    guard namesNoFile(path) else { return }
    throw KerasError(
        path.isEmpty ? "the path of \(title) is empty" : "the path of \(title), \(path), names a folder",
        hint: "give the name of a file, such as \(joinPath(path, example))")
}

/// What `loadWeights` found.
public struct WeightsReport: Sendable, CustomStringConvertible {
    /// The names of the weights that were set.
    public internal(set) var loaded: [String] = []
    /// The names of weights that the file does not have.
    public internal(set) var missing: [String] = []
    /// The names in the file that no weight has.
    public internal(set) var unexpected: [String] = []
    /// What has another shape: the name, the weight's shape, the file's.
    public internal(set) var different: [(name: String, expected: Shape, found: Shape)] = []

    /// Whether all weights were set.
    public var isComplete: Bool { missing.isEmpty && different.isEmpty }

    public var description: String {
        var lines = ["\(loaded.count) weights loaded"]
        lines += missing.map { name in
            "missing: \(name)" + (nearestName(to: name, among: unexpected).map { " (did you mean \($0)?)" } ?? "")
        }
        lines += different.map { "different: \($0.name) has shape \($0.expected), the file \($0.found)" }
        lines += unexpected.map { "not in the model: \($0)" }
        return lines.joined(separator: "\n")
    }
}

extension Model {
    /// Saves the weights: as `.npz`, `.safetensors`, or else as a TensorFlow checkpoint of that prefix.
    ///
    ///     try model.saveWeights(to: "digits.safetensors")
    ///
    /// The names are those of the layers and the weights, `dense/kernel`. An `.npz` has them in Keras's order, so that
    /// `model.set_weights([a for _, a in numpy.load(path).items()])` takes them. A file appears whole or not at all.
    ///
    /// - Errors: `KerasError` for the ending of another kind of file; `ArrayFileError`, `CheckpointError`.
    public func saveWeights(to path: String) throws {
        let format = try WeightsFormat.required(for: path)
        let weights = try namedWeightValues()
        try requireUniqueNames(weights.map(\.name))
        if !parentPath(path).isEmpty { try LocalFileSystem().makeFolder(parentPath(path)) }
        switch format {
        case .npz:
            let writer = try NPZWriter(path)
            for (name, value) in weights { try writer.add(value, named: name) }
            try writer.finish()
        case .safetensors:
            let arrays = Dictionary(weights.map { ($0.name, AnyArray($0.value)) }, uniquingKeysWith: { $1 })
            try SafetensorsWriter.write(arrays, to: path)
        case .checkpoint:
            let writer = try CheckpointWriter(path)
            for (name, value) in weights { try writer.add(AnyArray(value), named: name) }
            try writer.finish()
        }
    }

    /// Loads weights that `saveWeights` wrote, or that others wrote under the same names; checkpoints of training
    /// states too.
    ///
    /// An `.npz` without such names, `arr_0`, `arr_1`, ..., as `numpy.savez(path, *model.get_weights())` writes it, is
    /// taken in Keras's order.
    ///
    /// - Parameters:
    ///   - byName: whether weights that the file does not have, and names that the model does not have, are no mistake.
    ///   - skipMismatch: whether weights of another shape are left as they are.
    /// - Returns: what was loaded, and what was not found.
    /// - Errors: `KerasError` for what does not fit, then nothing has changed; `ArrayFileError`, `CheckpointError`.
    @discardableResult
    public func loadWeights(
        from path: String, byName: Bool = false, skipMismatch: Bool = false
    ) throws -> WeightsReport {
        let source = try WeightsSource(path, try WeightsFormat.required(for: path))
        _ = try requireStructure()
        let weights = namedWeights
        try requireUniqueNames(weights.map(\.name))
        var report = WeightsReport()
        var used: Set<String> = []
        var values: [(variable: AnyVariable, value: AnyArray)] = []
        for (index, weight) in weights.enumerated() {
            let candidates = [weight.name, weight.variable.name] + (source.isNumbered ? ["arr_\(index)"] : [])
            guard let name = candidates.first(where: { source.names.contains($0) }) else {
                report.missing.append(weight.name)
                continue
            }
            used.insert(name)
            let value = try source.read(name)
            guard weight.variable.shape.accepts(value.shape), let numbers = value.converted(to: Float.self) else {
                report.different.append((weight.name, weight.variable.shape, Shape(value.shape)))
                continue
            }
            report.loaded.append(weight.name)
            values.append((AnyVariable(weight.variable), AnyArray(numbers)))
        }
        if source.isWeightsAlone { report.unexpected = source.names.subtracting(used).sorted() }
        let isRefused =
            !byName && (!report.missing.isEmpty || !report.unexpected.isEmpty)
            || !skipMismatch && !report.different.isEmpty
        if isRefused {
            throw KerasError(
                "the weights in \(path) are not those of \"\(name)\":\n\(report)",
                hint: "byName: true takes what is there, skipMismatch: true leaves out what has another shape")
        }
        try initializeVariables()
        try session.setValues(values)
        return report
    }

    private func requireUniqueNames(_ names: [String]) throws {
        var seen: Set<String> = []
        guard let twice = names.first(where: { !seen.insert($0).inserted }) else { return }
        throw KerasError("two weights are named \"\(twice)\"", hint: "give the layers names of their own")
    }
}

/// A file of weights.
private struct WeightsSource {
    let names: Set<String>
    /// Whether the names are only numbers, in Keras's order.
    let isNumbered: Bool
    /// Whether there is nothing but weights in it.
    let isWeightsAlone: Bool
    let read: (String) throws -> AnyArray

    init(_ path: String, _ format: WeightsFormat) throws {
        switch format {
        case .npz:
            let reader = try NPZReader(path)
            names = Set(reader.names)
            read = { try reader.read($0) }
        case .safetensors:
            let reader = try SafetensorsReader(path)
            names = Set(reader.names)
            read = { try reader.read($0) }
        case .checkpoint:
            let reader = try CheckpointReader(path)
            names = Set(reader.entries.map(\.name))
            read = { try reader.read($0) }
        }
        isNumbered = !names.isEmpty && names.allSatisfy { $0.hasPrefix("arr_") }
        isWeightsAlone = !names.contains(TrainingSnapshot.stateName)
    }
}
