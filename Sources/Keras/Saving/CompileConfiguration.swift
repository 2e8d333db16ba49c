// What `compile` was told, as Keras 3's JSON has it: the optimizer with its settings, losses, and metrics by name.

import Synchronization
import Tensors
import Training

extension Model {
    /// What `compile` was told, or nil where Keras's JSON cannot hold it: functions and optimizers of one's own,
    /// schedules.
    var compileConfiguration: JSONValue? {
        guard let settings = training.withLock({ $0.settings }), let optimizer = settings.optimizer.json else {
            return nil
        }
        let losses = settings.losses.map { $0.map(\.json) ?? .some(.null) }
        let metrics = [settings.metrics, settings.weightedMetrics].map { list in
            list.map { metrics in metrics.map(\.json) }
        }
        guard losses.allSatisfy({ $0 != nil }), metrics.joined().joined().allSatisfy({ $0 != nil }) else { return nil }
        let isSingle = losses.count == 1
        func list(_ metrics: [[JSONValue?]]) -> JSONValue {
            if metrics.allSatisfy(\.isEmpty) { return .null }
            let lists = metrics.map { JSONValue.array($0.compactMap { $0 }) }
            return isSingle ? lists[0] : .array(lists)
        }
        let weights = settings.lossWeights
        return [
            "optimizer": optimizer, "loss": isSingle ? losses[0] ?? .null : .array(losses.compactMap { $0 }),
            "loss_weights": weights.allSatisfy { $0 == 1 } ? .null : .array(weights.map { .number(Double($0)) }),
            "metrics": list(metrics[0]), "weighted_metrics": list(metrics[1]), "run_eagerly": false,
            "steps_per_execution": 1, "jit_compile": false,
        ]
    }

    /// Compiles the model as JSON says, where all that it says is known here; else it stays as it is.
    func compile(from json: JSONValue) {
        guard let structure, let optimizer = json["optimizer"].flatMap({ KerasOptimizer(json: $0) }) else { return }
        let count = structure.outputs.count
        guard let loss = json["loss"], let losses = Self.each(loss, count, { Loss(json: $0) }) else { return }
        func metrics(_ key: String) -> [[Metric]]? {
            guard let value = json[key], value != .null else { return Array(repeating: [], count: count) }
            guard let list = value.array else { return nil }
            // One list for each output, or names for the only one.
            let lists = list.allSatisfy { $0.array != nil } && !list.isEmpty ? list.map { $0.array ?? [] } : [list]
            guard lists.count == count else { return nil }
            let made = lists.map { list in list.compactMap { Metric(json: $0) } }
            return zip(made, lists).allSatisfy { $0.count == $1.count } ? made : nil
        }
        guard let plain = metrics("metrics"), let weighted = metrics("weighted_metrics") else { return }
        let weights = json["loss_weights"]?.array?.compactMap(\.number).map { Float($0) }
        try? compile(
            optimizer: optimizer, losses: losses, lossWeights: weights, metrics: plain, weightedMetrics: weighted)
    }

    /// One value for each output; nil among them where an output has none, nil where one is unknown.
    private static func each<Value>(_ json: JSONValue, _ count: Int, _ make: (JSONValue) -> Value?) -> [Value?]? {
        let list = json.array ?? Array(repeating: json, count: count)
        guard list.count == count else { return nil }
        let made = list.map { $0 == .null ? nil : make($0) }
        return zip(list, made).allSatisfy { $0 == .null || $1 != nil } ? made : nil
    }
}

// MARK: - Optimizers

extension KerasOptimizer {
    /// Keras's classes by the names here.
    private static let classes = [
        "sgd": "SGD", "adam": "Adam", "adamw": "AdamW", "adamax": "Adamax", "nadam": "Nadam", "lion": "Lion",
        "adagrad": "Adagrad", "adadelta": "Adadelta", "rmsprop": "RMSprop", "ftrl": "Ftrl",
    ]

    /// It in Keras's JSON; nil for one that it cannot hold.
    var json: JSONValue? {
        let configuration = named.configuration
        guard case .known = named, let className = Self.classes[name],
            configuration.settings["learning_rate"]?.number != nil
        else { return nil }
        var config = configuration.settings
        config["name"] = .string(name)
        return [
            "module": "keras.optimizers", "class_name": .string(className), "config": .object(config),
            "registered_name": nil,
        ]
    }

    /// That of Keras's JSON; nil where it has what is unknown here.
    init?(json: JSONValue) {
        if let name = json.string {
            self.init(name: name)
            guard case .known = named else { return nil }
            return
        }
        guard let className = json["class_name"]?.string, let config = json["config"]?.object else { return nil }
        let settings = Configuration(className, config)
        guard var made = try? Self.made(settings) else { return nil }
        // What keeps gradients small; nothing else that is off by default is known.
        if let limit = config["clipvalue"]?.number { made = made.clippingGradients(.value(limit)) }
        if let limit = config["clipnorm"]?.number { made = made.clippingGradients(.norm(limit)) }
        if let limit = config["global_clipnorm"]?.number { made = made.clippingGradients(.globalNorm(limit)) }
        let isPlain =
            config["use_ema"]?.bool != true && (config["gradient_accumulation_steps"] ?? .null) == .null
            && (className == "AdamW" || (config["weight_decay"] ?? .null) == .null)
        guard isPlain else { return nil }
        self = made
    }

    private static func made(_ settings: Configuration) throws -> KerasOptimizer? {
        let rate = LearningRate(try settings.number("learning_rate", default: 0.001))
        func value(_ key: String, _ usual: Double) throws -> Double { try settings.number(key, default: usual) }
        let epsilon = try value("epsilon", 1e-7)
        let (beta1, beta2) = (try value("beta_1", 0.9), try value("beta_2", 0.999))
        switch settings.className {
        case "SGD":
            return .sgd(
                learningRate: rate, momentum: try value("momentum", 0),
                usesNesterov: try settings.bool("nesterov", default: false))
        case "Adam":
            return .adam(
                learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon,
                usesAmsgrad: try settings.bool("amsgrad", default: false))
        case "AdamW":
            return .adamW(
                learningRate: rate, weightDecay: try value("weight_decay", 0.004), beta1: beta1, beta2: beta2,
                epsilon: epsilon, usesAmsgrad: try settings.bool("amsgrad", default: false))
        case "Adamax": return .adamax(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)
        case "Nadam": return .nadam(learningRate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)
        case "Lion": return .lion(learningRate: rate, beta1: beta1, beta2: try value("beta_2", 0.99))
        case "Adagrad":
            return .adagrad(learningRate: rate, initialAccumulatorValue: try value("initial_accumulator_value", 0.1))
        case "Adadelta": return .adadelta(learningRate: rate, rho: try value("rho", 0.95), epsilon: epsilon)
        case "RMSprop":
            return .rmsprop(
                learningRate: rate, rho: try value("rho", 0.9), momentum: try value("momentum", 0), epsilon: epsilon,
                isCentered: try settings.bool("centered", default: false))
        case "Ftrl":
            return .ftrl(
                learningRate: rate, learningRatePower: try value("learning_rate_power", -0.5),
                initialAccumulatorValue: try value("initial_accumulator_value", 0.1),
                l1: try value("l1_regularization_strength", 0), l2: try value("l2_regularization_strength", 0),
                l2Shrinkage: try value("l2_shrinkage_regularization_strength", 0), beta: try value("beta", 0))
        default: return nil
        }
    }
}

// MARK: - Losses and metrics

extension Loss {
    /// It in Keras's JSON: a name where its settings are the usual ones; nil for one that it cannot hold.
    var json: JSONValue? {
        let configuration = named.configuration
        if Loss(name: name).named.configuration == configuration, case .known = Loss(name: name).named {
            return .string(name)
        }
        guard let className = Self.classes[name] else { return nil }
        return [
            "module": "keras.losses", "class_name": .string(className), "config": .object(configuration.settings),
            "registered_name": nil,
        ]
    }

    /// Those with settings.
    private static let classes = [
        "huber": "Huber", "sparse_categorical_crossentropy": "SparseCategoricalCrossentropy",
        "categorical_crossentropy": "CategoricalCrossentropy", "binary_crossentropy": "BinaryCrossentropy",
    ]

    /// That of Keras's JSON; nil for one that is unknown here.
    init?(json: JSONValue) {
        if let name = json.string {
            self.init(name: name)
            guard case .known = named else { return nil }
            return
        }
        guard let className = json["class_name"]?.string, let config = json["config"]?.object else { return nil }
        let settings = Configuration(className, config)
        let fromLogits = config["from_logits"]?.bool ?? false
        let smoothing = config["label_smoothing"]?.number ?? 0
        switch className {
        case "Huber": self = .huber(delta: config["delta"]?.number ?? 1)
        case "SparseCategoricalCrossentropy":
            self = .sparseCategoricalCrossentropy(
                fromLogits: fromLogits, ignoredClass: try? settings.optionalInteger("ignore_class"))
        case "CategoricalCrossentropy":
            self = .categoricalCrossentropy(fromLogits: fromLogits, labelSmoothing: smoothing)
        case "BinaryCrossentropy": self = .binaryCrossentropy(fromLogits: fromLogits, labelSmoothing: smoothing)
        default:
            // Those without settings are known by name.
            guard config["reduction"]?.string ?? "sum_over_batch_size" == "sum_over_batch_size" else { return nil }
            self.init(name: config["name"]?.string ?? snakeCase(className))
            guard case .known = named else { return nil }
        }
    }
}

extension Metric {
    /// Its name in Keras's JSON; nil for one of one's own.
    var json: JSONValue? {
        let known = Metric(name: name)
        guard case .known(let configuration, _) = known.named, configuration == named.configuration else { return nil }
        return .string(name)
    }

    /// That of Keras's JSON; nil for one that is unknown here.
    init?(json: JSONValue) {
        guard let name = json.string ?? json["config"]?["name"]?.string else { return nil }
        self.init(name: name)
        guard case .known = named else { return nil }
    }
}
