// Copies the part that two boxes of a tensor have in common from one to the other, while the first is read in chunks.

/// How the bytes of a stored piece go into a wanted region, both dense and in row-major order.
struct RegionCopy {
    struct Cursor {
        fileprivate var position: [Int]
        fileprivate var isAtEnd: Bool
    }

    /// The elements in common.
    let elementCount: Int
    /// The ranges in common, counted from the piece's start, with the inner dimensions that both share whole joined.
    private let counts: [Int]
    private let sourceStart: Int
    private let targetStart: Int
    /// The bytes between neighbours along each of the dimensions of `counts`.
    private let sourceStrides: [Int]
    private let targetStrides: [Int]
    private let runByteCount: Int
    private let isWholeSource: Bool

    /// nil where the boxes have nothing in common.
    init?(from source: [Range<Int>], to target: [Range<Int>], elementByteCount: Int) {
        let common = zip(source, target).map { $0.clamped(to: $1) }
        guard common.allSatisfy({ !$0.isEmpty }), source.count == target.count else { return nil }
        var run = elementByteCount
        var axis = common.count - 1
        // A dimension may be joined with those inside of it as long as these are whole on both sides.
        while axis >= 0 {
            run *= common[axis].count
            let isWhole = common[axis] == source[axis] && common[axis] == target[axis]
            axis -= 1
            if !isWhole { break }
        }
        let sourceStrides = Self.strides(source, elementByteCount)
        let targetStrides = Self.strides(target, elementByteCount)
        let outer = axis + 1
        elementCount = common.reduce(1) { $0 * $1.count }
        counts = common.prefix(outer).map(\.count)
        runByteCount = run
        self.sourceStrides = Array(sourceStrides.prefix(outer))
        self.targetStrides = Array(targetStrides.prefix(outer))
        sourceStart = common.indices.reduce(0) {
            $0 + (common[$1].lowerBound - source[$1].lowerBound) * sourceStrides[$1]
        }
        targetStart = common.indices.reduce(0) {
            $0 + (common[$1].lowerBound - target[$1].lowerBound) * targetStrides[$1]
        }
        isWholeSource = common == source
    }

    /// Where the piece lies in the region, in bytes, where it lies there whole and in one run.
    var wholePlace: Int? { counts.allSatisfy { $0 == 1 } && isWholeSource ? targetStart : nil }

    private static func strides(_ box: [Range<Int>], _ elementByteCount: Int) -> [Int] {
        var strides = [Int](repeating: elementByteCount, count: box.count)
        for axis in box.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * box[axis + 1].count }
        return strides
    }

    var start: Cursor { Cursor(position: [Int](repeating: 0, count: counts.count), isAtEnd: false) }

    /// Copies what of a chunk belongs in the region.
    ///
    /// - Parameters:
    ///   - position: where the chunk begins among the piece's bytes.
    ///   - cursor: the run that comes next; chunks must come in order.
    func copy(
        _ chunk: UnsafeRawBufferPointer, at position: Int, to target: UnsafeMutableRawPointer, _ cursor: inout Cursor
    ) {
        let end = position + chunk.count
        while !cursor.isAtEnd {
            let source = place(cursor, sourceStart, sourceStrides)
            let (from, to) = (max(source, position), min(source + runByteCount, end))
            if from < to, let base = chunk.baseAddress {
                let place = place(cursor, targetStart, targetStrides) + from - source
                (target + place).copyMemory(from: base + (from - position), byteCount: to - from)
            }
            // The rest of this run is in the next chunk.
            if source + runByteCount > end { return }
            advance(&cursor)
        }
    }

    private func place(_ cursor: Cursor, _ start: Int, _ strides: [Int]) -> Int {
        var place = start
        for axis in strides.indices { place += cursor.position[axis] * strides[axis] }
        return place
    }

    private func advance(_ cursor: inout Cursor) {
        for axis in counts.indices.reversed() {
            cursor.position[axis] += 1
            if cursor.position[axis] < counts[axis] { return }
            cursor.position[axis] = 0
        }
        cursor.isAtEnd = true
    }
}
