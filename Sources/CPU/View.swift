// How a value lies in the memory of another: broadcasts, transpositions, slices and most reshapes move no data,
// they only change the strides with which a loop or a product reads.

import Programs

/// A value seen through strides in the memory of `root`.
struct View: Equatable {
    /// The value whose memory it is.
    let root: ValueID
    /// Elements from the root's first one.
    var offset: Int
    /// Elements per step of each dimension; 0 where a dimension is repeated.
    var strides: [Int]

    /// The whole of a value, dense and row-major.
    static func whole(_ root: ValueID, shape: [Int]) -> View {
        View(root: root, offset: 0, strides: rowMajorStrides(shape))
    }

    /// Whether the elements of `shape` lie one after the other, in row-major order.
    func isDense(_ shape: [Int]) -> Bool {
        var expected = 1
        for axis in shape.indices.reversed() where shape[axis] != 1 {
            if strides[axis] != expected { return false }
            expected *= shape[axis]
        }
        return true
    }

    /// Whether all of `shape` is the same element.
    func isUniform(_ shape: [Int]) -> Bool {
        zip(strides, shape).allSatisfy { $0 == 0 || $1 == 1 }
    }

    func broadcast(axes: [Int], from shape: [Int], to result: [Int]) -> View {
        var view = View(root: root, offset: offset, strides: [Int](repeating: 0, count: result.count))
        for (index, axis) in axes.enumerated() where shape[index] != 1 { view.strides[axis] = strides[index] }
        return view
    }

    func transposed(_ permutation: [Int]) -> View {
        View(root: root, offset: offset, strides: permutation.map { strides[$0] })
    }

    func sliced(starts: [Int], strides steps: [Int]) -> View {
        View(
            root: root, offset: offset + zip(starts, strides).reduce(0) { $0 + $1.0 * $1.1 },
            strides: zip(strides, steps).map { $0 * $1 })
    }

    func reversed(axes: [Int], shape: [Int]) -> View {
        var view = self
        for axis in axes where shape[axis] > 0 {
            view.offset += (shape[axis] - 1) * strides[axis]
            view.strides[axis] = -strides[axis]
        }
        return view
    }

    /// The same elements under another shape, or nil where no strides can express it.
    func reshaped(from shape: [Int], to result: [Int]) -> View? {
        if isDense(shape) { return View(root: root, offset: offset, strides: rowMajorStrides(result)) }
        if isUniform(shape) {
            return View(root: root, offset: offset, strides: [Int](repeating: 0, count: result.count))
        }
        // Match runs of old dimensions with runs of new ones of the same size; each old run must be mergeable.
        let old = shape.indices.filter { shape[$0] != 1 }
        var strides = [Int](repeating: 0, count: result.count)
        var (i, j) = (0, 0)
        while i < old.count {
            while j < result.count, result[j] == 1 { j += 1 }
            guard j < result.count else { return nil }
            var (oldSize, newSize) = (shape[old[i]], result[j])
            var (iEnd, jEnd) = (i + 1, j + 1)
            while oldSize != newSize {
                if oldSize < newSize {
                    guard iEnd < old.count else { return nil }
                    oldSize *= shape[old[iEnd]]
                    iEnd += 1
                } else {
                    guard jEnd < result.count else { return nil }
                    newSize *= result[jEnd]
                    jEnd += 1
                }
            }
            for k in i..<(iEnd - 1)
            where self.strides[old[k]] != self.strides[old[k + 1]] * shape[old[k + 1]] {
                return nil
            }
            var stride = self.strides[old[iEnd - 1]]
            for k in (j..<jEnd).reversed() {
                strides[k] = stride
                stride *= result[k]
            }
            (i, j) = (iEnd, jEnd)
        }
        return View(root: root, offset: offset, strides: strides)
    }
}

extension View {
    /// The one stride that walks through all the leading dimensions of the given sizes, or nil.
    func batchStride(_ batch: [Int]) -> Int? {
        let axes = batch.indices.filter { batch[$0] != 1 }
        // Through nothing any stride walks.
        guard let last = axes.last, !batch.contains(0) else { return 0 }
        for (outer, inner) in zip(axes, axes.dropFirst()) where strides[outer] != strides[inner] * batch[inner] {
            return nil
        }
        return strides[last]
    }
}

/// The strides of a dense array; dimensions of size 1 have stride 0, so that they never stand in a merge's way.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
    var strides = [Int](repeating: 0, count: shape.count)
    var stride = 1
    for axis in shape.indices.reversed() where shape[axis] != 1 {
        strides[axis] = stride
        stride *= max(1, shape[axis])
    }
    return strides
}
