// npy, npz and safetensors.

import ArrayFiles
import FileTestSupport
import Tensors

let arrayFileTargets: [FuzzTarget] = [
    FuzzTarget(
        name: "npy",
        read: { bytes in
            let memory = MemoryFileSystem(["x": bytes])
            let array = try NPYFile.read("x", in: memory)
            try check(array)
            // What was read can be written and read again, but for strings that end in zeros, which cannot occur.
            try NPYFile.write(array, to: "y", in: memory)
            guard try NPYFile.read("y", in: memory) == array else {
                throw Contradiction(description: "an array changes when written and read again")
            }
        },
        seeds: {
            var seeds: [[UInt8]] = []
            let memory = MemoryFileSystem()
            for (array, strings) in try sampleArrays() {
                try NPYFile.write(array, to: "x", strings: strings, in: memory)
                seeds.append(memory["x"] ?? [])
            }
            for text in [
                "{'descr': '>c8', 'fortran_order': True, 'shape': (1, 2, 1)}",
                "{'shape':(2L,),'descr':'>U1','fortran_order':False}",
            ] {
                let header: [UInt8] = [0x93] + Array("NUMPY".utf8) + [2, 0, UInt8(text.utf8.count), 0, 0, 0]
                seeds.append(header + Array(text.utf8) + [UInt8](repeating: 0, count: text.contains("c8") ? 16 : 8))
            }
            return seeds
        }),
    FuzzTarget(
        name: "npz",
        read: { bytes in
            let reader = try NPZReader("x", in: MemoryFileSystem(["x": bytes]))
            var total = 0
            for name in reader.names {
                _ = try? reader.describe(name)
                do throws(ArrayFileError) {
                    let array = try reader.read(name)
                    try? check(array)
                    total += array.byteCount
                } catch {
                    if "\(error)".isEmpty { throw Contradiction(description: "an error without a text") }
                }
            }
            if total > bytes.count * 1040 { throw Contradiction(description: "\(bytes.count) bytes became \(total)") }
        },
        seeds: {
            var seeds: [[UInt8]] = []
            for compression in [NPZWriter.Compression.stored, .deflated] {
                for isWide in [false, true] {
                    let memory = MemoryFileSystem()
                    let writer = try NPZWriter("x", compression, .text, memory, alwaysZip64: isWide)
                    for (index, sample) in try sampleArrays().prefix(4).enumerated() {
                        try writer.add(sample.0, named: "\(index)é")
                    }
                    try writer.finish()
                    seeds.append(memory["x"] ?? [])
                }
            }
            return seeds
        }),
    FuzzTarget(
        name: "safetensors",
        read: { bytes in
            let memory = MemoryFileSystem(["x": bytes])
            let reader = try SafetensorsReader("x", in: memory)
            var arrays: [String: AnyArray] = [:]
            for name in reader.names {
                arrays[name] = try reader.read(name)
                try check(arrays[name])
            }
            do {
                try SafetensorsWriter.write(arrays, metadata: reader.metadata, to: "y", in: memory)
                let again = try SafetensorsReader("y", in: memory)
                guard again.metadata == reader.metadata, Set(again.names) == Set(reader.names) else {
                    throw Contradiction(description: "other names")
                }
                for name in again.names where try again.read(name) != arrays[name] {
                    throw Contradiction(description: "another array \"\(name)\"")
                }
            } catch {
                throw Contradiction(description: "what was read cannot be written and read again: \(error)")
            }
        },
        seeds: {
            let memory = MemoryFileSystem()
            var arrays: [String: AnyArray] = [:]
            for (index, sample) in try sampleArrays().enumerated() where sample.0.dtype != .string {
                arrays["\(index)\"é"] = sample.0
            }
            try SafetensorsWriter.write(arrays, metadata: ["k\n": "v"], to: "x", in: memory)
            try SafetensorsWriter.write([:], to: "y", in: memory)
            let one = AnyArray(NDArray<UInt8>([1, 2]))
            try SafetensorsWriter.write(["a": one], to: "z", in: memory)
            return ["x", "y", "z"].compactMap { memory[$0] }
        }),
]

private func sampleArrays() throws -> [(AnyArray, NPYStrings)] {
    try [
        (AnyArray(NDArray<Float>([[1, 2], [3, 4]])), .bytes), (AnyArray(NDArray<Bool>([true, false])), .bytes),
        (AnyArray(strings: ["ab", "é"]), .bytes), (AnyArray(strings: ["ab", "é"]), .text),
        (AnyArray(NDArray<Int64>(7)), .bytes),
        (AnyArray(dtype: .float16, shape: [0, 3], bytes: []), .bytes),
        (AnyArray(dtype: .complex64, shape: [1, 1, 2], bytes: Array(0..<16)), .bytes),
    ]
}

/// Fails for an array whose parts do not fit together, and touches all its bytes.
private func check(_ array: AnyArray?) throws {
    guard let array else { return }
    let count = array.shape.reduce(1) { $0 * $1 }
    guard array.count == count, array.byteStrings != nil || array.byteCount == count * array.dtype.byteCount else {
        throw Contradiction(description: "\(array.dtype)\(array.shape) has \(array.count) elements")
    }
    _ = array.withUnsafeBytes { $0.reduce(0 as UInt8, ^) }
    if array.dtype == .bool, array.withUnsafeBytes({ $0.contains { $0 > 1 } }) == true {
        throw Contradiction(description: "a bool is neither true nor false")
    }
}
