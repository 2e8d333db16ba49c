import FileTestSupport
import Foundation
import Messages
import SwiftProtobuf
import Tensors
import Testing

/// Arrays as TensorFlow's messages.
@Suite struct TensorMessageTests {
    private static func bytes(_ hexadecimal: String) -> [UInt8] {
        let digits = Array(hexadecimal)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }

    /// Messages of real TensorFlow, with what they hold: dtype, dimensions, bytes.
    @Test(arguments: [
        ("080112002a040000c03f", "float32  0000c03f"),
        ("080112041202080222080000803f00000040", "float32 2 0000803f00000040"),
        ("080312003a0affffffffffffffffff01", "int32  ffffffff"),
        ("0809120412020802221005000000000000000600000000000000", "int64 2 05000000000000000600000000000000"),
        ("080a1204120208025a020100", "bool 2 0100"), ("080712041202080242016142026263", "string 2 x61,x6263"),
        ("081312006a028078", "float16  003c"), ("080e12006a02807f", "bfloat16  803f"),
        ("080812004a080000803f00000040", "complex64  0000803f00000040"), ("080112021200", "float32 0 "),
        ("080212003208000000000000e03f", "float64  000000000000e03f"),
        // The last value repeats; no value at all means zeros.
        ("08011204120208042a080000803f00000040", "float32 4 0000803f000000400000004000000040"),
        ("0803120412020803", "int32 3 000000000000000000000000"),
        // Strings as their lengths and bytes, as replies of servers have them.
        ("080712041202080222050102616263", "string 2 x61,x6263"),
    ])
    func messagesOfTensorFlowAreRead(message: String, line: String) throws {
        let proto = try Tensorflow_TensorProto(serializedBytes: Self.bytes(message))
        #expect(try AnyArray(proto).line == line)
    }

    /// An array of every type, with bytes that are all different where the type allows it.
    static let arrays: [AnyArray] = DType.allStored.flatMap { dtype -> [AnyArray] in
        if dtype == .string {
            let strings: [[UInt8]] = [[], Array("hello".utf8), [0, 255, 10], Array(repeating: 120, count: 300)]
            return [try? AnyArray(strings: strings, shape: [2, 2]), try? AnyArray(strings: [], shape: [0])]
                .compactMap { $0 }
        }
        return [[], [3], [2, 0], [2, 1, 3]].compactMap { shape in
            let count = shape.reduce(1, *) * dtype.byteCount
            // Types of fewer than 8 bits, which take a byte each, have few values; 0 and 1 are among all of them.
            let isNarrow = dtype == .bool || "\(dtype)".hasSuffix("int4") || "\(dtype)".hasSuffix("int2")
            let bytes = (0..<count).map { isNarrow ? UInt8($0 % 2) : UInt8(truncatingIfNeeded: $0 * 7 % 120) }
            return try? AnyArray(dtype: dtype, shape: shape, bytes: bytes)
        }
    }

    @Test func arraysOfEveryTypeComeBack() throws {
        #expect(Self.arrays.count > 100)
        for array in Self.arrays {
            let bytes: [UInt8] = try array.message.serializedBytes()
            #expect(
                try AnyArray(Tensorflow_TensorProto(serializedBytes: bytes)) == array, "\(array.dtype)\(array.shape)")
        }
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil, "no Python with tensorflow"))
    func arraysGoToTensorFlowAndBack() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        for (number, array) in Self.arrays.enumerated() {
            try folder.write(array.message.serializedBytes(), to: "\(number).ours")
            try folder.write(Array(array.line.utf8), to: "\(number).txt")
        }
        let output = try oracle.run(
            TensorFlowOracle.arrayLines + Self.script, [folder.path, "\(Self.arrays.count)"])
        let lines = output.split(separator: "\n")
        for line in lines.dropLast() { Issue.record("\(line)") }
        #expect(lines.last == "compared \(Self.arrays.count)")
        for (number, array) in Self.arrays.enumerated() {
            guard let bytes = try? folder.bytes(of: "\(number).theirs") else { continue }
            let found = try AnyArray(Tensorflow_TensorProto(serializedBytes: bytes))
            #expect(found == array, "\(array.dtype)\(array.shape)")
        }
    }

    private static let script = """
        import os, sys
        import tensorflow as tf
        from tensorflow.core.framework import tensor_pb2
        # TensorFlow's own reader and writer in Python lack these types.
        LACKING = ("q", "int2", "uint2", "float4", "float8_e4m3fnuz", "float8_e4m3b11fnuz", "float8_e5m2fnuz")
        folder, count = sys.argv[1], int(sys.argv[2])
        for number in range(count):
            proto = tensor_pb2.TensorProto.FromString(open(f"{folder}/{number}.ours", "rb").read())
            line = open(f"{folder}/{number}.txt").read()
            name = tf.dtypes.as_dtype(proto.dtype).name
            try:
                array = tf.make_ndarray(proto)
            except Exception as error:
                if not name.startswith(LACKING): print(number, name, str(error)[:200])
                continue
            if not name.startswith("q"):
                if encode(array) != line: print(number, name, encode(array)[:100], "instead of", line[:100])
            try:
                again = tf.make_tensor_proto(array, dtype=tf.dtypes.as_dtype(proto.dtype), shape=array.shape)
                with open(f"{folder}/{number}.theirs", "wb") as file: file.write(again.SerializeToString())
            except Exception as error:
                if not name.startswith(LACKING): print(number, name, "back", str(error)[:200])
        print("compared", count)
        """

    @Test(arguments: [
        (#"dtype: 99"#, "there is no element type with the number 99"),
        (#"dtype: DT_FLOAT tensor_shape { unknown_rank: true }"#, "not fully known"),
        (#"dtype: DT_FLOAT tensor_shape { dim { size: -7 } }"#, "a shape has the dimension -7"),
        (#"dtype: DT_FLOAT tensor_shape { dim { size: 9223372036854775807 } }"#, "is too large"),
        (#"dtype: DT_DOUBLE tensor_shape { dim { size: 2305843009213693952 } }"#, "is too large"),
        (#"dtype: DT_FLOAT tensor_shape { dim { size: 3037000500 } dim { size: 3037000500 } }"#, "too large"),
        (#"dtype: DT_FLOAT tensor_shape { dim { size: 268435456 } } float_val: 1"#, "lists only 4"),
        (#"dtype: DT_INT8 tensor_shape { dim { size: 2 } } tensor_content: "abc""#, "needs 2 bytes, but has 3"),
        (#"dtype: DT_RESOURCE tensor_shape {}"#, "holds no elements"),
        (#"dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: "a" string_val: "b""#, "lists 2 elements"),
        (#"dtype: DT_STRING tensor_shape { dim { size: 1000000000 } } string_val: "a""#, "lists 1 elements"),
        (#"dtype: DT_STRING tensor_shape { dim { size: 2 } } tensor_content: "\001\377""#, "ends early"),
        (#"dtype: DT_STRING tensor_shape { dim { size: 2 } } tensor_content: "\005\001abc""#, "ends early"),
        (
            #"dtype: DT_STRING tensor_shape { dim { size: 1 } } tensor_content: "\377\377\377\377\377\377\377\377\377\177""#,
            "ends early"
        ),
    ])
    func impossibleMessagesAreRefused(text: String, reason: String) throws {
        var message = "no error"
        do { _ = try AnyArray(Tensorflow_TensorProto(textFormatString: text)) } catch { message = "\(error)" }
        #expect(message.contains(reason), "\(message)")
    }

    @Test func shapesOfTooManyDimensionsAreRefused() {
        var shape = Tensorflow_TensorShapeProto()
        shape.dim = Array(repeating: .with { $0.size = 1 }, count: 255)
        #expect(throws: MessageError.self) { try Shape(shape) }
    }
}
