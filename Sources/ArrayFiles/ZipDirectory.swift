// The table of contents of a zip archive, read from its end, and checked so that no two entries share bytes. Knows
// nothing of arrays.
//
// Source: PKWARE's APPNOTE.TXT 6.3, ZIP64 included.

import Files

/// An entry of an archive.
struct ZipEntry: Hashable {
    enum Method: Hashable { case stored, deflated }

    let name: String
    let method: Method
    let crc32: UInt32
    let packedByteCount: Int
    let byteCount: Int
    let headerOffset: Int
    /// The name's bytes, which the entry's own header must repeat.
    fileprivate let nameBytes: [UInt8]
    fileprivate let flags: UInt16
}

/// Signatures and sizes of the records of an archive.
enum ZipRecord {
    static let localHeader: UInt32 = 0x0403_4b50
    static let descriptor: UInt32 = 0x0807_4b50
    static let centralHeader: UInt32 = 0x0201_4b50
    static let end: UInt32 = 0x0605_4b50
    static let end64: UInt32 = 0x0606_4b50
    static let end64Locator: UInt32 = 0x0706_4b50
    static let localHeaderByteCount = 30
    static let centralHeaderByteCount = 46
    static let endByteCount = 22
    static let end64ByteCount = 56
    static let end64LocatorByteCount = 20
    /// The sizes follow the content.
    static let descriptorFlag: UInt16 = 1 << 3
    static let utf8Flag: UInt16 = 1 << 11
    /// Encrypted, patched, strongly encrypted, masked headers.
    static let refusedFlags: UInt16 = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 13
    /// The extra field that holds what is too large for 32 bits.
    static let zip64Extra = 1
}

/// The table of contents of an archive.
struct ZipDirectory {
    let entries: [ZipEntry]

    init(_ file: any ReadableFile) throws(ArrayFileError) {
        let place = Place(path: file.path)
        let end = try ZipEnd(file, place)
        let bytes = try zipBytes(file, at: end.directoryOffset, count: end.directoryByteCount)
        var cursor = ByteCursor(bytes, fileOffset: end.directoryOffset, place)
        var entries: [ZipEntry] = []
        while !cursor.isAtEnd {
            if let entry = try ZipEntry(&cursor, place) { entries.append(entry) }
        }
        guard entries.count == end.entryCount - cursor.skippedFolders else {
            throw place.damaged(
                at: end.directoryOffset,
                "the table of contents has \(entries.count) entries, but its end says \(end.entryCount)")
        }
        try Self.checkOverlap(entries, end.directoryOffset, place)
        self.entries = entries
    }

    /// Two entries that share bytes unpack to more than the archive's size accounts for.
    private static func checkOverlap(_ entries: [ZipEntry], _ limit: Int, _ place: Place) throws(ArrayFileError) {
        var free = 0
        for entry in entries.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            let (end, overflow) = entry.headerOffset.addingReportingOverflow(
                ZipRecord.localHeaderByteCount + entry.nameBytes.count)
            guard entry.headerOffset >= free, !overflow, end <= limit, entry.packedByteCount <= limit - end else {
                throw place.damaged(
                    at: entry.headerOffset, "the entry \"\(printable(entry.name))\" overlaps another or leaves the file"
                )
            }
            free = end + entry.packedByteCount
        }
    }
}

extension ZipEntry {
    /// Reads an entry of the table of contents; nil for a folder.
    fileprivate init?(_ cursor: inout ByteCursor, _ place: Place) throws(ArrayFileError) {
        let start = cursor.fileOffset
        guard try cursor.uint32() == ZipRecord.centralHeader else {
            throw place.damaged(at: start, "the table of contents has no entry here")
        }
        _ = try cursor.uint32()  // Versions: of the writer, and needed.
        flags = try cursor.uint16()
        let methodNumber = try cursor.uint16()
        _ = try cursor.uint32()  // Time and date.
        crc32 = try cursor.uint32()
        var packed = Int(try cursor.uint32())
        var unpacked = Int(try cursor.uint32())
        let nameCount = Int(try cursor.uint16())
        let extraCount = Int(try cursor.uint16())
        let commentCount = Int(try cursor.uint16())
        let disk = try cursor.uint16()
        _ = try cursor.bytes(6)  // Attributes.
        var offset = Int(try cursor.uint32())
        nameBytes = Array(try cursor.bytes(nameCount))
        name = decodeZipName(nameBytes, isUTF8: flags & ZipRecord.utf8Flag != 0)
        var extra = ByteCursor(Array(try cursor.bytes(extraCount)), fileOffset: cursor.fileOffset - extraCount, place)
        _ = try cursor.bytes(commentCount)
        while extra.remaining >= 4 {
            let kind = Int(try extra.uint16())
            var field = ByteCursor(
                Array(try extra.bytes(Int(try extra.uint16()))), fileOffset: extra.fileOffset, place)
            guard kind == ZipRecord.zip64Extra else { continue }
            if unpacked == Int(UInt32.max) { unpacked = try field.size64() }
            if packed == Int(UInt32.max) { packed = try field.size64() }
            if offset == Int(UInt32.max) { offset = try field.size64() }
            break
        }
        packedByteCount = packed
        byteCount = unpacked
        headerOffset = offset
        var entryPlace = place
        entryPlace.array = name
        guard flags & ZipRecord.refusedFlags == 0 else {
            throw entryPlace.unsupported(at: start, "the entry is encrypted or patched")
        }
        guard disk == 0 || disk == UInt16.max else {
            throw entryPlace.unsupported(at: start, "the archive is spread over several files")
        }
        switch methodNumber {
        case 0:
            method = .stored
            guard packed == unpacked else {
                throw entryPlace.damaged(at: start, "\(packed) stored bytes cannot be \(unpacked)")
            }
        case 8: method = .deflated
        default:
            throw entryPlace.unsupported(
                at: start, "the entry is packed with method \(methodNumber)",
                hint: "stored (0) and deflated (8) entries are read")
        }
        if name.hasSuffix("/"), unpacked == 0 {
            cursor.skippedFolders += 1
            return nil
        }
    }

    /// Where in the file the entry's packed content lies, by its own header, which must agree with the table.
    func content(in file: any ReadableFile) throws(ArrayFileError) -> Range<Int> {
        let place = Place(path: file.path, array: name)
        let bytes = try zipBytes(file, at: headerOffset, count: ZipRecord.localHeaderByteCount)
        var cursor = ByteCursor(bytes, fileOffset: headerOffset, place)
        guard try cursor.uint32() == ZipRecord.localHeader else {
            throw place.damaged(at: headerOffset, "there is no entry of the archive here")
        }
        _ = try cursor.uint16()
        let localFlags = try cursor.uint16()
        let localMethod = try cursor.uint16()
        _ = try cursor.uint32()
        let localChecksum = try cursor.uint32()
        let localPacked = Int(try cursor.uint32())
        let localUnpacked = Int(try cursor.uint32())
        let nameCount = Int(try cursor.uint16())
        let extraCount = Int(try cursor.uint16())
        let start = headerOffset + ZipRecord.localHeaderByteCount + nameCount + extraCount
        guard start <= file.byteCount, packedByteCount <= file.byteCount - start else {
            throw place.damaged(at: headerOffset, "the entry leaves the file")
        }
        let localName = try zipBytes(
            file, at: headerOffset + ZipRecord.localHeaderByteCount, count: nameCount)
        let followsContent = localFlags & ZipRecord.descriptorFlag != 0
        func agrees(_ local: Int, _ central: Int) -> Bool {
            local == central || local == Int(UInt32.max) || (followsContent && local == 0)
        }
        guard localName == nameBytes, localMethod == (method == .stored ? 0 : 8),
            localFlags & ZipRecord.refusedFlags == 0,
            localChecksum == crc32 || (followsContent && localChecksum == 0),
            agrees(localPacked, packedByteCount), agrees(localUnpacked, byteCount)
        else {
            throw place.damaged(at: headerOffset, "the entry's header contradicts the table of contents")
        }
        return start..<(start + packedByteCount)
    }
}

/// The record at the end of an archive, which says where the table of contents lies.
private struct ZipEnd {
    var entryCount: Int
    var directoryByteCount: Int
    var directoryOffset: Int

    init(_ file: any ReadableFile, _ place: Place) throws(ArrayFileError) {
        let tailCount = min(file.byteCount, ZipRecord.endByteCount + Int(UInt16.max))
        let tailOffset = file.byteCount - tailCount
        let tail = try zipBytes(file, at: tailOffset, count: tailCount)
        guard let index = Self.find(tail) else {
            throw place.damaged(
                at: file.byteCount, "it does not end as a zip archive does: it is cut short or no npz file")
        }
        var cursor = ByteCursor(Array(tail[index...]), fileOffset: tailOffset + index, place)
        var end = cursor.fileOffset
        _ = try cursor.uint32()
        let disks = (try cursor.uint16(), try cursor.uint16())
        let countHere = Int(try cursor.uint16())
        entryCount = Int(try cursor.uint16())
        directoryByteCount = Int(try cursor.uint32())
        directoryOffset = Int(try cursor.uint32())
        let locatorOffset = end - ZipRecord.end64LocatorByteCount
        if locatorOffset >= 0,
            let end64 = try Self.read64(file, locatorOffset, place)
        {
            self = end64.end
            end = end64.offset
        } else {
            guard disks == (0, 0), countHere == entryCount else {
                throw place.unsupported(at: end, "the archive is spread over several files")
            }
        }
        guard directoryOffset >= 0, directoryByteCount >= 0, directoryOffset <= end,
            directoryByteCount == end - directoryOffset
        else {
            throw place.damaged(
                at: end,
                "the table of contents is said to lie at \(directoryOffset) with \(directoryByteCount) bytes, "
                    + "but must end at \(end)")
        }
    }

    private init(entryCount: Int, directoryByteCount: Int, directoryOffset: Int) {
        self.entryCount = entryCount
        self.directoryByteCount = directoryByteCount
        self.directoryOffset = directoryOffset
    }

    /// The place of the last record whose comment reaches just to the end of the file.
    private static func find(_ tail: [UInt8]) -> Int? {
        guard tail.count >= ZipRecord.endByteCount else { return nil }
        for index in stride(from: tail.count - ZipRecord.endByteCount, through: 0, by: -1)
        where tail[index] == 0x50 && tail[index + 1] == 0x4b && tail[index + 2] == 5 && tail[index + 3] == 6 {
            let comment = Int(tail[index + 20]) | Int(tail[index + 21]) << 8
            if index + ZipRecord.endByteCount + comment == tail.count { return index }
        }
        return nil
    }

    private static func read64(
        _ file: any ReadableFile, _ locatorOffset: Int, _ place: Place
    ) throws(ArrayFileError) -> (end: ZipEnd, offset: Int)? {
        let locatorBytes = try zipBytes(file, at: locatorOffset, count: ZipRecord.end64LocatorByteCount)
        var locator = ByteCursor(locatorBytes, fileOffset: locatorOffset, place)
        guard try locator.uint32() == ZipRecord.end64Locator else { return nil }
        let disk = try locator.uint32()
        let offset = try locator.size64()
        let disks = try locator.uint32()
        guard disk == 0, disks <= 1, offset <= locatorOffset,
            locatorOffset - offset >= ZipRecord.end64ByteCount
        else {
            throw place.damaged(at: locatorOffset, "the archive's ZIP64 record is not where it is said to be")
        }
        var cursor = ByteCursor(
            try zipBytes(file, at: offset, count: ZipRecord.end64ByteCount), fileOffset: offset, place)
        guard try cursor.uint32() == ZipRecord.end64, try cursor.size64() == locatorOffset - offset - 12 else {
            throw place.damaged(at: offset, "the archive's ZIP64 record is damaged")
        }
        _ = try cursor.uint32()
        let numbers = (try cursor.uint32(), try cursor.uint32())
        let countHere = try cursor.size64()
        let count = try cursor.size64()
        guard numbers == (0, 0), countHere == count else {
            throw place.unsupported(at: offset, "the archive is spread over several files")
        }
        let end = ZipEnd(
            entryCount: count, directoryByteCount: try cursor.size64(), directoryOffset: try cursor.size64())
        return (end, offset)
    }
}

/// The bytes of a part of an archive.
private func zipBytes(_ file: any ReadableFile, at offset: Int, count: Int) throws(ArrayFileError) -> [UInt8] {
    guard offset >= 0, count >= 0, offset <= file.byteCount, count <= file.byteCount - offset else {
        throw Place(path: file.path).damaged(at: offset, "the archive refers to bytes beyond its end")
    }
    do throws(FileError) { return try file.bytes(at: offset, count: count) } catch { throw ArrayFileError(error) }
}

/// Little-endian numbers, read in order.
struct ByteCursor {
    private let bytes: [UInt8]
    private let start: Int
    private let place: Place
    private var position = 0
    /// How many folders the table of contents had.
    var skippedFolders = 0

    init(_ bytes: [UInt8], fileOffset: Int, _ place: Place) {
        self.bytes = bytes
        start = fileOffset
        self.place = place
    }

    var isAtEnd: Bool { position == bytes.count }
    var remaining: Int { bytes.count - position }
    var fileOffset: Int { start + position }

    mutating func bytes(_ count: Int) throws(ArrayFileError) -> ArraySlice<UInt8> {
        guard count >= 0, count <= remaining else { throw place.damaged(at: fileOffset, "a record ends early") }
        position += count
        return bytes[(position - count)..<position]
    }

    private mutating func number(_ count: Int) throws(ArrayFileError) -> UInt64 {
        try bytes(count).reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    mutating func uint16() throws(ArrayFileError) -> UInt16 { UInt16(truncatingIfNeeded: try number(2)) }
    mutating func uint32() throws(ArrayFileError) -> UInt32 { UInt32(truncatingIfNeeded: try number(4)) }

    /// A size or place of 64 bits, which no file exceeds.
    mutating func size64() throws(ArrayFileError) -> Int {
        let value = try number(8)
        guard value < 1 << 62 else { throw place.damaged(at: fileOffset - 8, "\(value) is no size of a file") }
        return Int(value)
    }
}

/// The names of old archives are in the code page of the first PC.
private let codePage437 = Array(
    "ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■\u{a0}"
        .unicodeScalars)

private func decodeZipName(_ bytes: [UInt8], isUTF8: Bool) -> String {
    if isUTF8 || bytes.allSatisfy({ $0 < 128 }) { return String(decoding: bytes, as: UTF8.self) }
    var text = String.UnicodeScalarView()
    for byte in bytes { text.append(byte < 128 ? Unicode.Scalar(byte) : codePage437[Int(byte) - 128]) }
    return String(text)
}
