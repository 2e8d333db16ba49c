// IDX, CSV, TFRecord and examples. What reads from the disk alone gets the input in a file of memory.

import Datasets
import ExampleRecords
import Foundation
import Tensors

let datasetTargets: [FuzzTarget] = [
    FuzzTarget(
        name: "idx",
        read: { bytes in
            guard let path = memoryFile(bytes) else { return }
            defer { remove(path) }
            let header = try IDXFile.header(of: path)
            let array = try IDXFile.read(path, as: Float.self)
            guard array.shape == header.shape else { throw Contradiction(description: "two shapes for one file") }
            _ = try IDXFile.read(path, as: Int32.self, maxRows: 1)
        },
        seeds: {
            let gzip: [UInt8] = [
                0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x63, 0x60, 0x90, 0x64, 0x60, 0x60, 0x60, 0x62, 0x64, 0x62, 6, 0,
                0x6e, 0x5a, 0x9a, 0x3c, 0xb, 0, 0, 0,
            ]
            return [
                [0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 1, 2, 3, 4], [0, 0, 0x0d, 1, 0, 0, 0, 1, 63, 128, 0, 0],
                [0, 0, 0x0e, 0, 63, 240, 0, 0, 0, 0, 0, 0], gzip,
            ]
        }),
    FuzzTarget(
        name: "csv",
        read: { bytes in
            guard let path = memoryFile(bytes) else { return }
            defer { remove(path) }
            let table = try CSVFile(path, missing: .replaced(with: 0))
            let width = table.columns.count
            guard try table.rows.elements().allSatisfy({ $0.count == width }) else {
                throw Contradiction(description: "a row of another length than the first")
            }
            _ = try table.array()
        },
        seeds: {
            ["a,b\r\n1,2\r\n", "\"x\"\"y\",z\n\"1,\n\",NA\n", "\u{FEFF}a\n\n1e5\n"].map { Array($0.utf8) }
        }),
    FuzzTarget(
        name: "tfrecord",
        read: { bytes in
            guard let path = memoryFile(bytes) else { return }
            defer { remove(path) }
            for compression in FileCompression.allCases {
                let records = Dataset.tfRecords(path, compression: compression)
                try? records.forEach { record in
                    guard let example = try? Example(serialized: record) else { return }
                    _ = try? example.parsed(["a": .variableLength(.int64), "b": .fixedLength(.float32, shape: [2])])
                }
            }
        },
        seeds: {
            try [FileCompression.none, .gzip, .zlib].map { compression in
                guard let path = memoryFile([]) else { return [] }
                defer { remove(path) }
                let writer = try TFRecordWriter(path, compression: compression)
                try writer.write(Example(["a": .integers([1, -1]), "b": .floats([1, 2]), "c": .text("x")]))
                try writer.write([])
                try writer.close()
                return [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
            }
        }),
    FuzzTarget(
        name: "example",
        read: { bytes in
            let example = try Example(serialized: bytes)
            _ = try example.parsed(["a": .variableLength(.int64)])
            let again = try Example(serialized: example.serialized())
            // A NaN differs from itself.
            guard try again == example || again.serialized() == example.serialized() else {
                throw Contradiction(description: "an example changes when written and read again")
            }
        },
        seeds: {
            [
                try Example(["a": .integers([1, -1]), "b": .floats([1, 2]), "c": .text("x")]).serialized(),
                try Example().serialized(),
            ]
        }),
]

/// A file of memory that holds the bytes.
private func memoryFile(_ bytes: [UInt8]) -> String? {
    let path = "/dev/shm/tensorgraph-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
    guard let file = fopen(path, "wb") else { return nil }
    fwrite(bytes, 1, bytes.count, file)
    fclose(file)
    return path
}
