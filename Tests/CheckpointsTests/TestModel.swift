import Checkpoints
import Files
import Graphs
import Operations
import Sessions
import Tensors

/// A few variables whose values are known for every step, in a session of their own.
struct TestModel {
    let graph = Graph()
    let session: Session
    let weights: Variable<Float>
    let bias: Variable<Double>
    let step: Variable<Int64>
    let flags: Variable<Bool>

    /// - Parameter count: the number of weights.
    init(count: Int = 300) {
        weights = Variable<Float>(.zeros, shape: [count], name: "layer/weights", in: graph)
        bias = Variable<Double>(.zeros, shape: [2, 3], name: "layer/bias", in: graph)
        step = Variable<Int64>(0, trainable: false, name: "global_step", in: graph)
        flags = Variable<Bool>(NDArray([true, false]), trainable: false, name: "flags", in: graph)
        session = Session(graph: graph)
    }

    /// The values that belong to a step.
    func values(_ step: Int) throws -> [(variable: AnyVariable, value: AnyArray)] {
        let count = weights.shape.count ?? 0
        return [
            (
                AnyVariable(weights),
                AnyArray(NDArray((0..<count).map { Float(truncatingIfNeeded: $0 &* 31 &+ step &* 1009) }))
            ),
            (AnyVariable(bias), try array([2, 3], (0..<6).map { Double($0) / 7 + Double(step) })),
            (AnyVariable(self.step), try array([], [Int64(step)])),
            (AnyVariable(flags), try array([2], [step.isMultiple(of: 2), true])),
        ]
    }

    /// Puts the session at a step.
    func setStep(_ step: Int) throws { try session.setValues(try values(step)) }

    /// Whether the session is just as at a step.
    func isAt(_ step: Int) throws -> Bool {
        let found = try session.values(of: try values(step).map(\.variable))
        return zip(found, try values(step)).allSatisfy { $0 == $1.value }
    }

    /// The step that a checkpoint holds, if it holds all values of that step.
    func step(in prefix: String, _ files: any FileSystem) throws -> Int? {
        let reader = try CheckpointReader(prefix, files: files)
        let step = Int(try reader.read("global_step", as: Int64.self).scalar)
        for (variable, value) in try values(step) where try reader.read(variable.name) != value { return nil }
        return step
    }
}

extension Float {
    fileprivate init(truncatingIfNeeded number: Int) { self = Float(number % 100_003) }
}
