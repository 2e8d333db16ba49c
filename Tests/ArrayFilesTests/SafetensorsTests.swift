// Safetensors files: written and read here, by the format's own library, and with every mistake a header can have.

import ArrayFiles
import FileTestSupport
import Files
import Tensors
import Testing

@Suite struct SafetensorsTests {
    let memory = MemoryFileSystem()

    func samples() throws -> [String: AnyArray] {
        var arrays: [String: AnyArray] = [:]
        for dtype in Samples.safetensorsTypes {
            for (index, shape) in Samples.shapes.enumerated() {
                arrays["\(dtype)/\(index)"] = try Samples.array(dtype, shape)
            }
        }
        arrays["quote\"\\\n\u{1}é😀"] = AnyArray(NDArray<Float>(1))
        return arrays
    }

    func file(_ header: String, _ data: [UInt8] = []) -> [UInt8] {
        let text = Array(header.utf8)
        return (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) } + text + data
    }

    func open(_ bytes: [UInt8]) throws -> SafetensorsReader {
        memory["x"] = bytes
        return try SafetensorsReader("x", in: memory)
    }

    @Test func everyArrayComesBackWithTheMetadata() throws {
        var arrays = try samples()
        arrays["float4"] = try Samples.array(DType(.other(.float4e2m1fn)), [3, 2])
        let metadata = ["format": "pt", "é\n": "\u{7f}\u{0}\""]
        try SafetensorsWriter.write(arrays, metadata: metadata, to: "x", in: memory)
        let reader = try SafetensorsReader("x", in: memory)
        #expect(reader.metadata == metadata)
        #expect(Set(reader.names) == Set(arrays.keys))
        for (name, array) in arrays {
            #expect(try reader.read(name) == array, "\(name)")
            #expect(try reader.describe(name).shape == array.shape)
        }
        #expect(memory.paths == ["x"])
    }

    @Test func everyArrayIsAligned() throws {
        try SafetensorsWriter.write(samples(), to: "x", in: memory)
        let bytes = try #require(memory["x"])
        let length = bytes.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        #expect(length % 8 == 0 && bytes[8] == UInt8(ascii: "{"))
    }

    @Test func arraysAreAddedInTheirOrder() throws {
        let writer = try SafetensorsWriter(
            "x", arrays: [("a", .uint8, [2]), ("b", .float64, [])], in: memory)
        #expect(writer.names == ["b", "a"])
        #expect(throws: ArrayFileError.self) { try writer.add(AnyArray(NDArray<UInt8>([1, 2])), named: "a") }
        #expect(throws: ArrayFileError.self) { try writer.add(AnyArray(NDArray<Float>(1)), named: "b") }
        try writer.add(AnyArray(NDArray<Double>(1)), named: "b")
        #expect(throws: ArrayFileError.self) { try writer.finish() }
        try writer.add(AnyArray(NDArray<UInt8>([1, 2])), named: "a")
        try writer.finish()
        #expect(try SafetensorsReader("x", in: memory).read("a", as: UInt8.self) == NDArray<UInt8>([1, 2]))
    }

    @Test func whatSafetensorsCannotHoldIsRefused() throws {
        for arrays: [(name: String, dtype: DType, shape: [Int])] in [
            [("a", .string, [1])], [("a", .complex128, [1])], [("__metadata__", .float32, [])],
            [("a", .float32, []), ("a", .float32, [])], [("a", .float32, [1 << 40, 1 << 40])],
            [("a", .float32, [-1])], [("a", DType(.other(.float4e2m1fn)), [3])],
            [("a", .uint8, [.max]), ("b", .uint8, [.max])],
        ] {
            #expect(throws: ArrayFileError.self) { try SafetensorsWriter("x", arrays: arrays, in: memory) }
        }
        #expect(memory.paths.isEmpty)
    }

    static let soundHeaders: [(text: String, names: [String])] = [
        ("{}", []), (#"{"__metadata__":null}"#, []), (" {\n}\t ", []),
        (#"{"a":{"shape":[],"data_offsets":[0,2],"dtype":"U16"}}"#, ["a"]),
        (#"{"b\u00e9\ud83d\ude00":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, ["bé😀"]),
        (
            #"{"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]},"":{"dtype":"I8","shape":[1],"data_offsets":[0,1]}}"#,
            ["", "b"]
        ),
        (
            #"{"z":{"dtype":"F64","shape":[0,3],"data_offsets":[0,0]},"a":{"dtype":"F16","shape":[],"data_offsets":[0,2]}}"#,
            ["z", "a"]
        ),
    ]

    @Test(arguments: soundHeaders) func aSoundHeaderIsRead(text: String, names: [String]) throws {
        #expect(try open(file(text, names.isEmpty ? [] : [1, 2])).names == names)
    }

    static let wrongHeaders: [(text: String, fact: String)] = [
        ("", "lacks a '{'"), ("[]", "lacks a '{'"), ("{", "lacks a '\"'"), ("{} x", "bytes follow the JSON value"),
        ("{}\0", "bytes follow the JSON value"), (#"{"a":1}"#, "lacks a '{'"), (#"{"a"}"#, "lacks a ':'"),
        (#"{"a":{}}"#, "lacks one of dtype"),
        (#"{"a":{"dtype":"F31","shape":[],"data_offsets":[0,2]}}"#, "type \"F31\" is not known"),
        (#"{"a":{"dtype":"F8_E8M0","shape":[],"data_offsets":[0,2]}}"#, "is not known"),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"x":1}}"#, "\"x\" is unknown here"),
        (#"{"a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}}"#, "\"dtype\" is unknown here, or"),
        (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,2]}}"#, "needs 3 bytes"),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[2,0]}}"#, "needs 2 bytes"),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0]}}"#, "two data_offsets"),
        (#"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2,2]}}"#, "more than 2 numbers"),
        (#"{"a":{"dtype":"U8","shape":[-2],"data_offsets":[0,2]}}"#, "no whole number of 0 or more"),
        (#"{"a":{"dtype":"U8","shape":[2.0],"data_offsets":[0,2]}}"#, "no whole number of 0 or more"),
        (#"{"a":{"dtype":"U8","shape":[2e0],"data_offsets":[0,2]}}"#, "no whole number of 0 or more"),
        (#"{"a":{"dtype":"U8","shape":[02],"data_offsets":[0,2]}}"#, "no whole number of 0 or more"),
        (#"{"a":{"dtype":"U8","shape":[9223372036854775808],"data_offsets":[0,2]}}"#, "a number is too large"),
        (#"{"a":{"dtype":"U8","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,2]}}"#, "too large"),
        (#"{"a":{"dtype":"U8","shape":[9223372036854775807,4,0],"data_offsets":[0,0]}}"#, "too large"),
        (#"{"a":{"dtype":"F4","shape":[3],"data_offsets":[0,2]}}"#, "does not fill whole bytes"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, "take 1 bytes, but 2 follow"),
        (#"{"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}}"#, "take 3 bytes, but 2 follow"),
        (#"{"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#, "those before it end at 0"),
        (
            #"{"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},"b":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
            "those before it end at 2"
        ),
        (
            #"{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]}}"#,
            "\"a\" twice"
        ),
        (#"{"__metadata__":{"a":1}}"#, "lacks a '\"'"), (#"{"__metadata__":{"a":"1","a":"2"}}"#, "\"a\" twice"),
        (#"{"a\q":1}"#, "escape"), (#"{"a\ud800":1}"#, "half a character"), (#"{"\ud800\u0041":1}"#, "half a char"),
        (#"{"\udc00":1}"#, "names no character"), (#"{"\u00g0":1}"#, "four hexadecimal"), (#"{"\u00"#, "does not end"),
        ("{\"a\n\":1}", "control character"),
        (String(repeating: "{\"a\":", count: 100_000), "is unknown here"),
        (String(repeating: "[", count: 100_000), "lacks a '{'"),
    ]

    @Test(arguments: wrongHeaders) func aWrongHeaderIsRefused(text: String, fact: String) {
        let error = #expect(throws: ArrayFileError.self) { try open(file(text, [1, 2])) }
        #expect(error?.description.contains(fact) == true, "\(error?.description ?? "")")
        #expect(error?.offset != nil)
    }

    @Test func aTextThatIsNotUTF8IsRefused() {
        let bytes = file("{\"a\":1}").map { $0 == UInt8(ascii: "a") ? 0xff : $0 }
        #expect(throws: ArrayFileError.self) { try open(bytes) }
    }

    @Test func aHeaderOfAnImpossibleLengthIsRefused() {
        for length: [UInt8] in [
            [255, 255, 255, 255, 255, 255, 255, 255], [0, 0, 0, 0, 0, 0, 0, 128], [3, 0, 0, 0, 0, 0, 0, 0], [2, 0],
        ] {
            let error = #expect(throws: ArrayFileError.self) { try open(length + Array("{}".utf8)) }
            #expect(error?.kind == .damaged)
        }
    }

    @Test func boolsOfOtherBitsAreTrue() throws {
        let reader = try open(file(#"{"b":{"dtype":"BOOL","shape":[3],"data_offsets":[0,3]}}"#, [0, 2, 255]))
        #expect(try reader.read("b", as: Bool.self) == NDArray<Bool>([false, true, true]))
    }

    @Test func aMissingArrayHasASuggestion() throws {
        let reader = try open(file(#"{"weights":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}"#, [7]))
        let error = #expect(throws: ArrayFileError.self) { try reader.read("wieghts") }
        #expect(error?.hint == "did you mean \"weights\"?")
        #expect(try reader.read("weights", as: UInt8.self) == NDArray<UInt8>([7]))
        #expect(throws: ArrayFileError.self) { try reader.read("weights", as: Int8.self) }
    }

    // MARK: Against the format's own library

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func bothLibrariesReadEachOthersFilesBitForBit()
        throws
    {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        let arrays = try samples()
        try SafetensorsWriter.write(arrays, metadata: ["made by": "us"], to: folder.path("ours"))
        // The library reads our file and writes its arrays anew; numpy's own arrays join them.
        let script =
            fingerprintScript + """
                import safetensors, safetensors.numpy
                names = {'F32': 'float32', 'F64': 'float64', 'F16': 'float16', 'BF16': 'bfloat16', 'I8': 'int8',
                    'I16': 'int16', 'I32': 'int32', 'I64': 'int64', 'U8': 'uint8', 'U16': 'uint16', 'U32': 'uint32',
                    'U64': 'uint64', 'BOOL': 'bool', 'C64': 'complex64', 'F8_E5M2': 'float8_e5m2',
                    'F8_E4M3': 'float8_e4m3fn', 'F8_E4M3FNUZ': 'float8_e4m3fnuz', 'F8_E5M2FNUZ': 'float8_e5m2fnuz'}
                keep = []
                def spec(dtype, shape, data):
                    keep.append(np.frombuffer(bytes(data) + b' ', np.uint8))
                    return safetensors.TensorSpec(
                        dtype=dtype, shape=shape, data_ptr=keep[-1].ctypes.data, data_len=len(data))
                data = open(sys.argv[1] + '/ours', 'rb').read()
                arrays = safetensors.deserialize(data)
                for name, a in arrays:
                    print(f"{name.encode().hex()}={a['dtype']}:{','.join(map(str, a['shape']))}:{a['data'].hex()}")
                again = {n: spec(names[a['dtype']], a['shape'], a['data']) for n, a in arrays}
                again['f4'] = spec('float4_e2m1fn_x2', [2, 1], bytes([0x21, 0x43]))
                open(sys.argv[1] + '/theirs', 'wb').write(safetensors.serialize(again, {'made by': 'them'}))
                plain = {'x': np.arange(12, dtype=np.int16).reshape(3, 4), 'y': np.full((), 2.0)}
                safetensors.numpy.save_file(plain, sys.argv[1] + '/numpy', {'k': 'v'})
                one = {'a': spec('float32', [2], bytes(8)), 'b': spec('uint8', [3], b'abc'),
                    'c"é': spec('int64', [], bytes(8))}
                open(sys.argv[1] + '/one', 'wb').write(safetensors.serialize(one, {'k': 'v'}))
                """
        let found = pairs(try oracle.run(script, [folder.path]))
        let ours = try SafetensorsReader(folder.path("ours"))
        var expected: Set<String> = []
        for (name, array) in arrays {
            expected.insert(
                "\(hexadecimal(name.utf8))=\(try ours.describe(name).formatType):\(array.fingerprint)")
        }
        #expect(Set(found.map { "\($0.key)=\($0.value)" }) == expected)
        let theirs = try SafetensorsReader(folder.path("theirs"))
        #expect(theirs.metadata == ["made by": "them"])
        #expect(theirs.names.count == arrays.count + 1)
        #expect(
            try theirs.read("f4")
                == AnyArray(dtype: DType(.other(.float4e2m1fn)), shape: [2, 2], bytes: [1, 2, 3, 4]))
        for name in theirs.names where name != "f4" { #expect(try theirs.read(name) == arrays[name], "\(name)") }
        let numpy = try SafetensorsReader(folder.path("numpy"))
        #expect(try numpy.read("x", as: Int16.self) == NDArray<Int16>([[0, 1, 2, 3], [4, 5, 6, 7], [8, 9, 10, 11]]))
        #expect(try numpy.read("y", as: Double.self) == NDArray<Double>(2))
        // The same arrays give the same bytes.
        try SafetensorsWriter.write(
            [
                "a": AnyArray(NDArray<Float>([0, 0])), "b": AnyArray(NDArray<UInt8>([97, 98, 99])),
                "c\"é": AnyArray(NDArray<Int64>(0)),
            ], metadata: ["k": "v"], to: folder.path("one-of-ours"))
        #expect(try folder.bytes(of: "one") == folder.bytes(of: "one-of-ours"))
    }
}
