// The functions with which users put summaries into a graph.

public import Graphs
import Operations
public import Tensors

/// The collection in which every summary is put, TensorFlow's `tf.GraphKeys.SUMMARIES`.
public let summariesKey = "summaries"

// swift-format-ignore: TypeNamesShouldBeCapitalized
/// Summaries in a graph, as TensorFlow's module of the same name has them.
///
///     summary.scalar("loss", loss)
///     summary.histogram("weights", w1)
///     summary.image("input", images)
///     let summaries = summary.mergeAll()
///
/// Each adds a node to the graph of its tensor, under `name` in the name scopes in force; characters that no node's name
/// may have become `_`. The tag is the node's name, `model/loss_1`; with a family, that comes before it, and TensorBoard
/// shows the members of a family together.
///
/// All take:
/// - `family`: the family, or nil.
/// - `form`: how it is written. The node is the same; where TensorFlow runs it, it writes the classic form.
/// - `displayName`, `description` (in Markdown): shown by TensorBoard in place of, and beside the tag.
/// - `collections`: the keys of the collections that it is put into.
public enum summary {
    /// How a summary is written and what it is called.
    struct Look {
        let form: SummaryForm
        let displayName: String
        let description: String
    }

    /// A single number.
    ///
    /// - Errors: a tensor of another shape than that of a single number is a mistake.
    @discardableResult
    public static func scalar<Scalar: NumericElement>(
        _ name: String, _ value: some TensorExpression<Scalar>, family: String? = nil, form: SummaryForm = .plugin,
        displayName: String = "", description: String = "", collections: [String] = [summariesKey]
    ) -> SummaryTensor {
        add(
            .scalar, name, value.tensor.value, family, Look(form, displayName, description), collections,
            tagNode: "tags")
    }

    /// How the elements of a tensor are distributed. Those that are not finite are left out.
    ///
    /// - Parameters:
    ///   - bucketCount: the number of buckets in the form `plugin`; those of the form `classic` have fixed edges.
    @discardableResult
    public static func histogram<Scalar: TensorElement>(
        _ name: String, _ values: some TensorExpression<Scalar>, bucketCount: Int = 30, family: String? = nil,
        form: SummaryForm = .plugin, displayName: String = "", description: String = "",
        collections: [String] = [summariesKey]
    ) -> SummaryTensor {
        add(
            .histogram(bucketCount: bucketCount), name, values.tensor.value, family,
            Look(form, displayName, description), collections)
    }

    /// Images, `[k, height, width, channels]` with 1, 3 or 4 channels, of `UInt8`, `Float` or `Double`.
    ///
    /// - Parameters:
    ///   - maxOutputs: how many of them are written at most.
    ///   - scaling: how numbers become bytes; bytes stay as they are.
    /// - Errors: other shapes and types are a mistake.
    @discardableResult
    public static func image<Scalar: TensorElement>(
        _ name: String, _ images: some TensorExpression<Scalar>, maxOutputs: Int = 3, scaling: ImageScaling = .fitted,
        family: String? = nil, form: SummaryForm = .plugin, displayName: String = "", description: String = "",
        collections: [String] = [summariesKey]
    ) -> SummaryTensor {
        add(
            .images(limit: maxOutputs, scaling: scaling), name, images.tensor.value, family,
            Look(form, displayName, description), collections)
    }

    /// Sound, `[k, frames]` or `[k, frames, channels]`, from -1 to 1.
    ///
    /// - Parameters:
    ///   - sampleRate: frames per second.
    ///   - maxOutputs: how many of the clips are written at most.
    /// - Errors: other shapes are a mistake.
    @discardableResult
    public static func audio(
        _ name: String, _ clips: some TensorExpression<Float>, sampleRate: Float, maxOutputs: Int = 3,
        family: String? = nil, form: SummaryForm = .plugin, displayName: String = "", description: String = "",
        collections: [String] = [summariesKey]
    ) -> SummaryTensor {
        add(
            .audio(samplesPerSecond: sampleRate, limit: maxOutputs), name, clips.tensor.value, family,
            Look(form, displayName, description), collections
        ) { _ in
            [makeConstant(NDArray<Float>(sampleRate).untyped, name: "sample_rate")]
        }
    }

    /// Any tensor.
    ///
    /// - Parameters:
    ///   - plugin: the plugin of TensorBoard that shows it; empty for none.
    ///   - content: what the plugin keeps beside it.
    @discardableResult
    public static func tensor<Scalar: TensorElement>(
        _ name: String, _ value: some TensorExpression<Scalar>, plugin: String = "", content: [UInt8] = [],
        family: String? = nil, displayName: String = "", description: String = "",
        collections: [String] = [summariesKey]
    ) -> SummaryTensor {
        addTensor(
            .tensor(plugin: plugin, content: content), name, value.tensor.value, family,
            Look(.plugin, displayName, description), collections)
    }

    /// A text in Markdown.
    @discardableResult
    public static func text(
        _ name: String, _ text: String, family: String? = nil, displayName: String = "", description: String = "",
        collections: [String] = [summariesKey], in graph: Graph? = nil
    ) -> SummaryTensor {
        let constant = StringConstant(text.utf8)
        let value = makeValue(constant, [], in: graph)
        return addTensor(
            .text(constant.array), name, value, family, Look(.plugin, displayName, description), collections)
    }

    /// A precision-recall curve of predictions from 0 to 1, computed by nodes of the graph.
    ///
    /// - Shapes: labels, predictions and weights have the same number of elements.
    /// - Parameters:
    ///   - weights: how much each prediction counts; nil: 1.
    ///   - thresholds: how many, 2 or more, evenly spaced from 0 to 1.
    /// - Errors: labels or weights of another shape than the predictions are a mistake.
    @discardableResult
    public static func prCurve(
        _ name: String, labels: some TensorExpression<Bool>, predictions: some TensorExpression<Float>,
        weights: Tensor<Float>? = nil, thresholds: Int = 201, family: String? = nil, displayName: String = "",
        description: String = "", collections: [String] = [summariesKey]
    ) -> SummaryTensor {
        let (labels, predictions) = (labels.tensor, predictions.tensor)
        return addTensor(
            .tensor(plugin: Plugin.precisionRecallCurves, content: curveDetails(thresholds)), name, predictions.value,
            family, Look(.plugin, displayName, description), collections
        ) {
            curveTensor(labels: labels, predictions: predictions, weights: weights, thresholds: thresholds).value
        }
    }

    /// All of the given summaries.
    ///
    /// - Errors: summaries of different graphs are a mistake.
    public static func merge(_ summaries: [SummaryTensor], name: String = "Merge") -> SummaryTensor {
        let inputs = summaries.compactMap(\.value)
        guard !inputs.isEmpty else { return SummaryTensor(leaves: [], value: nil) }
        let value = withGraph(inputs[0].graph) {
            withNameScope(name) {
                makeValue(
                    SummaryOperation(
                        .merged(count: inputs.count), .string, tag: "", Look(.plugin, "", "")), inputs,
                    name: "MergeSummary")
            }
        }
        return SummaryTensor(leaves: summaries.flatMap(\.leaves), value: value)
    }

    /// All summaries of a graph that were put into a collection, by default all that were made; those that are made
    /// later do not belong to it.
    public static func mergeAll(
        key: String = summariesKey, name: String = "Merge", in graph: Graph? = nil
    ) -> SummaryTensor {
        let found = (graph ?? .default).collection(key).compactMap { item in
            if case .tensor(let tensor) = item { SummaryTensor(tensor) } else { nil }
        }
        return merge(found, name: name)
    }
}

// MARK: - Nodes

extension summary.Look {
    fileprivate init(_ form: SummaryForm, _ displayName: String, _ description: String) {
        (self.form, self.displayName, self.description) = (form, displayName, description)
    }
}

extension SummaryOperation {
    fileprivate init(_ kind: Kind, _ dtype: DType, tag: String, _ look: summary.Look) {
        self.init(
            kind: kind, dtype: dtype, tag: tag, form: look.form, displayName: look.displayName,
            description: look.description)
    }
}

extension summary {
    /// Adds the node, and a constant with the tag before it.
    ///
    /// - Parameters:
    ///   - tagNode: what TensorFlow calls that constant.
    ///   - more: makes the further inputs.
    ///   - derive: makes what is summarised of the value, by nodes under the summary's name.
    private static func add(
        _ kind: SummaryOperation.Kind, _ name: String, _ value: Value, _ family: String?, _ look: Look,
        _ collections: [String], tagNode: String = "tag", more: (SummaryOperation) -> [Value] = { _ in [] },
        derive: (() -> Value)? = nil
    ) -> SummaryTensor {
        let family = family.map(cleaned)
        let base = family.map { "\($0)/\(cleaned(name))" } ?? cleaned(name)
        let result = withGraph(value.graph) {
            withNodeScope(base) { reservedName in
                let unique = String(reservedName.dropLast())
                let tag = family.map { "\($0)/\(unique)" } ?? unique
                let operation = SummaryOperation(kind, value.dtype, tag: tag, look)
                let input = derive?() ?? value
                let tagValue = makeValue(StringConstant(tag.utf8), [], name: tagNode, in: value.graph)
                return makeValue(operation, [tagValue, input] + more(operation), name: reservedName, in: value.graph)
            }
        }
        let tensor = AnyTensor(result)
        for key in collections { value.graph.addToCollection(key, tensor) }
        return SummaryTensor(tensor) ?? SummaryTensor(leaves: [], value: result)
    }

    /// Adds a `TensorSummaryV2`, whose third input is the metadata.
    private static func addTensor(
        _ kind: SummaryOperation.Kind, _ name: String, _ value: Value, _ family: String?, _ look: Look,
        _ collections: [String], derive: (() -> Value)? = nil
    ) -> SummaryTensor {
        add(
            kind, name, value, family, look, collections,
            more: { operation in
                let metadata = StringConstant(operation.serializedMetadata)
                return [makeValue(metadata, [], name: "serialized_summary_metadata", in: value.graph)]
            }, derive: derive)
    }

    /// The name with what no node's name may have replaced, and without slashes before it: as TensorFlow does.
    private static func cleaned(_ name: String) -> String {
        let allowed = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-/_.")
        let replaced = String(name.map { allowed.contains($0) ? $0 : "_" })
        let trimmed = replaced.drop { $0 == "/" }
        return trimmed.isEmpty ? "summary" : String(trimmed)
    }

    /// `[6, thresholds]`: true positives, false positives, true negatives, false negatives, precision, recall.
    ///
    /// - Source: `tensorboard.plugins.pr_curve.summary.op`.
    private static func curveTensor(
        labels: Tensor<Bool>, predictions: Tensor<Float>, weights: Tensor<Float>?, thresholds: Int
    ) -> Tensor<Float> {
        let positive = cast(labels, to: Float.self)
        let trueLabels = (weights.map { positive * $0 } ?? positive).reshaped([1, -1])
        let falseLabels = (weights.map { (1 - positive) * $0 } ?? (1 - positive)).reshaped([1, -1])
        let buckets = cast(
            floor(predictions.reshaped([-1]).clipped(to: 0...1) * Float(thresholds - 1)), to: Int32.self)
        let isInBucket: Tensor<Float> = oneHot(buckets, depth: thresholds)
        // Positive at a threshold is what lies in its bucket or in a later one.
        let tp = matmul(trueLabels, isInBucket).reshaped([-1]).cumulativeSum(axis: 0, reverse: true, name: "tp")
        let fp = matmul(falseLabels, isInBucket).reshaped([-1]).cumulativeSum(axis: 0, reverse: true, name: "fp")
        let tn = fp[0] - fp
        let fn = tp[0] - tp
        let precision = tp / maximum(tp + fp, 1e-7)
        let recall = tp / maximum(tp + fn, 1e-7)
        return stack([tp, fp, tn, fn, precision, recall], axis: 0, name: "curve")
    }
}
