// Going through a set of images: order, coverage, memory, odd sizes.

import Tensors
import Testing

@testable import Datasets

struct ImageBatchesTests {
    /// `count` images of two pixels, `[i, -i]`, with label `i % 10`.
    private func numbered(_ count: Int) throws -> LabelledImages<Int32> {
        try LabelledImages(
            images: NDArray(shape: [count, 2], (0..<count).flatMap { [Float($0), -Float($0)] }),
            labels: NDArray((0..<count).map { Int32($0 % 10) }))
    }

    private func rows<Label>(of batches: ImageBatches<Label>) -> [Int] {
        batches.flatMap { batch in
            (0..<batch.count).map { row in Int(batch.images[row, 0] ?? -1) }
        }
    }

    @Test(arguments: [(1, 100), (7, 15), (99, 2), (100, 1), (1000, 1), (.max, 1), (0, 100), (-3, 100)])
    func batchesCoverEveryRowInOrder(size: Int, count: Int) throws {
        let batches = try numbered(100).batched(size)
        #expect(batches.count == count)
        #expect(rows(of: batches) == Array(0..<100))
    }

    @Test(arguments: [(1, 100), (7, 14), (100, 1), (101, 0), (.max, 0)])
    func aShortLastBatchIsDroppedOnRequest(size: Int, count: Int) throws {
        let batches = try numbered(100).batched(size, dropRemainder: true)
        #expect(batches.count == count)
        #expect(batches.allSatisfy { $0.count == size })
    }

    @Test(arguments: [0, 1, 2, 1000])
    func shuffledBatchesCoverEveryRowOnceWithItsLabel(count: Int) throws {
        let batches = try numbered(count).shuffled(seed: 3).batched(7)
        #expect(rows(of: batches).sorted() == Array(0..<count))
        for batch in batches {
            for row in 0..<batch.count {
                let number = try #require(batch.images[row, 0])
                #expect(batch.images[row, 1] == -number)
                #expect(batch.labels[row] == Int32(number) % 10)
            }
        }
    }

    @Test func theSeedAndTheEpochDecideTheOrder() throws {
        let images = try numbered(1000)
        let order = rows(of: images.shuffled(seed: 7).batched(10))
        #expect(order == rows(of: images.shuffled(seed: 7).batched(33)))
        #expect(order != rows(of: images.shuffled(seed: 8).batched(10)))
        #expect(order != rows(of: images.shuffled(seed: 7, epoch: 1).batched(10)))
        #expect(rows(of: images.shuffled(seed: 7, epoch: -1).batched(10)).count == 1000)
        // Written down, so that a change of the order in a later release does not go unseen.
        #expect(try rows(of: numbered(10).shuffled(seed: 7).batched(10)) == [2, 3, 5, 1, 4, 8, 9, 6, 0, 7])
    }

    @Test func everyOrderOfThreeIsAboutEquallyLikely() {
        var counts: [[Int]: Int] = [:]
        for seed in 0..<6000 { counts[permutation(count: 3, seed: UInt64(seed), stream: 0), default: 0] += 1 }
        #expect(counts.count == 6)
        // Six standard deviations of a binomial distribution around 1000.
        #expect(counts.values.allSatisfy { abs($0 - 1000) < 174 })
    }

    @Test func unshuffledBatchesShareTheMemory() throws {
        let images = try numbered(100)
        for batch in images.batched(30) {
            #expect(batch.images.untyped.storage === images.images.untyped.storage)
            #expect(batch.labels.untyped.storage === images.labels.untyped.storage)
        }
    }

    @Test func aBatchOutOfRangeIsEmpty() throws {
        let batches = try numbered(10).batched(4)
        #expect(batches[3].count == 0 && batches[-1].count == 0 && batches[.max].count == 0)
        #expect(batches[3].images.shape == [0, 2])
        #expect(batches[2].count == 2)
    }

    @Test func oneHotLabelsHaveOneOneInEachRow() throws {
        let oneHot = try numbered(23).oneHot
        #expect(oneHot.labels.shape == [23, 10])
        for row in 0..<23 {
            #expect((0..<10).map { oneHot.labels[row, $0] ?? -1 } == (0..<10).map { $0 == row % 10 ? 1 : 0 })
        }
        let batch = try #require(oneHot.shuffled(seed: 1).batched(5).first)
        #expect(batch.labels.shape == [5, 10])
        #expect(batch.labels[0, Int(batch.images[0, 0] ?? -1) % 10] == 1)
    }

    @Test(arguments: [[0, 1], [0, 1, 3], [0, 1, -1]] as [[Int32]])
    func labelsThatDoNotFitAreRefused(labels: [Int32]) throws {
        let error = datasetError {
            _ = try LabelledImages(images: .zeros([3, 2]), labels: NDArray(labels), classCount: 3)
        }
        #expect(error != nil && error?.file == nil)
    }
}
