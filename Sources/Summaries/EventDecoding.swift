// From the messages in event files to `Event`: both forms of each kind of summary become the same value.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Messages
import Sessions
import SwiftProtobuf
import Tensors

extension Event {
    /// - Errors: where the bytes are no event, or a tensor in it contradicts itself.
    init(_ record: [UInt8]) throws {
        let message = try Tensorflow_Event(serializedBytes: record)
        wallTime = message.wallTime
        step = Int(message.step)
        switch message.what {
        case .fileVersion(let version): content = .fileVersion(version)
        case .graphDef(let bytes): content = .graph([UInt8](bytes))
        case .metaGraphDef(let bytes): content = .metaGraph([UInt8](bytes))
        case .summary(let summary):
            // A tensor may say that one value repeats: no more memory than this may come of it.
            let byteLimit = 1 << 20 + 64 * record.count
            content = .values(try summary.value.map { try EventValue($0, byteLimit: byteLimit) })
        case .taggedRunMetadata(let tagged):
            content = .runMetadata(
                tag: tagged.tag,
                RunMetadata(try Tensorflow_RunMetadata(serializedBytes: [UInt8](tagged.runMetadata))))
        case .sessionLog(let log):
            content = .session(
                SessionStatus(rawValue: log.status.rawValue) ?? .unspecified, checkpointPath: log.checkpointPath,
                message: log.msg)
        case .logMessage(let log): content = .log(level: log.level.rawValue, message: log.message)
        case nil: content = .empty
        }
    }
}

extension EventValue {
    fileprivate init(_ message: Tensorflow_Summary.Value, byteLimit: Int) throws {
        tag = message.tag
        displayName = message.metadata.displayName
        description = message.metadata.summaryDescription
        var plugin = message.metadata.pluginData.pluginName
        var form = SummaryForm.classic
        switch message.value {
        case .simpleValue(let value):
            plugin = Plugin.scalars
            content = .scalar(Double(value))
        case .histo(let histogram):
            plugin = Plugin.histograms
            content = .histogram(Histogram(histogram))
        case .image(let image):
            plugin = Plugin.images
            content = .images([
                Image(
                    width: Int(image.width), height: Int(image.height), encoded: [UInt8](image.encodedImageString))
            ])
        case .audio(let audio):
            plugin = Plugin.audio
            content = .audio([Clip(encoded: [UInt8](audio.encodedAudioString), label: "")])
        case .tensor(let tensor):
            form = .plugin
            let array = try AnyArray(tensor, byteLimit: byteLimit)
            let details = [UInt8](message.metadata.pluginData.content)
            content = try Self.content(of: array, plugin: plugin, tag: message.tag, details) ?? .tensor(array)
        case .obsoleteOldStyleHistogram, nil: content = .unknown
        }
        self.plugin = plugin
        self.form = form
    }

    /// What the plugin of that name makes of the array; nil where it is not what the plugin expects.
    private static func content(
        of array: AnyArray, plugin: String, tag: String, _ details: [UInt8]
    ) throws -> Content? {
        switch plugin {
        case Plugin.scalars:
            guard array.count == 1, let value = doubles(array)?.first else { return nil }
            return .scalar(value)
        case Plugin.histograms:
            guard array.shape.count == 2, array.shape[1] == 3, let rows = doubles(array) else { return nil }
            return .histogram(
                Histogram(
                    buckets: stride(from: 0, to: rows.count, by: 3).map {
                        Histogram.Bucket(left: rows[$0], right: rows[$0 + 1], count: rows[$0 + 2])
                    }))
        case Plugin.images:
            guard let strings = array.byteStrings, strings.count >= 2,
                let width = Int(String(decoding: strings[0], as: UTF8.self)),
                let height = Int(String(decoding: strings[1], as: UTF8.self))
            else { return nil }
            return .images(strings.dropFirst(2).map { Image(width: width, height: height, encoded: $0) })
        case Plugin.audio:
            guard let strings = array.byteStrings, array.shape.count == 2, array.shape[1] == 2 else { return nil }
            return .audio(
                stride(from: 0, to: strings.count, by: 2).map {
                    Clip(encoded: strings[$0], label: String(decoding: strings[$0 + 1], as: UTF8.self))
                })
        case Plugin.text: return array.strings.map { .text($0, shape: array.shape) }
        case Plugin.precisionRecallCurves: return PrecisionRecallCurve(array).map { .precisionRecallCurve($0) }
        case Plugin.customScalars:
            guard let bytes = array.byteStrings?.first, array.count == 1 else { return nil }
            return .scalarLayout(ScalarLayout(try Tensorboard_Layout(serializedBytes: bytes)))
        case Plugin.hyperparameters:
            let message = try Tensorboard_Hparams_HParamsPluginData(serializedBytes: details)
            return Hyperparameters(message).map { .hyperparameters($0) }
        default: return nil
        }
    }

    private static func doubles(_ array: AnyArray) -> [Double]? {
        guard case .elements(let elements) = array.content, array.dtype.isComputed else { return nil }
        return elements.doubles
    }
}

extension EventValue.Histogram {
    /// The edges of the first and the last bucket are the least and the largest value, where these lie within it: as
    /// TensorBoard shows it.
    fileprivate init(_ message: Tensorflow_HistogramProto) {
        var buckets: [Bucket] = []
        var left = -Double.greatestFiniteMagnitude
        for (right, count) in zip(message.bucketLimit, message.bucket) {
            buckets.append(Bucket(left: left, right: right, count: count))
            left = right
        }
        let isMeant = { (bucket: Bucket) in bucket.count > 0 }
        if let first = buckets.firstIndex(where: isMeant), let last = buckets.lastIndex(where: isMeant) {
            let used = buckets[first...last]
            self.buckets = used.indices.map { index in
                let bucket = used[index]
                return Bucket(
                    left: index == first ? max(bucket.left, message.min) : bucket.left,
                    right: index == last ? min(bucket.right, message.max) : bucket.right, count: bucket.count)
            }
        } else {
            self.buckets = []
        }
    }
}
