// Helpers that prepare data: one-hot labels, norms, equal lengths, windows, characters.

import Tensors
import Testing

@testable import Datasets

struct PreprocessingTests {
    @Test func labelsBecomeRowsWithAOne() throws {
        #expect(try toCategorical(NDArray<Int32>([0, 2])) == NDArray([[1, 0, 0], [0, 0, 1]]))
        #expect(try toCategorical(NDArray<UInt8>([[1], [0]]), classCount: 2) == NDArray([[0, 1], [1, 0]]))
        #expect(try toCategorical(NDArray<Int64>(1), classCount: 2) == NDArray([0, 1]))
        #expect(try toCategorical(NDArray([Int32]())).shape == [0, 0])
        for labels: [Int32] in [[0, -1], [0, 3]] {
            let error = datasetError { _ = try toCategorical(NDArray(labels), classCount: 3) }
            #expect(error?.reason == "label number 1 is \(labels[1]), outside 0...2")
        }
        #expect(datasetError { _ = try toCategorical(NDArray<Int64>([.max])) } != nil)
        #expect(
            datasetError { _ = try toCategorical(NDArray<Int32>([0]), classCount: .min) }?.reason
                == "label number 0 is 0, but there are \(Int.min) classes")
        #expect(datasetError { _ = try toCategorical(NDArray<Int64>([1 << 50])) }?.reason.contains("memory") == true)
    }

    @Test func vectorsAreDividedByTheirNorm() throws {
        let array = try NDArray<Double>([[3, 4], [0, 0]])
        #expect(try normalize(array) == NDArray([[0.6, 0.8], [0, 0]]))
        #expect(try normalize(array, axis: 0, order: 1) == NDArray([[1, 1], [0, 0]]))
        #expect(try normalize(NDArray<Float>([-2, 1]), order: .infinity).scalars == [-1, 0.5])
        #expect(try normalize(NDArray<Float>(shape: [2, 0], [])).shape == [2, 0])
        #expect(datasetError { _ = try normalize(array, axis: 2) } != nil)
        #expect(datasetError { _ = try normalize(array, axis: -3) } != nil)
        #expect(datasetError { _ = try normalize(array, order: 0) } != nil)
        #expect(datasetError { _ = try normalize(NDArray<Float>(1)) } != nil)
    }

    @Test func sequencesBecomeEquallyLong() throws {
        let sequences: [[Int32]] = [[1], [2, 3, 4], []]
        #expect(try padSequences(sequences).scalars == [0, 0, 1, 2, 3, 4, 0, 0, 0])
        #expect(try padSequences(sequences, maxLength: 2).scalars == [0, 1, 3, 4, 0, 0])
        #expect(
            try padSequences(sequences, maxLength: 2, padding: .post, truncating: .post, value: 9).scalars
                == [1, 9, 2, 3, 9, 9])
        #expect(try padSequences([[Int32]]()).shape == [0, 0])
        #expect(datasetError { _ = try padSequences(sequences, maxLength: -1) } != nil)
        #expect(datasetError { _ = try padSequences(sequences, maxLength: .max) } != nil)
    }

    @Test func theLastPartIsKeptForValidation() throws {
        let (x, y) = (NDArray<Float>.zeros([10, 2]), NDArray((0..<10).map { Int32($0) }))
        let (train, validation) = try trainValidationSplit(x, y, validationFraction: 0.25)
        #expect(train.x.shape == [7, 2] && train.y.scalars == [0, 1, 2, 3, 4, 5, 6])
        #expect(validation.x.shape == [3, 2] && validation.y.scalars == [7, 8, 9])
        #expect(try trainValidationSplit(x, y, validationFraction: 0).validation.y.count == 0)
        for fraction in [-0.1, 1, .nan] {
            #expect(datasetError { _ = try trainValidationSplit(x, y, validationFraction: fraction) } != nil)
        }
        #expect(datasetError { _ = try trainValidationSplit(x, y.rows(0..<9), validationFraction: 0.1) } != nil)
    }

    @Test func charactersHaveNumbersAndTheReverse() throws {
        let characters = CharacterVocabulary("hello Zoë")
        #expect(characters.characters.map { String($0) } == [" ", "Z", "e", "h", "l", "o", "ë"])
        let encoded = try characters.encode("hello")
        #expect(encoded.scalars == [3, 2, 4, 4, 5])
        #expect(characters.decode(encoded) == "hello")
        #expect(characters.decode([3, -1, 99, 6] as [Int32]) == "hë")
        #expect(characters["x"] == nil && CharacterVocabulary("").count == 0)
        let error = datasetError { _ = try characters.encode("hex") }
        #expect(error?.reason == "character number 2, \"x\" (U+78), is not in the vocabulary of 7")
        let numbers = try Dataset.nextStepWindows(encoded, length: 2).elements()
        #expect(numbers.map { characters.decode($0.x) + "|" + characters.decode($0.y) } == ["he|el", "ll|lo"])
    }

    @Test func windowsGoOverTheSeries() throws {
        let series = NDArray((0..<10).map { Int32($0) })
        let windows = try Dataset.timeseriesWindows(series, length: 3, stride: 4, samplingRate: 2)
        #expect(windows.count == 2)
        #expect(try windows.elements().map(\.scalars) == [[0, 2, 4], [4, 6, 8]])
        #expect(try windows.batch(2).elements() == [NDArray([[0, 2, 4], [4, 6, 8]])])
        #expect(try Dataset.timeseriesWindows(series, length: 10).elements().count == 1)
        #expect(try Dataset.timeseriesWindows(series, length: 11).elements().isEmpty)
        #expect(try Dataset.timeseriesWindows(series, length: .max, samplingRate: .max).elements().isEmpty)
        let pairs = try Dataset.nextStepWindows(series, length: 3).batch(5).elements()
        #expect(pairs.map(\.x) == [try NDArray([[0, 1, 2], [3, 4, 5], [6, 7, 8]])])
        #expect(pairs.map(\.y) == [try NDArray([[1, 2, 3], [4, 5, 6], [7, 8, 9]])])
        #expect(try Dataset.nextStepWindows(series, length: 10).elements().isEmpty)
        let rows = try NDArray<Float>(shape: [4, 2], (0..<8).map(Float.init))
        let targeted = try Dataset.timeseriesWindows(rows, targets: NDArray<Int32>([7, 8]), length: 2)
        #expect(try targeted.elements().map(\.x.scalars) == [[0, 1, 2, 3], [2, 3, 4, 5]])
        #expect(try targeted.shuffle(seed: 1).batch(2).elements()[0].y.scalars.sorted() == [7, 8])
        for wrong in [(0, 1, 1), (1, 0, 1), (1, 1, 0)] {
            let (length, stride, rate) = wrong
            #expect(
                datasetError {
                    _ = try Dataset.timeseriesWindows(series, length: length, stride: stride, samplingRate: rate)
                } != nil)
        }
        #expect(datasetError { _ = try Dataset.timeseriesWindows(NDArray<Float>(1), length: 1) } != nil)
    }
}
