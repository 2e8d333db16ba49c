// Named numbers in a fixed order: what training reports.

/// The loss and the metrics of a batch or an epoch, in the order in which they are shown.
public struct Logs: Sendable, Equatable {
    /// The names, in order.
    public private(set) var names: [String] = []
    private var values: [String: Double] = [:]

    public init() {}

    /// The value of a name; nil where there is none.
    public subscript(_ name: String) -> Double? {
        get { values[name] }
        set {
            if let newValue {
                if values.updateValue(newValue, forKey: name) == nil { names.append(name) }
            } else if values.removeValue(forKey: name) != nil {
                names.removeAll { $0 == name }
            }
        }
    }

    /// The names and values, in order.
    public var entries: [(name: String, value: Double)] { names.map { ($0, values[$0] ?? .nan) } }

    /// The loss; NaN where there is none.
    public var loss: Double { values["loss"] ?? .nan }

    /// The same values, the names with a prefix.
    func prefixed(_ prefix: String) -> Logs {
        var logs = Logs()
        for (name, value) in entries { logs[prefix + name] = value }
        return logs
    }

    mutating func merge(_ other: Logs) {
        for (name, value) in other.entries { self[name] = value }
    }
}

extension Logs: CustomStringConvertible {
    public var description: String { entries.map { "\($0.name): \($0.value)" }.joined(separator: ", ") }
}

/// The logs of all epochs of a `fit`.
///
///     let history = try model.fit(images, labels, epochs: 5)
///     history["loss"]                  // one number for each epoch
public struct History: Sendable {
    /// The numbers of the epochs, from 0.
    public internal(set) var epochs: [Int] = []
    /// The logs of each.
    public internal(set) var logs: [Logs] = []

    /// A value of each epoch; NaN for epochs without it.
    public subscript(_ name: String) -> [Double] { logs.map { $0[name] ?? .nan } }

    /// The names of what was logged.
    public var names: [String] {
        var seen: Set<String> = []
        return logs.flatMap(\.names).filter { seen.insert($0).inserted }
    }
}
