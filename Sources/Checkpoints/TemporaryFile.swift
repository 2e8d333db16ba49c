// Files that are written under a name of their own and get their final one when they are whole. Their names tell who
// writes them, so that those of processes that ended can be told and removed.

import Files
import Synchronization

/// A file under construction.
final class TemporaryFile {
    let file: any WritableFile
    private let path: String
    private let files: any FileSystem
    private var isPresent = true

    /// The files that this process is writing or removing.
    private static let active = Mutex<Set<String>>([])
    private static let counter = Atomic<Int>(0)
    private static let ending = ".tmp"
    /// Who writes: machine, space of process numbers and process number. `~` keeps it apart from the name before.
    private static let owner = "~\(hostName)~\(processNamespace)~"

    /// Creates a file beside the one that it will become.
    init(for destination: String, _ files: any FileSystem) throws(FileError) {
        let path = Self.newPath(for: destination)
        self.path = path
        self.files = files
        Self.active.withLock { _ = $0.insert(path) }
        do throws(FileError) {
            // A leftover of this name can only be of an earlier process with the same number.
            file = try files.create(path, .replacing)
        } catch {
            Self.active.withLock { _ = $0.remove(path) }
            throw error
        }
    }

    private static func newPath(for destination: String) -> String {
        let number = counter.add(1, ordering: .relaxed).newValue
        return "\(destination)\(owner)\(processNumber)~\(number)\(ending)"
    }

    deinit { discard() }

    /// Makes sure that the content is on the disk and gives the file its final name.
    ///
    /// - Parameter folder: a folder whose names are to be on the disk before the file gets its own.
    func finish(as destination: String, syncing folder: String? = nil) throws(FileError) {
        do throws(FileError) {
            try file.sync()
            try file.close()
            if let folder { try files.syncFolder(folder) }
            try files.rename(path, to: destination)
        } catch {
            discard()
            throw error
        }
        isPresent = false
        Self.active.withLock { _ = $0.remove(path) }
    }

    /// Removes it; does nothing once it has its final name.
    func discard() {
        guard isPresent else { return }
        isPresent = false
        try? file.close()
        try? files.remove(path)
        Self.active.withLock { _ = $0.remove(path) }
    }

    /// Removes a checkpoint. The index goes first, under a name from which a later process sees what is left to do.
    static func removeCheckpoint(_ prefix: String, _ files: any FileSystem) throws(FileError) {
        if try files.status(prefix + indexSuffix) != nil {
            let path = newPath(for: prefix + indexSuffix)
            active.withLock { _ = $0.insert(path) }
            defer { active.withLock { _ = $0.remove(path) } }
            try files.rename(prefix + indexSuffix, to: path)
            try removeAllData(of: prefix, files)
            try files.remove(path)
        } else {
            try removeAllData(of: prefix, files)
        }
    }

    private static func removeAllData(of prefix: String, _ files: any FileSystem) throws(FileError) {
        let folder = parentPath(prefix)
        for name in try files.list(folder) where isDataFile(name, of: lastPathPart(prefix)) {
            try files.remove(joinPath(folder, name))
        }
    }

    /// Removes the files in a folder that were left by processes of this machine that are no more, and nothing else.
    /// What cannot be removed stays.
    static func removeLeftovers(in folder: String, _ files: any FileSystem) {
        guard let names = try? files.list(folder) else { return }
        for name in names where name.hasSuffix(ending) {
            guard let ownerRange = name.firstRange(of: owner) else { continue }
            let numbers = name[ownerRange.upperBound...].dropLast(ending.count).split(separator: "~")
            guard numbers.count == 2, let process = Int32(numbers[0]), process > 0, Int(numbers[1]) != nil else {
                continue
            }
            let path = joinPath(folder, name)
            let isInUse = process == processNumber ? active.withLock { $0.contains(path) } : processIsAlive(process)
            if isInUse { continue }
            let destination = name[..<ownerRange.lowerBound]
            if destination.hasSuffix(indexSuffix) {
                // That process was writing or removing a checkpoint: data that no index names is its own.
                let prefix = joinPath(folder, String(destination.dropLast(indexSuffix.count)))
                guard removeOrphans(of: prefix, files) else { continue }
            }
            try? files.remove(path)
        }
    }

    /// Removes the data files that the index of a checkpoint does not name; whether it could be told which these are.
    private static func removeOrphans(of prefix: String, _ files: any FileSystem) -> Bool {
        do throws(CheckpointError) {
            removeData(of: prefix, exceptShardsOf: try CheckpointReader(prefix, files: files).shardCount, files)
            return true
        } catch {
            guard error.kind == .notFound else { return error.kind == .damaged }
            removeData(of: prefix, exceptShardsOf: nil, files)
            return true
        }
    }
}
