// Rows of an embedding: a table with a vector for each word, class or user.

public import Graphs
public import Tensors

/// The rows of a table with the given numbers.
///
///     let vectors = embeddingLookup(table, words)        // [n, d], [batch, length] → [batch, length, d]
///
/// - Parameters:
///   - table: one row for each number, usually a variable.
///   - numbers: the numbers of the wanted rows, in any shape.
///   - maximumNorm: rows whose Euclidean norm is above it are scaled down to it; nil leaves them as they are.
/// - Errors: a table without rows is a mistake; a number out of range makes the run throw.
/// - Gradient: for each row the sum of `g` where it was taken, by `UnsortedSegmentSum`; none for the numbers.
/// - Source: TensorFlow's `nn.embedding_lookup` of one table.
public func embeddingLookup<Scalar: FloatingElement>(
    _ table: some TensorExpression<Scalar>, _ numbers: some TensorExpression<some IntegerElement>,
    maximumNorm: Scalar? = nil, name: String? = nil
) -> Tensor<Scalar> {
    let (table, numbers) = (table.tensor, numbers.tensor)
    guard let maximumNorm else { return gather(table, numbers, name: name ?? "embedding_lookup") }
    guard let rank = numbers.shape.rank, let width = table.shape.rank else {
        let mistake = Mistake("a maximum norm needs known ranks, but the numbers have shape \(numbers.shape)")
        return makeTensor(
            Misuse(Gather(dtype: Scalar.dtype, indexType: numbers.dtype), mistake), [table.value, numbers.value],
            name: name)
    }
    return inNodeScope(name, "embedding_lookup", of: table.graph) { name in
        let rows = gather(table, numbers)
        let axes = Array(rank..<max(rank + width - 1, rank))
        let squares = reduce(.sum, elementwise(.square, [rows.value]), axes: axes, keepsDimensions: true)
        // The root has no derivative at 0; a row of zeros is within every norm.
        let zero = scalarConstant(0, Scalar.dtype)
        let isPositive = elementwise(.greater, [squares, zero])
        let root = elementwise(.sqrt, [makeSelect(isPositive, squares, scalarConstant(1, Scalar.dtype))])
        let limit = constant(maximumNorm).value
        let norm = elementwise(.maximum, [makeSelect(isPositive, root, squares), limit])
        return Tensor(elementwise(.divide, [rows.value * limit, norm], name: name))
    }
}
