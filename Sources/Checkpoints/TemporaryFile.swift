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
    private var isComplete = false

    /// The files that this process is writing.
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

    /// Makes sure that the content is on the disk. Nothing may be written afterwards.
    func complete() throws(FileError) {
        if isComplete { return }
        try file.sync()
        try file.close()
        isComplete = true
    }

    /// Makes sure that the content is on the disk and gives the file its final name. Where that fails it stays what it
    /// is, to be discarded.
    ///
    /// - Parameter folder: a folder whose names are to be on the disk before the file gets its own.
    func finish(as destination: String, syncing folder: String? = nil) throws(FileError) {
        try complete()
        if let folder { try files.syncFolder(folder) }
        try files.rename(path, to: destination)
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

    /// The ending of what stands for the wish to remove a checkpoint: an empty file, begun before the state file names the
    /// checkpoint no more.
    static let removalSuffix = ".removal"

    /// Removes a checkpoint, its index first: from then on it is none.
    static func removeCheckpoint(_ prefix: String, _ files: any FileSystem) throws(FileError) {
        try files.remove(prefix + indexSuffix)
        let folder = parentPath(prefix)
        for name in try files.list(folder) where isDataFile(name, of: lastPathPart(prefix)) {
            try files.remove(joinPath(folder, name))
        }
    }

    /// A file that a process of this machine left which is no more.
    struct Leftover {
        let path: String
        /// What it was to become.
        let destination: String
    }

    /// The files in a folder that were left by processes that are no more. None that may still be in use.
    static func leftovers(in folder: String, _ files: any FileSystem) -> [Leftover] {
        guard let names = try? files.list(folder) else { return [] }
        var found: [Leftover] = []
        for name in names where name.hasSuffix(ending) {
            guard let ownerRange = name.firstRange(of: owner) else { continue }
            let numbers = name[ownerRange.upperBound...].dropLast(ending.count).split(separator: "~")
            guard numbers.count == 2, let process = Int32(numbers[0]), process > 0, Int(numbers[1]) != nil else {
                continue
            }
            let path = joinPath(folder, name)
            let isInUse = process == processNumber ? active.withLock { $0.contains(path) } : processIsAlive(process)
            if isInUse { continue }
            let destination = joinPath(folder, String(name[..<ownerRange.lowerBound]))
            found.append(Leftover(path: path, destination: destination))
        }
        return found
    }

    /// Removes a leftover, with what it shows to be left over too. What cannot be removed stays.
    ///
    /// - Parameter listed: the checkpoints that the state file names; nil where it cannot be read.
    static func remove(_ leftover: Leftover, listed: [String]?, _ files: any FileSystem) {
        if leftover.destination.hasSuffix(removalSuffix) {
            let prefix = String(leftover.destination.dropLast(removalSuffix.count))
            guard let listed else { return }
            if !listed.contains(prefix), (try? removeCheckpoint(prefix, files)) == nil { return }
        }
        if leftover.destination.hasSuffix(indexSuffix) {
            // That process was writing a checkpoint: data that no index names is its own.
            guard removeOrphans(of: String(leftover.destination.dropLast(indexSuffix.count)), files) else { return }
        }
        try? files.remove(leftover.path)
    }

    /// Removes the data files that the index of a checkpoint does not name; whether it could be told which these are.
    @discardableResult
    static func removeOrphans(of prefix: String, _ files: any FileSystem) -> Bool {
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
