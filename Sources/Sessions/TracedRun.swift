// Runs that are timed, kernel by kernel.

import CPU
import Graphs
import Programs
public import Tensors

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

extension Session {
    /// Runs as `run` does, and tells when each kernel ran and for which nodes.
    ///
    ///     let ((_, value), metadata) = try session.runTraced(train, loss, feeding: x.fed(images))
    ///     writer.add(metadata, tag: "step 7", step: 7)
    ///
    /// What several nodes compute together stands under the last of them. Other runs are not slowed down.
    ///
    /// - Errors: as `run`.
    public func runTraced<each F: Fetchable, each S: TensorElement>(
        _ fetches: repeat each F, feeding feeds: repeat Feed<each S>
    ) throws -> (results: (repeat (each F).Fetched), metadata: RunMetadata) {
        let run = try prepare(repeat each fetches, feeding: repeat each feeds)
        let executable = run.plan.executable
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        let trace = KernelTrace()
        run.frame.trace = trace
        let results = try execute(run, repeat each fetches)
        let records = graph.records
        let nodes = trace.kernels.map { kernel in
            let purpose = executable.purpose(ofKernel: kernel.index)
            let sources = purpose.tags.compactMap { records.indices.contains(Int($0)) ? records[Int($0)] : nil }
            let operations = sources.map(\.operation.name).joined(separator: " + ")
            return RunMetadata.NodeStatistics(
                node: sources.last?.name ?? "_kernel\(kernel.index)",
                label: operations.isEmpty ? purpose.kind : operations, startNanoseconds: kernel.start,
                durationNanoseconds: kernel.duration,
                output: purpose.output.map { .init(dtype: $0.dtype, shape: $0.shape, byteCount: $0.byteCount) })
        }
        return (
            results,
            RunMetadata(
                startMicroseconds: Int(time.tv_sec) * 1_000_000 + Int(time.tv_nsec) / 1000,
                devices: [.init(device: "/job:localhost/replica:0/task:0/device:CPU:0", nodes: nodes)])
        )
    }
}
