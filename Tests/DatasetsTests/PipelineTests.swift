// The transformations of data sets: which elements come, in which order, and where a pass can be taken up.

import Tensors
import Testing

@testable import Datasets

struct PipelineTests {
    private func matrix(_ count: Int) -> NDArray<Float> {
        NDArray<Float>(shape: [count, 2]) { for index in $0.indices { $0[index] = Float(index) } }
    }

    @Test func transformationsGiveTheElementsOfTheirDefinitions() throws {
        let numbers = Dataset.range(7)
        #expect(try numbers.map { $0 * $0 }.elements() == [0, 1, 4, 9, 16, 25, 36])
        #expect(try numbers.filter { $0 % 2 == 1 }.elements() == [1, 3, 5])
        #expect(try numbers.take(3).elements() == [0, 1, 2])
        #expect(try numbers.take(-1).elements().isEmpty)
        #expect(try numbers.skip(5).elements() == [5, 6])
        #expect(try numbers.skip(99).elements().isEmpty)
        #expect(numbers.skip(-3).count == 7)
        #expect(try numbers.shard(count: 3, index: 1).elements() == [1, 4])
        #expect(try numbers.repeat(2).elements() == [0, 1, 2, 3, 4, 5, 6, 0, 1, 2, 3, 4, 5, 6])
        #expect(try numbers.repeat(0).elements().isEmpty)
        #expect(try numbers.repeat().take(9).elements() == [0, 1, 2, 3, 4, 5, 6, 0, 1])
        #expect(try numbers.concatenate(.range(8..<10)).elements() == [0, 1, 2, 3, 4, 5, 6, 8, 9])
        #expect(try numbers.enumerated().elements().map(\.x) == Array(0..<7))
        #expect(
            try Dataset<Pair<Int, String>>.zip(numbers, Dataset(["a", "b"])).elements() == [Pair(0, "a"), Pair(1, "b")])
        #expect(try numbers.window(3, shift: 2).elements() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]])
        #expect(try numbers.window(2, shift: 3, stride: 2, dropRemainder: false).elements() == [[0, 2], [3, 5], [6]])
        #expect(try numbers.flatMap { Dataset.range($0 % 3) }.elements() == [0, 0, 1, 0, 0, 1])
        #expect(try Dataset(stride(from: 1, to: 6, by: 2)).elements() == [1, 3, 5])
        #expect(try Dataset([Int]()).repeat().elements(epoch: 3).isEmpty)
    }

    @Test func gatheredRowsAreCopiesOfTheRowsWhateverTheirWidth() throws {
        let order = [5, 0, 0, 6, 3, 1, 6]
        // Widths that are moved at once, odd ones, and those of which only the beginning is fetched ahead.
        for width in [0, 1, 2, 3, 4, 7, 8, 63, 64, 65, 3136, 8191, 8192, 8193, 20_001] {
            let bytes = NDArray<UInt8>(shape: [7, width]) { target in
                for index in target.indices { target[index] = UInt8(truncatingIfNeeded: index &* 31 &+ index >> 8) }
            }
            let gathered = try bytes.gathering(order)
            #expect(gathered.shape == [7, width])
            for (position, row) in order.enumerated() {
                #expect(gathered.rows(position..<position + 1) == bytes.rows(row..<row + 1), "width \(width)")
            }
            // Of an array that begins in the middle of another, and none at all.
            let later = bytes.rows(2..<7)
            #expect(try later.gathering([4, 0]).rows(0..<1) == bytes.rows(6..<7), "width \(width)")
            #expect(try later.gathering([]).shape == [0, width])
        }
    }

    @Test func cardinalitiesAreThoseOfThePasses() throws {
        let numbers = Dataset.range(10)
        let known = [
            numbers.map { $0 }, numbers.take(3), numbers.take(30), numbers.skip(4), numbers.shard(count: 4, index: 3),
            numbers.shard(count: 4, index: 1), numbers.repeat(3), numbers.concatenate(numbers), numbers.cache(),
            numbers.prefetch(2), numbers.shuffle(bufferSize: 3, seed: 1), numbers.repeat().take(13),
        ]
        for dataset in known { #expect(try dataset.elements().count == dataset.count) }
        for (size, drop) in [(1, false), (3, false), (3, true), (10, true), (11, false), (11, true), (0, false)] {
            let batches = numbers.batch(size, dropRemainder: drop)
            #expect(try batches.elements().count == batches.count)
        }
        #expect(numbers.repeat().cardinality == .infinite)
        #expect(numbers.filter { _ in true }.cardinality == .unknown)
        #expect(Dataset.range(.max).repeat(3).cardinality == .unknown)
        #expect(Dataset.range(.min ..< .max).cardinality == .unknown)
        #expect(try Dataset.range(.min ..< .max).makeIterator(skipping: 3).next() == .min + 3)
        #expect(try Dataset.range(10).batch(.max).makeIterator(skipping: 5).next() == nil)
        // Whole repetitions are passed over at once, else this would never end.
        let endless = Dataset.range(7).repeat()
        let iterator = endless.makeIterator(skipping: .max)
        #expect(try iterator.next() == Int.max % 7)
        #expect(try iterator.next() == (Int.max % 7 + 1) % 7)
        #expect(try endless.skip(.max).skip(.max).map { $0 }.makeIterator(skipping: .max).next() == Int.max % 7 * 3 % 7)
        #expect(try Dataset.range(7).repeat(.max).enumerated().skip(.max).makeIterator().next()?.x == Int.max)
        #expect(try Dataset.range(5).interleave(cycleLength: .max) { Dataset.range($0) }.elements().count == 10)
    }

    @Test func rowsAreTheSlicesAlongTheFirstAxis() throws {
        let (x, y) = (matrix(5), NDArray<Int32>([0, 1, 2, 3, 4]))
        let dataset = try Dataset(x, y)
        let rows = try dataset.elements()
        #expect(dataset.count == 5)
        #expect(rows.map(\.x.scalars) == [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]])
        #expect(rows.map(\.y.shape) == [[], [], [], [], []])
        let batches = try dataset.batch(2).elements()
        #expect(batches.map(\.x.shape) == [[2, 2], [2, 2], [1, 2]])
        #expect(batches.map(\.y.scalars) == [[0, 1], [2, 3], [4]])
        // In order there is nothing to copy.
        #expect(batches[1].x.untyped.storage === x.untyped.storage)
    }

    @Test func batchesOfShuffledRowsKeepInputsAndTargetsTogether() throws {
        let dataset = try Dataset(matrix(1000), NDArray((0..<1000).map { Int32($0) })).shuffle(seed: 5).batch(32)
        var seen: [Int32] = []
        try dataset.forEach { batch in
            for (index, label) in batch.y.scalars.enumerated() {
                #expect(batch.x[index, 0] == Float(label) * 2 && batch.x[index, 1] == Float(label) * 2 + 1)
            }
            #expect(Int(bitPattern: batch.x.untyped.bytes) % 64 == 0)
            seen += batch.y.scalars
        }
        #expect(seen.sorted() == (0..<1000).map { Int32($0) } && seen != seen.sorted())
    }

    @Test func theRowPathAndTheElementPathAgree() throws {
        let dataset = try Dataset(matrix(23), NDArray((0..<23).map { Int32($0) }))
        // A map in between takes the rows' short cut away.
        for transform: (Dataset<Pair<NDArray<Float>, NDArray<Int32>>>) -> Dataset<Pair<NDArray<Float>, NDArray<Int32>>>
            in [
                { $0.shuffle(seed: 3) }, { $0.shuffle(bufferSize: 4, seed: 3) }, { $0.repeat(2) },
                { $0.take(9).skip(2) },
                { $0.shard(count: 3, index: 1) }, { $0.shuffle(seed: 1).repeat(3).skip(11).take(40) },
            ]
        {
            for epoch in 0..<2 {
                let rows = try transform(dataset).batch(4).elements(epoch: epoch)
                let elements = try transform(dataset.map { $0 }).batch(4).elements(epoch: epoch)
                #expect(rows == elements)
            }
        }
    }

    @Test func dictionariesTextsAndUntypedArraysAreSlicedAndStacked() throws {
        let table = ["name": AnyArray(strings: ["a", "b", "c"]), "size": AnyArray(NDArray<Int64>([1, 2, 3]))]
        let batches = try Dataset(slices: table).shuffle(seed: 2).batch(2).elements()
        #expect(Set(batches.flatMap { $0["name"]?.strings ?? [] }) == ["a", "b", "c"])
        for batch in batches {
            let sizes = try #require(batch["size"]).as(Int64.self).scalars
            #expect(batch["name"]?.strings == sizes.map { ["a", "b", "c"][Int($0) - 1] })
        }
        let elements = try Dataset(slices: table).map { $0 }.batch(3).elements()
        #expect(elements == [table])
        #expect(try Dataset(["x", "y"]).batch(2).elements() == [AnyArray(strings: ["x", "y"])])
        #expect(try Dataset([true, false, true]).batch(2).elements().map(\.scalars) == [[true, false], [true]])
        #expect(try Dataset(slices: AnyArray(strings: [])).elements().isEmpty)
    }

    @Test func unbatchIsTheReverseOfBatch() throws {
        let rows = try Dataset(slices: matrix(7)).elements()
        #expect(try Dataset(slices: matrix(7)).batch(3).unbatch().elements() == rows)
        let error = #expect(throws: PipelineError.self) { try Dataset([NDArray<Float>(1)]).unbatch().elements() }
        #expect("\(error as Any)".contains("is a single value and has no rows"))
    }

    @Test func paddedBatchesFillUpToTheLargestOrTheShape() throws {
        let lists = Dataset([[1, 2, 3], [4], [], [5, 6]] as [[Int32]])
        let batches = try lists.paddedBatch(2).elements()
        #expect(batches.map(\.shape) == [[2, 3], [2, 2]])
        #expect(batches.map(\.scalars) == [[1, 2, 3, 4, 0, 0], [0, 0, 5, 6]])
        let wide = try lists.paddedBatch(4, padding: ArrayPadding(shape: [4], value: -1)).elements()
        #expect(wide.map(\.scalars) == [[1, 2, 3, -1, 4, -1, -1, -1, -1, -1, -1, -1, 5, 6, -1, -1]])
        let blocks = Dataset([NDArray<Float>.ones([2, 1]), .ones([1, 3])])
        #expect(
            try blocks.paddedBatch(2).elements().map(\.scalars) == [[1, 0, 0, 1, 0, 0, 1, 1, 1, 0, 0, 0]])
        for wrong: Shape in [[2], [nil, nil]] {
            let error = #expect(throws: PipelineError.self) {
                try lists.paddedBatch(4, padding: ArrayPadding(shape: wrong)).elements()
            }
            #expect("\(error as Any)".contains("does not fit into the padded shape \(wrong)"))
        }
    }

    @Test func anOrderDependsOnSeedAndEpochAlone() throws {
        let numbers = Dataset.range(100)
        for bufferSize in [nil, 10] {
            let shuffled = numbers.shuffle(bufferSize: bufferSize, seed: 4)
            let order = try shuffled.elements(epoch: 2)
            #expect(try order == shuffled.elements(epoch: 2))
            #expect(try order != shuffled.elements(epoch: 3))
            #expect(try order != numbers.shuffle(bufferSize: bufferSize, seed: 5).elements(epoch: 2))
            let fixed = numbers.shuffle(bufferSize: bufferSize, seed: 4, reshuffleEachIteration: false)
            #expect(try fixed.elements(epoch: 2) == fixed.elements(epoch: 3))
            // Repetitions are reshuffled too, and never as those of another epoch.
            let repeated = try (0..<2).flatMap { try shuffled.repeat(2).elements(epoch: $0) }
            let parts = stride(from: 0, to: 400, by: 100).map { Array(repeated[$0..<($0 + 100)]) }
            #expect(Set(parts).count == 4 && parts.allSatisfy { $0.sorted() == Array(0..<100) })
        }
    }

    @Test(arguments: [1, 2, 7, 99, 100, 1000])
    func anElementComesAtMostTheBufferEarly(bufferSize: Int) throws {
        let order = try Dataset.range(100).shuffle(bufferSize: bufferSize, seed: 9).elements()
        #expect(order.sorted() == Array(0..<100))
        for (place, element) in order.enumerated() { #expect(element <= place + bufferSize - 1) }
        if bufferSize == 1 { #expect(order == Array(0..<100)) }
    }

    @Test func imagesAsADatasetHaveTheOrderOfTheirBatches() throws {
        let images = try LabelledImages(
            images: matrix(100), labels: NDArray((0..<100).map { Int32($0 % 10) }))
        let dataset = images.dataset.shuffle(seed: 7).batch(30)
        for epoch in 0..<2 {
            let batches = Array(images.shuffled(seed: 7, epoch: epoch).batched(30))
            let elements = try dataset.elements(epoch: epoch)
            #expect(elements.map(\.x) == batches.map(\.images))
            #expect(elements.map(\.y) == batches.map(\.labels))
        }
    }

    @Test func aPassIsTakenUpWhereItWasLeft() throws {
        let rows = try Dataset(matrix(50), NDArray((0..<50).map { Int32($0) }))
        let numbers = Dataset.range(50)
        let pipelines: [Dataset<[Int]>] = [
            rows.shuffle(seed: 3).batch(4).prefetch(2).map { $0.y.scalars.map(Int.init) },
            rows.shuffle(seed: 3).repeat(3).batch(7, dropRemainder: true).map { $0.y.scalars.map(Int.init) },
            rows.map { $0 }.batch(7).map(parallelism: 3) { $0.y.scalars.map(Int.init) },
            numbers.shuffle(bufferSize: 5, seed: 1).filter { $0 % 3 > 0 }.map { [$0] },
            numbers.concatenate(numbers).shard(count: 3, index: 2).map { [$0] },
            numbers.take(20).concatenate(numbers.skip(31)).window(3, shift: 4),
            numbers.cache().enumerated().map { [$0.x, $0.y] },
            Dataset<Pair<Int, Int>>.zip(numbers, numbers.shuffle(seed: 1)).map { [$0.x, $0.y] },
            numbers.interleave(cycleLength: 3, blockLength: 2) { n in Dataset.range(n % 4).map { [n, $0] } },
        ]
        for (index, pipeline) in pipelines.enumerated() {
            for epoch in [0, 2] {
                let whole = try pipeline.elements(epoch: epoch)
                for taken in [0, 1, 5, whole.count - 1, whole.count, whole.count + 3] {
                    let first = pipeline.makeIterator(epoch: epoch)
                    for _ in 0..<taken { _ = try first.next() }
                    let second = pipeline.makeIterator(at: first.position)
                    var rest: [[Int]] = []
                    while let element = try second.next() { rest.append(element) }
                    #expect(rest == Array(whole.dropFirst(taken)), "pipeline \(index), \(taken) taken")
                    if taken > 0 {
                        let skipping = pipeline.makeIterator(epoch: epoch, skipping: taken)
                        #expect(try skipping.next() == whole.dropFirst(taken).first)
                    }
                }
            }
        }
    }

    @Test func aCacheRunsItsSourceOnce() throws {
        let counter = Counter()
        let dataset = Dataset.range(5).map { number in
            counter.increment()
            return number
        }.cache()
        let unfinished = dataset.makeIterator()
        _ = try unfinished.next()
        #expect(try dataset.elements() == Array(0..<5))
        #expect(try dataset.shuffle(seed: 1).elements(epoch: 1).sorted() == Array(0..<5))
        #expect(counter.value == 6)
    }

    @Test func errorsCarryThePlaceAndTheElement() throws {
        struct Wrong: Error {}
        let pipeline = Dataset.range(100).map(parallelism: 1) { if $0 == 37 { throw Wrong() } }
        let error = #expect(throws: PipelineError.self) { try pipeline.elements() }
        #expect(error?.operation == "map" && error?.element == 37 && error?.underlying is Wrong)
        #expect(error?.place.hasPrefix("DatasetsTests/PipelineTests.swift:") == true)
        // An iterator that failed does not look as if it were at its end.
        let iterator = pipeline.makeIterator(skipping: 36)
        _ = try iterator.next()
        for _ in 0..<3 { #expect(throws: PipelineError.self) { try iterator.next() } }
        #expect(iterator.position == DatasetPosition(epoch: 0, elementCount: 37))
        // Skipped elements count.
        #expect(throws: PipelineError.self) { try pipeline.makeIterator(skipping: 37).next() }
        var results = Array(pipeline.results())
        #expect(results.count == 38)
        #expect(throws: PipelineError.self) { try results.removeLast().get() }

        let ragged = Dataset([NDArray<Float>([1]), NDArray([1]), NDArray([1, 2])]).batch(2)
        #expect(try ragged.elements().count == 2)
        let mismatch = #expect(throws: PipelineError.self) {
            try Dataset([NDArray<Float>([1]), NDArray([1, 2])]).batch(2).elements()
        }
        #expect("\(mismatch as Any)".contains("arrays of the shapes [1] and [2] cannot be stacked"))
        let generated = Dataset<Int>.generating { _ in
            var count = 0
            return {
                count += 1
                if count == 3 { throw Wrong() }
                return count
            }
        }
        #expect(#expect(throws: PipelineError.self) { try generated.elements() }?.element == 2)
    }

    @Test func wrongArgumentsAreRefused() throws {
        let error = datasetError { _ = try Dataset(matrix(3), NDArray<Int32>([1, 2])) }
        #expect(error?.reason == "the arrays have different numbers of rows: 3, 2")
        #expect(datasetError { _ = try Dataset(slices: NDArray<Float>(1)) } != nil)
        #expect(datasetError { _ = try Dataset(slices: [String: AnyArray]()) } != nil)
        let numbers = Dataset.range(3)
        #expect(datasetError { _ = try numbers.repeat().elements() } != nil)
        #expect(datasetError { _ = try numbers.repeat().shuffle(seed: 1).take(1).elements() } != nil)
        #expect(datasetError { _ = try numbers.shard(count: 2, index: 2).elements() } != nil)
        #expect(datasetError { _ = try numbers.window(0).elements() } != nil)
        #expect(datasetError { _ = try numbers.window(.max, stride: .max).elements() } != nil)
        #expect(throws: PipelineError.self) { try Dataset([["a": Float(1)], ["b": 1]]).batch(2).elements() }
    }
}
