// Events as records in a file: encodes them, gathers them, writes them, and goes on in a new file where a disk failed.
// Used by one thread at a time.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Files
import Messages
import SwiftProtobuf

/// The open file of a log and what was not written to it yet.
struct EventSink: Sendable {
    private let folder: String
    private let suffix: String
    private let fileSystem: any FileSystem
    /// The most bytes that are kept where the disk takes nothing.
    private let byteLimit: Int
    private var file: (any WritableFile)?
    private(set) var path: String
    private var buffer: [UInt8] = []
    /// The number of events in the buffer.
    private var bufferedCount = 0
    private var lostCount = 0
    private var hasWarned = false

    /// Creates the file and writes its first record.
    ///
    /// - Errors: `FileError` where that cannot be done.
    init(folder: String, suffix: String, byteLimit: Int, fileSystem: any FileSystem) throws(FileError) {
        (self.folder, self.suffix, self.fileSystem, self.byteLimit) = (folder, suffix, fileSystem, byteLimit)
        path = folder
        try fileSystem.makeFolder(folder)
        try openFile()
    }

    var byteCount: Int { buffer.count }
    var isEmpty: Bool { buffer.isEmpty }

    /// How many events were lost since the last call.
    mutating func takeLostCount() -> Int {
        defer { lostCount = 0 }
        return lostCount
    }

    /// `events.out.tfevents.<seconds>.<host>.<process>.<number>`: what TensorBoard looks for is `tfevents`, and it reads
    /// the files of a folder in the order of their names.
    private mutating func openFile() throws(FileError) {
        let now = wallClockSeconds
        let digits = "\(Int(now))"
        let seconds = String(repeating: "0", count: max(0, 10 - digits.count)) + digits
        let host = String(hostName.map { $0 == "/" ? "_" : $0 })
        var number = 0
        while true {
            let name = "events.out.tfevents.\(seconds).\(host).\(processNumber).\(number)\(suffix)"
            let path = joinPath(folder, name)
            guard try fileSystem.status(path) == nil else {
                number += 1
                continue
            }
            let file = try fileSystem.create(path, .new)
            // Written at once, so that TensorBoard shows the run.
            let first = Tensorflow_Event.with {
                $0.wallTime = now
                $0.fileVersion = "brain.Event:2"
                $0.sourceMetadata.writer = "tensorgraph"
            }
            var record: [UInt8] = []
            RecordFrame.append(serialized(first), to: &record)
            do throws(FileError) {
                try file.write(record)
            } catch {
                // An empty file for each try would be left behind.
                try? fileSystem.remove(path)
                throw error
            }
            self.file = file
            self.path = path
            return
        }
    }

    /// Encodes an event.
    ///
    /// - Errors: `SummaryError` for the values of it that cannot be written; the others are.
    mutating func append(_ event: PendingEvent) throws(SummaryError) {
        guard buffer.count <= byteLimit else {
            lostCount += 1
            return
        }
        var message = Tensorflow_Event()
        message.wallTime = event.wallTime
        message.step = Int64(event.step)
        var failure: SummaryError?
        switch event.content {
        case .summary(let summary):
            for value in summary.values {
                do throws(SummaryError) {
                    message.summary.value += try value.messages()
                } catch {
                    failure = failure ?? error
                }
            }
        case .graph(let bytes): message.graphDef = Data(bytes)
        case .runMetadata(let tag, let bytes):
            message.taggedRunMetadata.tag = tag
            message.taggedRunMetadata.runMetadata = Data(bytes)
        }
        if message.what != nil {
            RecordFrame.append(serialized(message), to: &buffer)
            bufferedCount += 1
        }
        if let failure {
            lostCount += 1
            warn("\(failure)")
            throw failure
        }
    }

    /// Hands what was gathered to the file system.
    ///
    /// Where that fails, the file may end within a record, after which nothing in it would be read. So the next call
    /// goes on in a new file, with the records that the old one does not hold.
    mutating func write() throws(FileError) {
        guard !buffer.isEmpty else { return }
        var lengthBefore: Int?
        do throws(FileError) {
            if file == nil { try openFile() }
            lengthBefore = try fileSystem.status(path)?.byteCount
            try file?.write(buffer)
            buffer.removeAll(keepingCapacity: buffer.count <= 1 << 22)
            bufferedCount = 0
        } catch {
            if file != nil, let lengthBefore { dropWritten(lengthBefore) }
            file = nil
            warn("\(error); it is tried again in a new file")
            throw error
        }
    }

    mutating func close() throws(FileError) {
        lostCount += bufferedCount
        let closing = file
        file = nil
        try closing?.sync()
        try closing?.close()
    }

    /// Takes from the buffer the whole records by which the file has grown.
    private mutating func dropWritten(_ lengthBefore: Int) {
        guard let length = try? fileSystem.status(path)?.byteCount else { return }
        var end = 0
        while true {
            guard end + RecordFrame.headerByteCount <= buffer.count else { break }
            let size = buffer[end..<(end + 8)].reversed().reduce(0) { $0 << 8 | Int($1) }
            let next = end + RecordFrame.headerByteCount + size + RecordFrame.footerByteCount
            guard next <= min(buffer.count, length - lengthBefore) else { break }
            end = next
            bufferedCount -= 1
        }
        buffer.removeFirst(end)
    }

    /// Says once on standard error what went wrong; all else is thrown by the next flush.
    private mutating func warn(_ text: String) {
        guard !hasWarned else { return }
        hasWarned = true
        writeToStandardError("warning: \(text)\n")
    }
}
