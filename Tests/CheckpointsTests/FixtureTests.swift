import Checkpoints
import FileTestSupport
import Foundation
import Tensors
import Testing

/// The folder with a checkpoint that TensorFlow 2.21 wrote.
let fixtureFolder = Bundle.module.resourceURL?.appendingPathComponent("Fixtures/checkpoint").path ?? ""
let fixturePrefix = fixtureFolder + "/model.ckpt-42"

/// An array of the given type, shape and bytes.
func array(_ dtype: DType, _ shape: [Int], _ bytes: [UInt8]) throws -> AnyArray {
    try AnyArray(dtype: dtype, shape: shape, bytes: bytes)
}

func array<Scalar: TensorElement>(_ shape: [Int], _ elements: [Scalar]) throws -> AnyArray {
    AnyArray(try NDArray(shape: shape, elements))
}

/// What the fixture holds.
func fixtureTensors() throws -> [(name: String, value: AnyArray)] {
    [
        ("b", try array([3], [true, false, true])),
        ("bf16", try array(.bfloat16, [2], [0x80, 0x3f, 0x00, 0xc0])),
        ("c64", try array(.complex64, [1], [0, 0, 0x80, 0x3f, 0, 0, 0, 0x40])),
        ("empty", try array([0, 3], [Float]())),
        ("f16", try array(.float16, [2], [0x00, 0x38, 0xff, 0xfb])),
        ("f32/w", try array([2, 3], [0, 0.5, 1, 1.5, 2, 2.5] as [Float])),
        ("f64", try array([2], [3.141592653589793, -2.5e300] as [Double])),
        ("global_step", try array([], [42] as [Int64])),
        ("i32", try array([2, 2], [1, -2, 3, 2_147_483_647] as [Int32])),
        ("i64", try array([], [-9_007_199_254_740_993] as [Int64])),
        ("part", try array([4, 2], [0, 1, 2, 3, 4, 5, 6, 7] as [Float])),
        (
            "s",
            try AnyArray(
                strings: [[], Array("hello".utf8), [0, 0xff], [UInt8](repeating: 0x78, count: 300)], shape: [4])
        ),
        ("u8", try array([2], [0, 255] as [UInt8])),
    ]
}

@Suite struct FixtureTests {
    @Test func everyTensorThatTensorFlowWroteIsReadBitForBit() throws {
        let reader = try CheckpointReader(fixturePrefix)
        let expected = try fixtureTensors()
        #expect(reader.entries.map(\.name) == expected.map(\.name))
        for (name, value) in expected {
            let found = try reader.read(name)
            #expect(found == value, "\(name)")
            #expect(reader[name]?.shape == value.shape)
            #expect(reader[name]?.dtype == value.dtype)
        }
        #expect(reader.verify().isEmpty)
        try reader.checkFiles()
    }

    /// The index and the data are TensorFlow's own, byte for byte.
    @Test func writingWhatWasReadGivesTheSameFiles() throws {
        let folder = try TemporaryFolder()
        let writer = try CheckpointWriter(folder.path("copy"))
        for (name, value) in try fixtureTensors() {
            if name == "part" {
                let reader = try CheckpointReader(fixturePrefix)
                for row in [0, 2] {
                    let rows = try reader.read(name, slice: [row..<(row + 2), 0..<2])
                    try writer.add(rows, named: name, pieceOf: [4, 2], at: [row, 0])
                }
            } else {
                try writer.add(value, named: name)
            }
        }
        try writer.finish()
        let theirs = try Data(contentsOf: URL(fileURLWithPath: fixturePrefix + ".data-00000-of-00001"))
        #expect(try folder.bytes(of: "copy.data-00000-of-00001") == [UInt8](theirs))
        let index = try Data(contentsOf: URL(fileURLWithPath: fixturePrefix + ".index"))
        #expect(try folder.bytes(of: "copy.index") == [UInt8](index))
        #expect(
            Set(try FileManager.default.contentsOfDirectory(atPath: folder.path))
                == ["copy.index", "copy.data-00000-of-00001"])
    }
}
