// What data often needs before a model can be fed with it: one-hot labels, normal lengths, equal lengths of sequences,
// a part kept for validation.
//
// Source: keras.utils, with its defaults.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif
public import Tensors

/// Labels as rows of zeros with a one at the class.
///
///     try toCategorical(NDArray<Int32>([0, 2]), classCount: 3)    // [[1, 0, 0], [0, 0, 1]]
///
/// - Shapes: `[...]` → `[..., classCount]`; a last dimension of 1 is taken away first.
/// - Parameter classCount: the number of classes; by default one more than the greatest label.
/// - Errors: `DatasetError` for a label outside of `0..<classCount`.
public func toCategorical<Label: IntegerElement>(
    _ labels: NDArray<Label>, classCount: Int? = nil
) throws(DatasetError) -> NDArray<Float> {
    let numbers = labels.scalars.map { Int(clamping: $0) }
    let greatest = numbers.max() ?? -1
    // Not `greatest + 1` where that would overflow: such an array is refused for its size.
    let classCount = classCount ?? (greatest == .max ? .max : greatest + 1)
    var shape = labels.shape
    if shape.count > 1, shape.last == 1 { shape.removeLast() }
    if let index = numbers.firstIndex(where: { $0 < 0 || $0 >= classCount }) {
        throw .labelOutOfRange(nil, index: index, label: numbers[index], classCount: classCount)
    }
    if let refusal = Memory.refusal(of: shape + [classCount], .float32) { throw .tooLarge(refusal) }
    return withChanged(.zeros(shape + [classCount])) { elements in
        for (row, number) in numbers.enumerated() { elements[row * classCount + number] = 1 }
    }
}

/// Vectors along an axis divided by their norms; those of zeros stay as they are.
///
/// - Shapes: `[...]` → `[...]`
/// - Parameters:
///   - axis: along which vectors lie, from the end where negative; the last by default.
///   - order: which norm: 1 for the sum of sizes, 2, the default, for Euclid's, and so on.
/// - Errors: `DatasetError` for an axis that is not there, and an order that is not positive.
public func normalize<Scalar: FloatingElement>(
    _ array: NDArray<Scalar>, axis: Int = -1, order: Double = 2
) throws(DatasetError) -> NDArray<Scalar> {
    let position = axis < 0 ? axis + array.rank : axis
    guard array.shape.indices.contains(position) else {
        throw DatasetError(
            reason: "an array of the shape \(array.shape) has no axis \(axis)",
            hint: "give an axis from \(-array.rank) to \(array.rank - 1)")
    }
    guard order > 0 else {
        throw DatasetError(reason: "there is no norm of the order \(order)", hint: "give a number above 0")
    }
    let extent = array.shape[position]
    let inner = array.shape[(position + 1)...].reduce(1, *)
    return withChanged(array) { elements in
        guard !elements.isEmpty else { return }
        for start in 0..<(elements.count / extent) {
            let first = start / inner * inner * extent + start % inner
            let places = stride(from: first, to: first + inner * extent, by: inner)
            let norm = norm(places.lazy.map { elements[$0].asDouble }, order)
            guard norm > 0 else { continue }
            for place in places { elements[place] /= Scalar(norm) }
        }
    }
}

private func norm(_ values: some Sequence<Double>, _ order: Double) -> Double {
    if order == .infinity { return values.reduce(0) { max($0, abs($1)) } }
    if order == 2 { return values.reduce(0) { $0 + $1 * $1 }.squareRoot() }
    if order == 1 { return values.reduce(0) { $0 + abs($1) } }
    return pow(values.reduce(0) { $0 + pow(abs($1), order) }, 1 / order)
}

/// At which end of a sequence something is done.
public enum SequenceEnd: Sendable {
    /// At its start.
    case pre
    /// At its end.
    case post
}

/// Sequences made equally long, in one array.
///
///     padSequences([[1], [2, 3]] as [[Int32]])                    // [[0, 1], [2, 3]]
///     padSequences([[1, 2, 3]] as [[Int32]], maxLength: 2)        // [[2, 3]]
///
/// - Shapes: n sequences → `[n, maxLength]`
/// - Parameters:
///   - maxLength: how long to make them; by default as long as the longest.
///   - padding: at which end what is missing is filled in; at the start by default.
///   - truncating: at which end what is too much is cut off; at the start by default.
///   - value: what fills; zero by default.
/// - Errors: `DatasetError` where memory is too small, or the length negative.
public func padSequences<Scalar: TensorElement>(
    _ sequences: [[Scalar]], maxLength: Int? = nil, padding: SequenceEnd = .pre, truncating: SequenceEnd = .pre,
    value: Scalar = .zero
) throws(DatasetError) -> NDArray<Scalar> {
    let length = maxLength ?? sequences.map(\.count).max() ?? 0
    guard length >= 0 else {
        throw DatasetError(reason: "the length is \(length)", hint: "give 0 or more")
    }
    if let refusal = Memory.refusal(of: [sequences.count, length], Scalar.dtype) { throw .tooLarge(refusal) }
    return withChanged(NDArray(repeating: value, shape: [sequences.count, length])) { elements in
        for (row, sequence) in sequences.enumerated() {
            let kept = truncating == .pre ? sequence.suffix(length) : sequence.prefix(length)
            let start = row * length + (padding == .pre ? length - kept.count : 0)
            for (offset, element) in kept.enumerated() { elements[start + offset] = element }
        }
    }
}

/// Inputs and targets, the last part of them kept for validation, in their order, as `validation_split` has it.
///
///     let (train, validation) = try trainValidationSplit(x, y, validationFraction: 0.2)
///     let batches = Dataset(slices: train).shuffle(seed: 1).batch(32)
///
/// - Parameter validationFraction: the part for validation, from 0 up to 1, which does not belong to it.
/// - Returns: two pairs that share the memory of the whole.
/// - Errors: `DatasetError` where the numbers of rows differ, or for another fraction.
public func trainValidationSplit<X, Y>(
    _ x: NDArray<X>, _ y: NDArray<Y>, validationFraction: Double
) throws(DatasetError) -> (train: Pair<NDArray<X>, NDArray<Y>>, validation: Pair<NDArray<X>, NDArray<Y>>) {
    try split(Pair(x, y), validationFraction)
}

/// Inputs, targets and how much each counts, the last part of them kept for validation.
///
///     let (train, validation) = try trainValidationSplit(x, y, weights, validationFraction: 0.2)
///     let batches = Dataset(slices: train).shuffle(seed: 1).batch(32)
///
/// - Parameter validationFraction: the part for validation, from 0 up to 1, which does not belong to it.
/// - Returns: two triples that share the memory of the whole.
/// - Errors: `DatasetError` where the numbers of rows differ, or for another fraction.
public func trainValidationSplit<X, Y, Weight>(
    _ x: NDArray<X>, _ y: NDArray<Y>, _ weights: NDArray<Weight>, validationFraction: Double
) throws(DatasetError) -> (
    train: Triple<NDArray<X>, NDArray<Y>, NDArray<Weight>>, validation: Triple<NDArray<X>, NDArray<Y>, NDArray<Weight>>
) {
    try split(Triple(x, y, weights), validationFraction)
}

private func split<Rows: SliceableElement>(
    _ all: Rows, _ validationFraction: Double
) throws(DatasetError) -> (train: Rows, validation: Rows) {
    let count = try all.countRows()
    guard validationFraction >= 0, validationFraction < 1 else {
        throw DatasetError(
            reason: "the validation fraction is \(validationFraction)", hint: "give 0 or more, but less than 1")
    }
    let trainCount = Int((Double(count) * (1 - validationFraction)).rounded(.down))
    return (all.rows(0..<trainCount), all.rows(trainCount..<count))
}

private func withChanged<Scalar>(
    _ array: NDArray<Scalar>, _ body: (UnsafeMutableBufferPointer<Scalar>) -> Void
) -> NDArray<Scalar> {
    var array = array
    array.withUnsafeMutableBufferPointer { body($0) }
    return array
}
