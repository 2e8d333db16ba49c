// Reading IDX files: every element type, every way a file can be damaged.

import Tensors
import Testing

@testable import Datasets

struct IDXFileTests {
    let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    // MARK: What is read

    struct Sample: Sendable, CustomTestStringConvertible {
        let code: UInt8
        let dtype: DType
        let payload: [UInt8]
        let values: [Double]
        var testDescription: String { "\(dtype)" }
    }

    static let samples = [
        Sample(code: 0x08, dtype: .uint8, payload: [0, 1, 128, 255], values: [0, 1, 128, 255]),
        Sample(code: 0x09, dtype: .int8, payload: [0, 1, 128, 255], values: [0, 1, -128, -1]),
        Sample(
            code: 0x0B, dtype: .int16, payload: [Int16(0), 1, .min, .max].flatMap(bigEndian),
            values: [0, 1, -32768, 32767]),
        Sample(
            code: 0x0C, dtype: .int32, payload: [Int32(0), 1, .min, .max].flatMap(bigEndian),
            values: [0, 1, -2_147_483_648, 2_147_483_647]),
        Sample(
            code: 0x0D, dtype: .float32, payload: [Float(0), 1, -2.5, 1e30].flatMap { bigEndian($0.bitPattern) },
            values: [0, 1, -2.5, Double(Float(1e30))]),
        Sample(
            code: 0x0E, dtype: .float64, payload: [0, 1, -2.5, 1e300].flatMap { bigEndian(($0 as Double).bitPattern) },
            values: [0, 1, -2.5, 1e300]),
    ]

    @Test(arguments: samples, [false, true])
    func everyElementTypeIsReadPlainAndGzipped(sample: Sample, compressed: Bool) throws {
        let bytes = idx(code: sample.code, shape: [2, 2], payload: sample.payload)
        let file = try folder.write("sample", compressed ? gzip(bytes) : bytes)
        let header = try IDXFile.header(of: file)
        #expect(header.elementType == sample.dtype)
        #expect(header.shape == [2, 2])
        #expect("\(header)" == "\(sample.dtype)[2, 2]")
        let array = try IDXFile.read(file, as: Double.self)
        #expect(array.shape == [2, 2])
        #expect(array.scalars == sample.values)
    }

    @Test func valuesBeyondTheWantedTypeBecomeTheNearestItHolds() throws {
        let payload = [-1e9, 3.9, 300, .nan].flatMap { bigEndian(($0 as Double).bitPattern) }
        let file = try folder.write("doubles", idx(code: 0x0E, shape: [4], payload: payload))
        #expect(try IDXFile.read(file, as: UInt8.self).scalars == [0, 3, 255, 0])
        #expect(try IDXFile.read(file, as: Int16.self).scalars == [.min, 3, 300, 0])
    }

    @Test(arguments: [Int16.self, Int64.self, Float.self, Double.self, UInt8.self] as [any NumericElement.Type])
    func bytesAreReadIntoEveryWidth(type: any NumericElement.Type) throws {
        func check<Scalar: NumericElement>(_ type: Scalar.Type) throws {
            let payload = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 * 7) }
            let file = try folder.write("bytes", idx(code: 8, shape: [70, 1000], payload: payload))
            let array = try IDXFile.read(file, as: type)
            #expect(array.scalars == payload.map { Scalar(clamping: Double($0)) })
        }
        try check(type)
    }

    @Test func dividedBytesAreExactQuotients() throws {
        let file = try folder.write("bytes", idx(code: 8, shape: [256], payload: Array(0...255)))
        let array = try IDXFile.read(file, as: Float.self, dividedBy: 255)
        #expect(array.scalars == (0...255).map { Float($0) / 255 })
    }

    @Test(arguments: [(0, 0), (1, 1), (3, 3), (9, 3), (-4, 0)])
    func aRowLimitReadsTheFirstRows(limit: Int, rows: Int) throws {
        let bytes = idx(code: 8, shape: [3, 2], payload: [1, 2, 3, 4, 5, 6])
        for contents in [bytes, gzip(bytes)] {
            let array = try IDXFile.read(try folder.write("rows", contents), as: UInt8.self, maxRows: limit)
            #expect(array.shape == [rows, 2])
            #expect(array.scalars == Array([1, 2, 3, 4, 5, 6].prefix(2 * rows)))
        }
    }

    @Test func aRowLimitLeavesTheRestUnread() throws {
        let payload = (0..<600_000).map { UInt8(truncatingIfNeeded: ($0 &* 2_654_435_761) >> 7) }
        var bytes = gzip(idx(code: 8, shape: [600, 1000], payload: payload))
        let middle = bytes.count / 2
        bytes[middle] ^= 0xff
        bytes[middle + 1] ^= 0xff
        let file = try folder.write("half", bytes)
        #expect(try IDXFile.read(file, as: UInt8.self, maxRows: 2).scalars == Array(payload.prefix(2000)))
        #expect(datasetError { _ = try IDXFile.read(file, as: UInt8.self) } != nil)
    }

    @Test func aSingleValueAndAnEmptyArrayAreRead() throws {
        let single = try IDXFile.read(try folder.write("single", [0, 0, 8, 0, 42]), as: Int32.self)
        #expect(single.shape == [] && single.scalars == [42])
        let empty = try IDXFile.read(
            try folder.write("empty", idx(code: 8, shape: [0, 28], payload: [])), as: Float.self)
        #expect(empty.shape == [0, 28] && empty.scalars.isEmpty)
    }

    @Test func gzipMembersInARowReadAsOneContent() throws {
        let bytes = idx(code: 8, shape: [5], payload: [1, 2, 3, 4, 5])
        let file = try folder.write("members", gzip(Array(bytes[..<6])) + gzip([]) + gzip(Array(bytes[6...])))
        #expect(try IDXFile.read(file, as: UInt8.self).scalars == [1, 2, 3, 4, 5])
    }

    // MARK: What is refused

    struct Refusal: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let bytes: [UInt8]
        let offset: Int?
        let reason: String
    }

    static let vector = idx(code: 8, shape: [4], payload: [1, 2, 3, 4])
    static let announcing = gzip([0, 0, 8, 2] + bigEndian(UInt32(100_000)) + bigEndian(UInt32(1000)))
    static let refusals = [
        Refusal(testDescription: "empty", bytes: [], offset: 0, reason: "the content ends inside the IDX header"),
        Refusal(
            testDescription: "cut in the header", bytes: Array(vector[..<6]), offset: 6,
            reason: "the content ends inside the IDX header"),
        Refusal(
            testDescription: "cut in the elements", bytes: Array(vector[..<11]), offset: 11,
            reason: "the content ends here, but its header announces 12 bytes"),
        Refusal(
            testDescription: "gzipped after a cut", bytes: gzip(Array(vector[..<11])), offset: 11,
            reason: "the content ends here, but its header announces 12 bytes"),
        Refusal(
            testDescription: "too long", bytes: vector + [9], offset: 12,
            reason: "more bytes follow where the header says that the content ends"),
        Refusal(
            testDescription: "too long, gzipped", bytes: gzip(vector + [9]), offset: 12,
            reason: "more bytes follow where the header says that the content ends"),
        Refusal(
            testDescription: "a zip archive", bytes: [0x50, 0x4b, 3, 4, 0, 0], offset: 0,
            reason: "an IDX file starts with the bytes 00 00, this one with 50 4b 03 04"),
        Refusal(
            testDescription: "unknown type", bytes: [0, 0, 10, 1, 0, 0, 0, 1, 1], offset: 2,
            reason: "IDX has no element type 0xa"),
        Refusal(
            testDescription: "too many elements to count", bytes: [0, 0, 8, 3] + [UInt8](repeating: 255, count: 12),
            offset: 4,
            reason: "the header announces the shape [4294967295, 4294967295, 4294967295], "
                + "more elements than memory can address"),
        Refusal(
            testDescription: "too many elements to count, times none",
            bytes: [0, 0, 8, 4] + [UInt8](repeating: 255, count: 12) + [0, 0, 0, 0], offset: 4,
            reason: "the header announces the shape [4294967295, 4294967295, 4294967295, 0], "
                + "more elements than memory can address"),
        Refusal(
            testDescription: "255 dimensions", bytes: [0, 0, 8, 255] + [UInt8](repeating: 1, count: 8), offset: 12,
            reason: "the content ends inside the IDX header"),
        Refusal(
            testDescription: "more than gzip can unpack to",
            bytes: announcing, offset: 4,
            reason: "the header announces the shape [100000, 1000], 100000012 bytes, "
                + "more than \(announcing.count) gzipped bytes can unpack to"),
        Refusal(
            testDescription: "bytes after gzip", bytes: gzip(vector) + [1, 2, 3], offset: gzip(vector).count,
            reason: "bytes that are not gzip follow the gzip data (place in the file)"),
        Refusal(
            testDescription: "gzip cut short", bytes: Array(gzip(vector).dropLast(5)), offset: gzip(vector).count - 5,
            reason: "the gzip data ends before its end mark (place in the file)"),
    ]

    @Test(arguments: refusals)
    func damagedFilesAreRefusedWithPlaceAndReason(refusal: Refusal) throws {
        let file = try folder.write("damaged", refusal.bytes)
        let error = try #require(datasetError { _ = try IDXFile.read(file, as: Float.self) })
        #expect(error.file == file)
        #expect(error.offset == refusal.offset)
        #expect(error.reason == refusal.reason)
        #expect(!error.hint.isEmpty)
    }

    @Test func aFolderAMissingFileAndAPipeAreRefused() throws {
        let asFolder = try #require(datasetError { _ = try IDXFile.read(folder.path, as: Float.self) })
        #expect(asFolder.reason == "this is a folder, not a file")
        let missing = try #require(datasetError { _ = try IDXFile.read(folder.path + "/none", as: Float.self) })
        #expect(missing.reason == "the file cannot be opened: No such file or directory")
        #expect(
            missing.description
                == "\(folder.path)/none: the file cannot be opened: No such file or directory\n"
                + "    hint: check the path and that this user may read it")
        let device = try #require(datasetError { _ = try IDXFile.read("/dev/null", as: Float.self) })
        #expect(device.reason == "this is not a regular file")
    }

    @Test(arguments: [false, true])
    func truncatedFileIsRefusedAtEveryLength(compressed: Bool) throws {
        let bytes = compressed ? gzip(Self.small) : Self.small
        for length in bytes.indices {
            let file = try folder.write("cut", Array(bytes[..<length]))
            let error = datasetError { _ = try IDXFile.read(file, as: Float.self) }
            #expect(error != nil, "a file cut to \(length) of \(bytes.count) bytes was read")
            #expect(error?.offset.map { $0 <= bytes.count } == true)
        }
    }

    /// The flips that leave a gzip file valid are those of its header's time, flags of no effect and system.
    @Test(arguments: [false, true])
    func everyFlippedByteIsRefusedOrReadInAPlausibleShape(compressed: Bool) throws {
        let bytes = compressed ? gzip(Self.small) : Self.small
        var survivors = 0
        for index in bytes.indices {
            for mask in [0x01, 0x80, 0xff] as [UInt8] {
                var damaged = bytes
                damaged[index] ^= mask
                let file = try folder.write("flip", damaged)
                guard let array = try? IDXFile.read(file, as: Float.self) else { continue }
                survivors += 1
                #expect(array.count == Self.smallCount, "byte \(index) with mask \(mask) gave \(array.shape)")
            }
        }
        #expect(survivors > 0 && survivors < bytes.count * 3)
    }

    static let smallCount = 2 * 3 * 4
    static let small = idx(code: 8, shape: [2, 3, 4], payload: (0..<UInt8(smallCount)).map { $0 &* 37 })
}
