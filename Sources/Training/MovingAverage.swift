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
    public let name: String

    /// - Parameters:
    ///   - decay: how much of the average stays at each step, from 0 up to, but not 1.
    ///   - stepCount: where given, the decay is `min(decay, (1 + n) / (10 + n))`.
    public init(
        decay: Double, stepCount: Tensor<Float>? = nil, name: String = "ExponentialMovingAverage"
    ) {
        self.decay = decay
        self.stepCount = stepCount
        self.name = name
    }

    /// A node that takes the variables' values into their averages; it starts averages at the initial values.
    ///
    /// - Errors: a decay that is not from 0 up to 1 is a mistake, as is a variable that is no number with a fraction.
    public func apply(to variables: [AnyVariable]) -> Node {
        guard let graph = variables.first?.graph else { return noOp() }
        if !(0..<1).contains(decay) {
            graph.report(
                Mistake("the decay must be from 0 up to, but not 1, but is \(decay)"), operation: name)
        }
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

    private func update<Scalar: FloatingElement>(_ variable: AnyVariable, _ type: Scalar.Type) -> Node {
        let shadow: Variable<Scalar> = withControlDependencies([]) {
            withExactNameScope("") {
                Variable<Scalar>(
                    initialValue(of: variable), trainable: false, name: "\(variable.name)/\(name)")
            }
        }
        let now = Tensor<Scalar>(variable.read())
        let keep: Tensor<Scalar> =
            stepCount.map { count in
                cast(minimum((1 + count) / (10 + count), Float(decay)), to: Scalar.self)
            } ?? constant(Scalar(clamping: decay), in: variable.graph)
        return shadow.assignSub((shadow.tensor - now) * (1 - keep)).node
    }

    /// What the variable starts with.
    private func initialValue<Scalar: FloatingElement>(of variable: AnyVariable) -> Tensor<Scalar> {
        if let input = variable.initializer?.record.inputs.last {
            return Tensor(Value(graph: variable.graph, endpoint: input))
        }
        return zeros(variable.shape.known ?? [], in: variable.graph)
    }

    /// The average of a variable; nil before `apply`.
    public func average(of variable: AnyVariable) -> AnyVariable? {
        let wanted = "\(variable.name)/\(name)"
        return variable.graph.variables.first { $0.name == wanted }
    }

    /// The average of a variable; nil before `apply`.
    public func average<Scalar>(of variable: Variable<Scalar>) -> AnyVariable? { average(of: AnyVariable(variable)) }
}
