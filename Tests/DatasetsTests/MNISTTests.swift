// Data sets in MNIST's form: the split, the checks, and where the files are looked for. Nothing here uses a network
// beyond this machine.

import Foundation
import Tensors
import Testing

@testable import Datasets
@testable import Downloads

struct MNISTTests {
    let folder: ScratchFolder

    init() throws {
        folder = try ScratchFolder()
    }

    // MARK: Reading a folder

    @Test(arguments: [false, true])
    func aFolderIsSplitIntoThreeSets(compressed: Bool) throws {
        try writeDigits(in: folder, trainCount: 60, testCount: 12, compressed: compressed)
        let digits = try MNIST.load(from: folder.path, validationCount: 15)
        #expect(digits.train.images.shape == [45, 784])
        #expect(digits.validation.images.shape == [15, 784])
        #expect(digits.test.images.shape == [12, 784])
        #expect(digits.train.labels.scalars == (0..<45).map { $0 % 10 })
        #expect(digits.validation.labels.scalars == (45..<60).map { $0 % 10 })
        #expect(digits.validation.images[0, 783] == Float(45) / 255)
        #expect(digits.test.count == 12)
    }

    @Test func trainingAndValidationShareTheirMemory() throws {
        try writeDigits(in: folder, trainCount: 20, testCount: 1)
        let digits = try MNIST.read(folder: folder.path, validationCount: 5)
        #expect(digits.train.images.untyped.storage === digits.validation.images.untyped.storage)
        #expect(digits.oneHot.train.images.untyped.storage === digits.train.images.untyped.storage)
    }

    @Test func fewerRowsAreReadOnRequest() throws {
        try writeDigits(in: folder, trainCount: 20, testCount: 9)
        let digits = try MNIST.read(folder: folder.path, trainCount: 6, validationCount: 3, testCount: 2)
        #expect(digits.train.count == 6)
        #expect(digits.validation.count == 3)
        #expect(digits.test.count == 2)
        #expect(digits.validation.labels.scalars == [6, 7, 8])
        #expect(digits.train.images.untyped.storage.byteCount == 9 * 784 * 4)
    }

    @Test(arguments: [(21, 0, 1), (10, 11, 1), (.max, 1, 1), (1, .max, 1), (1, 1, 10)])
    func moreRowsThanThereAreAreRefused(trainCount: Int, validationCount: Int, testCount: Int) throws {
        try writeDigits(in: folder, trainCount: 20, testCount: 9)
        let error = datasetError {
            _ = try MNIST.read(
                folder: folder.path, trainCount: trainCount, validationCount: validationCount, testCount: testCount)
        }
        #expect(error?.reason.contains("are asked for, but there are") == true)
    }

    @Test func dottedNamesAreFound() throws {
        #expect(MNISTFile.trainImages.names.contains("train-images.idx3-ubyte"))
        #expect(MNISTFile.testLabels.names.contains("t10k-labels.idx1-ubyte.gz"))
    }

    @Test func missingFilesAreNamed() throws {
        try writeDigits(in: folder, trainCount: 2, testCount: 2)
        removeFile(folder.path + "/t10k-labels-idx1-ubyte")
        let error = try #require(datasetError { _ = try MNIST.load(from: folder.path) })
        #expect(error.file == folder.path)
        #expect(error.reason == "the folder does not hold t10k-labels-idx1-ubyte[.gz]")
    }

    @Test func imagesOfAnotherSizeAreRefused() throws {
        try writeDigits(in: folder, trainCount: 2, testCount: 2)
        let file = try folder.write(
            "train-images-idx3-ubyte",
            idx(code: 8, shape: [2, 28, 27], payload: Array(repeating: 0, count: 2 * 28 * 27)))
        let error = try #require(datasetError { _ = try MNIST.load(from: folder.path) })
        #expect(error.file == file)
        #expect(error.reason == "the file holds uint8[2, 28, 27] where images, uint8[n, 28, 28], belongs")
    }

    @Test func swappedFilesAreRefused() throws {
        try writeDigits(in: folder, trainCount: 2, testCount: 2)
        _ = try folder.write("train-labels-idx1-ubyte", idx(code: 8, shape: [2, 1], payload: [1, 2]))
        let error = try #require(datasetError { _ = try MNIST.load(from: folder.path) })
        #expect(error.reason == "the file holds uint8[2, 1] where a vector of labels, uint8[n], belongs")
    }

    @Test func unequalCountsAreRefused() throws {
        try writeDigits(in: folder, trainCount: 2, testCount: 2)
        _ = try folder.write("train-labels-idx1-ubyte", idx(code: 8, shape: [3], payload: [1, 2, 3]))
        let error = try #require(datasetError { _ = try MNIST.load(from: folder.path) })
        #expect(error.reason == "there are 2 images but 3 labels")
    }

    @Test func labelsAboveNineAreRefused() throws {
        try writeDigits(in: folder, trainCount: 3, testCount: 2)
        let file = try folder.write("train-labels-idx1-ubyte", idx(code: 8, shape: [3], payload: [1, 10, 3]))
        let error = try #require(datasetError { _ = try MNIST.load(from: folder.path, validationCount: 0) })
        #expect(error.file == file)
        #expect(error.reason == "label number 1 is 10, outside 0...9")
    }

    // MARK: Searching

    private func search(environment: String?, cache: String?, mirrors: [String] = []) throws -> ImageSplits<Int32> {
        try MNISTSearch(
            folder: nil, environmentFolder: environment, cacheFolder: cache, mirrors: mirrors, progress: .silent
        ).load(trainCount: nil, validationCount: 1, testCount: nil)
    }

    @Test func theEnvironmentsFolderComesFirst() throws {
        try writeDigits(in: folder, trainCount: 4, testCount: 2)
        #expect(try search(environment: folder.path, cache: nil).train.count == 3)
    }

    @Test func theCacheComesNext() throws {
        try writeDigits(in: folder, trainCount: 4, testCount: 2)
        #expect(try search(environment: "/nonexistent", cache: folder.path).train.count == 3)
    }

    @Test func damagedFilesOfTheUsersAreAnErrorAndNotReplaced() throws {
        try writeDigits(in: folder, trainCount: 4, testCount: 2)
        let file = try folder.write("train-images-idx3-ubyte", [0, 0, 8])
        let error = try #require(datasetError { _ = try search(environment: folder.path, cache: "/nonexistent") })
        #expect(error.file == file)
    }

    @Test func theErrorListsEachPlaceLookedAt() throws {
        let cache = folder.path + "/cache"
        // Port 9 of this machine, where nothing listens.
        let mirror = "http://127.0.0.1:9/mnist/"
        let error = try #require(
            datasetError { _ = try search(environment: "/nonexistent", cache: cache, mirrors: [mirror, "no address"]) })
        let lines = error.description.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
        #expect(lines.count == 6)
        #expect(lines.first == "the MNIST files were not found. Looked at:")
        #expect(lines[1].hasPrefix("MNIST_DIR: /nonexistent: the folder does not hold train-images-idx3-ubyte[.gz], "))
        #expect(lines[2].hasPrefix("cache: \(cache): the folder does not hold"))
        #expect(lines[3].hasPrefix("download: http://127.0.0.1:9/mnist/train-images-idx3-ubyte.gz: "))
        #expect(lines[4] == "download: no address/train-images-idx3-ubyte.gz: this is not an address")
        #expect(lines[5].hasPrefix("hint: download the four files"))
        #expect(try FileManager.default.contentsOfDirectory(atPath: cache).isEmpty)
    }

    @Test func noHomeFolderIsSaid() throws {
        let error = try #require(datasetError { _ = try search(environment: nil, cache: nil) })
        #expect(error.reason.contains("MNIST_DIR: the environment variable is not set"))
        #expect(error.reason.contains("neither XDG_CACHE_HOME nor HOME"))
    }

    // MARK: Progress

    @Test func theBarShowsShareAndMegabytes() {
        let update = DownloadProgress.Update(
            file: "train-images-idx3-ubyte.gz", receivedByteCount: 4_000_000, totalByteCount: 10_000_000,
            isFinished: false)
        #expect(update.bar == "train-images-idx3-ubyte.gz   [████████░░░░░░░░░░░░]  40 %  4.0 of 10.0 MB")
        let unknown = DownloadProgress.Update(
            file: "a", receivedByteCount: 150_000, totalByteCount: nil, isFinished: true)
        #expect(unknown.bar == "a" + String(repeating: " ", count: 27) + " 0.1 MB")
    }
}
