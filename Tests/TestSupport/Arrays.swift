// Comparing arrays in tests.

package import Tensors

extension UntypedArray {
    /// The elements at which two arrays differ, described; empty where they agree.
    ///
    /// Not-a-numbers agree with each other, and so do zeros of either sign. Floats may differ by `tolerance` relative to
    /// the larger of 1 and the expected number; other elements must be equal.
    package func differences(from expected: UntypedArray, tolerance: Double = 0) -> [String] {
        guard dtype == expected.dtype, shape == expected.shape else {
            return ["\(dtype)\(shape) instead of \(expected.dtype)\(expected.shape)"]
        }
        func compare<Scalar: TensorElement>(_ type: Scalar.Type) -> [String] {
            withElements(of: type) { mine in
                expected.withElements(of: type) { theirs in
                    var found: [String] = []
                    for index in mine.indices where found.count < 5 && mine[index] != theirs[index] {
                        if let (x, y) = (mine[index], theirs[index]) as? (any FloatingElement, any FloatingElement),
                            isClose(x.asDouble, y.asDouble, tolerance)
                        {
                            continue
                        }
                        found.append("[\(index)]: \(mine[index]) instead of \(theirs[index])")
                    }
                    return found
                }
            }
        }
        return dtype.elementType.map { compare($0) } ?? []
    }
}

private func isClose(_ actual: Double, _ expected: Double, _ tolerance: Double) -> Bool {
    if actual.isNaN && expected.isNaN { return true }
    guard actual.isFinite, expected.isFinite else { return false }
    return abs(actual - expected) <= tolerance * max(1, abs(expected))
}
