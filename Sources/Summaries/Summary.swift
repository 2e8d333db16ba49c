// What a program has to say about a step: values with their tags. How they become bytes is decided in
// `SummaryEncoding`, and when in `EventLog`.

import Messages
import SwiftProtobuf
import Tensors

/// How a summary is written.
public enum SummaryForm: Hashable, Sendable {
    /// A tensor with the name of the plugin that shows it, as `tf.summary` of TensorFlow 2 writes it: what TensorBoard
    /// turns everything into. Carries display names and descriptions.
    case plugin
    /// The message of its own kind, as `tf.compat.v1.summary` writes it: half the bytes for a scalar, and read by
    /// programs that know only this form. Texts, curves, layouts and hyperparameters have none and are written as
    /// `plugin`.
    case classic
}

/// How the numbers of an image become bytes.
public enum ImageScaling: Hashable, Sendable {
    /// As the op `ImageSummary` does, for each image by itself: where all values are 0 or more, the largest becomes
    /// 255; else the one farthest from 0 becomes 1 or 255, and 0 becomes 128.
    case fitted
    /// As `tf.summary.image` of TensorFlow 2 does: 0 becomes 0 and 1 becomes 255; what lies outside is cut off.
    case unit
}

/// Values to be written for one step: what fetching a summary of a graph gives.
///
/// It holds the arrays that were summarised; histograms, images and so on are computed when it is written, on the
/// writer's own thread.
public struct Summary: Sendable {
    package var values: [SummaryValue]

    package init(_ values: [SummaryValue]) { self.values = values }

    /// All values of several summaries.
    public init(merging summaries: [Summary]) { values = summaries.flatMap(\.values) }

    /// The tags, in order.
    public var tags: [String] { values.map(\.tag) }

    /// The message of TensorFlow, `Summary`, in its binary form.
    ///
    /// - Errors: `SummaryError` for a value that cannot be written, such as an image of two channels.
    public func serialized() throws -> [UInt8] {
        try message().serializedBytes()
    }

    func message() throws(SummaryError) -> Tensorflow_Summary {
        var message = Tensorflow_Summary()
        for value in values { message.value += try value.messages() }
        return message
    }
}

/// A value that cannot be written.
public struct SummaryError: Error, Hashable, Sendable, CustomStringConvertible {
    public let tag: String
    public let reason: String

    init(_ tag: String, _ reason: String) {
        self.tag = tag
        self.reason = reason
    }

    public var description: String { "summary \"\(tag)\": \(reason)" }
}

/// One value with its tag.
package struct SummaryValue: Sendable {
    enum Content: Sendable {
        case scalar(Float)
        case histogram(AnyArray, bucketCount: Int)
        /// `[k, height, width, channels]`; at most `limit` are written.
        case images(AnyArray, limit: Int, scaling: ImageScaling)
        /// `[k, frames]` or `[k, frames, channels]`, each from -1 to 1.
        case audio(AnyArray, samplesPerSecond: Float, limit: Int)
        /// Strings of any shape, in Markdown.
        case text(AnyArray)
        /// Any tensor for the plugin of the given name, or for none.
        case tensor(AnyArray, plugin: String, content: [UInt8])
    }

    let tag: String
    let content: Content
    let form: SummaryForm
    let displayName: String
    let description: String

    init(_ tag: String, _ content: Content, form: SummaryForm, displayName: String = "", description: String = "") {
        self.tag = tag
        self.content = content
        self.form = form
        self.displayName = displayName
        self.description = description
    }

    /// About how much memory it holds on to, in bytes.
    var byteCount: Int {
        let arrays =
            switch content {
            case .scalar: 4
            case .histogram(let array, _), .images(let array, _, _), .audio(let array, _, _), .text(let array),
                .tensor(let array, _, _):
                array.byteCount
            }
        return arrays + 128 + tag.utf8.count + displayName.utf8.count + description.utf8.count
    }
}
