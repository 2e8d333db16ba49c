// What goes wrong while a data set is gone through: in which transformation, at which element, and what it was.

/// An error that a closure of a pipeline threw, or elements that do not fit each other, with its place.
///
///     Train/Input.swift:12: map: element 17: the label is 11
public struct PipelineError: Error, CustomStringConvertible {
    /// The transformation: `map`, `batch`, …
    public let operation: String
    /// Where the program calls the transformation: `Module/File.swift:12`.
    public let place: String
    /// Which of the elements that came to the transformation in this pass, counted from 0.
    public let element: Int
    /// What went wrong there.
    public let underlying: any Error

    public var description: String { "\(place): \(operation): element \(element): \(underlying)" }
}

/// Where a transformation was called.
struct PipelinePlace: Sendable {
    let operation: String
    private let place: String

    init(_ operation: String, _ fileID: StaticString, _ line: UInt) {
        self.operation = operation
        place = "\(fileID):\(line)"
    }

    /// The error with its place; one that has a place keeps it.
    func error(_ error: any Error, element: Int) -> any Error {
        if error is PipelineError { return error }
        return PipelineError(operation: operation, place: place, element: element, underlying: error)
    }

    /// Calls `body`; what it throws gets its place.
    @inline(__always)
    func rethrowing<Result>(element: @autoclosure () -> Int, _ body: () throws -> Result) throws -> Result {
        do { return try body() } catch { throw self.error(error, element: element()) }
    }
}

extension DatasetError {
    static func endless(_ operation: String) -> DatasetError {
        DatasetError(reason: "\(operation) would never end: the data set repeats for ever", hint: "call take(_:) first")
    }

    static func unequalShapes(_ first: [Int], _ other: [Int]) -> DatasetError {
        DatasetError(
            reason: "arrays of the shapes \(first) and \(other) cannot be stacked",
            hint: "make them equal with map, or use paddedBatch")
    }

    static func unequalTypes(_ first: String, _ other: String) -> DatasetError {
        DatasetError(reason: "arrays of \(first) and \(other) cannot be stacked", hint: "convert them with map")
    }

    static func unequalKeys(_ first: [String], _ other: [String]) -> DatasetError {
        DatasetError(
            reason: "dictionaries with the keys \(first) and \(other) cannot be stacked",
            hint: "give every element the same keys with map")
    }

    static func noLeadingAxis(_ what: String) -> DatasetError {
        DatasetError(
            reason: "\(what) is a single value and has no rows", hint: "give arrays of at least one dimension")
    }

    static func unequalRowCounts(_ counts: [Int]) -> DatasetError {
        DatasetError(
            reason: "the arrays have different numbers of rows: "
                + counts.map(String.init).joined(separator: ", "),
            hint: "give arrays whose first dimensions are equal")
    }

    static func tooLarge(_ refusal: String) -> DatasetError {
        DatasetError(reason: refusal, hint: "make smaller batches")
    }

    static func doesNotFit(_ shape: [Int], into padded: String) -> DatasetError {
        DatasetError(
            reason: "an array of the shape \(shape) does not fit into the padded shape \(padded)",
            hint: "give a larger shape, nil for the largest of each batch, or truncate with map")
    }

    static func notPositive(_ name: String, _ value: Int) -> DatasetError {
        DatasetError(reason: "\(name) is \(value)", hint: "give a number of at least 1")
    }

    static var noThread: DatasetError {
        DatasetError(reason: "the system starts no further thread", hint: "use less parallelism")
    }
}
