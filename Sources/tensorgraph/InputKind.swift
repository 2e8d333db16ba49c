// Which kind of file a path names, told by its content; a name decides only between files that belong together.

import Files
import Foundation

/// A file, or files that belong together, that the tool looks into.
enum Input {
    case npy(String)
    case npz(String)
    case safetensors(String)
    /// By its prefix.
    case checkpoint(String)
    case eventFile(String)
    case graph(String)
    case savedModel(String)

    /// - Errors: `ToolError` where there is nothing, or nothing that is known.
    init(_ path: String) throws {
        let fileSystem = LocalFileSystem()
        if try fileSystem.status(path + ".index")?.isFolder == false {
            self = .checkpoint(path)
            return
        }
        guard let status = try fileSystem.status(path) else {
            throw ToolError(
                .missingInput,
                "there is no \(path)\n  hint: a checkpoint is named by its prefix, such as model.ckpt-1000, for which there "
                    + "is a file model.ckpt-1000.index")
        }
        if status.isFolder {
            self = try Self.folder(path, fileSystem)
            return
        }
        let file = try fileSystem.open(path)
        let start = try file.bytes(at: 0, count: min(12, file.byteCount))
        let end = try file.bytes(at: max(0, file.byteCount - 8), count: min(8, file.byteCount))
        if start.starts(with: [0x93] + Array("NUMPY".utf8)) {
            self = .npy(path)
        } else if start.starts(with: Array("PK".utf8)) {
            self = .npz(path)
        } else if end == [0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb] {
            // The magic number at the end of a table, which an index is.
            self = .checkpoint(path.hasSuffix(".index") ? String(path.dropLast(6)) : path)
        } else if Self.isRecord(start) {
            self = .eventFile(path)
        } else if Self.isSafetensors(start, file.byteCount) {
            self = .safetensors(path)
        } else if lastPathPart(path) == "saved_model.pb" {
            self = .savedModel(parentPath(path).isEmpty ? "." : parentPath(path))
        } else if let kind = Self.byName(path) {
            // The content is none that is known: the reader of the kind that the name promises says what is wrong.
            self = kind
        } else {
            self = .graph(path)
        }
    }

    private static func folder(_ path: String, _ fileSystem: LocalFileSystem) throws -> Input {
        let names = try fileSystem.list(path)
        if names.contains("saved_model.pb") || names.contains("saved_model.pbtxt") { return .savedModel(path) }
        if names.contains("checkpoint") {
            guard let prefix = try newestCheckpoint(path) else {
                throw ToolError(.damagedData, "\(path): none of the checkpoints that its state file names is whole")
            }
            return .checkpoint(prefix)
        }
        let events = names.filter { $0.contains("tfevents") }.sorted()
        if let event = events.last { return .eventFile(joinPath(path, event)) }
        throw ToolError(
            .missingInput,
            "\(path): the folder holds no SavedModel, no checkpoint with its state file, and no event file")
    }

    /// The first eight bytes are a length that the file has room for, and then there is JSON.
    private static func isSafetensors(_ start: [UInt8], _ byteCount: Int) -> Bool {
        guard start.count >= 9, start[8] == UInt8(ascii: "{") else { return false }
        let length = start.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return length <= UInt64(byteCount - 8)
    }

    /// The first eight bytes are a length, whose checksum follows.
    private static func isRecord(_ start: [UInt8]) -> Bool {
        guard start.count >= 12 else { return false }
        let checksum = start[8..<12].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        return Checksum(of: start.prefix(8)).masked == checksum
    }

    private static func byName(_ path: String) -> Input? {
        if path.hasSuffix(".npy") { return .npy(path) }
        if path.hasSuffix(".npz") { return .npz(path) }
        if path.hasSuffix(".safetensors") { return .safetensors(path) }
        if path.hasSuffix(".index") { return .checkpoint(String(path.dropLast(6))) }
        if let name = lastPathPart(path).components(separatedBy: ".data-").first, name != lastPathPart(path) {
            return .checkpoint(joinPath(parentPath(path), name))
        }
        return lastPathPart(path).contains("tfevents") ? .eventFile(path) : nil
    }
}
