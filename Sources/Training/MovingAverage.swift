// Moving averages of variables, which often do better than their last values.

public import Graphs
public import Operations
public import Tensors

/// Keeps moving averages of variables: `shadow = decay · shadow + (1 - decay) · variable` at each step.
///
///     let average = ExponentialMovingAverage(decay: 0.999)
///     let update = withControlDependencies([train]) { average.apply(to: graph.trainableVariables) }
///     try session.run(update)
///     let value = average.average(of: w)
///
/// - Source: TensorFlow's `train.ExponentialMovingAverage`, whose names the shadow variables have.
public struct ExponentialMovingAverage: Sendable {
    public let decay: Double
    /// A count of steps, with which the decay rises from small to its value; nil for the same decay always.
    public let stepCount: Tensor<Float>?
    /// Whether averages of tensors, which start at 0, are corrected for that.
    public let correctsStart: Bool
    public let name: String

    /// - Parameters:
    ///   - decay: how much of the average stays at each step, from 0 up to, but not 1.
    ///   - stepCount: where given, the decay is `min(decay, (1 + n) / (10 + n))`.
    ///   - correctsStart: whether averages of tensors, which start at 0, are corrected for that (TensorFlow's
    ///     `zero_debias`); those of variables start at the variables' initial values and need none.
    public init(
        decay: Double, stepCount: Tensor<Float>? = nil, correctsStart: Bool = false,
        name: String = "ExponentialMovingAverage"
    ) {
        self.decay = decay
        self.stepCount = stepCount
        self.correctsStart = correctsStart
        self.name = name
    }

    /// A node that takes the variables' values into their averages; it starts averages at the initial values.
    ///
    /// - Errors: a decay that is not from 0 up to 1 is a mistake, as is a variable that is no number with a fraction.
    public func apply(to variables: [AnyVariable]) -> Node {
        guard let graph = variables.first?.graph else { return noOp() }
        checkDecay(in: graph)
        return withGraph(graph) {
            let updates = variables.compactMap { variable -> Node? in
                switch variable.dtype {
                case .float32: return update(variable, Float.self)
                case .float64: return update(variable, Double.self)
                default:
                    graph.report(
                        .unsupported(variable.dtype, accepted: "floating-point numbers"), operation: name,
                        node: variable.name)
                    return nil
                }
            }
            return group(updates, name: name)
        }
    }

    /// A node that takes tensors' values into their averages, which start at 0.
    ///
    /// - Errors: a decay that is not from 0 up to 1 is a mistake, as is a tensor whose shape is not fully known.
    public func apply<Scalar: FloatingElement>(to tensors: [Tensor<Scalar>]) -> Node {
        guard let graph = tensors.first?.graph else { return noOp() }
        checkDecay(in: graph)
        return withGraph(graph) {
            let updates = tensors.compactMap { tensor -> Node? in
                guard let shape = tensor.shape.known else {
                    graph.report(
                        Mistake(
                            "an average needs a fully known shape, but that of \"\(tensor.name)\" is \(tensor.shape)"),
                        operation: name)
                    return nil
                }
                let average = averageName(of: tensor)
                let shadow: Variable<Scalar> = untrained(.zeros, shape, average)
                guard correctsStart else {
                    return shadow.assignSub((shadow.tensor - tensor) * (1 - kept())).node
                }
                // The names of TensorFlow's `moving_averages`.
                let sum: Variable<Scalar> = untrained(.zeros, shape, "\(average)/biased")
                let count: Variable<Scalar> = untrained(.zeros, [], "\(average)/local_step")
                let keep: Tensor<Scalar> = kept()
                let share = 1 - pow(keep, count.assignAdd(1))
                return shadow.assign(sum.assignSub((sum.tensor - tensor) * (1 - keep)) / share).node
            }
            return group(updates, name: name)
        }
    }

    private func update<Scalar: FloatingElement>(_ variable: AnyVariable, _ type: Scalar.Type) -> Node {
        let shadow: Variable<Scalar> = withControlDependencies([]) {
            withExactNameScope("") {
                Variable<Scalar>(initialValue(of: variable), trainable: false, name: averageName(of: variable))
            }
        }
        let now = Tensor<Scalar>(variable.read())
        return shadow.assignSub((shadow.tensor - now) * (1 - kept())).node
    }

    private func untrained<Scalar: FloatingElement>(
        _ initializer: Initializer<Scalar>, _ shape: [Int], _ name: String
    ) -> Variable<Scalar> {
        withControlDependencies([]) {
            withExactNameScope("") { Variable<Scalar>(initializer, shape: shape, trainable: false, name: name) }
        }
    }

    /// How much of an average stays.
    private func kept<Scalar: FloatingElement>() -> Tensor<Scalar> {
        stepCount.map { count in
            cast(minimum((1 + count) / (10 + count), Float(decay)), to: Scalar.self)
        } ?? constant(Scalar(clamping: decay))
    }

    private func checkDecay(in graph: Graph) {
        if !(0..<1).contains(decay) {
            graph.report(Mistake("the decay must be from 0 up to, but not 1, but is \(decay)"), operation: name)
        }
    }

    /// What the variable starts with.
    private func initialValue<Scalar: FloatingElement>(of variable: AnyVariable) -> Tensor<Scalar> {
        if let input = variable.initializer?.record.inputs.last {
            return Tensor(Value(graph: variable.graph, endpoint: input))
        }
        return zeros(variable.shape.known ?? [], in: variable.graph)
    }

    // MARK: Averages

    /// The name of a variable's average, also in checkpoints.
    public func averageName(of variable: AnyVariable) -> String { "\(variable.name)/\(name)" }

    /// The name of a tensor's average, also in checkpoints.
    public func averageName<Scalar>(of tensor: Tensor<Scalar>) -> String { "\(tensor.node.name)/\(name)" }

    /// The average of a variable; nil before `apply`.
    public func average(of variable: AnyVariable) -> AnyVariable? {
        let wanted = averageName(of: variable)
        return variable.graph.variables.first { $0.name == wanted }
    }

    /// The average of a variable; nil before `apply`.
    ///
    ///     let value = try session.run(average.average(of: w)!)
    public func average<Scalar>(of variable: Variable<Scalar>) -> Variable<Scalar>? {
        average(of: AnyVariable(variable))?.as(Scalar.self)
    }

    /// The average of a tensor; nil before `apply`.
    public func average<Scalar>(of tensor: Tensor<Scalar>) -> Variable<Scalar>? {
        let wanted = averageName(of: tensor)
        return tensor.graph.variables.first { $0.name == wanted }?.as(Scalar.self)
    }

    /// For a saver that restores averages into the variables themselves, to be used in their place: each variable by the
    /// name under which its value, or its average, was saved.
    ///
    ///     let saver = Saver(names: average.variablesToRestore())
    ///
    /// - Parameter variables: those that have averages; nil for all trainable ones of the graph. All other variables of the
    ///   graph keep their names.
    public func variablesToRestore(_ variables: [AnyVariable]? = nil, in graph: Graph? = nil) -> [String: AnyVariable] {
        let graph = variables?.first?.graph ?? graph ?? .default
        let averaged = variables ?? graph.trainableVariables
        var names = Dictionary(averaged.map { (averageName(of: $0), $0) }, uniquingKeysWith: { first, _ in first })
        let taken = Set(averaged.map(\.name))
        for variable in graph.variables where !taken.contains(variable.name) && names[variable.name] == nil {
            names[variable.name] = variable
        }
        return names
    }
}
