// What an operation is: one small value type with its attributes, type rule, gradient and lowering side by side.
// Nothing has a default, so a forgotten rule does not compile.

package import Programs
package import Tensors

/// An operation of TensorFlow's op set, with its attributes.
package protocol Operation: Sendable {
    /// TensorFlow's name of the op, such as `MatMul`.
    var name: String { get }
    /// The attributes, as TensorFlow's NodeDef has them.
    var attributes: [Attribute] { get }
    /// How it touches what lives longer than a run.
    var effect: Effect { get }
    /// How many outputs it has, whatever its inputs.
    var outputCount: Int { get }

    /// The types of the outputs; unknown dimensions of the inputs give unknown dimensions of the outputs.
    ///
    /// - Errors: a `Mistake` where the inputs do not fit. It is also called with fully known shapes before a run, so
    ///   every shape mistake that a rule can see reads the same early and late.
    func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType]

    /// The gradients of the inputs from those of the outputs, as more nodes.
    func gradient(_ context: GradientContext) -> Gradient

    /// The outputs as values of the program that is being built, one for each output (none for a handle).
    func lower(_ context: LoweringContext) throws -> [ValueID]
}

/// How an operation touches what lives longer than a run.
package enum Effect: Hashable, Sendable {
    /// Not at all: equal inputs give equal outputs.
    case none
    /// It is the handle of a variable.
    case handle
    /// It reads the variable whose handle is this input.
    case reads(input: Int)
    /// It changes the variables whose handles are these inputs.
    case updates(inputs: [Int])
    /// It draws from a random stream of its own.
    case random
}

/// What a type rule may know of the inputs.
package struct InputTypes {
    package let types: [TensorType]
    private let constantAt: (Int) -> UntypedArray?
    private let measuredAt: (Int) -> Shape?
    private let variableAt: (Int) -> String?

    /// - Parameters:
    ///   - constantAt: the value of an input, where it is constant.
    ///   - measuredAt: what is known of the shape whose dimensions an input holds (see `ShapeOperation`).
    ///   - variableAt: the variable that an input reads, by name and place.
    package init(
        _ types: [TensorType], measuredAt: @escaping (Int) -> Shape? = { _ in nil },
        variableAt: @escaping (Int) -> String? = { _ in nil }, constantAt: @escaping (Int) -> UntypedArray?
    ) {
        self.types = types
        self.measuredAt = measuredAt
        self.variableAt = variableAt
        self.constantAt = constantAt
    }

    package var count: Int { types.count }
    package subscript(index: Int) -> TensorType { types[index] }

    /// The value of input `index`, where it is constant.
    package func constant(_ index: Int) -> UntypedArray? { constantAt(index) }

    /// The value of input `index` as integers, where it is a constant array of integers.
    package func integers(_ index: Int) -> [Int]? { constantAt(index)?.integers }

    /// What is known of the shape that input `index` holds as a vector of sizes: all where it is constant, much where
    /// it is the shape of a tensor, else at most the rank.
    package func sizes(_ index: Int) -> Shape {
        if let sizes = integers(index) { return Shape(sizes) }
        guard types[index].shape.rank == 1 else { return .unknown }
        return measuredAt(index) ?? types[index].shape[0].map(Shape.unknown(rank:)) ?? .unknown
    }

    /// `variable "W2" (model.swift:17)`, where input `index` is read from a variable.
    package func variable(_ index: Int) -> String? { variableAt(index) }

    /// Checks the number of inputs.
    package func require(count expected: Int) throws(Mistake) {
        if types.count != expected { throw .wrongCount(expected: expected, found: types.count) }
    }
}

/// A constant, whose value other type rules may use.
package protocol ConstantOperation: Operation {
    var array: UntypedArray { get }
}

/// An operation whose output types are guesses, because nothing here knows it: what follows from them is not checked
/// while the graph is built.
package protocol UncheckedOperation: Operation {}

/// An operation whose output, where it is a vector, holds the dimensions of its first input.
package protocol ShapeOperation: Operation {}

/// An operation that draws random numbers: from the stream of its two seeds, or, where both are 0, from one that
/// differs in every session.
package protocol RandomOperation: Operation {
    var seeds: (Int, Int) { get }
}

/// The gradient of an operation.
package enum Gradient {
    /// There is none, and why: shown to the user whose loss depends on it.
    case none(reason: String)
    /// There is one, which cannot be made here, and why. To leave it out would be wrong, so it is always a mistake.
    case refused(reason: String)
    /// One for each input; nil where the output does not depend on it (such as an input of indices).
    case inputs([Value?])
}

/// What a gradient rule works with.
package struct GradientContext {
    /// The inputs and outputs of the node.
    package let inputs: [Value]
    package let outputs: [Value]
    /// The gradient of each output, nil where nothing depends on it.
    package let outputGradients: [Value?]
    /// Whether the gradient of each input is wanted at all.
    package let isWanted: [Bool]
    let arithmetic: any GradientArithmetic

    /// The gradient of output 0, for operations with one output.
    ///
    /// A rule is called only where some output has a gradient, so for them it is always there.
    package var outputGradient: Value { outputGradients.lazy.compactMap { $0 }.first ?? outputs[0] }

    /// The gradient of an operation that is only a name for other operations: theirs.
    package func ofDecomposition(_ build: ([Value]) -> [Value]) -> Gradient {
        let results = build(inputs)
        let wanted = inputs.indices.filter { isWanted[$0] }
        let found = reverseWalk(
            of: results, seeds: outputGradients, with: wanted.map { inputs[$0] }, stopping: [], arithmetic: arithmetic,
            skipsWithoutSeed: true)
        var gradients = [Value?](repeating: nil, count: inputs.count)
        if let refusal = found.refusals.first { return .refused(reason: refusal.reason) }
        for (index, gradient) in zip(wanted, found.gradients) { gradients[index] = gradient }
        return .inputs(gradients)
    }
}

/// What a lowering works with.
package struct LoweringContext {
    package let builder: ProgramBuilder
    /// The values of the inputs. A handle has none: its place holds no meaningful value.
    package let operands: [ValueID]
    /// The types of the outputs for the inputs' concrete shapes.
    package let outputTypes: [TensorType]
    /// The node that is lowered and, for handles, the nodes its inputs come from.
    package let node: NodeID
    package let inputNodes: [NodeID]
    /// Which inputs are handles of variables.
    let isHandle: [Bool]
    /// The record of the node that is lowered.
    let caller: NodeRecord
    let state: any LoweringState

    package func type(_ index: Int) -> ArrayType { builder.type(of: operands[index]) }
    package func shape(_ index: Int) -> [Int] { builder.shape(of: operands[index]) }

    /// The constant integers of input `index`: axes, sizes, permutations.
    ///
    /// - Errors: a `Mistake` where they depend on the data of a run.
    package func integers(_ index: Int, _ what: String) throws(Mistake) -> [Int] {
        if let integers = builder.constantValue(operands[index])?.integers { return integers }
        throw Mistake(
            "\(what) must not depend on the values that are fed: programs have static shapes",
            hint: "make it a constant, or compute it from shapes alone")
    }

    /// The concrete shape of output `index`.
    package func outputShape(_ index: Int = 0) throws(Mistake) -> [Int] {
        if let shape = outputTypes[index].shape.known { return shape }
        throw Mistake("the shape of output \(index), \(outputTypes[index].shape), depends on the values that are fed")
    }

    /// The value of the variable whose handle is input `input`, as this node sees it.
    package func readVariable(input: Int) throws -> ValueID {
        try state.read(variable: inputNodes[input], by: node)
    }

    /// Gives the variable whose handle is input `input` a new value.
    package func writeVariable(input: Int, _ value: ValueID) throws {
        try state.write(variable: inputNodes[input], by: node, value)
    }

    /// The state of this node's own random stream; `samples` 128-bit samples of it are used up by a run.
    package func randomState(samples: Int) throws -> ValueID {
        try state.randomState(of: node, samples: samples)
    }

    /// Lowers an operation that is only a name for other operations as those.
    package func lowerDecomposition(_ build: ([Value]) -> [Value]) throws -> [ValueID] {
        let scratch = Graph()
        let types = operands.map { builder.type(of: $0) }
        let arguments = types.map { scratch.argument(TensorType($0.dtype, Shape($0.shape))) }
        let results = scratch.asDefault { build(arguments) }
        try scratch.requireSound()
        var lowering = GraphLowering(graph: scratch, builder: builder, state: state, isScratch: true)
        for (argument, operand) in zip(arguments, operands) { lowering.define(argument.endpoint, operand) }
        return try results.map { result in try lowering.value(of: result.endpoint) }
    }
}

/// The types of an operation that is only a name for other operations: theirs.
package func typesOfDecomposition(
    _ inputs: InputTypes, _ build: ([Value]) -> [Value]
) throws(Mistake) -> [TensorType] {
    let scratch = Graph()
    let arguments = inputs.types.indices.map { index in
        inputs.constant(index).map { scratch.argument(inputs[index], constant: $0) } ?? scratch.argument(inputs[index])
    }
    let results = scratch.asDefault { build(arguments) }
    if let first = scratch.diagnostics.first { throw Mistake(first.message, hint: first.hint) }
    return results.map(\.type)
}

/// State that a lowering reads and writes; the session's planner keeps it.
package protocol LoweringState: AnyObject {
    func read(variable: NodeID, by node: NodeID) throws -> ValueID
    func write(variable: NodeID, by node: NodeID, _ value: ValueID) throws
    func randomState(of node: NodeID, samples: Int) throws -> ValueID
    /// The tag of the steps that are made for a node of a function's body, which the node of tag `tag` calls.
    func tag(for record: NodeRecord, calledBy tag: Int32) -> Int32
}

extension LoweringState {
    package func tag(for record: NodeRecord, calledBy tag: Int32) -> Int32 { tag }
}
