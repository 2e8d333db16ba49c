// Axes in type rules and lowerings: counted from the end where negative, checked once and in one way.

import Graphs
import Tensors

/// The position of `axis`, which counts from the end where it is negative.
///
/// - Errors: `axisOutOfRange`.
func position(ofAxis axis: Int, rank: Int) throws(Mistake) -> Int {
    guard (-rank..<max(rank, 0)).contains(axis) else { throw .axisOutOfRange(axis, rank: rank) }
    return axis < 0 ? axis + rank : axis
}

/// The positions of `axes` in ascending order.
///
/// - Errors: `axisOutOfRange`; a mistake where two name the same axis.
func positions(ofAxes axes: [Int], rank: Int) throws(Mistake) -> [Int] {
    var isTaken = [Bool](repeating: false, count: rank)
    for axis in axes {
        let position = try position(ofAxis: axis, rank: rank)
        if isTaken[position] { throw Mistake("axes \(axes) name axis \(position) twice") }
        isTaken[position] = true
    }
    return isTaken.indices.filter { isTaken[$0] }
}

extension InputTypes {
    /// Checks that input `index` holds whole numbers, of rank 0 or (where allowed) 1.
    func requireIntegers(_ index: Int, _ what: String, maximumRank: Int = 1) throws(Mistake) {
        let type = self[index]
        guard type.dtype == .int32 || type.dtype == .int64 else {
            throw Mistake("\(what) must be int32 or int64, but \(what.isPlural ? "are" : "is") \(type.dtype)")
        }
        if let rank = type.shape.rank, rank > maximumRank {
            let form = maximumRank == 0 ? "a single number" : "a vector"
            throw Mistake("\(what) must be \(form), but \(what.isPlural ? "have" : "has") shape \(type.shape)")
        }
    }

    /// Checks that inputs `first` and those after it have the dtype of input 0.
    func requireEqualTypes(_ indices: Range<Int>) throws(Mistake) {
        for index in indices where self[index].dtype != self[0].dtype {
            throw .dtypesDiffer(self[0].dtype, self[index].dtype)
        }
    }
}

extension String {
    fileprivate var isPlural: Bool { hasSuffix("s") && !hasSuffix("axis") }
}
