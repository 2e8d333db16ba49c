// The memory plan: values that live at the same time never overlap.

import Tensors
import Testing

@testable import CPU

@Suite struct ArenaTests {
    private func overlaps(_ intervals: [ArenaInterval], _ offsets: [Int]) -> (Int, Int)? {
        for i in intervals.indices {
            for j in intervals.indices where j > i {
                let (a, b) = (intervals[i], intervals[j])
                let inTime = a.first <= b.last && b.first <= a.last
                let inSpace = offsets[i] < offsets[j] + b.byteCount && offsets[j] < offsets[i] + a.byteCount
                if inTime && inSpace { return (i, j) }
            }
        }
        return nil
    }

    @Test func noTwoLiveValuesOverlapForRandomLifetimes() {
        var random = RandomStream(seed: 7)
        for _ in 0..<300 {
            let intervals = (0..<Int.random(in: 0..<40, using: &random)).map { _ in
                let first = Int.random(in: 0..<20, using: &random)
                return ArenaInterval(
                    byteCount: Int.random(in: 0..<2000, using: &random), first: first,
                    last: first + Int.random(in: 0..<10, using: &random))
            }
            let (offsets, total) = layOutArena(intervals)
            #expect(overlaps(intervals, offsets) == nil)
            #expect(offsets.allSatisfy { $0 % 64 == 0 })
            #expect(zip(offsets, intervals).allSatisfy { $0 + $1.byteCount <= total })
        }
    }

    @Test func noTwoLiveValuesOverlapForAllSmallCases() {
        // Every choice of lifetimes within three kernels for four values of different sizes.
        let lifetimes = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
        let sizes = [64, 128, 64, 192]
        for code in 0..<1296 {
            var rest = code
            let intervals = sizes.map { size in
                let (first, last) = lifetimes[rest % 6]
                rest /= 6
                return ArenaInterval(byteCount: size, first: first, last: last)
            }
            let (offsets, total) = layOutArena(intervals)
            #expect(overlaps(intervals, offsets) == nil, "case \(code)")
            let peak =
                (0..<3).map { time in
                    intervals.filter { $0.first <= time && time <= $0.last }.reduce(0) { $0 + $1.byteCount }
                }.max() ?? 0
            #expect(total >= peak)
        }
    }

    @Test func theOverlapCheckBites() {
        let intervals = [
            ArenaInterval(byteCount: 64, first: 0, last: 1), ArenaInterval(byteCount: 64, first: 1, last: 2),
        ]
        #expect(overlaps(intervals, [0, 32]) != nil)
        #expect(overlaps(intervals, [0, 64]) == nil)
    }

    @Test func valuesThatNeverLiveTogetherShareMemory() {
        let intervals = (0..<10).map { ArenaInterval(byteCount: 1000, first: $0, last: $0) }
        #expect(layOutArena(intervals).total == 1024)
    }
}
