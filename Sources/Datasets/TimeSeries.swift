// Windows over a series: what recurrent models learn from.

public import Tensors

extension Dataset {
    /// Windows of equal length over the rows of an array.
    ///
    ///     let ids = try characters.encode(text)
    ///     // x: characters i ..< i + 100, y: those one further
    ///     let windows = try Dataset.nextStepWindows(ids, length: 100, stride: 100)
    ///         .shuffle(seed: 1).batch(64, dropRemainder: true)
    ///
    /// Windows are not made before they are asked for; a batch copies each once.
    ///
    /// - Shapes: `[n, ...]` → elements `[length, ...]`
    /// - Parameters:
    ///   - length: how many rows a window has, at least 1.
    ///   - stride: how many rows further the next window starts, at least 1; 1 by default.
    ///   - samplingRate: the distance of a window's rows, at least 1; 1 by default.
    /// - Errors: `DatasetError` for a single value and numbers below 1. A series shorter than a window has none.
    /// - Source: `keras.utils.timeseries_dataset_from_array`.
    public static func timeseriesWindows<Scalar>(
        _ series: NDArray<Scalar>, length: Int, stride: Int = 1, samplingRate: Int = 1
    ) throws(DatasetError) -> Dataset where Element == NDArray<Scalar> {
        let windows = try Windows(series, length: length, stride: stride, samplingRate: samplingRate, ahead: 0)
        return Dataset(
            rows: RowPlan(
                indices: .range(windows.count), row: { try windows.gathered([$0]).row(0) }, range: nil,
                gather: { try windows.gathered($0) }))
    }

    /// Windows over the rows of an array, each with the row of another that belongs to its start: Keras's targets.
    ///
    /// - Shapes: `[n, ...]`, `[n, ...]` → elements `x: [length, ...]`, `y: [...]`
    /// - Parameters:
    ///   - targets: row `i` belongs to the window that starts at row `i` of the series.
    ///   - length: how many rows a window has, at least 1.
    ///   - stride: how many rows further the next window starts, at least 1; 1 by default.
    ///   - samplingRate: the distance of a window's rows, at least 1; 1 by default.
    /// - Errors: `DatasetError` for a single value and numbers below 1. Windows without a target are left out.
    public static func timeseriesWindows<X, Y>(
        _ series: NDArray<X>, targets: NDArray<Y>, length: Int, stride: Int = 1, samplingRate: Int = 1
    ) throws(DatasetError) -> Dataset where Element == Pair<NDArray<X>, NDArray<Y>> {
        let windows = try Windows(series, length: length, stride: stride, samplingRate: samplingRate, ahead: 0)
        let targetCount = try targets.countRows()
        let count = min(windows.count, targetCount == 0 ? 0 : (targetCount - 1) / stride + 1)
        return Dataset(
            rows: RowPlan(
                indices: .range(count), row: { Pair(try windows.gathered([$0]).row(0), targets.row($0 * stride)) },
                range: nil,
                gather: { Pair(try windows.gathered($0), try targets.gathering($0.map { $0 * stride })) }))
    }

    /// Windows over the rows of an array, each with the window one row further: what a model of sequences is given, and
    /// what it should say next.
    ///
    /// - Shapes: `[n, ...]` → elements `x: [length, ...]`, `y: [length, ...]`
    /// - Parameters:
    ///   - length: how many rows a window has, at least 1.
    ///   - stride: how many rows further the next window starts, at least 1; `length`, so that no row comes twice in a
    ///     pass, by default.
    /// - Errors: `DatasetError` for a single value and numbers below 1.
    public static func nextStepWindows<Scalar>(
        _ series: NDArray<Scalar>, length: Int, stride: Int? = nil
    ) throws(DatasetError) -> Dataset where Element == Pair<NDArray<Scalar>, NDArray<Scalar>> {
        let windows = try Windows(series, length: length, stride: stride ?? length, samplingRate: 1, ahead: 1)
        return Dataset(
            rows: RowPlan(
                indices: .range(windows.count),
                row: { Pair(try windows.gathered([$0]).row(0), try windows.gathered([$0], shift: 1).row(0)) },
                range: nil, gather: { Pair(try windows.gathered($0), try windows.gathered($0, shift: 1)) }))
    }
}

/// Windows over the rows of an array.
private struct Windows<Scalar: TensorElement>: Sendable {
    let count: Int
    private let series: NDArray<Scalar>
    private let length: Int
    private let stride: Int
    private let samplingRate: Int

    /// - Parameter ahead: how many rows must follow each window.
    init(
        _ series: NDArray<Scalar>, length: Int, stride: Int, samplingRate: Int, ahead: Int
    ) throws(DatasetError) {
        for (name, value) in [("length", length), ("stride", stride), ("samplingRate", samplingRate)] where value < 1 {
            throw .notPositive(name, value)
        }
        let rowCount = try series.countRows()
        let (reach, overflow) = (length - 1).multipliedReportingOverflow(by: samplingRate)
        // The last row where a window may start.
        let last = overflow || reach >= rowCount ? -1 : rowCount - 1 - reach - ahead
        count = last < 0 ? 0 : last / stride + 1
        self.series = series
        self.length = length
        self.stride = stride
        self.samplingRate = samplingRate
    }

    /// The windows of the given numbers, which must be there, moved on by `shift` rows.
    func gathered(_ numbers: [Int], shift: Int = 0) throws(DatasetError) -> NDArray<Scalar> {
        let shape = [numbers.count, length] + series.shape.dropFirst()
        let result = try UntypedArray.uninitialized(Scalar.dtype, shape)
        let width = series.shape[0] == 0 ? 0 : series.untyped.byteCount / series.shape[0]
        var target = result.storage.bytes
        for number in numbers {
            var source = series.untyped.bytes + (number * stride + shift) * width
            if samplingRate == 1 {
                target.copyMemory(from: source, byteCount: length * width)
                target += length * width
                continue
            }
            for _ in 0..<length {
                target.copyMemory(from: source, byteCount: width)
                target += width
                source += samplingRate * width
            }
        }
        withExtendedLifetime(series) {}
        return NDArray(untyped: result)
    }
}
