import Tensors
import Testing

@testable import Datasets

@Suite struct TripleTests {
    private let x = NDArray<Float>(shape: [23, 2]) { target in
        for index in target.indices { target.initializeElement(at: index, to: Float(index)) }
    }
    private let y = NDArray<Int32>((0..<23).map { Int32($0) })
    private let weights = NDArray<Float>((0..<23).map { Float($0) / 8 })

    @Test func arraysAreCutIntoRowsOfThree() throws {
        let data = try Dataset(x, y, weights)
        #expect(data.count == 23)
        let row = try data.elements()[5]
        #expect(row == Triple(NDArray([10, 11]), NDArray(5), NDArray(0.625)))
        #expect(row.pair == Pair(NDArray([10, 11]), NDArray(5)))
        let batches = try data.batch(10).elements()
        #expect(batches.map(\.x.shape) == [[10, 2], [10, 2], [3, 2]])
        #expect(batches[2].weight.scalars == [2.5, 2.625, 2.75])
        // In order there is nothing to copy.
        #expect(batches[1].weight.untyped.storage === weights.untyped.storage)
    }

    @Test func theRowPathAndTheElementPathAgree() throws {
        let data = try Dataset(x, y, weights).shuffle(seed: 4)
        // A map in between takes the rows' short cut away.
        let batches = try data.batch(4).elements(epoch: 1)
        #expect(try data.map { $0 }.batch(4).elements(epoch: 1) == batches)
        #expect(batches.flatMap(\.y.scalars) != y.scalars)
        for batch in batches { #expect(batch.weight.scalars == batch.y.scalars.map { Float($0) / 8 }) }
        #expect(try data.batch(4).unbatch().elements(epoch: 1) == data.elements(epoch: 1))
    }

    @Test func threeAreZippedUpToTheShortest() throws {
        let zipped = Dataset<Triple<Int, String, Float>>.zip(
            .range(5), Dataset(["a", "b", "c"]), Dataset([0.5, 1, 2, 4]))
        #expect(zipped.count == 3)
        #expect(try zipped.elements() == [Triple(0, "a", 0.5), Triple(1, "b", 1), Triple(2, "c", 2)])
        #expect(try zipped.skip(2).elements() == [Triple(2, "c", 2)])
        let iterator = zipped.makeIterator(skipping: 1)
        #expect(try iterator.next() == Triple(1, "b", 1))
        let endless = Dataset<Triple<Int, Int, Int>>.zip(
            Dataset.range(2).repeat(), .range(7), Dataset.range(3).repeat())
        #expect(endless.count == 7)
        #expect(try endless.elements()[6] == Triple(0, 6, 0))
    }

    @Test func numbersAndListsAreStackedAndPadded() throws {
        let lists = Dataset([Triple([1, 2, 3] as [Int32], 1 as Float, 0.5 as Float), Triple([4], 0, 2)])
        let padded = Dataset([[1, 2, 3], [4]] as [[Int32]]).map { Triple($0, $0, $0) }.paddedBatch(2)
        #expect(try padded.elements()[0].weight.scalars == [1, 2, 3, 4, 0, 0])
        let numbers = try lists.map { Triple($0.y, $0.y, $0.weight) }.batch(2).elements()
        #expect(numbers == [Triple(NDArray([1, 0]), NDArray([1, 0]), NDArray([0.5, 2]))])
    }

    @Test func aSplitKeepsThreeTogether() throws {
        let (train, validation) = try trainValidationSplit(x, y, weights, validationFraction: 0.2)
        #expect(train.weight.scalars == Array(weights.scalars[..<18]))
        #expect(validation.y.scalars == [18, 19, 20, 21, 22])
        #expect(Triple(validation.pair, weight: validation.weight) == validation)
    }

    @Test func arraysOfDifferentLengthsAreRefused() throws {
        let error = #expect(throws: DatasetError.self) { _ = try Dataset(x, y, NDArray<Float>([1, 2])) }
        #expect("\(try #require(error))".contains("different numbers of rows: 23, 23, 2"))
        #expect(throws: DatasetError.self) { _ = try Dataset(x, y, NDArray<Float>(1)) }
    }
}
