// What `inspect` finds out, as the JSON that it prints; the schema is documented in Documentation/CommandLine.md.

/// The result of looking into a file.
struct Inspection: Encodable {
    /// The version of this schema; fields are added without changing it, and never change their meaning.
    var schema = 1
    let path: String
    /// `npy`, `npz`, `safetensors`, `checkpoint`, `event-file`, `graphdef`, `saved-model`.
    let kind: String
    /// What contradicts the format or its checksums; empty for a sound file.
    var problems: [String] = []
    /// Whether the format has checksums, and they were compared.
    var checksumsVerified = false
    var arrays: [Array]?
    var metadata: [String: String]?
    var shards: Int?
    var events: Events?
    var graph: Graph?
    var model: Model?

    struct Array: Encodable {
        let name: String
        let dtype: String
        let shape: [Int]
        let bytes: Int
    }

    struct Events: Encodable {
        var count = 0
        var firstStep: Int?
        var lastStep: Int?
        var firstTime: Double?
        var lastTime: Double?
        /// Bytes of a record that the end of the file cuts off.
        var unfinishedBytes = 0
        var graphs = 0
        var tags: [Tag] = []
    }

    struct Tag: Encodable {
        let tag: String
        let plugin: String
        var count: Int
        var firstStep: Int
        var lastStep: Int
        /// The last value of a scalar; JSON has no NaN and no infinity, which are null.
        var lastValue: Double?
    }

    struct Graph: Encodable {
        let nodes: Int
        let producer: Int?
        let operations: [Count]
        let placeholders: [String]
        let variables: [String]
        let functions: [String]
        /// Nodes that cannot be run here.
        let unsupported: [Unsupported]
    }

    struct Count: Encodable {
        let name: String
        let count: Int
    }

    struct Unsupported: Encodable {
        let name: String
        let operation: String
        let reason: String
    }

    struct Model: Encodable {
        let tags: [String]
        let producer: String
        let signatures: [Signature]
        let assets: [String]
    }

    struct Signature: Encodable {
        let name: String
        let method: String
        let inputs: [Tensor]
        let outputs: [Tensor]
    }

    struct Tensor: Encodable {
        let name: String
        let tensor: String
        let dtype: String
        /// -1 for an unknown dimension; null for an unknown rank.
        let shape: [Int]?
    }
}
