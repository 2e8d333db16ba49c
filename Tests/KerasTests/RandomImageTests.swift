// Layers that change images at random: what they do with given numbers, against Keras, and which numbers they draw.

import ArrayFiles
import FileTestSupport
import Graphs
import Operations
import Sessions
import Tensors
import Testing
import Training

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

    /// Images whose elements are the numbers of their places: 10 y + x.
    private static let places = NDArray<Float>(
        (0..<3).flatMap { _ in
            (0..<6).flatMap { y in
                (0..<8).map { x in
                    Float(10 * y + x)
                }
            }
        })

    @Test(arguments: [DataFormat.channelsLast, .channelsFirst])
    func aBatchIsCutOutAtARandomPlaceOfItsImages(format: DataFormat) throws {
        try Graph().asDefault { () throws in
            let shape = format == .channelsFirst ? [3, 1, 6, 8] : [3, 6, 8, 1]
            let x = constant(try Self.places.reshaped(shape))
            let y = RandomCrop(4, 3, seed: 5, dataFormat: format)(x, training: true)
            #expect(y.shape == (format == .channelsFirst ? [3, 1, 4, 3] : [3, 4, 3, 1]))
            let gradient = gradients(of: y.sum(), with: x)
            let session = Session()
            var corners: Set<Float> = []
            for _ in 0..<200 {
                let (found, slopes) = try session.run(y, gradient)
                let corner = found.scalars[0]
                corners.insert(corner)
                let window = (0..<4).flatMap { y in (0..<3).map { x in corner + Float(10 * y + x) } }
                #expect(found.scalars == window + window + window)
                let inside = Set(window)
                #expect(slopes.scalars == Self.places.scalars.map { inside.contains($0) ? 1 : 0 })
            }
            // All places at which there is room, and no others.
            #expect(corners == Set((0...2).flatMap { y in (0...5).map { x in Float(10 * y + x) } }))
        }
    }

    @Test func theSameSeedCutsAtTheSamePlaces() throws {
        func drawn() throws -> [Float] {
            try Graph().asDefault { () throws in
                let x = constant(try Self.places.reshaped([3, 6, 8, 1]))
                let y = RandomCrop(1, 1, seed: 9)(x, training: true)
                let session = Session()
                return try (0..<20).map { _ in try session.run(y).scalars[0] }
            }
        }
        #expect(try drawn() == drawn())
        #expect(Set(try drawn()).count > 5)
    }

    /// Where there is room along one axis only, along that.
    @Test func imagesOfTheSizeAreLeftAlone() throws {
        try Graph().asDefault { () throws in
            let x = constant(try Self.places.reshaped([3, 6, 8, 1]))
            #expect(try Session().run(RandomCrop(6, 8)(x, training: true)) == Session().run(x))
            #expect(try Session().run(RandomCrop(6, 8)(x)) == Session().run(x))
            let rows = try Session().run(RandomCrop(6, 2, seed: 1)(x, training: true))
            #expect(rows.shape == [3, 6, 2, 1])
            #expect((0..<6).allSatisfy { rows.scalars[2 * $0] == rows.scalars[0] + Float(10 * $0) })
        }
    }

    /// In use, and where images are too small, what Keras says that it does: its layer itself leaves them as they are.
    @Test(.enabled(if: TensorFlowOracle.fromEnvironment != nil)) func cropsInUseAreWhatKerasDescribes() throws {
        let oracle = try #require(TensorFlowOracle.fromEnvironment)
        let folder = try TemporaryFolder()
        try NPZWriter.write(["x": AnyArray(Self.images)], to: folder.path("x.npz"))
        let sizes = [(2, 3), (3, 5), (3, 2), (1, 5), (2, 9), (6, 4), (7, 7), (1, 1)]
        let script = """
            import sys, keras, numpy as np
            f = sys.argv[1] + "/"
            x = np.load(f + "x.npz")["x"]
            found = {}
            for size in sys.argv[2:]:
                h, w = map(int, size.split("x"))
                found[size] = keras.preprocessing.image.smart_resize(x, (h, w))
                resizing = keras.layers.Resizing(h, w, crop_to_aspect_ratio=True)
                assert np.abs(found[size] - np.asarray(resizing(x))).max() < 1e-4
                assert keras.layers.RandomCrop(h, w).compute_output_shape(x.shape) == found[size].shape
            np.savez(f + "y.npz", **{k: np.asarray(v) for k, v in found.items()})
            """
        _ = try oracle.run(script, [folder.path] + sizes.map { "\($0.0)x\($0.1)" })
        let there = try NPZReader(folder.path("y.npz"))
        for (height, width) in sizes {
            let expected = try there.read("\(height)x\(width)", as: Float.self)
            for isTraining in [false, true] where !isTraining || height > 3 || width > 5 {
                try Graph().asDefault { () throws in
                    let last = RandomCrop(height, width)(constant(Self.images), training: isTraining)
                    let first = RandomCrop(height, width, dataFormat: .channelsFirst)(
                        constant(Self.images).transposed(permutation: [0, 3, 1, 2]), training: isTraining
                    ).transposed(permutation: [0, 2, 3, 1])
                    for y in [last, first] {
                        let found = try Session().run(y)
                        #expect(found.shape == expected.shape)
                        let worst = zip(found.scalars, expected.scalars).map { abs($0 - $1) }.max() ?? .nan
                        #expect(worst < 1e-3, "\(height) by \(width) differs by \(worst)")
                    }
                }
            }
        }
    }

    @Test func aModelThatCropsTrainsAndPredicts() throws {
        let graph = Graph()
        graph.seed = 3
        let model = Sequential(in: graph) {
            RandomCrop(4, 4, inputShape: [6, 8, 1])
            Flatten()
            Dense(2)
        }
        try model.compile(optimizer: .sgd(learningRate: 0.0001), loss: "mse")
        let x = try Self.places.reshaped([3, 6, 8, 1])
        try model.fit(x, NDArray<Float>.zeros([3, 2]), epochs: 3, verbose: 0)
        #expect(try model.predict(x) == model.predict(x))
        let copy = try modelFromJSON(model.toJSON(), in: Graph())
        try copy.setWeights(model.getWeights())
        #expect(try copy.predict(x) == model.predict(x))
        #expect(try model.toJSON().contains("RandomCrop"))
    }
}
