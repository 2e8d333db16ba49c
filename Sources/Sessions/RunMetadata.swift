// What a traced run tells of itself: when each kernel ran, and for which node.

public import Tensors

/// How long the parts of a run took.
public struct RunMetadata: Hashable, Sendable {
    /// One kernel that ran, under the name of a node. A fused kernel stands under the node whose value it writes.
    public struct NodeStatistics: Hashable, Sendable {
        /// The node's name; `_kernel` with a number where the kernel belongs to none.
        public let node: String
        /// The op and what was fused with it, or what kind of kernel it is.
        public let label: String
        /// When it started, in nanoseconds from the start of the run.
        public let startNanoseconds: Int
        public let durationNanoseconds: Int
        /// The type and shape of what it writes, where that is known.
        public let output: Output?
        public let threadNumber: Int

        /// What a kernel writes.
        public struct Output: Hashable, Sendable {
            public let dtype: DType
            public let shape: [Int]
            public let byteCount: Int

            public init(dtype: DType, shape: [Int], byteCount: Int) {
                self.dtype = dtype
                self.shape = shape
                self.byteCount = byteCount
            }
        }

        public init(
            node: String, label: String, startNanoseconds: Int, durationNanoseconds: Int, output: Output? = nil,
            threadNumber: Int = 0
        ) {
            self.node = node
            self.label = label
            self.startNanoseconds = startNanoseconds
            self.durationNanoseconds = durationNanoseconds
            self.output = output
            self.threadNumber = threadNumber
        }
    }

    /// What ran on one device.
    public struct DeviceStatistics: Hashable, Sendable {
        /// TensorFlow's full name of the device: `/job:localhost/replica:0/task:0/device:CPU:0`.
        public let device: String
        public let nodes: [NodeStatistics]

        public init(device: String, nodes: [NodeStatistics]) {
            self.device = device
            self.nodes = nodes
        }
    }

    /// When the run started, in microseconds since 1970.
    public let startMicroseconds: Int
    public let devices: [DeviceStatistics]

    public init(startMicroseconds: Int, devices: [DeviceStatistics]) {
        self.startMicroseconds = startMicroseconds
        self.devices = devices
    }
}
