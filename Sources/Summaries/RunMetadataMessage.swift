// Statistics of runs as TensorFlow's message.

import Messages
import Sessions
import SwiftProtobuf
import Tensors

extension RunMetadata {
    /// - Errors: none; what makes no sense is left out.
    init(_ message: Tensorflow_RunMetadata) {
        let nodes = message.stepStats.devStats.flatMap(\.nodeStats)
        let start = nodes.map(\.allStartMicros).min() ?? 0
        self.init(
            startMicroseconds: Int(start),
            devices: message.stepStats.devStats.map { device in
                DeviceStatistics(
                    device: device.device, nodes: device.nodeStats.map { NodeStatistics($0, runStart: start) })
            })
    }

    var message: Tensorflow_RunMetadata {
        .with { message in
            message.stepStats.devStats = devices.map { device in
                .with {
                    $0.device = device.device
                    $0.nodeStats = device.nodes.map { $0.message(runStart: startMicroseconds) }
                }
            }
        }
    }
}

extension RunMetadata.NodeStatistics {
    fileprivate init(_ message: Tensorflow_NodeExecStats, runStart: Int64) {
        let nanoseconds = { (micros: Int64) in Int(micros.multipliedReportingOverflow(by: 1000).partialValue) }
        let described = message.output.first?.tensorDescription
        var output: Output?
        if let described, let dtype = try? DType(described.dtype), let shape = try? Shape(described.shape).known {
            let byteCount = message.memory.first.map { Int($0.totalBytes) } ?? 0
            output = Output(dtype: dtype, shape: shape, byteCount: byteCount)
        }
        self.init(
            node: message.nodeName, label: message.timelineLabel,
            startNanoseconds: nanoseconds(message.allStartMicros &- runStart),
            durationNanoseconds: nanoseconds(message.allEndRelMicros), output: output,
            threadNumber: Int(message.threadID))
    }

    fileprivate func message(runStart: Int) -> Tensorflow_NodeExecStats {
        .with {
            $0.nodeName = node
            $0.timelineLabel = label
            $0.allStartMicros = Int64(runStart &+ startNanoseconds / 1000)
            // A kernel of less than a microsecond still took time.
            let duration = Int64((durationNanoseconds &+ 999) / 1000)
            $0.opEndRelMicros = duration
            $0.allEndRelMicros = duration
            $0.threadID = UInt32(clamping: threadNumber)
            guard let output else { return }
            $0.memory = [
                .with {
                    $0.allocatorName = "cpu"
                    $0.totalBytes = Int64(output.byteCount)
                    $0.peakBytes = Int64(output.byteCount)
                }
            ]
            $0.output = [
                .with {
                    $0.tensorDescription.dtype = output.dtype.message
                    $0.tensorDescription.shape = Shape(output.shape).message
                }
            ]
        }
    }
}
