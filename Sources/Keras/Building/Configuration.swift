// What Keras's files say of an object: its class and its settings. Initializers, regularizers, constraints, activations
// and layers have one.

import Tensors

/// The class of an object and its settings, as Keras's JSON has them.
public struct Configuration: Hashable, Sendable {
    /// Keras's name of the class, such as `GlorotUniform`.
    public var className: String
    /// The settings by Keras's names.
    public var settings: [String: JSONValue]

    public init(_ className: String, _ settings: [String: JSONValue] = [:]) {
        self.className = className
        self.settings = settings
    }

    /// A number among the settings.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func number(_ key: String, default value: Double) throws -> Double {
        try setting(key, value, "a number") { $0.number }
    }

    /// A whole number among the settings.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func integer(_ key: String, default value: Int? = nil) throws -> Int {
        try setting(key, value, "a whole number") { $0.integer }
    }

    /// A whole number among the settings, or null.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func optionalInteger(_ key: String) throws -> Int? {
        try optional(key, "a whole number") { $0.integer }
    }

    /// A truth value among the settings.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func bool(_ key: String, default value: Bool) throws -> Bool {
        try setting(key, value, "true or false") { $0.bool }
    }

    /// A text among the settings.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func string(_ key: String, default value: String? = nil) throws -> String {
        try setting(key, value, "a text") { $0.string }
    }

    /// A text among the settings, or null.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func optionalString(_ key: String) throws -> String? { try optional(key, "a text") { $0.string } }

    /// One or several whole numbers among the settings: `3` stands for `count` times 3.
    ///
    /// - Errors: `KerasError` where there is something else.
    public func integers(_ key: String, count: Int, default value: [Int]? = nil) throws -> [Int] {
        try setting(key, value, "\(count) whole numbers") { json in
            if let single = json.integer { return Array(repeating: single, count: count) }
            guard let values = json.array?.compactMap(\.integer), values.count == count else { return nil }
            return values
        }
    }

    func optional<Value>(_ key: String, _ what: String, _ read: (JSONValue) -> Value?) throws -> Value? {
        guard let json = settings[key], json != .null else { return nil }
        return try setting(key, nil, what, read) as Value
    }

    func setting<Value>(
        _ key: String, _ value: Value?, _ what: String, _ read: (JSONValue) -> Value?
    ) throws -> Value {
        guard let json = settings[key] else {
            if let value { return value }
            throw KerasError("\(className) has no \"\(key)\", which must be \(what)")
        }
        if let found = read(json) { return found }
        throw KerasError("\"\(key)\" of \(className) must be \(what), but is \(json.text().prefix(200))")
    }
}

/// Something with settings that is also known by a short name: the shared part of initializers, regularizers, ...
///
/// A literal whose name is unknown is kept and reported where it is used, since a literal cannot fail.
enum Named<Function: Sendable>: Sendable {
    case known(Configuration, Function)
    case unknown(String)
    /// Settings that make no sense, and why.
    case senseless(Configuration, String)

    /// Known settings, or senseless ones where there is a fact against them.
    init(_ configuration: Configuration, _ function: Function, refused fact: String?) {
        self = fact.map { .senseless(configuration, $0) } ?? .known(configuration, function)
    }

    var configuration: Configuration {
        switch self {
        case .known(let configuration, _), .senseless(let configuration, _): configuration
        case .unknown(let name): Configuration(name)
        }
    }

    /// The one of the given name in a table.
    init(_ name: String, in table: [String: Named]) {
        self = table[name] ?? .unknown(name)
    }

    /// The function.
    ///
    /// - Errors: `KerasError` for an unknown name, with the nearest, and for settings that make no sense.
    func function(_ what: String, known: some Collection<String>) throws(KerasError) -> Function {
        switch self {
        case .known(_, let function): return function
        case .unknown(let name): throw .unknownName(name, what, known: Array(known))
        case .senseless(let configuration, let fact):
            throw KerasError("the \(what) \(configuration.className) \(fact)")
        }
    }
}
