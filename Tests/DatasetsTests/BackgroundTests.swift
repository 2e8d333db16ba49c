// Threads of the pipeline: order, bounds, errors, and that none stays behind.

import Foundation
import Synchronization
import Tensors
import Testing

@testable import Datasets

/// A number that threads count up.
final class Counter: Sendable {
    private let number = Mutex(0)
    var value: Int { number.withLock { $0 } }
    @discardableResult func increment() -> Int {
        number.withLock {
            $0 += 1
            return $0
        }
    }
}

struct BackgroundTests {
    @Test(arguments: [1, 2, 3, 8])
    func theOrderDoesNotDependOnTheParallelism(parallelism: Int) throws {
        let dataset = Dataset.range(500).shuffle(seed: 3).map(parallelism: parallelism) { number -> Int in
            // Work of uneven length, so that threads overtake each other.
            var sum = number
            for index in 0..<(number % 7 * 300) { sum = (sum &* 31 &+ index) & 0xffff }
            return sum
        }
        #expect(try dataset.elements(epoch: 1) == dataset.prefetch(3).elements(epoch: 1))
        #expect(try dataset.take(20).elements() == Array(dataset.elements().prefix(20)))
        let serial = Dataset.range(500).shuffle(seed: 3)
        #expect(try serial.map(parallelism: parallelism) { $0 }.elements() == serial.elements())
    }

    @Test func aPassThatEndedStaysAtItsEnd() throws {
        let generated = Dataset<Int>.generating { _ in
            var rest = [1, 2, 3].makeIterator()
            var restarted = [4, 5].makeIterator()
            return { rest.next() ?? (restarted.next() == 4 ? nil : 6) }
        }
        for dataset in [generated, .range(3), Dataset([1, 2, 3]), Dataset.range(3).filter { _ in true }] {
            for other in [
                dataset, dataset.map { $0 }, dataset.map(parallelism: 3) { $0 }, dataset.prefetch(), dataset.cache(),
                dataset.take(9), dataset.repeat(1), dataset.concatenate(.range(0)), dataset.shuffle(seed: 1),
                dataset.shuffle(bufferSize: 2, seed: 1), dataset.window(1).map { $0[0] },
                dataset.interleave(cycleLength: 2) { Dataset([$0]) }, dataset.shard(count: 1, index: 0),
            ] {
                let cursor = try other.start(0)
                for _ in 0..<3 { #expect(try cursor.next() != nil) }
                for _ in 0..<3 { #expect(try cursor.next() == nil) }
            }
        }
    }

    @Test(arguments: [1, 2, 8], [false, true])
    func theFirstErrorInOrderReachesTheConsumer(parallelism: Int, prefetched: Bool) throws {
        struct Wrong: Error {}
        var dataset = Dataset.range(1000).map(parallelism: parallelism) { number in
            if number == 41 || number == 43 { throw Wrong() }
            return number
        }
        if prefetched { dataset = dataset.prefetch(4) }
        let iterator = dataset.makeIterator()
        for number in 0..<41 { #expect(try iterator.next() == number) }
        let error = #expect(throws: PipelineError.self) { try iterator.next() }
        #expect(error?.element == 41)
    }

    @Test func anErrorOfTheSourcePassesThreadsUnchanged() throws {
        let source = Dataset<Int>(cardinality: .unknown) { _ in throw DatasetError.endless("x") }
        #expect(datasetError { _ = try source.prefetch().map(parallelism: 4) { $0 }.prefetch().elements() } != nil)
    }

    @Test func prefetchingMakesNoMoreThanItsBound() throws {
        let made = Counter()
        let produced = DispatchSemaphore(value: 0)
        let dataset = Dataset.range(100).map { number in
            made.increment()
            produced.signal()
            return number
        }.prefetch(3)
        let iterator = dataset.makeIterator()
        #expect(made.value == 0, "nothing is made before the first element is asked for")
        for taken in 1...20 {
            #expect(try iterator.next() == taken - 1)
            // The thread makes what fits and one more, and then waits: however long this takes, never beyond.
            while made.value < taken + 4 { produced.wait() }
            #expect(made.value == taken + 4)
        }
    }

    @Test func parallelMapTakesNoMoreThanTwiceItsThreads() throws {
        let taken = Counter()
        let dataset = Dataset.range(1000).map { number in
            taken.increment()
            return number
        }.map(parallelism: 3) { $0 }
        let iterator = dataset.makeIterator()
        for number in 0..<100 {
            #expect(try iterator.next() == number)
            #expect(taken.value <= number + 1 + 6)
        }
    }

    /// Tells when the last reference to it is gone.
    private final class Witness: Sendable {
        let gone: DispatchSemaphore
        init(_ gone: DispatchSemaphore) { self.gone = gone }
        deinit { gone.signal() }
    }

    @Test(arguments: [0, 1, 7])
    func threadsEndWhenTheIteratorIsDropped(taken: Int) throws {
        let gone = DispatchSemaphore(value: 0)
        // Each pass has a witness, which lives as long as the cursor that the thread works on.
        let dataset = Dataset<Int>.generating { _ in
            let witness = Witness(gone)
            var count = 0
            return {
                withExtendedLifetime(witness) { count += 1 }
                return count
            }
        }
        do {
            let iterator = dataset.map(parallelism: 3) { $0 }.prefetch(2).makeIterator()
            for number in 0..<taken { #expect(try iterator.next() == number + 1) }
        }
        if taken > 0 { #expect(gone.wait(timeout: .now() + 60) == .success, "a thread keeps its source") }
    }

    @Test func aStepNeverWaitsForAProducerThatIsFasterOnAverage() throws {
        // The producer makes an element when it is allowed to: four at once, and then nothing for the time of four
        // steps. A bound of four absorbs that.
        let allowed = DispatchSemaphore(value: 0)
        let made = DispatchSemaphore(value: 0)
        let source = Dataset<Int>.generating { _ in
            var count = 0
            return {
                allowed.wait()
                count += 1
                return count
            }
        }
        let cursor = PrefetchCursor(
            try source.map { number in
                made.signal()
                return number
            }.start(0), limit: 4)
        for _ in 0..<4 { allowed.signal() }
        #expect(try cursor.next() == 1)
        let waitsAtStart = cursor.waitCount
        for round in 0..<50 {
            // The burst: four elements arrive while one step runs.
            if round > 0 { for _ in 0..<4 { allowed.signal() } }
            for _ in 0..<4 { made.wait() }
            while cursor.readyCount < (round == 0 ? 3 : 4) { sched_yield() }
            for step in 0..<(round == 0 ? 3 : 4) {
                #expect(try cursor.next() == round * 4 + step + (round == 0 ? 2 : 1))
            }
        }
        #expect(cursor.waitCount == waitsAtStart)
        // The count can fail: nothing is ready any more, and what comes is allowed only once the consumer waits.
        let waiting = Handover(cursor)
        let released = DispatchSemaphore(value: 0)
        Thread.detachNewThread {
            while waiting.value.waitCount == waitsAtStart { sched_yield() }
            allowed.signal()
            released.signal()
        }
        #expect(try cursor.next() == 201)
        released.wait()
        #expect(cursor.waitCount == waitsAtStart + 1)
    }
}
