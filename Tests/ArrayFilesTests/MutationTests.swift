// Every byte of a file changed in several ways, and the file cut at every length: whatever is read is an error that
// names the file, or an array that fits what was asked.

import ArrayFiles
import FileTestSupport
import Files
import Tensors
import Testing

@Suite struct MutationTests {
    /// What became of reading a damaged file.
    private func outcome(
        _ bytes: [UInt8], _ read: (MemoryFileSystem) throws(ArrayFileError) -> [String: AnyArray]
    ) -> [String: AnyArray]? {
        let memory = MemoryFileSystem(["x": bytes])
        do throws(ArrayFileError) { return try read(memory) } catch {
            #expect(error.path == "x" && error.description.hasPrefix("x: ") && !error.fact.isEmpty)
            return nil
        }
    }

    private func forEachMutation(of bytes: [UInt8], _ body: ([UInt8], _ what: String) -> Void) {
        for index in bytes.indices {
            for value in Set([bytes[index] ^ 1, bytes[index] ^ 0x80, 0, 0xff, UInt8(ascii: "9"), UInt8(ascii: "-")])
            where value != bytes[index] {
                var changed = bytes
                changed[index] = value
                body(changed, "byte \(index) is \(value)")
            }
        }
        for count in bytes.indices { body(Array(bytes.prefix(count)), "\(count) bytes are left") }
        // Words of all ones, and the least negative number, at every place.
        for width in [2, 4, 8] {
            for index in 0...max(0, bytes.count - width) where index + width <= bytes.count {
                for last: UInt8 in [0xff, 0x7f, 0x80] {
                    var changed = bytes
                    for place in index..<(index + width) { changed[place] = last == 0x80 ? 0 : 0xff }
                    changed[index + width - 1] = last
                    body(changed, "\(width) bytes at \(index) end with \(last)")
                }
            }
        }
    }

    /// An array whose elements and shape agree.
    private func isWellFormed(_ array: AnyArray) -> Bool {
        array.count == array.shape.reduce(1, *)
            && (array.dtype == .string || array.byteCount == array.count * array.dtype.byteCount)
    }

    @Test func aDamagedNPYIsAnErrorOrAWellFormedArray() throws {
        let memory = MemoryFileSystem()
        for array in [
            try Samples.array(.int16, [2, 3]), try Samples.array(.complex64, [2]),
            AnyArray(strings: ["abc", "d"]),
        ] {
            for strings in array.dtype == .string ? [NPYStrings.bytes, .text] : [.bytes] {
                try NPYFile.write(array, to: "x", strings: strings, in: memory)
                forEachMutation(of: try #require(memory["x"])) { bytes, what in
                    let arrays = outcome(bytes) { memory throws(ArrayFileError) in
                        _ = try? NPYFile.describe("x", in: memory)
                        return ["": try NPYFile.read("x", in: memory)]
                    }
                    if let array = arrays?[""], !isWellFormed(array) { Issue.record("\(what): \(array)") }
                }
            }
        }
    }

    @Test(arguments: [false, true], [false, true]) func aDamagedNPZIsAnErrorOrTheSameArrays(
        isDeflated: Bool, isWide: Bool
    ) throws {
        let memory = MemoryFileSystem()
        let arrays = ["ab": try Samples.array(.int16, [2, 3]), "c": AnyArray(strings: ["abc", "d"])]
        let writer = try NPZWriter("x", isDeflated ? .deflated : .stored, .bytes, memory, alwaysZip64: isWide)
        for (name, array) in arrays.sorted(by: { $0.key < $1.key }) { try writer.add(array, named: name) }
        try writer.finish()
        forEachMutation(of: try #require(memory["x"])) { bytes, what in
            let found = outcome(bytes) { memory throws(ArrayFileError) in
                let reader = try NPZReader("x", in: memory)
                var arrays: [String: AnyArray] = [:]
                for name in reader.names { arrays[name] = try reader.read(name) }
                return arrays
            }
            // The checksums cover contents, not names.
            guard let found else { return }
            let isEqual = arrays.values.allSatisfy { array in found.values.contains(array) }
            if found.count != arrays.count || !isEqual { Issue.record("\(what): \(found)") }
        }
    }

    @Test func aDamagedSafetensorsIsAnErrorOrWellFormedArrays() throws {
        let memory = MemoryFileSystem()
        let arrays = ["ab": try Samples.array(.int16, [2, 3]), "c": try Samples.array(.bfloat16, [])]
        try SafetensorsWriter.write(arrays, metadata: ["k": "v"], to: "x", in: memory)
        forEachMutation(of: try #require(memory["x"])) { bytes, what in
            let found = outcome(bytes) { memory throws(ArrayFileError) in
                let reader = try SafetensorsReader("x", in: memory)
                var arrays: [String: AnyArray] = [:]
                for name in reader.names { arrays[name] = try reader.read(name) }
                return arrays
            }
            for array in (found ?? [:]).values where !isWellFormed(array) { Issue.record("\(what): \(array)") }
        }
    }
}
