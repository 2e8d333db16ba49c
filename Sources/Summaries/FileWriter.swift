// The writer that users hold: a folder's event file, written in the background.

public import Files
public import GraphDefs
public import Graphs
import Messages
public import Sessions
import SwiftProtobuf
public import Tensors

/// How a `FileWriter` works.
public struct FileWriterOptions: Sendable {
    /// What was added reaches the file after this many seconds at the latest.
    public var flushSeconds = 120.0
    /// What was added reaches the file once it comes to this many bytes.
    public var flushByteCount = 1 << 20
    /// The most bytes that may wait to be written, the arrays of summaries included. What comes when they are used up
    /// is dropped and counted: a step never waits for a disk.
    public var queueByteLimit = 1 << 28
    /// The form of what the functions that take values write; summaries of a graph have their own.
    public var form = SummaryForm.plugin
    /// What the file's name ends with.
    public var suffix = ""

    public init() {}
}

/// Writes summaries for TensorBoard, in a thread of its own.
///
///     let writer = try FileWriter("logs/run1", graph: session.graph)
///     writer.add(try session.run(summaries), step: step)
///     writer.scalar("learning rate", 0.1, step: step)
///     try writer.close()
///
/// Each writer writes one new file in its folder, which TensorBoard shows as a run. What was added is encoded and
/// written in the background: at the latest after `flushSeconds`, with `flush`, `close`, the last reference to the
/// writer, and at the end of the process. Adding never waits and never fails; what goes wrong is thrown by the next
/// `flush` or `close` and told once on standard error.
public final class FileWriter: Sendable {
    private let log: EventLog
    private let form: SummaryForm

    /// Makes the folder, where it is not there yet, and a new file in it.
    ///
    /// - Parameters:
    ///   - graph: shown on TensorBoard's graph page.
    /// - Errors: `FileError` where the file cannot be created, `GraphError` where the graph has mistakes.
    public init(
        _ folder: String, graph: Graph? = nil, options: FileWriterOptions = FileWriterOptions(),
        fileSystem: any FileSystem = LocalFileSystem()
    ) throws {
        let sink = try EventSink(
            folder: folder, suffix: options.suffix, byteLimit: options.queueByteLimit, fileSystem: fileSystem)
        log = try EventLog(sink, options: options)
        form = options.form
        if let graph { try add(graph) }
    }

    deinit { try? log.close() }

    /// The path of the file. (After a failure of the disk, the writer goes on in another.)
    public var path: String { log.path }

    /// How many events were not written: because too many waited, because the disk failed to the end, because they
    /// could not be encoded, or because they came after `close`.
    public var droppedCount: Int { log.droppedCount }

    /// Waits until all that was added has been handed to the file system.
    ///
    /// - Errors: `FileError` or `SummaryError`: what went wrong since the last flush.
    public func flush() throws { try log.flush() }

    /// Writes all that was added and closes the file. What is added afterwards is dropped; a second call does nothing.
    ///
    /// - Errors: as `flush`.
    public func close() throws { try log.close() }

    // MARK: Adding

    /// Adds the values of a step.
    public func add(_ summary: Summary, step: Int) { add(.summary(summary), step: step) }

    /// Adds a graph, for TensorBoard's graph page.
    ///
    /// - Errors: `GraphError` where it has mistakes.
    public func add(_ graph: Graph) throws(GraphError) { add(try GraphDef(graph)) }

    /// Adds the definition of a graph, for TensorBoard's graph page.
    public func add(_ graph: GraphDef) { add(.graph(graph.serialized), step: 0) }

    fileprivate func add(_ content: PendingEvent.Content, step: Int) {
        log.add(PendingEvent(wallTime: wallClockSeconds, step: step, content: content))
    }

    fileprivate func add(_ value: SummaryValue, step: Int) { add(.summary(Summary([value])), step: step) }
}

// MARK: - Values from outside of a graph

extension FileWriter {
    /// Adds a number.
    public func scalar(
        _ tag: String, _ value: Double, step: Int, displayName: String = "", description: String = ""
    ) {
        scalar(tag, Float(value), step: step, displayName: displayName, description: description)
    }

    /// Adds a number.
    @_disfavoredOverload  // A literal is a `Double`.
    public func scalar(
        _ tag: String, _ value: Float, step: Int, displayName: String = "", description: String = ""
    ) {
        add(
            SummaryValue(tag, .scalar(value), form: form, displayName: displayName, description: description),
            step: step)
    }

    /// Adds the distribution of an array's elements. Those that are not finite are left out.
    ///
    /// - Parameters:
    ///   - bucketCount: the number of buckets in the form `plugin`; those of the form `classic` have fixed edges.
    public func histogram<Scalar: TensorElement>(
        _ tag: String, _ values: NDArray<Scalar>, step: Int, bucketCount: Int = 30, displayName: String = "",
        description: String = ""
    ) throws {
        try addChecked(
            SummaryValue(
                tag, .histogram(AnyArray(values), bucketCount: bucketCount), form: form, displayName: displayName,
                description: description), step: step)
    }

    /// Adds images: `[k, height, width, channels]`, or a single one of shape `[height, width, channels]`, with 1, 3 or
    /// 4 channels, of `UInt8`, `Float` or `Double`.
    ///
    /// - Parameters:
    ///   - maxOutputs: how many of them are written at most.
    ///   - scaling: how numbers become bytes; bytes stay as they are.
    /// - Errors: `SummaryError` for other shapes and types.
    public func image<Scalar: TensorElement>(
        _ tag: String, _ images: NDArray<Scalar>, step: Int, maxOutputs: Int = 3, scaling: ImageScaling = .fitted,
        displayName: String = "", description: String = ""
    ) throws {
        try addChecked(
            SummaryValue(
                tag, .images(AnyArray(images), limit: maxOutputs, scaling: scaling), form: form,
                displayName: displayName, description: description), step: step)
    }

    /// Adds sound: `[k, frames]` or `[k, frames, channels]`, from -1 to 1.
    ///
    /// - Parameters:
    ///   - sampleRate: frames per second.
    ///   - maxOutputs: how many of the clips are written at most.
    /// - Errors: `SummaryError` for other shapes and rates.
    public func audio(
        _ tag: String, _ clips: NDArray<Float>, sampleRate: Float, step: Int, maxOutputs: Int = 3,
        displayName: String = "", description: String = ""
    ) throws {
        try addChecked(
            SummaryValue(
                tag, .audio(AnyArray(clips), samplesPerSecond: sampleRate, limit: maxOutputs), form: form,
                displayName: displayName, description: description), step: step)
    }

    /// Adds a text in Markdown.
    public func text(_ tag: String, _ text: String, step: Int, displayName: String = "", description: String = "") {
        guard let array = try? AnyArray(strings: [Array(text.utf8)], shape: []) else { return }
        add(SummaryValue(tag, .text(array), form: form, displayName: displayName, description: description), step: step)
    }

    /// Adds an array of texts in Markdown, which TensorBoard shows as a table.
    ///
    /// - Errors: `SummaryError` where the elements are no strings.
    public func text(
        _ tag: String, _ texts: AnyArray, step: Int, displayName: String = "", description: String = ""
    ) throws {
        try addChecked(
            SummaryValue(tag, .text(texts), form: form, displayName: displayName, description: description), step: step)
    }

    /// Adds any tensor.
    ///
    /// - Parameters:
    ///   - plugin: the plugin of TensorBoard that shows it; empty for none.
    ///   - content: what the plugin keeps beside it.
    /// - Errors: `SummaryError` for one of more than a gibibyte.
    public func tensor(
        _ tag: String, _ value: AnyArray, step: Int, plugin: String = "", content: [UInt8] = [],
        displayName: String = "", description: String = ""
    ) throws {
        try addChecked(
            SummaryValue(
                tag, .tensor(value, plugin: plugin, content: content), form: .plugin, displayName: displayName,
                description: description), step: step)
    }

    private func addChecked(_ value: SummaryValue, step: Int) throws {
        try value.validate()
        add(value, step: step)
    }
}

// MARK: - Curves, layouts, hyperparameters, statistics

extension FileWriter {
    /// Adds a precision-recall curve.
    public func prCurve(
        _ tag: String, _ curve: PrecisionRecallCurve, step: Int, displayName: String = "", description: String = ""
    ) {
        add(
            SummaryValue(
                tag,
                .tensor(curve.array, plugin: Plugin.precisionRecallCurves, content: curveDetails(curve.thresholdCount)),
                form: .plugin,
                displayName: displayName, description: description), step: step)
    }

    /// Adds the precision-recall curve of predictions from 0 to 1.
    ///
    /// - Parameters:
    ///   - thresholds: how many, 2 or more, from 0 to 1.
    /// - Errors: `SummaryError` where there is not one label, and one weight, for each prediction.
    public func prCurve(
        _ tag: String, labels: [Bool], predictions: [Float], weights: [Float]? = nil, thresholds: Int = 201, step: Int
    ) throws {
        prCurve(
            tag,
            try PrecisionRecallCurve(
                labels: labels, predictions: predictions, weights: weights, thresholdCount: thresholds), step: step)
    }

    /// Says how the page of custom scalars is laid out.
    public func layout(_ layout: ScalarLayout) {
        guard let array = try? AnyArray(strings: [serialized(layout.message)], shape: []) else { return }
        add(
            SummaryValue(
                ScalarLayout.tag, .tensor(array, plugin: Plugin.customScalars, content: []), form: .plugin), step: 0)
    }

    /// Says which hyperparameters this run has.
    ///
    /// - Parameters:
    ///   - trial: runs of the same name are shown as one, with the mean of their metrics; empty for the run's own.
    public func hparams(_ values: [String: HyperparameterValue], trial: String = "") {
        hparams(.start(values, trial: trial, startTime: wallClockSeconds))
    }

    /// Says which columns the page of hyperparameters has; written once, into the folder above those of the runs.
    public func hparamsExperiment(parameters: [String], metrics: [String]) {
        hparams(.experiment(parameters: parameters, metrics: metrics))
    }

    /// Says how the run with the hyperparameters ended.
    public func hparamsEnd(_ status: Hyperparameters.Status) { hparams(.end(status, endTime: wallClockSeconds)) }

    private func hparams(_ hyperparameters: Hyperparameters) {
        let content = serialized(hyperparameters.message)
        let nothing = AnyArray(NDArray<Float>([] as [Float]))
        add(
            SummaryValue(
                hyperparameters.tag, .tensor(nothing, plugin: Plugin.hyperparameters, content: content), form: .plugin),
            step: 0)
    }

    /// Adds the statistics of a run, which the graph page shows for the tag.
    public func add(_ metadata: RunMetadata, tag: String, step: Int) {
        add(.runMetadata(tag: tag, serialized(metadata.message)), step: step)
    }
}
