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
    ///
    /// - Errors: `.misuse` where the graph has none: most often it is another graph than was meant.
    func variables(of session: Session) throws(CheckpointError) -> [(name: String, variable: AnyVariable)] {
        if let chosen { return chosen }
        let all = session.graph.variables
        if all.isEmpty {
            throw CheckpointError(
                .misuse, "session",
                "its graph has no variables\n    hint: build the model first, and make the session with its graph")
        }
        return all.map { ($0.name, $0) }
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
        let variables = try variables(of: session)
        return try save(try values(of: variables.map(\.variable), in: session), variables.map(\.name), path, step)
    }

    /// Saves the variables, with the value of one as the step.
    ///
    /// - Errors: as the form with a number.
    @discardableResult
    public func save<Scalar: IntegerElement>(
        _ session: Session, to path: String, step: Variable<Scalar>
    ) throws(CheckpointError) -> String {
        let variables = try variables(of: session)
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
        try CheckpointError.requireName(in: path)
        // As it comes out of the state file: with one separator before the name.
        var folder = parentPath(path)
        while folder.count > 1, folder.hasSuffix("/") { folder.removeLast() }
        let path = joinPath(folder, lastPathPart(path))
        let prefix = step.map { "\(path)-\($0)" } ?? path
        return try memory.withLock { [folder] memory throws(CheckpointError) in
            try makeFolder(folder)
            let journals = tidy(folder, &memory)
            let writer = try CheckpointWriter(prefix, files: files)
            // In the order of the names, as TensorFlow does.
            for (name, value) in zip(names, values).sorted(by: { $0.0.utf8.lexicographicallyPrecedes($1.0.utf8) }) {
                try writer.add(value, named: name)
            }
            // Begun before the checkpoint is to be seen: should the process end in between, it tells that there is one.
            let newest = Listed(prefix: prefix, seconds: clock())
            let (state, beyondLimit) = newState(newest, base: path, memory)
            let removed = memory.unremoved.filter { parentPath($0) == folder && $0 != prefix } + beyondLimit
            let elsewhere = memory.unremoved.filter { parentPath($0) != folder }
            let stateFile = try checkedFileCall { () throws(FileError) in try state.begun(inFolder: folder, files) }
            memory.unlisted.removeAll { $0.prefix == prefix }
            do throws(CheckpointError) { try writer.finish() } catch {
                // It may be there all the same, where only the folder could not be synced.
                if writer.isFinished { memory.unlisted.append(newest) }
                throw error
            }
            memory.unlisted.append(newest)
            memory.unremoved = elsewhere + removed
            // They tell what is to be removed, should the process end in between.
            let removals = try checkedFileCall { () throws(FileError) in
                try removed.map { old throws(FileError) in
                    try TemporaryFile(for: old + TemporaryFile.removalSuffix, files)
                }
            }
            try checkedFileCall { () throws(FileError) in
                try stateFile.finish(as: joinPath(folder, CheckpointState.fileName))
                try files.syncFolder(folder)
            }
            memory.unlisted.removeAll { parentPath($0.prefix) == folder }
            for journal in journals { TemporaryFile.remove(journal, listed: state.all, files) }
            memory.unremoved = elsewhere
            for (old, removal) in zip(removed, removals) {
                if (try? TemporaryFile.removeCheckpoint(old, files)) == nil { memory.unremoved.append(old) }
                removal.discard()
            }
            return prefix
        }
    }

    /// Removes what processes that died left in a folder.
    ///
    /// - Returns: the state files they had begun, to be removed when a new one is in place. Such a file may name a
    ///   checkpoint that is whole, which is then to be listed.
    private func tidy(_ folder: String, _ memory: inout Memory) -> [TemporaryFile.Leftover] {
        var journals: [TemporaryFile.Leftover] = []
        let listed = (try? CheckpointState(inFolder: folder, files: files)).map { $0?.all ?? [] }
        for leftover in TemporaryFile.leftovers(in: folder, files) {
            guard lastPathPart(leftover.destination) == CheckpointState.fileName else {
                TemporaryFile.remove(leftover, listed: listed, files)
                continue
            }
            journals.append(leftover)
            guard
                let state = (try? CheckpointState(path: leftover.path, folder: folder, files)).flatMap({ $0 }),
                let status = (try? files.status(state.latest + indexSuffix)).flatMap({ $0 }),
                !memory.unlisted.contains(where: { $0.prefix == state.latest })
            else { continue }
            memory.unlisted.append(Listed(prefix: state.latest, seconds: status.modificationSeconds))
        }
        return journals
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

    /// What the state file is to say with one checkpoint more, and which are to be removed for it.
    private func newState(
        _ newest: Listed, base: String, _ memory: Memory
    ) -> (state: CheckpointState, removed: [String]) {
        let folder = parentPath(base)
        // A damaged state file is as good as none.
        let state = (try? CheckpointState(inFolder: folder, files: files)).flatMap { $0 }
        var listed: [Listed] = []
        for (index, prefix) in (state?.all ?? []).enumerated() {
            guard let status = (try? files.status(prefix + indexSuffix)).flatMap({ $0 }) else { continue }
            let seconds = state?.timestamps.isEmpty == false ? state?.timestamps[index] : nil
            listed.append(Listed(prefix: prefix, seconds: seconds ?? status.modificationSeconds))
        }
        for unlisted in memory.unlisted where parentPath(unlisted.prefix) == folder {
            if !listed.contains(where: { $0.prefix == unlisted.prefix }) { listed.append(unlisted) }
        }
        listed.removeAll { $0.prefix == newest.prefix || memory.unremoved.contains($0.prefix) }
        listed.append(newest)

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
        let new = CheckpointState(
            latest: newest.prefix, all: listed.map(\.prefix), timestamps: listed.map(\.seconds),
            lastPreservedTimestamp: keepEveryHours == nil ? state?.lastPreservedTimestamp : lastPreserved)
        return (new, removed)
    }

    /// Whether a checkpoint has a name, with or without a step.
    private static func isCheckpoint(_ prefix: String, of base: String) -> Bool {
        if prefix == base { return true }
        guard prefix.hasPrefix(base + "-") else { return false }
        return Int(prefix.dropFirst(base.count + 1)) != nil
    }
}
