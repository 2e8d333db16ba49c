// A file that is written whole: under a temporary name, synced, and only then given its own, so that after a crash
// either the old or the new content is there. Knows nothing of formats.

import Files

/// A file that appears under its name once it is complete.
final class NewFile: @unchecked Sendable {
    // Unchecked: written from one thread at a time, as the writers have it.

    let path: String
    private let fileSystem: any FileSystem
    private let temporaryPath: String
    private let file: any WritableFile
    private var pending: [UInt8] = []
    private(set) var byteCount = 0
    private var isFinished = false
    /// Why a write failed. How much of it is in the file is not known, so that the file is of no more use.
    private var failure: ArrayFileError?

    private static let bufferByteCount = 1 << 16

    init(_ path: String, in fileSystem: any FileSystem) throws(ArrayFileError) {
        self.path = path
        self.fileSystem = fileSystem
        temporaryPath = Files.temporaryPath(for: path)
        do throws(FileError) {
            try FileError.requireName(in: path)
            if !parentPath(path).isEmpty { try fileSystem.makeFolder(parentPath(path)) }
            file = try fileSystem.create(temporaryPath, .replacing)
        } catch {
            throw ArrayFileError(error)
        }
    }

    /// A file that was not finished leaves nothing behind.
    deinit { discard() }

    func write(_ bytes: UnsafeRawBufferPointer) throws(ArrayFileError) {
        if let failure { throw failure }
        byteCount += bytes.count
        if pending.count + bytes.count <= Self.bufferByteCount {
            pending.append(contentsOf: bytes)
            return
        }
        try flush()
        if bytes.count >= Self.bufferByteCount {
            do throws(FileError) { try file.write(bytes) } catch { throw failed(error) }
        } else {
            pending.append(contentsOf: bytes)
        }
    }

    func write(_ bytes: [UInt8]) throws(ArrayFileError) {
        try bytes.withBytes { part throws(ArrayFileError) in try write(part) }
    }

    private func flush() throws(ArrayFileError) {
        guard !pending.isEmpty else { return }
        do throws(FileError) { try file.write(pending) } catch { throw failed(error) }
        pending.removeAll(keepingCapacity: true)
    }

    private func failed(_ error: FileError) -> ArrayFileError {
        let failure = ArrayFileError(error)
        self.failure = failure
        discard()
        return failure
    }

    /// Makes the file appear under its name.
    func finish() throws(ArrayFileError) {
        if let failure { throw failure }
        guard !isFinished else { return }
        try flush()
        do throws(FileError) {
            try file.sync()
            try file.close()
            try fileSystem.rename(temporaryPath, to: path)
            isFinished = true
            try fileSystem.syncFolder(parentPath(path))
        } catch {
            throw ArrayFileError(error)
        }
    }

    /// Gives the file up.
    func discard() {
        guard !isFinished else { return }
        isFinished = true
        try? file.close()
        try? fileSystem.remove(temporaryPath)
    }
}
