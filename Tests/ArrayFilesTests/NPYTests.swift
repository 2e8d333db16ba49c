// `.npy` files: written and read here, written and read by numpy, and wrong in every way a header can be.

import ArrayFiles
import FileTestSupport
import Files
import Tensors
import Testing

@Suite struct NPYTests {
    let memory = MemoryFileSystem()

    /// A file with a header of the given text.
    func file(_ header: String, _ elements: [UInt8] = [], version: UInt8 = 1) -> [UInt8] {
        let text = Array(header.utf8)
        let length = (0..<(version == 1 ? 2 : 4)).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return [0x93] + Array("NUMPY".utf8) + [version, 0] + length + text + elements
    }

    func read(_ bytes: [UInt8]) throws -> AnyArray {
        memory["x.npy"] = bytes
        return try NPYFile.read("x.npy", in: memory)
    }

    @Test(arguments: Samples.npyTypes) func everyTypeAndShapeComesBack(dtype: DType) throws {
        for shape in Samples.shapes {
            let array = try Samples.array(dtype, shape)
            try NPYFile.write(array, to: "x.npy", in: memory)
            #expect(try NPYFile.read("x.npy", in: memory) == array, "\(shape)")
            let description = try NPYFile.describe("x.npy", in: memory)
            #expect(description.dtype == dtype && description.shape == shape)
        }
        #expect(memory.paths == ["x.npy"], "no temporary file is left")
    }

    @Test func stringsComeBackAsBytesAndAsText() throws {
        let array = try AnyArray(strings: Samples.strings, shape: [2, 3])
        for kind in [NPYStrings.bytes, .text] {
            try NPYFile.write(array, to: "x.npy", strings: kind, in: memory)
            #expect(try NPYFile.read("x.npy", in: memory) == array)
        }
        #expect(try NPYFile.describe("x.npy", in: memory).formatType == "<U5")
    }

    @Test func typedReadingNamesTheTypeFound() throws {
        try NPYFile.write(NDArray<Float>([1, 2]), to: "x.npy", in: memory)
        #expect(try NPYFile.read("x.npy", as: Float.self, in: memory) == NDArray<Float>([1, 2]))
        let error = #expect(throws: ArrayFileError.self) { try NPYFile.read("x.npy", as: Int32.self, in: memory) }
        #expect(error?.description.contains("the array is of float32, not of int32") == true)
    }

    @Test func bigEndianElementsInFortransOrderAreTurned() throws {
        let bytes: [UInt8] = [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6]
        let array = try read(file("{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }\n", bytes))
        #expect(try array.as(Int16.self) == NDArray<Int16>([[1, 2, 3], [4, 5, 6]]))
    }

    @Test func headersOfOldWritersAreRead() throws {
        let texts = [
            "{'descr': '<i2', 'fortran_order': False, 'shape': (1L, 2L)}",
            "{\"shape\":(1,2,),\"descr\":\"i2\",\"fortran_order\":False,}  \n",
            " { 'fortran_order' : True , 'shape' : ( 1 , 2 ) , 'descr' : '=i2' } ",
        ]
        for version: UInt8 in 1...3 {
            for text in texts {
                let array = try read(file(text, [1, 0, 2, 0], version: version))
                #expect(try array.as(Int16.self) == NDArray<Int16>([[1, 2]]), "\(text)")
            }
        }
    }

    @Test func boolsOfOtherBitsAreTrue() throws {
        let array = try read(file("{'descr': '|b1', 'fortran_order': False, 'shape': (4,)}", [0, 1, 2, 255]))
        #expect(try array.as(Bool.self) == NDArray<Bool>([false, true, true, true]))
    }

    static let wrongHeaders: [(text: String, fact: String)] = [
        ("", "lacks a '{'"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3)}", "a number, not a tuple"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (-3,)}", "no number of 0 or more"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (3 4)}", "lacks a comma"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (0x3,)}", "lacks a comma"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999,)}", "too large"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 0)}", "than memory can address"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (4611686018427387904, 4)}", "than memory can address"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (2,)}", "needs 8 bytes, but there are 4"),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x", "follow the header's dictionary"),
        ("{'descr': '<f4', 'fortran_order': 0, 'shape': ()}", "neither True nor False"),
        ("{'descr': '<f4', 'shape': ()}", "lacks one of descr"),
        ("{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': ()}", "unknown or repeated key \"descr\""),
        ("{'descr': '<f4', 'fortran_order': False, 'shape': (), 'x': 1}", "unknown or repeated key \"x\""),
        ("{'descr': '<f4\\'', 'fortran_order': False, 'shape': ()}", "characters that no header has"),
        ("{'descr': '<f4", "does not end"),
        ("__import__('os')", "lacks a '{'"),
        ("{'descr': '|O', 'fortran_order': False, 'shape': ()}", "pickled Python objects"),
        ("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': ()}", "records of several fields"),
        ("{'descr': '<M8[ns]', 'fortran_order': False, 'shape': ()}", "dates or time spans"),
        ("{'descr': '|V2', 'fortran_order': False, 'shape': ()}", "such as bfloat16"),
        ("{'descr': '<f16', 'fortran_order': False, 'shape': ()}", "extended precision"),
        ("{'descr': '<q9', 'fortran_order': False, 'shape': ()}", "element type is not known"),
        ("{'descr': '<U99999999999999999999', 'fortran_order': False, 'shape': ()}", "element type is not known"),
        ("{'descr': '|S0', 'fortran_order': False, 'shape': (1000000000,)}", "strings of no bytes"),
        (
            "{'descr': '|i1', 'fortran_order': False, 'shape': (\(String(repeating: "1,", count: 65)))}",
            "more than 64 dimensions"
        ),
    ]

    @Test(arguments: wrongHeaders) func aWrongHeaderIsRefused(text: String, fact: String) {
        let error = #expect(throws: ArrayFileError.self) { try read(file(text, [0, 0, 0, 0])) }
        #expect(error?.description.contains(fact) == true, "\(error?.description ?? "")")
        #expect(error?.description.hasPrefix("x.npy: byte ") == true || error?.offset == nil)
    }

    @Test func aFileThatGoesOnOrEndsEarlyIsRefused() throws {
        let whole = file("{'descr': '|u1', 'fortran_order': False, 'shape': (2,)}", [1, 2])
        #expect(throws: ArrayFileError.self) { try read(whole + [3]) }
        for count in whole.indices {
            #expect(throws: ArrayFileError.self, "\(count) bytes") { try read(Array(whole.prefix(count))) }
        }
    }

    @Test func textThatIsNoUnicodeIsRefused() {
        let header = "{'descr': '<U1', 'fortran_order': False, 'shape': (1,)}"
        for word: [UInt8] in [[0, 0xd8, 0, 0], [0, 0, 0x11, 0], [255, 255, 255, 255]] {
            #expect(throws: ArrayFileError.self) { try read(file(header, word)) }
        }
    }

    @Test func whatNPYCannotHoldIsRefused() throws {
        for dtype in [DType.bfloat16, DType(.other(.float8e5m2)), DType(.other(.qint8))] {
            let array = try Samples.array(dtype, [2])
            #expect(throws: ArrayFileError.self) { try NPYFile.write(array, to: "x.npy", in: memory) }
        }
        #expect(throws: ArrayFileError.self) {
            try NPYFile.write(AnyArray(strings: ["a\0"]), to: "x.npy", in: memory)
        }
        let notText = try AnyArray(strings: [[0xff]], shape: [1])
        #expect(throws: ArrayFileError.self) { try NPYFile.write(notText, to: "x.npy", strings: .text, in: memory) }
        #expect(memory.paths.isEmpty)
    }

    @Test func aMissingFileIsNamed() {
        let error = #expect(throws: ArrayFileError.self) { try NPYFile.read("none.npy", in: memory) }
        #expect(error?.description.hasPrefix("none.npy: cannot open it") == true)
    }

    // MARK: Against numpy

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func numpysFilesAreReadBitForBit() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let script =
            fingerprintScript + """
                folder = sys.argv[1]
                rng = np.random.default_rng(7)
                types = 'b1 i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16 S1 S5 U1 U3'.split()
                shapes = [(), (0,), (1,), (5,), (2, 3), (0, 4), (2, 0, 3), (2, 3, 4), (1, 2, 1, 3, 2)]
                number = 0
                for code in types:
                    for shape in shapes:
                        for swap in '<>':
                            for order in 'CF':
                                for version in [(1, 0), (2, 0), (3, 0)]:
                                    dtype = np.dtype(code).newbyteorder(swap)
                                    count = int(np.prod(shape))
                                    if code == 'b1': a = rng.integers(0, 2, count).astype(bool)
                                    elif code[0] == 'S': a = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
                                    elif code[0] == 'U':
                                        a = np.array([''.join(chr(rng.choice([65, 0, 228, 0x1f600]))
                                            for _ in range(int(code[1:]))) for _ in range(count)], dtype)
                                    else: a = np.frombuffer(rng.bytes(count * dtype.itemsize), dtype)
                                    a = np.asarray(a.reshape(shape), order=order)
                                    if order == 'F': a = np.asfortranarray(a).reshape(shape, order='A')
                                    with open(f'{folder}/{number}.npy', 'wb') as f:
                                        np.lib.format.write_array(f, a, version)
                                    print(f'{number}={fingerprint(a)}')
                                    number += 1
                """
        let expected = pairs(try oracle.run(script, [folder.path]))
        #expect(expected.count == 18 * 9 * 2 * 2 * 3)
        for (name, fingerprint) in expected {
            let array = try NPYFile.read(folder.path("\(name).npy"))
            if array.fingerprint != fingerprint {
                Issue.record("\(name): \(array.dtype) \(array.fingerprint) but \(fingerprint)")
                break
            }
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func numpyReadsOurFilesBitForBitAndWritesTheSame()
        throws
    {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        var expected: [String] = []
        func add(_ array: AnyArray, _ strings: NPYStrings = .bytes) throws {
            try NPYFile.write(array, to: folder.path("\(expected.count).npy"), strings: strings)
            expected.append(array.fingerprint)
        }
        for dtype in Samples.npyTypes {
            for shape in Samples.shapes { try add(Samples.array(dtype, shape)) }
        }
        for strings in [NPYStrings.bytes, .text] {
            try add(AnyArray(strings: Samples.strings, shape: [3, 2]), strings)
            try add(AnyArray(strings: [], shape: [0]), strings)
            try add(AnyArray(strings: [Array("x".utf8)], shape: []), strings)
        }
        let script =
            fingerprintScript + """
                for number in range(int(sys.argv[2])):
                    path = f'{sys.argv[1]}/{number}.npy'
                    a = np.load(path)
                    print(f'{number}={fingerprint(a)}')
                    again = io.BytesIO()
                    np.save(again, a)
                    if again.getvalue() != open(path, 'rb').read(): print(f'{number}=numpy writes other bytes')
                """
        let found = pairs(try oracle.run(script, [folder.path, "\(expected.count)"]))
        #expect(found.map(\.value) == expected)
    }
}
