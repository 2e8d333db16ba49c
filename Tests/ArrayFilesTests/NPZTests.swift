// `.npz` archives: written and read here, by numpy and by Python's zipfile, and damaged.

import ArrayFiles
import FileTestSupport
import Files
import Tensors
import Testing

@Suite struct NPZTests {
    let memory = MemoryFileSystem()

    func samples() throws -> [String: AnyArray] {
        var arrays: [String: AnyArray] = [:]
        for dtype in Samples.npyTypes {
            for (index, shape) in Samples.shapes.enumerated() {
                arrays["\(dtype)/\(index)"] = try Samples.array(dtype, shape)
            }
        }
        arrays["strings"] = try AnyArray(strings: Samples.strings, shape: [3, 2])
        arrays["Größe"] = try Samples.zeros([200, 200])
        return arrays
    }

    @Test(arguments: [false, true], [false, true]) func everyArrayComesBack(isDeflated: Bool, isWide: Bool) throws {
        let arrays = try samples()
        let writer = try NPZWriter("x.npz", isDeflated ? .deflated : .stored, .bytes, memory, alwaysZip64: isWide)
        for (name, array) in arrays { try writer.add(array, named: name) }
        try writer.finish()
        let reader = try NPZReader("x.npz", in: memory)
        #expect(Set(reader.names) == Set(arrays.keys))
        for (name, array) in arrays {
            #expect(try reader.read(name) == array)
            #expect(try reader.read(name + ".npy") == array)
            #expect(try reader.describe(name).shape == array.shape)
        }
    }

    @Test func theSameArraysGiveTheSameBytes() throws {
        for name in ["a", "b"] { try NPZWriter.write(samples(), to: name, compression: .deflated, in: memory) }
        #expect(memory["a"] == memory["b"])
    }

    @Test func aMissingArrayHasASuggestion() throws {
        try NPZWriter.write(["weights": AnyArray(NDArray<Float>(1))], to: "x.npz", in: memory)
        let reader = try NPZReader("x.npz", in: memory)
        let error = #expect(throws: ArrayFileError.self) { try reader.read("wieghts") }
        #expect(error?.kind == .missingArray)
        #expect(error?.hint == "did you mean \"weights\"?")
    }

    @Test func aWriterThatIsDroppedLeavesNothing() throws {
        do {
            let writer = try NPZWriter("x.npz", in: memory)
            try writer.add(NDArray<Float>(1), named: "a")
            #expect(throws: ArrayFileError.self) { try writer.add(NDArray<Float>(1), named: "a") }
        }
        #expect(memory.paths.isEmpty)
    }

    @Test func aBombIsRefusedBeforeMemoryIsTaken() throws {
        try NPZWriter.write(
            ["a": Samples.zeros([1 << 16])], to: "x.npz", compression: .deflated, in: memory)
        var bytes = try #require(memory["x.npz"])
        // The unpacked size in the table of contents, in front of the name's length.
        let central = try #require(bytes.firstIndex(of: [0x50, 0x4b, 1, 2]))
        for (index, byte) in [UInt8](arrayLiteral: 0xf0, 0xff, 0xff, 0xff).enumerated() {
            bytes[central + 24 + index] = byte
        }
        memory["x.npz"] = bytes
        let error = #expect(throws: ArrayFileError.self) { try NPZReader("x.npz", in: memory).read("a") }
        #expect(error?.description.contains("deflated bytes can unpack to") == true)
    }

    @Test func entriesThatShareBytesAreRefused() throws {
        try NPZWriter.write(
            ["a": AnyArray(NDArray<Float>(1)), "b": AnyArray(NDArray<Float>(1))], to: "x.npz", in: memory)
        var bytes = try #require(memory["x.npz"])
        let first = try #require(bytes.firstIndex(of: [0x50, 0x4b, 1, 2]))
        let second = try #require(bytes[(first + 4)...].firstIndex(of: [0x50, 0x4b, 1, 2]))
        for index in 42..<46 { bytes[second + index] = bytes[first + index] }
        memory["x.npz"] = bytes
        let error = #expect(throws: ArrayFileError.self) { try NPZReader("x.npz", in: memory) }
        #expect(error?.description.contains("overlaps another") == true)
    }

    // MARK: Against numpy

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func numpysArchivesAreReadBitForBit() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let script =
            fingerprintScript + """
                folder = sys.argv[1]
                rng = np.random.default_rng(7)
                arrays = {'zeros': np.zeros((300, 300), np.float32), 'Größe': rng.normal(size=(30, 50)),
                          'f': np.asfortranarray(rng.normal(size=(7, 9))), 'a/b.c': np.array(['x', 'yz']),
                          'empty': np.zeros((0, 3)), 'scalar': np.float16(1.5), 'big': np.arange(5, dtype='>i4'),
                          'many': rng.integers(0, 3, (100, 400))}
                np.savez(folder + '/stored.npz', **arrays)
                np.savez_compressed(folder + '/deflated.npz', **arrays)
                class Pipe(io.RawIOBase):
                    def __init__(self, f): self.f = f
                    def writable(self): return True
                    def seekable(self): return False
                    def write(self, b): return self.f.write(b)
                for name, method in [('pipe-stored', 0), ('pipe-deflated', 8)]:
                    with open(f'{folder}/{name}.npz', 'wb') as f, zipfile.ZipFile(Pipe(f), 'w', method) as z:
                        for key, a in arrays.items():
                            with z.open(key + ('.npy' if key != 'f' else ''), 'w', force_zip64=key == 'zeros') as e:
                                np.lib.format.write_array(e, np.asanyarray(a))
                    with zipfile.ZipFile(f'{folder}/{name}.npz', 'a') as z: z.comment = b'a comment'
                with zipfile.ZipFile(folder + '/many.npz', 'w') as z:
                    for i in range(66000): z.writestr(f'{i}', b'')
                    b = io.BytesIO(); np.save(b, arrays['big']); z.writestr('big.npy', b.getvalue())
                for key, a in arrays.items(): print(f'{key}={fingerprint(np.asanyarray(a))}')
                """
        let expected = pairs(try oracle.run(script, [folder.path]))
        #expect(expected.count == 8)
        for name in ["stored", "deflated", "pipe-stored", "pipe-deflated"] {
            let reader = try NPZReader(folder.path("\(name).npz"))
            #expect(reader.names == expected.map(\.key))
            for (key, fingerprint) in expected {
                #expect(try reader.read(key).fingerprint == fingerprint, "\(name): \(key)")
            }
        }
        let many = try NPZReader(folder.path("many.npz"))
        #expect(many.names.count == 66_001)
        #expect(try many.read("big").fingerprint == expected.first { $0.key == "big" }?.value)
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func numpyReadsOurArchivesBitForBit() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let arrays = try samples()
        for isDeflated in [false, true] {
            for isWide in [false, true] {
                let writer = try NPZWriter(
                    folder.path("\(isDeflated)-\(isWide).npz"), isDeflated ? .deflated : .stored, .text,
                    LocalFileSystem(), alwaysZip64: isWide)
                for name in arrays.keys.sorted() { try writer.add(try #require(arrays[name]), named: name) }
                try writer.finish()
            }
        }
        let script =
            fingerprintScript + """
                for kind in ['false-false', 'false-true', 'true-false', 'true-true']:
                    path = f'{sys.argv[1]}/{kind}.npz'
                    assert zipfile.ZipFile(path).testzip() is None
                    archive = np.load(path)
                    for name in archive.files: print(f'{kind}/{name}={fingerprint(archive[name])}')
                """
        let found = Dictionary(uniqueKeysWithValues: pairs(try oracle.run(script, [folder.path])))
        #expect(found.count == 4 * arrays.count)
        for (key, fingerprint) in found {
            let name = key.split(separator: "/", maxSplits: 1)[1]
            #expect(arrays[String(name)]?.fingerprint == fingerprint, "\(key)")
        }
    }
}

extension Collection where Element == UInt8, Index == Int {
    /// Where the bytes first appear.
    func firstIndex(of bytes: [UInt8]) -> Int? {
        indices.first { self[$0...].starts(with: bytes) }
    }
}
