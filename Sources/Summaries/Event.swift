// What event files hold, in terms of users: one type for both forms of summaries.

public import Sessions
public import Tensors

/// A record of an event file.
public struct Event: Sendable {
    /// Seconds since 1970.
    public let wallTime: Double
    public let step: Int
    public let content: Content

    public enum Content: Sendable {
        /// The first record: `brain.Event:2`.
        case fileVersion(String)
        case values([EventValue])
        /// A GraphDef in its binary form.
        case graph([UInt8])
        /// A MetaGraphDef in its binary form.
        case metaGraph([UInt8])
        case runMetadata(tag: String, RunMetadata)
        /// A session was started or stopped, or has saved a checkpoint.
        case session(SessionStatus, checkpointPath: String, message: String)
        case log(level: Int, message: String)
        /// Nothing, or something that is not known.
        case empty
    }

    public enum SessionStatus: Int, Sendable {
        case unspecified, start, stop, checkpoint
    }

    /// The values of summaries; empty where the record holds something else.
    public var values: [EventValue] { if case .values(let values) = content { values } else { [] } }
}

/// A value of a summary, whatever the form in which it was written.
public struct EventValue: Sendable {
    public let tag: String
    /// The plugin of TensorBoard that shows it. Of a value of the classic form, the one that TensorBoard picks.
    public let plugin: String
    public let displayName: String
    /// In Markdown.
    public let description: String
    public let form: SummaryForm
    public let content: Content

    public enum Content: Sendable {
        case scalar(Double)
        case histogram(Histogram)
        case images([Image])
        case audio([Clip])
        /// In Markdown, in row-major order.
        case text([String], shape: [Int])
        case precisionRecallCurve(PrecisionRecallCurve)
        case scalarLayout(ScalarLayout)
        case hyperparameters(Hyperparameters)
        /// Any other tensor, or one that is not what its plugin expects.
        case tensor(AnyArray)
        /// Something else: a value of a kind that is not known.
        case unknown
    }

    /// How many values lie between each two edges.
    public struct Histogram: Hashable, Sendable {
        public struct Bucket: Hashable, Sendable {
            public let left: Double
            public let right: Double
            public let count: Double
        }
        public let buckets: [Bucket]
        public var count: Double { buckets.reduce(0) { $0 + $1.count } }
    }

    public struct Image: Hashable, Sendable {
        public let width: Int
        public let height: Int
        /// The file, which is a PNG.
        public let encoded: [UInt8]
    }

    public struct Clip: Hashable, Sendable {
        /// The file, which is a WAV.
        public let encoded: [UInt8]
        /// In Markdown.
        public let label: String
    }
}
