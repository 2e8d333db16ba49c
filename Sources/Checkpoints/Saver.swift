// Saves the variables of a session and keeps so many of the checkpoints. How values come back stands in
// `Saver+Restoring.swift`.

public import Files
public import Operations
public import Sessions
import Synchronization
public import Tensors

/// Saves variables to checkpoints that TensorFlow reads, and restores them from checkpoints that either wrote.
///
///     let saver = Saver(maxToKeep: 5)
///     try saver.save(session, to: "runs/model", step: 1000)              // runs/model-1000
///     if let newest = latestCheckpoint(in: "runs") { try saver.restore(session, from: newest) }
///
/// A save that fails, or is cut off by a crash or a loss of power, leaves the checkpoints that were there. Values are
/// written from the memory of the variables; training may go on meanwhile. A saver may be used by several threads, which
/// then save one after the other; a folder should be written by one process at a time.
public final class Saver: Sendable {
    /// How many of the newest checkpoints of a name are kept; nil: all.
    public let maxToKeep: Int?
    /// Of the checkpoints that would be removed, one is kept for ever whenever so many hours have gone by since the last
    /// such one; nil: none.
    public let keepEveryHours: Double?
    let files: any FileSystem
    private let chosen: [(name: String, variable: AnyVariable)]?
    private let clock: @Sendable () -> Double
    private let memory: Mutex<Memory>

    /// What a saver remembers from save to save. All else is in the state file, so that a new process goes on from there.
    private struct Memory {
        let birth: Double
        /// Checkpoints that are whole but could not be put in the state file yet.
        var unlisted: [Listed] = []
        /// Checkpoints that should have been removed, but could not be.
        var unremoved: [String] = []
    }

    private struct Listed {
        let prefix: String
        let seconds: Double
    }

    /// A saver of the given variables under their own names.
    ///
    /// - Parameters:
    ///   - variables: by default all that the session's graph has when it is saved or restored.
    ///   - maxToKeep: how many of the newest checkpoints are kept; nil or 0: all.
    ///   - keepEveryHours: keeps, of those beyond `maxToKeep`, one for every so many hours.
    ///   - files: where they are kept.
    public convenience init(
        _ variables: [AnyVariable]? = nil, maxToKeep: Int? = 5, keepEveryHours: Double? = nil,
        files: any FileSystem = LocalFileSystem()
    ) {
        self.init(
            variables?.map { ($0.name, $0) }, maxToKeep: maxToKeep, keepEveryHours: keepEveryHours, files: files,
            clock: { wallClockSeconds })
    }

    /// A saver of the given variables under other names.
    ///
    ///     Saver(names: ["old/weights": AnyVariable(w)])
    ///
    /// - Parameter names: for each name in the checkpoint its variable.
    public convenience init(
        names: [String: AnyVariable], maxToKeep: Int? = 5, keepEveryHours: Double? = nil,
        files: any FileSystem = LocalFileSystem()
    ) {
        self.init(
            names.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }, maxToKeep: maxToKeep,
            keepEveryHours: keepEveryHours, files: files, clock: { wallClockSeconds })
    }

    /// - Parameter clock: seconds since 1970.
    package init(
        _ chosen: [(name: String, variable: AnyVariable)]?, maxToKeep: Int?, keepEveryHours: Double?,
        files: any FileSystem, clock: @escaping @Sendable () -> Double
    ) {
        self.chosen = chosen
        self.maxToKeep = maxToKeep.flatMap { $0 > 0 ? $0 : nil }
        self.keepEveryHours = keepEveryHours
        self.files = files
        self.clock = clock
        memory = Mutex(Memory(birth: clock()))
    }

    /// The variables and their names in checkpoints.
    func variables(of session: Session) -> [(name: String, variable: AnyVariable)] {
        chosen ?? session.graph.variables.map { ($0.name, $0) }
    }

    /// Saves the variables.
    ///
    /// The order: leftovers of processes that died are removed; the checkpoint is written (see
    /// `CheckpointWriter.finish`); the state file is replaced; only then older checkpoints are removed. Those that the
    /// state file names and that have the same name but for the step count as older ones, whoever wrote them.
    ///
    /// - Parameters:
    ///   - path: the checkpoint's path without step and endings. Its folder is made where it is not there.
    ///   - step: put behind the name: `model-1000`. Without, a checkpoint of that name is replaced.
    /// - Returns: the path to restore from.
    /// - Errors: `CheckpointError`: `.uninitializedVariable`, `.file`, `.session`, `.misuse`.
    @discardableResult
    public func save(_ session: Session, to path: String, step: Int? = nil) throws(CheckpointError) -> String {
        let variables = variables(of: session)
        return try save(try values(of: variables.map(\.variable), in: session), variables.map(\.name), path, step)
    }

    /// Saves the variables, with the value of one as the step.
    ///
    /// - Errors: as the form with a number.
    @discardableResult
    public func save<Scalar: IntegerElement>(
        _ session: Session, to path: String, step: Variable<Scalar>
    ) throws(CheckpointError) -> String {
        let variables = variables(of: session)
        // Asked for together, so that step and values are of one moment.
        var values = try values(of: variables.map(\.variable) + [AnyVariable(step)], in: session)
        let number = try? values.removeLast().as(Scalar.self).scalar
        return try save(values, variables.map(\.name), path, number.flatMap { Int(exactly: $0) } ?? 0)
    }

    private func values(of variables: [AnyVariable], in session: Session) throws(CheckpointError) -> [AnyArray] {
        let found: [AnyArray?]
        do { found = try session.values(of: variables) } catch {
            throw CheckpointError(.session, "session", "\(error)")
        }
        let values = found.compactMap { $0 }
        guard values.count == variables.count else {
            let names = zip(variables, found).filter { $1 == nil }.map { "\"\($0.0.name)\"" }
            let list = names.prefix(20).joined(separator: ", ") + (names.count > 20 ? ", ..." : "")
            throw CheckpointError(
                .uninitializedVariable, "session",
                "variable\(names.count == 1 ? "" : "s") \(list) \(names.count == 1 ? "has" : "have") no value yet\n"
                    + "    hint: call session.initializeVariables() first, or save fewer variables: Saver([...])")
        }
        return values
    }

    private func save(
        _ values: [AnyArray], _ names: [String], _ path: String, _ step: Int?
    ) throws(CheckpointError) -> String {
        guard !lastPathPart(path).isEmpty else {
            throw CheckpointError(.misuse, path, "a checkpoint needs a name after the folder, such as \"\(path)model\"")
        }
        let prefix = step.map { "\(path)-\($0)" } ?? path
        let folder = parentPath(path)
        return try memory.withLock { memory throws(CheckpointError) in
            try makeFolder(folder)
            TemporaryFile.removeLeftovers(in: folder, files)
            let writer = try CheckpointWriter(prefix, files: files)
            for (name, value) in zip(names, values) { try writer.add(value, named: name) }
            try writer.finish()
            memory.unlisted.removeAll { $0.prefix == prefix }
            memory.unlisted.append(Listed(prefix: prefix, seconds: clock()))
            memory.unremoved.removeAll { $0 == prefix }
            memory.unremoved += try list(prefix, base: path, &memory)
            memory.unlisted.removeAll { parentPath($0.prefix) == folder }
            memory.unremoved = memory.unremoved.filter { old in
                do throws(FileError) {
                    try TemporaryFile.removeCheckpoint(old, files)
                    return false
                } catch {
                    return true
                }
            }
            return prefix
        }
    }

    /// Makes a folder such that it survives a loss of power.
    private func makeFolder(_ folder: String) throws(CheckpointError) {
        try checkedFileCall { () throws(FileError) in
            var missing: [String] = []
            var path = folder
            while !path.isEmpty, path != "/", try files.status(path) == nil {
                missing.append(path)
                path = parentPath(path)
            }
            guard !missing.isEmpty else { return }
            try files.makeFolder(folder)
            for path in missing.reversed() { try files.syncFolder(parentPath(path)) }
        }
    }

    /// Puts checkpoints in the state file.
    ///
    /// - Returns: those that are to be removed for it.
    private func list(_ newest: String, base: String, _ memory: inout Memory) throws(CheckpointError) -> [String] {
        let folder = parentPath(base)
        // A damaged state file is as good as none.
        let state = (try? CheckpointState(inFolder: folder, files: files)).flatMap { $0 }
        var listed: [Listed] = []
        for (index, prefix) in (state?.all ?? []).enumerated() {
            guard let status = (try? files.status(prefix + indexSuffix)).flatMap({ $0 }) else { continue }
            let seconds = state?.timestamps.isEmpty == false ? state?.timestamps[index] : nil
            listed.append(Listed(prefix: prefix, seconds: seconds ?? status.modificationSeconds))
        }
        let unlisted = memory.unlisted.filter { parentPath($0.prefix) == folder }
        listed.removeAll { old in unlisted.contains { $0.prefix == old.prefix } }
        listed += unlisted

        var removed: [String] = []
        var lastPreserved = state?.lastPreservedTimestamp ?? memory.birth
        if let maxToKeep {
            let own = listed.filter { Self.isCheckpoint($0.prefix, of: base) }
            for old in own.dropLast(maxToKeep) {
                listed.removeAll { $0.prefix == old.prefix }
                if let keepEveryHours, old.seconds - lastPreserved >= keepEveryHours * 3600 {
                    lastPreserved = old.seconds
                } else {
                    removed.append(old.prefix)
                }
            }
        }
        try CheckpointState(
            latest: newest, all: listed.map(\.prefix), timestamps: listed.map(\.seconds),
            lastPreservedTimestamp: keepEveryHours == nil ? state?.lastPreservedTimestamp : lastPreserved
        ).write(toFolder: folder, files: files)
        return removed
    }

    /// Whether a checkpoint has a name, with or without a step.
    private static func isCheckpoint(_ prefix: String, of base: String) -> Bool {
        prefix == base || (prefix.hasPrefix(base + "-") && checkpointStep(String(prefix.dropFirst(base.count))) != nil)
    }
}
