// IDX, which reads from the disk alone: the input is put into a file of memory.

import Datasets
import Foundation
import Tensors

let datasetTargets: [FuzzTarget] = [
    FuzzTarget(
        name: "idx",
        read: { bytes in
            let path = "/dev/shm/tensorgraph-fuzz-\(ProcessInfo.processInfo.processIdentifier)"
            guard let file = fopen(path, "wb") else { return }
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
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
        })
]
