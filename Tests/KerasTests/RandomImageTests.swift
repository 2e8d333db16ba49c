// Layers that change images at random: what they do with given numbers, against Keras, and which numbers they draw.

import ArrayFiles
import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing

@testable import Keras

@Suite struct RandomImageTests {
    private static let images = NDArray<Float>(randomNormal: [4, 3, 5, 2], mean: 100, standardDeviation: 80, seed: 5)
    /// A number for each image.
    private static let numbers: [Float] = [0, 1, 0.25, 1.5]

    /// What each layer does where its numbers are those above.
    private func changed() throws -> [String: Tensor<Float>] {
        let x = constant(Self.images)
        let numbers = constant(try NDArray(shape: [4, 1, 1, 1], Self.numbers))
        let turned = greater(numbers, 0.5)
        let modes: [RandomFlip.Mode] = [.horizontal, .vertical, .horizontalAndVertical]
        var found = Dictionary(
            uniqueKeysWithValues: modes.map { ($0.rawValue, RandomFlip($0).flipped(x, where: turned)) })
        found["first"] = RandomFlip(.horizontal, dataFormat: .channelsFirst).flipped(x, where: turned)
        found["brightness"] = RandomBrightness(1).brightened(x, by: numbers * 100)
        found["contrast"] = RandomContrast((1, 1)).contrasted(x, by: numbers)
        found["contrast-first"] = RandomContrast((1, 1), dataFormat: .channelsFirst).contrasted(x, by: numbers)
        for fill in ImageFill.allCases {
            for interpolation in Interpolation.allCases {
                let lookup = ImageLookup(fill: fill, value: 7, interpolation: interpolation)
                let flat = constant(try NDArray(shape: [4, 1, 1], Self.numbers))
                let matrices: [String: ImageMatrices] = [
                    "rotation": .turning(flat * 1.3, height: 3, width: 5),
                    "translation": .moving(down: flat * -2.3, right: flat * 6.1),
                    "zoom": .shrinking(height: flat + 0.4, width: 2.1 - flat, of: (3, 5)),
                ]
                for (name, matrices) in matrices {
                    found["\(name)-\(fill)-\(interpolation)"] = lookup.transformed(x, matrices, (3, 5))
                }
            }
        }
        return found
    }

    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func imagesAreChangedAsInKeras() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        try NPZWriter.write(["x": AnyArray(Self.images)], to: folder.path("x.npz"))
        let script = """
            import sys, keras, numpy as np
            from keras import layers as L
            f = sys.argv[1] + "/"
            x = np.load(f + "x.npz")["x"]
            numbers = np.array([0, 1, 0.25, 1.5], "f").reshape(4, 1, 1, 1)
            flips = {"flips": numbers > 0.5}
            first = {"data_format": "channels_first"}
            found = {m: L.RandomFlip(m).transform_images(x, flips)
                     for m in ["horizontal", "vertical", "horizontal_and_vertical"]}
            found["first"] = L.RandomFlip("horizontal", **first).transform_images(x, flips)
            found["brightness"] = L.RandomBrightness(1.0).transform_images(x, {"rgb_delta": numbers * 100})
            factor = {"contrast_factor": numbers}
            found["contrast"] = L.RandomContrast(1.0).transform_images(x, factor)
            found["contrast-first"] = L.RandomContrast(1.0, **first).transform_images(x, factor)
            for fill in ["constant", "nearest", "wrap", "reflect"]:
                for interpolation in ["nearest", "bilinear"]:
                    settings = {"fill_mode": fill, "fill_value": 7.0, "interpolation": interpolation}
                    end = f"-{fill}-{interpolation}"
                    rotation, n = L.RandomRotation(1.0, **settings), numbers.reshape(4, 1)
                    zeros = np.zeros(4, "f")
                    matrix = rotation._compute_affine_matrix(
                        0.5, 0.5, n[:, 0] * np.float32(1.3 * 180 / np.pi), zeros, zeros, zeros + 1, zeros, zeros, 3, 5)
                    found["rotation" + end] = rotation._transform_images(x, {"rotation_matrix": matrix}, interpolation)
                    moves = np.concatenate([n * np.float32(6.1), n * np.float32(-2.3)], 1)
                    found["translation" + end] = L.RandomTranslation(1.0, 1.0, **settings)._transform_images(
                        x, {"translations": moves}, interpolation)
                    found["zoom" + end] = L.RandomZoom(1.0, **settings)._transform_images(
                        x, {"height_zoom": n + np.float32(0.4), "width_zoom": np.float32(2.1) - n}, interpolation)
            np.savez(f + "y.npz", **{k: np.asarray(v) for k, v in found.items()})
            """
        _ = try oracle.run(script, [folder.path])
        let there = try NPZReader(folder.path("y.npz"))
        try Graph().asDefault { () throws in
            let here = try changed()
            #expect(Set(here.keys) == Set(there.names))
            for (name, tensor) in here {
                let (found, expected) = (try Session().run(tensor), try there.read(name, as: Float.self))
                #expect(found.shape == expected.shape, "\(name)")
                let worst = zip(found.scalars, expected.scalars).map { abs($0 - $1) }.max() ?? .nan
                #expect(worst < 1e-4, "\(name) differs by \(worst)")
            }
        }
    }

    @Test func eachImageIsTurnedWithProbabilityOneHalf() throws {
        try Graph().asDefault { () throws in
            // Images whose left half is 0 and whose right half is 1.
            let x = constant(try NDArray<Float>(shape: [1, 1, 2, 1], [0, 1])).tiled([1000, 1, 1, 1])
            let y = RandomFlip(.horizontal, seed: 7)(x, training: true)
            let turned = try Session().run(y[.all, 0, 0, 0]).scalars.reduce(0, +)
            // Within four standard deviations.
            #expect(abs(turned - 500) < 64)
            #expect(try Session().run(RandomFlip(seed: 7)(x)) == Session().run(x))
        }
    }

    @Test func brightnessAndContrastAreDrawnFromTheirRanges() throws {
        try Graph().asDefault { () throws in
            let x = constant(try NDArray<Float>(shape: [1, 1, 2, 1], [0.25, 0.75])).tiled([500, 1, 1, 1])
            let brighter = RandomBrightness((-0.25, 0.125), valueRange: (0, 1), seed: 1)(x, training: true)
            let more = try Session().run(brighter[.all, 0, 0, 0]).scalars.map { $0 - 0.25 }
            #expect(more.allSatisfy { (-0.25...0.125).contains($0) })
            #expect((more.min() ?? 0) < -0.2 && (more.max() ?? 0) > 0.1)
            let contrast = RandomContrast((0.5, 0.25), valueRange: (0, 1), seed: 2)(x, training: true)
            let factors = try Session().run(contrast[.all, 0, 1, 0]).scalars.map { ($0 - 0.5) * 4 }
            #expect(factors.allSatisfy { (0.499...1.251).contains($0) })
            #expect((factors.min() ?? 1) < 0.55 && (factors.max() ?? 1) > 1.2)
        }
    }

    @Test func imagesAreTurnedAndMovedEachInItsOwnWay() throws {
        try Graph().asDefault { () throws in
            let x = input(shape: [8, 8, 1])
            let layers: [any RandomTransformation] = [
                RandomRotation(0.5, seed: 1), RandomTranslation(height: 0.5, width: 0.5, seed: 1),
                RandomZoom(0.5, seed: 1), RandomRotation(0.5, seed: 1, dataFormat: .channelsFirst),
            ]
            let one = NDArray<Float>(randomNormal: [1, 8, 8, 1], standardDeviation: 1, seed: 2)
            for layer in layers {
                let images = constant(one).tiled([3, 1, 1, 1])
                let changed = layer.dataFormat == .channelsFirst ? images.reshaped([3, 1, 8, 8]) : images
                let found = try Session().run(layer.changed(changed).reshaped([3, 64])).scalars
                let parts = (0..<3).map { Array(found[$0 * 64..<$0 * 64 + 64]) }
                #expect(parts[0] != parts[1] && parts[1] != parts[2] && found.allSatisfy(\.isFinite))
                // The elements are looked up, so that their gradients are their shares.
                let gradient = try Session().run(gradients(of: layer.changed(changed).sum(), with: changed)).scalars
                #expect(abs(gradient.reduce(0, +) - 192) < 1e-2)
            }
            #expect(Graph.default.diagnostics.isEmpty && x.shape == [nil, 8, 8, 1])
        }
    }

    @Test func gradientsPassTheChanges() throws {
        try Graph().asDefault { () throws in
            let x = constant(Self.images)
            let layers: [any RandomImageLayer] = [
                RandomFlip(seed: 1), RandomBrightness(0.5, valueRange: (-1e6, 1e6), seed: 1),
            ]
            for layer in layers {
                let gradient = gradients(of: layer.changed(x).sum(), with: x)
                #expect(try Session().run(gradient).scalars.allSatisfy { $0 == 1 })
            }
        }
    }
}
