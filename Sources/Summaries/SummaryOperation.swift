// The nodes of summaries in a graph: TensorFlow's ops, which TensorBoard's graph page and exported graphs show.
//
// A node is only where a summary stands in the graph. Programs compute numbers, and what a summary op computes is a
// string; so a session fetches the numbers that go into it, and the rest happens when they are written.

import Graphs
import Messages
import Programs
import SwiftProtobuf
import Tensors

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A summary op.
struct SummaryOperation: Operation {
    enum Kind: Sendable {
        case scalar
        case histogram(bucketCount: Int)
        case images(limit: Int, scaling: ImageScaling)
        case audio(samplesPerSecond: Float, limit: Int)
        /// A tensor for the plugin.
        case tensor(plugin: String, content: [UInt8])
        /// A constant text, which no run needs to compute.
        case text(AnyArray)
        /// All of several summaries.
        case merged(count: Int)
    }

    let kind: Kind
    /// The element type of what is summarised.
    let dtype: DType
    let tag: String
    let form: SummaryForm
    let displayName: String
    let description: String

    var name: String {
        switch kind {
        case .scalar: "ScalarSummary"
        case .histogram: "HistogramSummary"
        case .images: "ImageSummary"
        case .audio: "AudioSummaryV2"
        case .tensor, .text: "TensorSummaryV2"
        case .merged: "MergeSummary"
        }
    }

    var attributes: [Attribute] {
        let type = Attribute("T", .type(dtype))
        switch kind {
        case .scalar, .histogram, .tensor, .text: return [type]
        case .images(let limit, _):
            // TensorFlow's default: red where a value is not finite.
            let red = NDArray<UInt8>([255, 0, 0, 255]).untyped
            return [type, Attribute("max_images", .int(limit)), Attribute("bad_color", .tensor(ArrayContent(red)))]
        case .audio(_, let limit): return [Attribute("max_outputs", .int(limit))]
        case .merged(let count): return [Attribute("N", .int(count))]
        }
    }

    var effect: Effect { .none }
    var outputCount: Int { 1 }

    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        let result = [TensorType(.string, .scalar)]
        if case .merged(let count) = kind {
            try inputs.require(count: count)
            return result
        }
        let shape = inputs.count > 1 ? inputs[1].shape : .unknown
        switch kind {
        case .scalar:
            guard shape.isCompatible(with: .scalar) else {
                throw Mistake(
                    "a scalar summary takes a single number, not shape \(shape)",
                    hint: "reduce it, as with mean(), or use summary.histogram")
            }
        case .images:
            guard shape.isCompatible(with: .unknown(rank: 4)) else {
                throw Mistake("images have the shape [k, height, width, channels], not \(shape)")
            }
            if let channels = shape[3], ![1, 3, 4].contains(channels) {
                throw Mistake("an image has 1, 3 or 4 channels, not \(channels) (shape \(shape))")
            }
            guard [.uint8, .float32, .float64].contains(dtype) else {
                throw Mistake("an image is made of uint8, float32 or float64, not of \(dtype)")
            }
        case .audio:
            guard shape.isCompatible(with: .unknown(rank: 3)) || shape.isCompatible(with: .unknown(rank: 2)) else {
                throw Mistake("sound has the shape [k, frames, channels] or [k, frames], not \(shape)")
            }
        case .histogram, .tensor, .text, .merged: break
        }
        return result
    }

    func gradient(_ context: GradientContext) -> Gradient { .none(reason: "a summary is no number") }

    func lower(_ context: LoweringContext) throws -> [ValueID] {
        throw Mistake(
            "a summary is a string, and runs compute numbers", hint: "fetch the summary itself: session.run(summary)")
    }

    /// The value to be written, of the array that was fetched.
    func value(of array: AnyArray) -> SummaryValue {
        let content: SummaryValue.Content =
            switch kind {
            case .scalar:
                .scalar(Float(NumberView(array).first))
            case .histogram(let bucketCount): .histogram(array, bucketCount: bucketCount)
            case .images(let limit, let scaling): .images(array, limit: limit, scaling: scaling)
            case .audio(let rate, let limit): .audio(array, samplesPerSecond: rate, limit: limit)
            case .tensor(let plugin, let content): .tensor(array, plugin: plugin, content: content)
            case .text(let text): .text(text)
            case .merged: .tensor(array, plugin: "", content: [])
            }
        return SummaryValue(tag, content, form: form, displayName: displayName, description: description)
    }
}

/// The first element of an array, as a number.
private struct NumberView {
    let first: Double

    init(_ array: AnyArray) {
        if case .elements(let elements) = array.content { first = elements.scalarAsDouble } else { first = 0 }
    }
}

/// A constant array of strings: TensorFlow's `Const` of that type, which holds tags and texts.
struct StringConstant: Operation {
    let array: AnyArray

    init(_ array: AnyArray) { self.array = array }

    /// A single string.
    init(_ text: some Sequence<UInt8>) {
        array = (try? AnyArray(strings: [Array(text)], shape: [])) ?? AnyArray(strings: [])
    }

    var name: String { "Const" }
    var attributes: [Attribute] {
        let value = Tensorflow_AttrValue.with { $0.tensor = array.message }
        return [Attribute("value", .message(serialized(value))), Attribute("dtype", .type(.string))]
    }
    var effect: Effect { .none }
    var outputCount: Int { 1 }
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: 0)
        return [TensorType(.string, Shape(array.shape))]
    }
    func gradient(_ context: GradientContext) -> Gradient { .inputs([]) }
    func lower(_ context: LoweringContext) throws -> [ValueID] {
        throw Mistake(
            "it is a constant of strings, and runs compute numbers",
            hint: "where it is the tag of a summary, fetch the summary itself: session.run(summary)")
    }
}
