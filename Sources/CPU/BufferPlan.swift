// Where every stored value lies: in an argument, in a constant, in a result, or at an offset of the arena, which values
// that are never needed at the same time share.

import Programs
import Tensors

/// A place in memory: an entry of a run's table of buffers and an offset.
struct Place: Equatable {
    let entry: Int
    let byteOffset: Int
}

/// Where a result of a program comes from.
package enum ResultSource: Equatable, Sendable {
    /// Kernels write it into the memory that the caller binds.
    case computed
    /// It is this argument, as it was given.
    case parameter(Int)
    /// It is a constant.
    case constant(Int)
    /// It is the same value as an earlier result.
    case duplicate(of: Int)
}

/// A part of the arena and the kernels during which it is in use.
struct ArenaInterval: Equatable {
    let byteCount: Int
    let first: Int
    var last: Int
}

/// The table of buffers has these entries, in this order: the arena, the pool of small constants, the packed operands of
/// products, the arguments, the results, the rows that lie in arrays, the large constants.
struct BufferPlan {
    static let arena = 0
    static let constantPool = 1
    static let panels = 2
    static let firstParameter = 3

    private(set) var places: [ValueID: Place] = [:]
    private(set) var resultSources: [ResultSource] = []
    /// For results that lie where an argument did, its number.
    private(set) var overwrittenArguments: [Int: Int] = [:]
    private(set) var arenaByteCount = 0
    /// The constants that have a table entry of their own, from `firstLargeConstant` on.
    private(set) var largeConstants: [UntypedArray] = []
    /// The small constants and their offsets in the pool.
    private(set) var pooledConstants: [(array: UntypedArray, byteOffset: Int)] = []
    private(set) var poolByteCount = 0
    /// For the printed plan: what the arena holds when.
    private(set) var arenaValues: [(value: ValueID, interval: ArenaInterval, byteOffset: Int)] = []

    let firstResult: Int
    let firstRow: Int
    let firstLargeConstant: Int
    var entryCount: Int { firstLargeConstant + largeConstants.count }

    private static let poolLimit = 4096

    init(_ planner: KernelPlanner) throws(InvalidProgram) {
        let program = planner.program
        firstResult = Self.firstParameter + program.parameters.count
        firstRow = firstResult + program.results.count
        firstLargeConstant = firstRow + planner.rowEntries.count

        var lifetimes: [ValueID: ArenaInterval] = [:]
        var order: [ValueID] = []
        // What each kernel writes, then what it reads: a value that nobody reads needs no memory.
        var firstWrite: [Int: Int] = [:]
        for (index, draft) in planner.drafts.enumerated() {
            for value in draft.written where firstWrite[value.int] == nil { firstWrite[value.int] = index }
        }
        func use(_ root: ValueID, at kernel: Int) {
            if let row = planner.rowEntries[root] {
                places[root] = Place(entry: firstRow + row, byteOffset: 0)
            } else if let constant = planner.madeConstants[root] {
                place(constant, for: root)
            } else if root.int < program.steps.count, case .constant(let number) = program[root].instruction {
                place(program.constants[number], for: root)
            } else if root.int < program.steps.count, case .parameter(let number) = program[root].instruction {
                places[root] = Place(entry: Self.firstParameter + number, byteOffset: 0)
            } else if lifetimes[root] != nil {
                lifetimes[root]?.last = kernel
            } else {
                let bytes = planner.memoryCount(of: root) * planner.type(of: root).dtype.byteCount
                lifetimes[root] = ArenaInterval(
                    byteCount: bytes, first: firstWrite[root.int] ?? kernel, last: kernel)
                order.append(root)
            }
        }
        for index in planner.drafts.indices {
            for view in planner.memoryReads(of: index) {
                guard (firstWrite[view.root.int] ?? index) <= index else {
                    throw InvalidProgram("kernel \(index) reads value \(view.root) before it is there")
                }
                use(view.root, at: index)
            }
        }
        // Results live in memory of their own.
        var resultOf: [ValueID: Int] = [:]
        for index in program.results.indices {
            let root = planner.resultViews[index].root
            if let earlier = resultOf[root] {
                resultSources.append(.duplicate(of: earlier))
                continue
            }
            if root.int < program.steps.count, planner.madeConstants[root] == nil {
                if case .parameter(let number) = program[root].instruction {
                    resultSources.append(.parameter(number))
                    continue
                }
                if case .constant(let number) = program[root].instruction {
                    resultSources.append(.constant(number))
                    continue
                }
            }
            resultOf[root] = index
            resultSources.append(.computed)
            if let argument = planner.overwriting[index], planner.mayOverwrite(argument: argument, withResult: index) {
                overwrittenArguments[index] = argument
                places[root] = Place(entry: Self.firstParameter + argument, byteOffset: 0)
            } else {
                places[root] = Place(entry: firstResult + index, byteOffset: 0)
            }
        }
        let joined = joinCarried(planner, &lifetimes)
        let temporaries = order.filter { places[$0] == nil && joined[$0] == nil }
        let intervals = temporaries.compactMap { lifetimes[$0] }
        let (offsets, total) = layOutArena(intervals)
        arenaByteCount = total
        for (index, value) in temporaries.enumerated() {
            places[value] = Place(entry: Self.arena, byteOffset: offsets[index])
            arenaValues.append((value, intervals[index], offsets[index]))
        }
        for (value, first) in joined { places[value] = places[first] }
    }

    /// What a loop changes row by row where it lies begins where it began before the loop, if nothing needs that any more:
    /// then not even the first turn copies it.
    ///
    /// - Returns: for results of loops whose memory is that of an earlier value, that value.
    private mutating func joinCarried(
        _ planner: KernelPlanner, _ lifetimes: inout [ValueID: ArenaInterval]
    ) -> [ValueID: ValueID] {
        var joined: [ValueID: ValueID] = [:]
        for (kernel, draft) in planner.drafts.enumerated() where draft.isLoop {
            for (index, result) in (draft.controlMemory?.results ?? []).enumerated() {
                let source = draft.sources[index]
                guard let result, draft.isReplacedInPlace(index), source.offset == 0,
                    draft.sources.filter({ $0.root == source.root }).count == 1
                else { continue }
                let first = joined[source.root] ?? source.root
                guard let before = lifetimes[first], let after = lifetimes[result], places[first] == nil,
                    lifetimes[source.root]?.last == kernel, before.byteCount == after.byteCount
                else { continue }
                if let place = places[result] {
                    // A result's memory is free from the beginning on, an argument's is not.
                    if place.entry < firstResult { continue }
                    places[first] = place
                } else {
                    lifetimes[first]?.last = after.last
                    joined[result] = first
                }
            }
        }
        return joined
    }

    private mutating func place(_ constant: UntypedArray, for root: ValueID) {
        if places[root] != nil { return }
        if constant.byteCount > Self.poolLimit {
            places[root] = Place(entry: firstLargeConstant + largeConstants.count, byteOffset: 0)
            largeConstants.append(constant)
        } else {
            places[root] = Place(entry: Self.constantPool, byteOffset: poolByteCount)
            pooledConstants.append((constant, poolByteCount))
            poolByteCount += (constant.byteCount + 63) / 64 * 64
        }
    }
}

/// Offsets (multiples of 64) such that intervals that are in use at the same time do not overlap, and the total.
///
/// First fit in the order of the first use: each interval takes the lowest gap between those that are live then.
func layOutArena(_ intervals: [ArenaInterval]) -> (offsets: [Int], total: Int) {
    var offsets = [Int](repeating: 0, count: intervals.count)
    var total = 0
    /// Live intervals by offset.
    var live: [(offset: Int, end: Int, last: Int)] = []
    for index in intervals.indices.sorted(by: { (intervals[$0].first, $0) < (intervals[$1].first, $1) }) {
        let interval = intervals[index]
        live.removeAll { $0.last < interval.first }
        let size = max(64, (interval.byteCount + 63) / 64 * 64)
        var (offset, position) = (0, 0)
        while position < live.count, live[position].offset < offset + size {
            offset = max(offset, live[position].end)
            position += 1
        }
        live.insert((offset, offset + size, interval.last), at: position)
        offsets[index] = offset
        total = max(total, offset + size)
    }
    return (offsets, total)
}
