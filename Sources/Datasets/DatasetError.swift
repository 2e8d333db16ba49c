// What can go wrong with a data set, told once: every mistake has one factory here and reads the same everywhere.

/// A data set that cannot be had: which file, where in it, why, and what repairs it.
public struct DatasetError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file or folder concerned, where there is one.
    public let file: String?
    /// Where in the file, in bytes. Of a gzipped file: in its uncompressed content, except for damage to the
    /// compression itself, whose place is in the file as it lies on the disk (the reason says so).
    public let offset: Int?
    /// What is wrong.
    public let reason: String
    /// What to do about it.
    public let hint: String

    package init(file: String? = nil, offset: Int? = nil, reason: String, hint: String) {
        self.file = file
        self.offset = offset
        self.reason = reason
        self.hint = hint
    }

    /// `data/train-labels-idx1-ubyte.gz, byte 8: the reason`, and the hint on a line of its own.
    public var description: String {
        var place = file ?? ""
        if let offset { place += place.isEmpty ? "byte \(offset)" : ", byte \(offset)" }
        return (place.isEmpty ? "" : place + ": ") + reason + "\n    hint: " + hint
    }
}

// MARK: - Files

extension DatasetError {
    static func cannotOpen(_ file: String, because cause: String) -> DatasetError {
        DatasetError(
            file: file, reason: "the file cannot be opened: \(cause)",
            hint: "check the path and that this user may read it")
    }

    static func notAFile(_ file: String, isFolder: Bool) -> DatasetError {
        DatasetError(
            file: file, reason: isFolder ? "this is a folder, not a file" : "this is not a regular file",
            hint: isFolder ? "give the path of one file inside it" : "copy the data into a file first")
    }

    static func cannotRead(_ file: String, at offset: Int, because cause: String) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "the file cannot be read: \(cause)", hint: "check the disk or the share"
        )
    }

    static func cannotWrite(_ file: String, because cause: String) -> DatasetError {
        DatasetError(
            file: file, reason: "the file cannot be written: \(cause)",
            hint: "check that the folder exists, that this user may write there, and that the disk has room")
    }

    static func cannotMakeFolder(_ folder: String, because cause: String) -> DatasetError {
        DatasetError(
            file: folder, reason: "the folder cannot be made: \(cause)",
            hint: "check that this user may write there, or set XDG_CACHE_HOME to a folder where that is so")
    }

    static func damagedCompression(
        _ file: String, at offset: Int, _ kind: String, because cause: String
    ) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "the \(kind) compression is damaged here (place in the file): \(cause)",
            hint: kind == "gzip"
                ? "get the file anew; `gzip -t` tests a copy" : "get the file anew, or name its compression")
    }

    static func truncatedCompression(_ file: String, at offset: Int, _ kind: String) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "the \(kind) data ends before its end mark (place in the file)",
            hint: "the copy or download was cut short: get the file anew")
    }

    static func trailingCompression(_ file: String, at offset: Int, _ kind: String) -> DatasetError {
        DatasetError(
            file: file, offset: offset,
            reason: "bytes that are not \(kind) follow the \(kind) data (place in the file)",
            hint: "get the file anew, or cut it off at byte \(offset)")
    }

    static func outOfMemory(_ file: String, byteCount: Int) -> DatasetError {
        DatasetError(
            file: file, reason: "there is no memory for its \(byteCount) bytes",
            hint: "read fewer rows (`maxRows`) or a smaller element type")
    }
}

// MARK: - IDX

extension DatasetError {
    static func notIDX(_ file: String, _ first: [UInt8]) -> DatasetError {
        let bytes = first.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: " ")
        return DatasetError(
            file: file, offset: 0, reason: "an IDX file starts with the bytes 00 00, this one with \(bytes)",
            hint: "give an IDX file, plain or gzipped; other archives (zip, xz) must be unpacked first")
    }

    static func unknownElementType(_ file: String, code: UInt8) -> DatasetError {
        DatasetError(
            file: file, offset: 2, reason: "IDX has no element type 0x\(String(code, radix: 16))",
            hint: "the types are 0x8 (u8), 0x9 (i8), 0xb (i16), 0xc (i32), 0xd (f32) and 0xe (f64); get the file anew")
    }

    static func truncated(_ file: String, at offset: Int, expected: Int) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "the content ends here, but its header announces \(expected) bytes",
            hint: "the copy or download was cut short: get the file anew")
    }

    static func truncatedHeader(_ file: String, at offset: Int) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "the content ends inside the IDX header",
            hint: "the file is empty or was cut short: get it anew")
    }

    static func trailingBytes(_ file: String, at offset: Int) -> DatasetError {
        DatasetError(
            file: file, offset: offset, reason: "more bytes follow where the header says that the content ends",
            hint: "the header or the file is damaged: get it anew")
    }

    static func implausibleShape(_ file: String, _ shape: [Int], because cause: String) -> DatasetError {
        DatasetError(
            file: file, offset: 4, reason: "the header announces the shape \(shape), \(cause)",
            hint: "the header is damaged: get the file anew")
    }
}

// MARK: - Labelled images

extension DatasetError {
    static func unexpectedContent(_ file: String, found: String, expected: String) -> DatasetError {
        DatasetError(
            file: file, offset: 0, reason: "the file holds \(found) where \(expected) belongs",
            hint: "check that the file has not been swapped with another of the data set")
    }

    static func unequalCounts(_ images: String?, imageCount: Int, labelCount: Int) -> DatasetError {
        DatasetError(
            file: images, reason: "there are \(imageCount) images but \(labelCount) labels",
            hint: "images and labels must come from the same release of the data set")
    }

    static func labelOutOfRange(_ file: String?, index: Int, label: Int, classCount: Int) -> DatasetError {
        DatasetError(
            file: file,
            reason: "label number \(index) is \(label), "
                + (classCount > 0 ? "outside 0...\(classCount - 1)" : "but there are \(classCount) classes"),
            hint: "check that this is the file of labels and that it is undamaged")
    }

    static func tooFewRows(_ file: String?, wanted: String, available: Int) -> DatasetError {
        DatasetError(
            file: file, reason: "\(wanted) are asked for, but there are \(available)", hint: "ask for fewer")
    }
}
