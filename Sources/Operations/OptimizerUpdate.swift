// The operations with which optimizers change variables: all rules follow from the rows in UpdateRules.

package import Graphs
package import Programs
package import Tensors

/// An optimizer's update of one variable, as one operation.
///
/// Its inputs are those of TensorFlow's operation. In the sparse form, indices follow the gradient: those of the rows that
/// the gradient's rows belong to. Rows with the same index are added up first, and rows without gradient stay as they
/// are, slots included.
package struct OptimizerUpdate: Operation {
    package let rule: UpdateRule
    /// The type of the variable's value.
    package let type: TensorType
    /// The type of the indices in the sparse form.
    package let indexType: DType?
    private let flags: [Bool]

    /// - Parameters:
    ///   - flags: the attributes that change the formula, such as `use_nesterov`, in the order of the rule's row; nil for
    ///     their defaults.
    package init(_ rule: UpdateRule, type: TensorType, indexType: DType? = nil, flags: [Bool]? = nil) {
        self.rule = rule
        self.type = type
        self.indexType = indexType
        self.flags = flags ?? rule.row.flags.map(\.isSet)
    }

    package var name: String { "Resource" + (indexType == nil ? "Apply" : "SparseApply") + rule.rawValue }
    package var attributes: [Attribute] {
        [Attribute("T", .type(type.dtype))] + (indexType.map { [Attribute("Tindices", .type($0))] } ?? [])
            + [Attribute("use_locking", .bool(false))]
            + zip(rule.row.flags, flags).map { Attribute($0.name, .bool($1)) }
    }
    package var effect: Effect { .updates(inputs: Array(0..<rule.variableCount)) }
    package var outputCount: Int { 0 }

    /// What stands at each input; nil for the indices.
    private var inputs: [UpdateInput?] {
        rule.row.inputs.flatMap { input -> [UpdateInput?] in
            if case .gradient = input, indexType != nil { [input, nil] } else { [input] }
        }
    }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        let expected = self.inputs
        try inputs.require(count: expected.count)
        if !type.dtype.isFloating { throw .unsupported(type.dtype, accepted: "floating-point numbers") }
        for (index, input) in expected.enumerated() {
            switch input {
            case .variable: try inputs.requireHandle(index)
            case .number(let name): try inputs.requireNumber(index, name, type)
            case .gradient: try inputs.requireGradient(index, type, isSparse: indexType != nil)
            case nil: try inputs.requireIntegers(index, "the indices", maximumRank: 1)
            }
        }
        return []
    }

    package func gradient(_ context: GradientContext) -> Gradient { .none(reason: "an update has no value") }

    package func lower(_ context: LoweringContext) throws -> [ValueID] {
        let builder = context.builder
        var variables: [ProgramNumber] = []
        var numbers: [ProgramNumber] = []
        var gradient: ValueID?
        var indices: ValueID?
        for (index, input) in inputs.enumerated() {
            switch input {
            case .variable: variables.append(ProgramNumber(builder, try context.readVariable(input: index)))
            case .number: numbers.append(ProgramNumber(builder, context.operands[index]))
            case .gradient: gradient = context.operands[index]
            case nil: indices = context.operands[index]
            }
        }
        guard let gradient, let trained = variables.first else { return [] }
        var dense = ProgramNumber(builder, gradient)
        var touched: ValueID?
        if let indices {
            (dense, touched) = try rows(gradient, indices, of: trained.shape, builder)
        }
        let news = try rule.row.formula(
            UpdateValues(variables: variables, numbers: numbers, gradient: dense, flags: flags))
        for (index, (old, new)) in zip(variables, news).enumerated() where old.id != new.id {
            let kept = try touched.map { try builder.select($0, new.id, old.id) } ?? new.id
            try context.writeVariable(input: index, kept)
        }
        return []
    }

    /// A sparse gradient in the variable's shape, and which elements belong to rows that it touches.
    private func rows(
        _ gradient: ValueID, _ indices: ValueID, of shape: [Int], _ builder: ProgramBuilder
    ) throws -> (ProgramNumber, ValueID) {
        let range = shape.first ?? 0
        let sum = try builder.add(.scatterAdd(axis: 0, range: range), [gradient, indices])
        let count = builder.shape(of: indices).first ?? 0
        let ones = try builder.filled(1, ArrayType(type.dtype, [count]))
        let counts = try builder.add(.scatterAdd(axis: 0, range: range), [ones, indices])
        let isTouched = try builder.compare(.greater, counts, builder.filled(0, ArrayType(type.dtype, [range])))
        return (ProgramNumber(builder, sum), try builder.broadcast(isTouched, to: shape, axes: [0]))
    }
}

extension InputTypes {
    /// Checks that an input is a single number of the variable's type.
    fileprivate func requireNumber(_ index: Int, _ name: String, _ type: TensorType) throws(Mistake) {
        if self[index].dtype != type.dtype { throw .dtypesDiffer(type.dtype, self[index].dtype) }
        if !self[index].shape.isCompatible(with: .scalar) {
            throw Mistake("\(name) has shape \(self[index].shape), but must be a single number")
        }
    }

    /// Checks that an input has the variable's type and shape, in the sparse form but for the number of rows.
    fileprivate func requireGradient(_ index: Int, _ type: TensorType, isSparse: Bool) throws(Mistake) {
        if self[index].dtype != type.dtype { throw .dtypesDiffer(type.dtype, self[index].dtype) }
        var expected = type.shape
        if isSparse, let dimensions = expected.dimensions { expected = Shape([nil] + dimensions.dropFirst()) }
        if !self[index].shape.isCompatible(with: expected) {
            throw .shapesDiffer(expected, self[index].shape, what: "the shapes of the variable and of its gradient")
        }
    }
}

// MARK: - From files

extension OptimizerUpdate: DecodableOperation {
    package static var operationNames: [String] {
        UpdateRule.allCases.flatMap { rule in
            ["ResourceApply\(rule.rawValue)"] + (rule.hasSparseForm ? ["ResourceSparseApply\(rule.rawValue)"] : [])
        }
    }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        let isSparse = node.operation.hasPrefix("ResourceSparse")
        let name = node.operation.dropFirst((isSparse ? "ResourceSparseApply" : "ResourceApply").count)
        guard let rule = UpdateRule(rawValue: String(name)) else {
            throw .unsupported("the op \(node.operation) is not known")
        }
        var flags: [Bool] = []
        for (name, isSet) in rule.row.flags { flags.append(try node.bool(name, default: isSet)) }
        self.init(
            rule, type: try node.variable(0, dtype: "T"),
            indexType: isSparse ? try node.dtype("Tindices", default: .int32) : nil, flags: flags)
    }
}

// MARK: - Adding nodes

/// The gradient of a variable, or of some of its rows.
package enum UpdateGradient {
    case dense(Value)
    /// Rows of a gradient and the rows of the variable they belong to.
    case rows(Value, indices: Value)
}

/// Adds the update of a variable.
///
/// - Parameters:
///   - slots: the variables that the rule keeps beside the trained one, in its order.
///   - numbers: the rule's numbers, in its order.
package func makeUpdate(
    _ rule: UpdateRule, _ variable: AnyVariable, slots: [Value], numbers: [Value], gradient: UpdateGradient,
    flags: [Bool]? = nil
) -> Node {
    var (variables, numbers) = (([variable.handle] + slots)[...], numbers[...])
    var indexType: DType?
    var inputs: [Value] = []
    for input in rule.row.inputs {
        switch input {
        case .variable: inputs += variables.popFirst().map { [$0] } ?? []
        case .number: inputs += numbers.popFirst().map { [$0] } ?? []
        case .gradient:
            switch gradient {
            case .dense(let value): inputs.append(value)
            case .rows(let value, let indices):
                inputs += [value, indices]
                indexType = indices.dtype
            }
        }
    }
    return makeNode(OptimizerUpdate(rule, type: variable.type, indexType: indexType, flags: flags), inputs)
}

/// The rows that a gradient consists of, where it is the sum of what gathers give back: rows of values, flat indices.
package func gradientRows(_ gradient: Value) -> (values: Value, indices: Value)? {
    let record = gradient.node.record
    guard record.isSound else { return nil }
    let inputs = record.inputs.map { Value(graph: gradient.graph, endpoint: $0) }
    if record.operation is UnsortedSegmentSum, inputs.count == 3, let extents = gradient.shape.known {
        let rest = Array(extents.dropFirst())
        return (
            makeReshape(inputs[0], shape: integerConstant([-1] + rest, in: gradient.graph)),
            makeReshape(inputs[1], shape: integerConstant([-1], in: gradient.graph))
        )
    }
    // Several gathers from one variable.
    guard record.operation is AddN, inputs.count <= 64 else { return nil }
    var parts: [(values: Value, indices: Value)] = []
    for input in inputs {
        guard input.node.record.operation is UnsortedSegmentSum, let part = gradientRows(input) else { return nil }
        parts.append(part)
    }
    guard let first = parts.first, parts.allSatisfy({ $0.indices.dtype == first.indices.dtype }) else { return nil }
    func joined(_ values: [Value]) -> Value {
        let axis = integerConstant(0, in: gradient.graph)
        return makeValue(Concatenation(dtype: values[0].dtype, count: values.count), values + [axis])
    }
    return parts.count == 1 ? first : (joined(parts.map(\.values)), joined(parts.map(\.indices)))
}

/// A gradient of a variable from its rows.
package func gradient(ofRows values: Value, indices: Value, count: Int) -> Value {
    let size = integerConstant(count, in: values.graph)
    return makeValue(
        UnsortedSegmentSum(dtype: values.dtype, indexType: indices.dtype, countType: size.dtype),
        [values, indices, size])
}
