// Settings that are objects themselves: activations, initializers, regularizers and constraints, as JSON and from it.

import Operations
import Tensors
import Training

/// A setting that JSON names by a class and its settings, or by a short name.
protocol SettingValue {
    associatedtype Function: Sendable
    /// What it is, for messages.
    static var what: String { get }
    /// Keras's module of it.
    static var module: String { get }
    /// Those that are known by short names.
    static var table: [String: Named<Function>] { get }
    /// How those with settings are made, by Keras's class.
    static var makers: [String: @Sendable (Configuration) throws -> Self] { get }
    var named: Named<Function> { get }
    init(name: String)
}

extension SettingValue {
    /// It in Keras's JSON.
    ///
    /// - Errors: `KerasError` for a function of one's own, or an unknown name.
    var json: JSONValue {
        get throws {
            _ = try named.function(Self.what, known: Self.table.keys)
            let configuration = named.configuration
            guard Self.table[configuration.className] != nil || Self.makers[configuration.className] != nil else {
                throw KerasError(
                    "the \(Self.what) is a function of one's own and cannot be saved as JSON",
                    hint: "use one with a name")
            }
            if Self.makers.isEmpty { return .string(configuration.className) }
            return [
                "module": .string(Self.module), "class_name": .string(configuration.className),
                "config": .object(configuration.settings), "registered_name": nil,
            ]
        }
    }

    /// That of Keras's JSON: a name, or an object of class and settings.
    init(json: JSONValue) throws {
        if let name = json.string {
            let value = Self(name: name)
            if case .known = value.named {
                self = value
                return
            }
            if let make = Self.makers[name] {
                self = try make(Configuration(name))
                return
            }
            throw KerasError.unknownName(name, Self.what, known: Array(Self.table.keys))
        }
        guard let className = json["class_name"]?.string else {
            throw KerasError("\(json.text().prefix(100)) is no \(Self.what)", hint: "a name or an object is expected")
        }
        // A function is an object whose settings are its name.
        if className == "function", let name = json["config"]?.string {
            try self.init(json: .string(name))
            return
        }
        guard let make = Self.makers[className] else {
            throw KerasError.unknownName(className, Self.what, known: Array(Self.makers.keys))
        }
        self = try make(Configuration(className, json["config"]?.object ?? [:]))
    }
}

extension Configuration {
    /// An activation among the settings.
    func activation(_ key: String = "activation", default value: ActivationFunction = .linear) throws
        -> ActivationFunction
    { try settingValue(key) ?? value }

    /// An initializer among the settings.
    func initializer(_ key: String, default value: WeightInitializer) throws -> WeightInitializer {
        try settingValue(key) ?? value
    }

    /// A regularizer among the settings, or nil.
    func regularizer(_ key: String) throws -> WeightRegularizer? { try settingValue(key) }

    /// A constraint among the settings, or nil.
    func constraint(_ key: String) throws -> WeightConstraint? { try settingValue(key) }

    private func settingValue<Value: SettingValue>(_ key: String) throws -> Value? {
        guard let json = settings[key], json != .null else { return nil }
        do { return try Value(json: json) } catch let error as KerasError {
            throw KerasError("\"\(key)\" of \(className): \(error.message)", hint: error.hint)
        }
    }

    /// A number among the settings that a `Float` can hold: no NaN and none that becomes infinite.
    func float(_ key: String, default value: Float) throws -> Float {
        let number = try number(key, default: Double(value))
        guard Float(number).isFinite else {
            throw KerasError("\"\(key)\" of \(className) is \(number), but must be a finite number")
        }
        return Float(number)
    }

    /// Axes among the settings: one or several.
    func axes(_ key: String = "axis") throws -> [Int] {
        guard let json = settings[key] else { return [0] }
        if let axis = json.integer { return [axis] }
        let axes = try setting(key, nil, "whole numbers") { $0.array?.map(\.integer) }
        return axes.compactMap { $0 }
    }

    func seed() throws -> Int? {
        // Keras may have an object here: a generator of seeds.
        settings["seed"]?.integer
    }
}

extension JSONValue {
    /// The JSON of a setting, null for nil.
    init(setting: (some SettingValue)?) throws { self = try setting?.json ?? .null }
}

extension ActivationFunction: SettingValue {
    static var what: String { "activation" }
    static var module: String { "keras.activations" }
    static var makers: [String: @Sendable (Configuration) throws -> ActivationFunction] { [:] }
}

extension WeightInitializer: SettingValue {
    static var what: String { "initializer" }
    static var module: String { "keras.initializers" }
    static let makers: [String: @Sendable (Configuration) throws -> WeightInitializer] = [
        "Zeros": { _ in .zeros },
        "Ones": { _ in .ones },
        "Constant": { .constant(try $0.float("value", default: 0)) },
        "RandomNormal": {
            .randomNormal(
                mean: try $0.float("mean", default: 0), standardDeviation: try $0.float("stddev", default: 0.05),
                seed: try $0.seed())
        },
        "RandomUniform": {
            .randomUniform(
                minimum: try $0.float("minval", default: -0.05), maximum: try $0.float("maxval", default: 0.05),
                seed: try $0.seed())
        },
        "TruncatedNormal": {
            .truncatedNormal(
                mean: try $0.float("mean", default: 0), standardDeviation: try $0.float("stddev", default: 0.05),
                seed: try $0.seed())
        },
        "VarianceScaling": { try scaling($0) },
        "GlorotUniform": { .glorotUniform(seed: try $0.seed()) },
        "GlorotNormal": { .glorotNormal(seed: try $0.seed()) },
        "HeUniform": { .heUniform(seed: try $0.seed()) },
        "HeNormal": { .heNormal(seed: try $0.seed()) },
        "LecunUniform": { .lecunUniform(seed: try $0.seed()) },
        "LecunNormal": { .lecunNormal(seed: try $0.seed()) },
        // Keras writes the shorter names and reads both.
        "Orthogonal": { .orthogonal(gain: try $0.number("gain", default: 1), seed: try $0.seed()) },
        "OrthogonalInitializer": { .orthogonal(gain: try $0.number("gain", default: 1), seed: try $0.seed()) },
        "Identity": { .identity(gain: try $0.number("gain", default: 1)) },
        "IdentityInitializer": { .identity(gain: try $0.number("gain", default: 1)) },
    ]

    private static func scaling(_ configuration: Configuration) throws -> WeightInitializer {
        let modes: [String: FanMode] = ["fan_in": .fanIn, "fan_out": .fanOut, "fan_avg": .fanAverage]
        let distributions: [String: WeightDistribution] = [
            "uniform": .uniform, "truncated_normal": .truncatedNormal, "untruncated_normal": .normal,
        ]
        let mode = try configuration.string("mode", default: "fan_in")
        let distribution = try configuration.string("distribution", default: "truncated_normal")
        guard let mode = modes[mode] else { throw KerasError.unknownName(mode, "mode", known: Array(modes.keys)) }
        guard let distribution = distributions[distribution] else {
            throw KerasError.unknownName(distribution, "distribution", known: Array(distributions.keys))
        }
        let scale = try configuration.number("scale", default: 1)
        guard scale > 0, scale.isFinite else {
            throw KerasError("\"scale\" of VarianceScaling is \(scale), but must be above 0")
        }
        return .varianceScaling(
            scale: scale, mode: mode, distribution: distribution,
            seed: try configuration.seed())
    }
}

extension WeightRegularizer: SettingValue {
    static var what: String { "regularizer" }
    static var module: String { "keras.regularizers" }
    static let makers: [String: @Sendable (Configuration) throws -> WeightRegularizer] = [
        "L1": { .l1(try $0.float("l1", default: 0.01)) },
        "L2": { .l2(try $0.float("l2", default: 0.01)) },
        "L1L2": { .l1l2(l1: try $0.float("l1", default: 0), l2: try $0.float("l2", default: 0)) },
        "OrthogonalRegularizer": { configuration in
            let mode = try configuration.string("mode", default: "rows")
            guard let lines = Regularizer.Lines(rawValue: mode) else {
                throw KerasError.unknownName(mode, "mode", known: ["rows", "columns"])
            }
            return .orthogonal(try configuration.float("factor", default: 0.01), of: lines)
        },
    ]
}

extension WeightConstraint: SettingValue {
    static var what: String { "constraint" }
    static var module: String { "keras.constraints" }
    static let makers: [String: @Sendable (Configuration) throws -> WeightConstraint] = [
        "MaxNorm": { .maxNorm(try $0.float("max_value", default: 2), axes: try $0.axes()) },
        "NonNeg": { _ in .nonNegative },
        "UnitNorm": { .unitNorm(axes: try $0.axes()) },
        "MinMaxNorm": {
            .minMaxNorm(
                minimum: try $0.float("min_value", default: 0), maximum: try $0.float("max_value", default: 1),
                rate: try $0.float("rate", default: 1), axes: try $0.axes())
        },
    ]
}
