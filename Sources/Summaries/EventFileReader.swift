// Reads event files, also such as are still written. Knows how records are found; what they say is in `EventDecoding`.

public import Files
import Messages
import SwiftProtobuf

/// Reads the events of one file, one after another.
///
///     let reader = try EventFileReader("logs/run1/events.out.tfevents.0000000001.host")
///     while let event = try reader.next() {
///         for value in event.values { print(event.step, value.tag, value.content) }
///     }
///
/// A record that the end of the file cuts off counts as not written yet: `refresh` sees what has come since.
public final class EventFileReader {
    private var records: RecordReader
    public let path: String

    /// - Parameters:
    ///   - offset: where a record starts, such as `offset` of another reader.
    /// - Errors: `FileError` where the file cannot be opened.
    public init(
        _ path: String, at offset: Int = 0, fileSystem: any FileSystem = LocalFileSystem()
    ) throws(FileError) {
        self.path = path
        records = try RecordReader(path, in: fileSystem, at: offset)
    }

    /// Where the next record starts, in bytes.
    public var offset: Int { records.offset }

    /// The bytes of a record that the end of the file cuts off.
    public var unfinishedByteCount: Int { records.unfinishedByteCount }

    /// The next event; nil where the file ends, or ends within it.
    ///
    /// - Errors: `RecordError` for a record with a wrong checksum, where the reader stays, or with content that makes no
    ///   sense, which it has passed; `FileError` where the file cannot be read.
    public func next() throws -> Event? {
        let start = records.offset
        guard let record = try records.next() else { return nil }
        do {
            return try Event(record)
        } catch {
            throw RecordError(path, offset: start, "it is no event: \(error)")
        }
    }

    /// All events from here on.
    public func readAll() throws -> [Event] {
        var events: [Event] = []
        while let event = try next() { events.append(event) }
        return events
    }

    /// Sees what was written to the file since it was opened.
    public func refresh() throws(FileError) { try records.refresh() }
}

/// A folder with event files, which TensorBoard shows as one run.
public struct EventRun: Hashable, Sendable {
    /// The path from the folder that was searched; `.` for that folder itself, as TensorBoard calls it.
    public let name: String
    /// The paths of its event files, in the order in which they are read.
    public let files: [String]

    /// Finds the runs in a folder and the folders in it.
    ///
    /// - Errors: `FileError` where a folder cannot be listed.
    public static func find(
        in folder: String, fileSystem: any FileSystem = LocalFileSystem()
    ) throws(FileError) -> [EventRun] {
        var runs: [EventRun] = []
        var waiting: [(path: String, name: String, depth: Int)] = [(folder, "", 0)]
        while let (path, name, depth) = waiting.popLast() {
            var files: [String] = []
            for entry in try fileSystem.list(path).sorted() {
                let entryPath = joinPath(path, entry)
                if try fileSystem.status(entryPath)?.isFolder == true {
                    // Links may lead round in circles.
                    if depth < 32 { waiting.append((entryPath, joinPath(name, entry), depth + 1)) }
                } else if entry.contains("tfevents") {
                    files.append(entryPath)
                }
            }
            if !files.isEmpty { runs.append(EventRun(name: name.isEmpty ? "." : name, files: files)) }
        }
        return runs.sorted { $0.name < $1.name }
    }
}
