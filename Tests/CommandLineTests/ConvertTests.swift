// `tensorgraph convert`: every kind into every other without a changed bit, and what it refuses.

import ArrayFiles
import Checkpoints
import FileTestSupport
import Files
import Tensors
import Testing

@Suite struct ConvertTests {
    @Test func arraysSurviveEveryConversion() throws {
        let folder = try TemporaryFolder()
        let arrays = [
            "scope/w": AnyArray(NDArray<Float>([1, -2, .infinity])), "b": AnyArray(NDArray<Bool>([true, false])),
            "h": try AnyArray(dtype: .float16, shape: [1, 2], bytes: [1, 2, 3, 4]), "step": AnyArray(NDArray<Int64>(7)),
        ]
        try NPZWriter.write(arrays, to: folder.path("0.npz"))
        let steps = [
            ("0.npz", "1.safetensors"), ("1.safetensors", "2.ckpt"), ("2.ckpt", "3.npz"), ("3.npz", "4.ckpt"),
            ("4.ckpt", "5.safetensors"), ("5.safetensors", "6.npz"),
        ]
        for (from, to) in steps {
            let result = try tensorgraph("convert", from, to, in: folder)
            #expect(result.status == 0, "\(from) to \(to): \(result.errors)")
            #expect(result.output.contains("4 arrays"))
        }
        let last = try NPZReader(folder.path("6.npz"))
        #expect(Set(last.names) == Set(arrays.keys))
        for (name, array) in arrays { #expect(try last.read(name) == array) }
        let checkpoint = try CheckpointReader(folder.path("4.ckpt"))
        #expect(checkpoint.verify().isEmpty)
        for (name, array) in arrays { #expect(try checkpoint.read(name) == array) }
    }

    @Test func oneArrayBecomesAnNPYFile() throws {
        let folder = try TemporaryFolder()
        let result = try tensorgraph("convert", Fixture.checkpoint, "w.npy", "--only", "f32/w", in: folder)
        #expect(result.status == 0, "\(result.errors)")
        let expected = try CheckpointReader(Fixture.checkpoint).read("f32/w")
        #expect(try NPYFile.read(folder.path("w.npy")) == expected)
        let several = try tensorgraph("convert", Fixture.model, "x.npy", in: folder)
        #expect(several.status == 64 && several.errors.contains("holds one array, but there are 2"))
        let misspelt = try tensorgraph("convert", Fixture.checkpoint, "x.npy", "--only", "f32/v", in: folder)
        #expect(misspelt.status == 66 && misspelt.errors.contains("did you mean \"f32/w\"?"))
    }

    @Test func typesThatTheOutputLacksAreNamedOrLeftOut() throws {
        let folder = try TemporaryFolder()
        let refused = try tensorgraph("convert", Fixture.checkpoint, "x.npz", in: folder)
        #expect(refused.status == 69 && refused.errors.contains("\"bf16\" is of bfloat16, which npz cannot hold"))
        #expect(try LocalFileSystem().status(folder.path("x.npz")) == nil)
        let partly = try tensorgraph(
            "convert", Fixture.checkpoint, "x.npz", "--skip-unsupported", "--compress", in: folder)
        #expect(partly.status == 0 && partly.output.contains("left out: bf16"))
        #expect(try NPZReader(folder.path("x.npz")).names.count == 12)
    }

    @Test func whatIsThereIsKeptUnlessForced() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "x.npz")
        let kept = try tensorgraph("convert", Fixture.model, "x.npz", in: folder)
        #expect(kept.status == 73 && kept.errors.contains("--force replaces it"))
        #expect(try folder.bytes(of: "x.npz") == [1])
        #expect(try tensorgraph("convert", Fixture.model, "x.npz", "--force", in: folder).status == 0)
        #expect(try NPZReader(folder.path("x.npz")).names == ["W", "b"])
    }

    @Test func aDamagedInputLeavesNoOutput() throws {
        let folder = try TemporaryFolder()
        try NPZWriter.write(["w": AnyArray(NDArray<Float>([1, 2, 3]))], to: folder.path("x.npz"))
        var bytes = try folder.bytes(of: "x.npz")
        bytes[170] ^= 1
        try folder.write(bytes, to: "x.npz")
        for output in ["y.npz", "y.safetensors", "y"] {
            #expect(try tensorgraph("convert", "x.npz", output, in: folder).status == 65)
        }
        #expect(try LocalFileSystem().list(folder.path) == ["x.npz"])
    }

    @Test func anOutputThatCannotBeWrittenIsNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write([1], to: "file")
        let result = try tensorgraph("convert", Fixture.model, "file/x.npz", in: folder)
        #expect(result.status == 73 && result.errors.contains("file"))
        #expect(try tensorgraph("convert", Fixture.events, "x.npz", in: folder).status == 69)
        #expect(try tensorgraph("convert", Fixture.model, "x.safetensors", "--compress", in: folder).status == 64)
    }
}
