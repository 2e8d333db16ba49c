// Values of summaries as TensorFlow's messages, in both forms. The parts that are more than putting fields together
// (buckets, PNG, WAV) have files of their own.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Messages
import PNGFiles
import SwiftProtobuf
import Tensors

/// The plugins of TensorBoard that show summaries.
enum Plugin {
    static let scalars = "scalars"
    static let histograms = "histograms"
    static let images = "images"
    static let audio = "audio"
    static let text = "text"
    static let precisionRecallCurves = "pr_curves"
    static let customScalars = "custom_scalars"
    static let hyperparameters = "hparams"
}

extension SummaryValue {
    /// More bytes than this fit into no message.
    private static let largestByteCount = 1 << 30

    /// Checks what can be checked without computing anything.
    func validate() throws(SummaryError) {
        if byteCount > Self.largestByteCount, !isReduced {
            throw SummaryError(tag, "it has \(byteCount) bytes; a message holds at most \(Self.largestByteCount)")
        }
        switch content {
        case .scalar, .tensor: break
        case .histogram(let array, let bucketCount):
            guard array.dtype.isComputed else {
                throw SummaryError(tag, "a histogram of \(array.dtype) has no meaning")
            }
            guard (0...1_000_000).contains(bucketCount) else {
                throw SummaryError(tag, "a histogram has 0 to 1000000 buckets, not \(bucketCount)")
            }
        case .images(let array, _, _): _ = try ImageBatch(array, tag: tag)
        case .audio(let array, let rate, _): _ = try AudioBatch(array, samplesPerSecond: rate, tag: tag)
        case .text(let array):
            if array.dtype != .string { throw SummaryError(tag, "a text is made of strings, not of \(array.dtype)") }
        }
    }

    /// Whether what is written is smaller than the array.
    private var isReduced: Bool { if case .histogram = content { true } else { false } }

    /// - Errors: where the array does not fit its kind.
    func messages() throws(SummaryError) -> [Tensorflow_Summary.Value] {
        try validate()
        switch (form, content) {
        case (.classic, .scalar(let value)): return [classic(.simpleValue(value))]
        case (.plugin, .scalar(let value)):
            return [
                plugin(Plugin.scalars, .with { ($0.dtype, $0.tensorShape, $0.floatVal) = (.dtFloat, .init(), [value]) })
            ]

        case (.classic, .histogram(let array, _)):
            return [classic(.histo(ClassicHistogram(array).message))]
        case (.plugin, .histogram(let array, let bucketCount)):
            return [plugin(Plugin.histograms, histogramBuckets(of: array, count: bucketCount))]

        case (_, .images(let array, let limit, let scaling)):
            return try images(ImageBatch(array, tag: tag), limit: max(0, limit), scaling)
        case (_, .audio(let array, let rate, let limit)):
            return try audio(AudioBatch(array, samplesPerSecond: rate, tag: tag), limit: max(0, limit))

        case (_, .text(let array)): return [plugin(Plugin.text, array.message)]
        case (_, .tensor(let array, let name, let content)):
            var value = plugin(name, array.message, content)
            let isKnown = [Plugin.scalars, Plugin.histograms, Plugin.precisionRecallCurves].contains(name)
            if !isKnown { value.metadata.dataClass = .tensor }
            return [value]
        }
    }

    private func images(
        _ batch: ImageBatch, limit: Int, _ scaling: ImageScaling
    ) throws(SummaryError) -> [Tensorflow_Summary.Value] {
        let count = min(batch.count, limit)
        var encoded: [Data] = []
        for index in 0..<count {
            let pixels = batch.pixels(of: index, scaling)
            guard
                let image = encodePNG(
                    pixels, width: batch.width, height: batch.height, channelCount: batch.channelCount)
            else {
                throw SummaryError(tag, "an image of \(batch.width) x \(batch.height) pixels is no PNG")
            }
            encoded.append(Data(image))
        }
        if form == .plugin {
            let sizes = ["\(batch.width)", "\(batch.height)"].map { Data($0.utf8) }
            return [plugin(Plugin.images, strings(sizes + encoded, shape: [2 + count]))]
        }
        return encoded.enumerated().map { index, image in
            let content = Tensorflow_Summary.Image.with {
                $0.height = Int32(batch.height)
                $0.width = Int32(batch.width)
                $0.colorspace = Int32(batch.channelCount)
                $0.encodedImageString = image
            }
            return classic(.image(content), tag: numbered("image", index, limit))
        }
    }

    private func audio(_ batch: AudioBatch, limit: Int) throws(SummaryError) -> [Tensorflow_Summary.Value] {
        let count = min(batch.count, limit)
        let encoded = (0..<count).map { encodeWAV(batch, index: $0) }
        if form == .plugin {
            // The second of each pair is a label in Markdown.
            let pairs = encoded.flatMap { [$0, Data()] }
            let content = Tensorboard_AudioPluginData.with { $0.encoding = .wav }
            return [plugin(Plugin.audio, strings(pairs, shape: [count, 2]), serialized(content))]
        }
        return encoded.enumerated().map { index, clip in
            let content = Tensorflow_Summary.Audio.with {
                $0.sampleRate = batch.samplesPerSecond
                $0.numChannels = Int64(batch.channelCount)
                $0.lengthFrames = Int64(batch.frameCount)
                $0.encodedAudioString = clip
                $0.contentType = "audio/wav"
            }
            return classic(.audio(content), tag: numbered("audio", index, limit))
        }
    }

    /// `tag/image` where only one may come, else `tag/image/0`, ...: TensorFlow's names.
    private func numbered(_ kind: String, _ index: Int, _ limit: Int) -> String {
        limit == 1 ? "\(tag)/\(kind)" : "\(tag)/\(kind)/\(index)"
    }

    private func classic(_ content: Tensorflow_Summary.Value.OneOf_Value, tag: String? = nil)
        -> Tensorflow_Summary.Value
    {
        .with {
            $0.tag = tag ?? self.tag
            $0.value = content
            if !displayName.isEmpty { $0.metadata.displayName = displayName }
            if !description.isEmpty { $0.metadata.summaryDescription = description }
        }
    }

    private func plugin(
        _ name: String, _ tensor: Tensorflow_TensorProto, _ content: [UInt8] = []
    ) -> Tensorflow_Summary.Value {
        .with {
            $0.tag = tag
            $0.tensor = tensor
            if !name.isEmpty { $0.metadata.pluginData.pluginName = name }
            if !content.isEmpty { $0.metadata.pluginData.content = Data(content) }
            if !displayName.isEmpty { $0.metadata.displayName = displayName }
            if !description.isEmpty { $0.metadata.summaryDescription = description }
        }
    }
}

extension SummaryOperation {
    /// The metadata of the values as a message in its binary form, which the op `TensorSummaryV2` takes.
    var serializedMetadata: [UInt8] {
        let content: SummaryValue.Content =
            switch kind {
            case .tensor(let plugin, let content): .tensor(AnyArray(strings: []), plugin: plugin, content: content)
            default: .text(AnyArray(strings: []))
            }
        let value = SummaryValue(tag, content, form: form, displayName: displayName, description: description)
        return (try? value.messages().first).map { serialized($0.metadata) } ?? []
    }
}

/// What the page of precision-recall curves keeps beside a curve.
func curveDetails(_ thresholdCount: Int) -> [UInt8] {
    serialized(Tensorboard_PrCurvePluginData.with { $0.numThresholds = UInt32(clamping: thresholdCount) })
}

private func strings(_ strings: [Data], shape: [Int]) -> Tensorflow_TensorProto {
    .with {
        $0.dtype = .dtString
        $0.tensorShape = Shape(shape).message
        $0.stringVal = strings
    }
}

/// The bytes of a message whose fields are all set by us, which therefore can be written.
func serialized(_ message: some SwiftProtobuf.Message) -> [UInt8] {
    (try? message.serializedBytes()) ?? []
}
