// Files for the tests: small IDX files made here, plain and gzipped, in a folder that is removed afterwards.

import CZlib
import Foundation

@testable import Datasets

/// A new folder for one test, removed with its last reference.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        path = FileManager.default.temporaryDirectory.path + "/datasets-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
    }

    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        let file = path + "/" + name
        try Data(bytes).write(to: URL(fileURLWithPath: file))
        return file
    }
}

/// An IDX file of the given element type code and shape, with `payload` as it is.
func idx(code: UInt8, shape: [Int], payload: [UInt8]) -> [UInt8] {
    [0, 0, code, UInt8(shape.count)] + shape.flatMap { bigEndian(UInt32($0)) } + payload
}

func bigEndian<Number: FixedWidthInteger>(_ number: Number) -> [UInt8] {
    withUnsafeBytes(of: number.bigEndian) { Array($0) }
}

/// One gzip member.
func gzip(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
        &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: bytes.count + 1024)
    let count = input.withUnsafeMutableBufferPointer { input in
        output.withUnsafeMutableBufferPointer { output in
            stream.next_in = input.baseAddress
            stream.avail_in = UInt32(input.count)
            stream.next_out = output.baseAddress
            stream.avail_out = UInt32(output.count)
            deflate(&stream, Z_FINISH)
            return output.count - Int(stream.avail_out)
        }
    }
    return Array(output[..<count])
}

/// Writes the four files of a data set in MNIST's form: image `i` is filled with `i % 256`, its label is `i % 10`.
func writeDigits(in folder: ScratchFolder, trainCount: Int, testCount: Int, compressed: Bool = false) throws {
    func write(_ file: MNISTFile, _ bytes: [UInt8]) throws {
        _ = try folder.write(file.rawValue + (compressed ? ".gz" : ""), compressed ? gzip(bytes) : bytes)
    }
    for (images, labels, count) in [
        (MNISTFile.trainImages, MNISTFile.trainLabels, trainCount), (.testImages, .testLabels, testCount),
    ] {
        let pixels = (0..<count).flatMap { [UInt8](repeating: UInt8($0 % 256), count: 784) }
        try write(images, idx(code: 8, shape: [count, 28, 28], payload: pixels))
        try write(labels, idx(code: 8, shape: [count], payload: (0..<count).map { UInt8($0 % 10) }))
    }
}

/// The error that `body` throws, or nil where it throws none.
func datasetError(_ body: () throws -> Void) -> DatasetError? {
    do {
        try body()
        return nil
    } catch {
        return error as? DatasetError
    }
}
