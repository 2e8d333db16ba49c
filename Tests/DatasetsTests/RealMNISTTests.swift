// The real digits, where the environment variable MNIST_DIR names their folder.

import Files
import Foundation
import Tensors
import Testing

@testable import Datasets
@testable import Downloads

/// The folder of the real digits, or nil, with a line that says so.
private let digitsFolder: String? = {
    if let folder = environmentVariable("MNIST_DIR"), MNISTFolder(folder).missingFiles.isEmpty { return folder }
    print("Tests of the real MNIST digits are skipped: MNIST_DIR does not name a folder with the four files.")
    return nil
}()

@Suite(.enabled(if: digitsFolder != nil, "MNIST_DIR does not name a folder with the four files"))
struct RealMNISTTests {
    @Test func theRealDigitsLoadWithTheirPublishedCounts() throws {
        let digits = try MNIST.load(from: digitsFolder)
        #expect(digits.train.images.shape == [55_000, 784])
        #expect(digits.train.labels.shape == [55_000])
        #expect(digits.validation.images.shape == [5_000, 784])
        #expect(digits.test.images.shape == [10_000, 784])
        #expect(Array(digits.train.labels.scalars.prefix(10)) == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
        #expect(Array(digits.test.labels.scalars.prefix(10)) == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
        // The published mean and standard deviation of the 60,000 training images: 0.1307 and 0.3081.
        let values = digits.train.images.scalars + digits.validation.images.scalars
        let mean = values.reduce(0.0) { $0 + Double($1) } / Double(values.count)
        let variance = values.reduce(0.0) { $0 + (Double($1) - mean) * (Double($1) - mean) } / Double(values.count)
        #expect(abs(mean - 0.1307) < 0.0001)
        #expect(abs(variance.squareRoot() - 0.3081) < 0.0001)
    }

    @Test func theRealFilesHaveTheirPublishedDigests() throws {
        let folder = MNISTFolder(try #require(digitsFolder))
        for file in MNISTFile.allCases {
            let path = try #require(folder.path(of: file))
            #expect(try MD5.hexadecimal(ofContentOf: path) == MNISTSource.digits.digests[file])
        }
    }

    @Test func aLimitedReadIsTheStartOfTheWhole() throws {
        let folder = try #require(digitsFolder)
        let whole = try MNIST.read(folder: folder)
        let part = try MNIST.read(folder: folder, trainCount: 300, validationCount: 20, testCount: 7)
        #expect(part.train.images == whole.train.images.rows(0..<300))
        #expect(part.validation.labels == whole.train.labels.rows(300..<320))
        #expect(part.test.images == whole.test.images.rows(0..<7))
    }

    @Test func rawArraysAreThoseOfTheSets() throws {
        let ((xTrain, yTrain), (xTest, yTest)) = try MNIST.loadData(from: digitsFolder)
        #expect(xTrain.shape == [60_000, 28, 28] && yTrain.shape == [60_000])
        #expect(xTest.shape == [10_000, 28, 28] && yTest.shape == [10_000])
        let sets = try MNIST.load(from: digitsFolder, trainCount: 200, validationCount: 0, testCount: 50)
        #expect(yTrain.rows(0..<200) == sets.train.labels && yTest.rows(0..<50) == sets.test.labels)
        #expect(sets.test.images.scalars == xTest.rows(0..<50).scalars.map { Float($0) / 255 })
    }
}
