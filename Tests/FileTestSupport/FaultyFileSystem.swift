// A file system in memory whose calls can be made to fail, and whose power can be cut: what was not synced is then lost,
// torn or kept, as a real disk may do.

package import Files
import Synchronization

/// A file system in memory that knows which data and which names would survive a loss of power.
///
/// Data survives by the file's `sync`, a name by `syncFolder` of its folder.
package final class FaultyFileSystem: FileSystem {
    /// The calls that change something, and those that only read.
    package enum Call: String, Sendable, CaseIterable {
        case create, write, sync, close, rename, remove, makeFolder, syncFolder
        case open, read, list, status

        package var changes: Bool {
            switch self {
            case .create, .write, .sync, .close, .rename, .remove, .makeFolder, .syncFolder: true
            case .open, .read, .list, .status: false
            }
        }
    }

    /// Which calls fail.
    package struct Fault: Sendable {
        /// Whether a call counts.
        package let counts: @Sendable (Call) -> Bool
        /// The number of the first counted call that fails, from 0.
        package let number: Int
        /// Whether all calls after it, counted or not, fail too: the power is off.
        package let isFinal: Bool

        package init(number: Int, isFinal: Bool, counts: @escaping @Sendable (Call) -> Bool = { $0.changes }) {
            self.counts = counts
            self.number = number
            self.isFinal = isFinal
        }
    }

    /// What becomes at a loss of power of data that was not synced.
    package enum LostData: Sendable, CaseIterable {
        case lost, halfKept, kept
        /// The size is kept, but blocks of 512 bytes here and there are zero.
        case torn
        /// The size is kept, but all is zero.
        case zeros
    }

    /// What becomes at a loss of power of names that were not synced.
    package enum LostNames: Sendable, CaseIterable {
        case lost, kept
        /// The changes made first are kept.
        case firstKept
        /// Changes are kept or lost at random, whatever their order.
        case mixed
    }

    private struct Content {
        var visible: [UInt8] = []
        /// How many of the bytes are on the disk for certain.
        var durableCount = 0
        var modificationSeconds: Double
    }

    private enum NameChange {
        case set(String, file: Int)
        case remove(String)
        case rename(String, to: String, file: Int)
        case folder(String)
    }

    private struct State {
        var contents: [Int: Content] = [:]
        var names: [String: Int] = [:]
        var folders: Set<String> = ["", "/"]
        var durableNames: [String: Int] = [:]
        var durableFolders: Set<String> = ["", "/"]
        /// Changes of names since the folder they are in was synced.
        var changes: [(folder: String, change: NameChange)] = []
        var clock = 0.0
        var nextFile = 0
        /// Files that were open when the power went are of an older age.
        var age = 0
        var fault: Fault?
        var countedCalls = 0
        var isOff = false
        var log: [(call: Call, path: String)] = []
    }

    private let state = Mutex(State())

    package init() {}

    private init(_ state: State) {
        self.state.withLock { $0 = state }
    }

    /// A disk with the same content and the same that would be lost. Files that are open stay with this one.
    package func copy() -> FaultyFileSystem {
        FaultyFileSystem(state.withLock { $0 })
    }

    /// Makes calls fail from now on, counted from now; nil: none.
    package func setFault(_ fault: Fault?) {
        state.withLock {
            $0.fault = fault
            $0.countedCalls = 0
            $0.isOff = false
        }
    }

    /// Whether the call that was to fail has been made.
    package var faultWasReached: Bool {
        state.withLock { state in state.fault.map { state.countedCalls > $0.number } ?? false }
    }

    /// The calls so far.
    package var log: [(call: Call, path: String)] { state.withLock { $0.log } }

    package func clearLog() { state.withLock { $0.log = [] } }

    /// The paths of all files.
    package var paths: [String] { state.withLock { $0.names.keys.sorted() } }

    /// Puts a file there, on the disk for certain.
    package func put(_ bytes: [UInt8], at path: String) {
        state.withLock { state in
            var folder = parentPath(path)
            while !folder.isEmpty {
                state.folders.insert(folder)
                state.durableFolders.insert(folder)
                if folder == "/" { break }
                folder = parentPath(folder)
            }
            state.clock += 1
            state.contents[state.nextFile] = Content(
                visible: bytes, durableCount: bytes.count, modificationSeconds: state.clock)
            state.names[path] = state.nextFile
            state.durableNames[path] = state.nextFile
            state.nextFile += 1
        }
    }

    /// The content of a file; nil where there is none.
    package func content(of path: String) -> [UInt8]? {
        state.withLock { state in state.names[path].flatMap { state.contents[$0]?.visible } }
    }

    /// Cuts the power and switches it on again. Calls fail no more.
    package func crash(_ data: LostData, _ names: LostNames, seed: UInt64) {
        state.withLock { state in
            var random = seed &* 0x9e37_79b9_7f4a_7c15 | 1
            func flip() -> Bool {
                random ^= random << 13
                random ^= random >> 7
                random ^= random << 17
                return random >> 20 & 1 == 0
            }
            for (index, (_, change)) in state.changes.enumerated() {
                let isKept =
                    switch names {
                    case .lost: false
                    case .kept: true
                    case .firstKept: index < state.changes.count / 2
                    case .mixed: flip()
                    }
                guard isKept else { continue }
                switch change {
                case .set(let path, let file): state.durableNames[path] = file
                case .remove(let path): state.durableNames[path] = nil
                case .rename(let source, let destination, let file):
                    state.durableNames[source] = nil
                    state.durableNames[destination] = file
                case .folder(let path): state.durableFolders.insert(path)
                }
            }
            state.changes = []
            state.folders = state.durableFolders
            state.durableNames = state.durableNames.filter { state.folders.contains(parentPath($0.key)) }
            state.names = state.durableNames
            for key in state.contents.keys.sorted() {
                guard var content = state.contents[key], content.durableCount < content.visible.count else { continue }
                let start = content.durableCount
                let count = content.visible.count - start
                switch data {
                case .lost: content.visible.removeLast(count)
                case .halfKept: content.visible.removeLast((count + 1) / 2)
                case .kept: break
                case .zeros: for index in start..<(start + count) { content.visible[index] = 0 }
                case .torn:
                    for block in stride(from: start, to: start + count, by: 512) where flip() {
                        for index in block..<min(block + 512, start + count) { content.visible[index] = 0 }
                    }
                }
                content.durableCount = content.visible.count
                state.contents[key] = content
            }
            state.age += 1
            state.fault = nil
            state.isOff = false
        }
    }

    // MARK: FileSystem

    package func open(_ path: String) throws(FileError) -> any ReadableFile {
        let (file, count) = try perform(.open, .open, path) { state throws(FileError) in
            guard let file = state.names[path], let content = state.contents[file] else {
                throw FileError(.open, path, "no such file", systemCode: 2)
            }
            return (file, content.visible.count)
        }
        return FaultyReadableFile(path: path, byteCount: count, file: file, disk: self)
    }

    package func create(_ path: String, _ mode: FileCreation) throws(FileError) -> any WritableFile {
        let (file, age) = try perform(.create, .create, path) { state throws(FileError) in
            guard state.folders.contains(parentPath(path)) else {
                throw FileError(.create, path, "no such folder", systemCode: 2)
            }
            if let file = state.names[path] {
                switch mode {
                case .new: throw FileError(.create, path, "it exists", systemCode: 17)
                case .replacing: state.contents[file] = Content(modificationSeconds: state.clock)
                case .appending: break
                }
                return (file, state.age)
            }
            let file = state.nextFile
            state.nextFile += 1
            state.contents[file] = Content(modificationSeconds: state.clock)
            state.names[path] = file
            state.changes.append((parentPath(path), .set(path, file: file)))
            return (file, state.age)
        }
        return FaultyWritableFile(path: path, file: file, age: age, disk: self)
    }

    package func rename(_ source: String, to destination: String) throws(FileError) {
        try perform(.rename, .rename, destination) { state throws(FileError) in
            guard let file = state.names[source] else {
                throw FileError(.rename, source, "no such file", systemCode: 2)
            }
            state.names[source] = nil
            state.names[destination] = file
            state.changes.append((parentPath(destination), .rename(source, to: destination, file: file)))
        }
    }

    package func remove(_ path: String) throws(FileError) {
        try perform(.remove, .remove, path) { state throws(FileError) in
            guard state.names.removeValue(forKey: path) != nil else { return }
            state.changes.append((parentPath(path), .remove(path)))
        }
    }

    package func makeFolder(_ path: String) throws(FileError) {
        try perform(.makeFolder, .makeFolder, path) { state throws(FileError) in
            var folder = path
            while state.folders.insert(folder).inserted {
                state.changes.append((parentPath(folder), .folder(folder)))
                folder = parentPath(folder)
            }
        }
    }

    package func syncFolder(_ path: String) throws(FileError) {
        try perform(.syncFolder, .sync, path) { state throws(FileError) in
            for (folder, change) in state.changes where folder == path {
                switch change {
                case .set(let path, let file): state.durableNames[path] = file
                case .remove(let path): state.durableNames[path] = nil
                case .rename(let source, let destination, let file):
                    state.durableNames[source] = nil
                    state.durableNames[destination] = file
                case .folder(let path): state.durableFolders.insert(path)
                }
            }
            state.changes.removeAll { $0.folder == path }
        }
    }

    package func list(_ path: String) throws(FileError) -> [String] {
        try perform(.list, .list, path) { state throws(FileError) in
            guard state.folders.contains(path) else { throw FileError(.list, path, "no such folder", systemCode: 2) }
            let paths = Array(state.names.keys) + Array(state.folders)
            return paths.filter { parentPath($0) == path && !lastPathPart($0).isEmpty && $0 != path }.map(lastPathPart)
        }
    }

    package func status(_ path: String) throws(FileError) -> FileStatus? {
        try perform(.status, .examine, path) { state throws(FileError) in
            if state.folders.contains(path) {
                return FileStatus(byteCount: 0, isFolder: true, modificationSeconds: 0)
            }
            guard let content = state.names[path].flatMap({ state.contents[$0] }) else { return nil }
            return FileStatus(
                byteCount: content.visible.count, isFolder: false, modificationSeconds: content.modificationSeconds)
        }
    }

    // MARK: Calls

    /// Makes a call, unless it is one to fail.
    ///
    /// - Parameter onFailure: what happens of the call where it fails.
    private func perform<Result: Sendable>(
        _ call: Call, _ action: FileError.Action, _ path: String, onFailure: @Sendable (inout State) -> Void = { _ in },
        _ body: @Sendable (inout State) throws(FileError) -> Result
    ) throws(FileError) -> Result {
        try state.withLock { state throws(FileError) in
            state.log.append((call, path))
            state.clock += 1
            var fails = state.isOff
            if let fault = state.fault, fault.counts(call) {
                if state.countedCalls == fault.number {
                    fails = true
                    state.isOff = state.isOff || fault.isFinal
                    onFailure(&state)
                }
                state.countedCalls += 1
            }
            if fails { throw FileError(action, path, "the disk failed", systemCode: 5) }
            return try body(&state)
        }
    }

    fileprivate func read(_ file: FaultyReadableFile, _ count: Int, _ offset: Int) throws(FileError) -> [UInt8] {
        let (number, path) = (file.file, file.path)
        return try perform(.read, .read, path) { state throws(FileError) in
            let bytes = state.contents[number]?.visible ?? []
            return Array(bytes[min(offset, bytes.count)..<min(offset + count, bytes.count)])
        }
    }

    fileprivate func write(_ bytes: [UInt8], to file: FaultyWritableFile) throws(FileError) {
        let (number, path, age) = (file.file, file.path, file.age)
        // Of a write that fails, half is there.
        try perform(
            .write, .write, path, onFailure: { $0.contents[number]?.visible += bytes.prefix(bytes.count / 2) }
        ) { state throws(FileError) in
            guard state.age == age else { throw FileError(.write, path, "the file is not open", systemCode: 9) }
            state.contents[number]?.visible += bytes
            state.contents[number]?.modificationSeconds = state.clock
        }
    }

    fileprivate func sync(_ file: FaultyWritableFile) throws(FileError) {
        let (number, path, age) = (file.file, file.path, file.age)
        try perform(.sync, .sync, path) { state throws(FileError) in
            guard state.age == age else { throw FileError(.sync, path, "the file is not open", systemCode: 9) }
            let count = state.contents[number]?.visible.count ?? 0
            state.contents[number]?.durableCount = count
        }
    }

    fileprivate func close(_ file: FaultyWritableFile) throws(FileError) {
        try perform(.close, .close, file.path) { _ throws(FileError) in }
    }
}

private final class FaultyReadableFile: ReadableFile {
    let path: String
    let byteCount: Int
    let file: Int
    private let disk: FaultyFileSystem

    init(path: String, byteCount: Int, file: Int, disk: FaultyFileSystem) {
        self.path = path
        self.byteCount = byteCount
        self.file = file
        self.disk = disk
    }

    func read(into destination: UnsafeMutableRawBufferPointer, at offset: Int) throws(FileError) -> Int {
        let bytes = try disk.read(self, destination.count, offset)
        destination.copyBytes(from: bytes)
        return bytes.count
    }
}

private final class FaultyWritableFile: WritableFile {
    let path: String
    let file: Int
    let age: Int
    private let disk: FaultyFileSystem
    private let isClosed = Mutex(false)

    init(path: String, file: Int, age: Int, disk: FaultyFileSystem) {
        self.path = path
        self.file = file
        self.age = age
        self.disk = disk
    }

    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) { try disk.write(Array(bytes), to: self) }

    func sync() throws(FileError) { try disk.sync(self) }

    func close() throws(FileError) {
        let wasClosed = isClosed.withLock { isClosed in
            defer { isClosed = true }
            return isClosed
        }
        if !wasClosed { try disk.close(self) }
    }
}
