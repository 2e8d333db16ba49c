// Einstein sums, as products of batches of matrices.

public import Graphs
public import Tensors

/// Products of operands, summed over the axes that the result does not have.
///
/// - Gradient: that of the products it is made of.
package struct Einsum: CompositeOperation {
    let dtype: DType
    let equation: String
    package let inputCount: Int
    private let parsed: Result<EinsumEquation, Mistake>

    package init(dtype: DType, equation: String, count: Int) {
        self.dtype = dtype
        self.equation = equation
        inputCount = count
        parsed = Result { () throws(Mistake) in try EinsumEquation(equation) }
    }

    package var name: String { "Einsum" }
    package var attributes: [Attribute] {
        [Attribute("equation", .string(equation)), Attribute("N", .int(inputCount)), Attribute("T", .type(dtype))]
    }
    package var outputCount: Int { 1 }

    package func outputTypes(_ inputs: InputTypes) throws(Mistake) -> [TensorType] {
        try inputs.require(count: inputCount)
        let equation = try parsed.get()
        if equation.operandCount != inputCount {
            throw Mistake("\"\(self.equation)\" has \(equation.operandCount) operands, but \(inputCount) are given")
        }
        if !dtype.isNumeric { throw .unsupported(dtype, accepted: "numbers") }
        for type in inputs.types where type.dtype != dtype { throw .dtypesDiffer(dtype, type.dtype) }
        let ranks = inputs.types.compactMap(\.shape.rank)
        guard ranks.count == inputCount else {
            return [TensorType(dtype, equation.resultRank.map(Shape.unknown(rank:)) ?? .unknown)]
        }
        let labels = try equation.labels(ranks: ranks)
        var extents: [EinsumEquation.Label: Int] = [:]
        for (operand, type) in zip(labels, inputs.types) {
            for (label, extent) in zip(operand, type.shape.extents ?? []) where extent >= 0 {
                guard let known = extents[label] else {
                    extents[label] = extent
                    continue
                }
                if known == extent { continue }
                // What `...` stands for broadcasts.
                guard case .ellipsis = label, known == 1 || extent == 1 else {
                    throw Mistake("axis \(label.name) has size \(known) in one operand and \(extent) in another")
                }
                extents[label] = max(known, extent)
            }
        }
        // A dimension of 1 may become larger by one that is not known.
        let isOpen = zip(labels, inputs.types).flatMap { operand, type in
            zip(operand, type.shape.extents ?? []).filter { $0.1 < 0 }.map(\.0)
        }
        for label in isOpen where extents[label] == 1 { extents[label] = -1 }
        return [TensorType(dtype, Shape(extents: equation.resultLabels(labels).map { extents[$0] ?? -1 }))]
    }

    package func gradient(_ context: GradientContext) -> Gradient {
        if context.inputs.contains(where: { $0.shape.rank == nil }) {
            return .refused(reason: "the gradient of Einsum needs known ranks")
        }
        return context.ofDecomposition(decomposed)
    }

    package func decomposed(_ inputs: [Value]) -> [Value] {
        let ranks = inputs.compactMap(\.shape.rank)
        guard case .success(let equation) = parsed, ranks.count == inputs.count, !inputs.isEmpty,
            let labels = try? equation.labels(ranks: ranks)
        else {
            return [makeValue(Misuse(of: "Einsum", Mistake("needs operands of known ranks")), inputs)]
        }
        let result = equation.resultLabels(labels)
        var terms = zip(inputs, labels).map { EinsumTerm(value: $0, labels: $1) }[...]
        var product = terms.removeFirst()
        while let next = terms.popFirst() {
            // What the result or a later operand has stays.
            product = product.times(next, keeping: Set(result + terms.flatMap(\.labels)))
        }
        return [product.summed(keeping: Set(result)).arranged(result)]
    }
}

/// A tensor whose axes have labels.
private struct EinsumTerm {
    let value: Value
    let labels: [EinsumEquation.Label]

    /// Without the axes that are not kept.
    func summed(keeping kept: Set<EinsumEquation.Label>) -> EinsumTerm {
        let axes = labels.indices.filter { !kept.contains(labels[$0]) }
        if axes.isEmpty { return self }
        return EinsumTerm(value: reduce(.sum, value, axes: axes), labels: labels.filter(kept.contains))
    }

    /// With the axes in an order.
    func arranged(_ order: [EinsumEquation.Label]) -> Value {
        let permutation = order.compactMap { labels.firstIndex(of: $0) }
        if permutation == Array(labels.indices) { return value }
        return makeTranspose(value, integerConstant(permutation, in: value.graph))
    }

    /// The product, summed over what both have and nothing needs.
    func times(_ other: EinsumTerm, keeping kept: Set<EinsumEquation.Label>) -> EinsumTerm {
        let left = summed(keeping: kept.union(other.labels))
        let right = other.summed(keeping: kept.union(labels))
        let shared = left.labels.filter(right.labels.contains)
        let (batch, contracted) = (shared.filter(kept.contains), shared.filter { !kept.contains($0) })
        let rows = left.labels.filter { !shared.contains($0) }
        let columns = right.labels.filter { !shared.contains($0) }
        let result = batch + rows + columns
        if contracted.isEmpty {
            var (a, b) = (left.arranged(batch + rows), right.arranged(batch + columns))
            for _ in columns { a = makeExpansion(a, at: -1) }
            for _ in rows { b = makeExpansion(b, at: batch.count) }
            return EinsumTerm(value: a * b, labels: result)
        }
        let (a, b) = (left.arranged(batch + rows + contracted), right.arranged(batch + contracted + columns))
        let (first, second) = (batch.count, batch.count + rows.count)
        let matrixA = merged(a, batch: first, split: second)
        let matrixB = merged(b, batch: first, split: first + contracted.count)
        let product =
            batch.isEmpty
            ? makeValue(MatMul(dtype: a.dtype), [matrixA, matrixB])
            : makeValue(BatchMatMul(dtype: a.dtype), [matrixA, matrixB])
        if rows.count == 1, columns.count == 1 { return EinsumTerm(value: product, labels: result) }
        // The batch of the product is broadcast, so its sizes are read there.
        let sizes =
            (0..<first).map { size(product, $0) } + (first..<second).map { size(a, $0) }
            + ((first + contracted.count)..<(b.shape.rank ?? 0)).map { size(b, $0) }
        return EinsumTerm(value: reshaped(product, sizes), labels: result)
    }

    /// With the axes from `batch` up to `split` as one, and those from there on as another.
    private func merged(_ x: Value, batch: Int, split: Int) -> Value {
        let rank = x.shape.rank ?? 0
        if split - batch == 1, rank - split == 1 { return x }
        func product(_ axes: Range<Int>) -> Size {
            axes.map { size(x, $0) }.reduce(.known(1)) { $0 * $1 }
        }
        return reshaped(x, (0..<batch).map { size(x, $0) } + [product(batch..<split), product(split..<rank)])
    }

    private func reshaped(_ x: Value, _ sizes: [Size]) -> Value {
        let known = sizes.compactMap(\.number)
        if known.count == sizes.count { return makeReshape(x, shape: known) }
        if known.count + 1 == sizes.count, !known.contains(0) {
            return makeReshape(x, shape: sizes.map { $0.number ?? -1 })
        }
        return makeReshape(x, shape: makePack(sizes.map { $0.value(in: x.graph) }, axis: 0))
    }

    private func size(_ x: Value, _ axis: Int) -> Size {
        x.shape[axis].map(Size.known) ?? .computed(makePart(makeShape(x), axis: 0, at: axis))
    }
}

/// A size that is known, or that the graph computes.
private enum Size {
    case known(Int)
    case computed(Value)

    var number: Int? { if case .known(let number) = self { number } else { nil } }

    func value(in graph: Graph) -> Value {
        switch self {
        case .known(let number): integerConstant(number, in: graph)
        case .computed(let value): value
        }
    }

    static func * (left: Size, right: Size) -> Size {
        switch (left, right) {
        case (.known(1), let other), (let other, .known(1)): return other
        case (.known(let x), .known(let y)):
            // More than memory can hold is refused by the type rule of what is multiplied.
            let (product, overflows) = x.multipliedReportingOverflow(by: y)
            return .known(overflows ? .max : product)
        case (.computed(let x), let other): return .computed(x * other.value(in: x.graph))
        case (let other, .computed(let y)): return .computed(other.value(in: y.graph) * y)
        }
    }
}

// MARK: - Public functions

/// Products of operands, summed over the axes that the result does not have.
///
///     einsum("ij,jk->ik", a, b)                     // a matrix product
///     einsum("bqhd,bkhd->bhqk", queries, keys)      // the scores of attention
///
/// - Parameters:
///   - equation: for each operand a letter for each axis; after `->` those of the result. Axes of one letter are the same
///     one. `...` stands for any number of leading axes, which broadcast. Without `->` the result has the letters that
///     are named once, in alphabetical order.
/// - Errors: an equation that does not fit the operands, or takes a diagonal, is a mistake.
/// - Gradient: that of the products.
/// - Source: TensorFlow's `einsum`.
public func einsum<Scalar: NumericElement>(
    _ equation: String, _ operands: Tensor<Scalar>..., name: String? = nil
) -> Tensor<Scalar> {
    einsum(equation, operands, name: name)
}

/// See the form with several arguments.
public func einsum<Scalar: NumericElement>(
    _ equation: String, _ operands: [Tensor<Scalar>], name: String? = nil
) -> Tensor<Scalar> {
    let single = Einsum(dtype: Scalar.dtype, equation: equation, count: operands.count)
    guard let parsed = try? EinsumEquation(equation), parsed.operandCount == operands.count, let first = operands.first
    else { return makeTensor(single, operands.map(\.value), name: name) }
    // The op itself takes two operands, and its equation has an arrow.
    return inNodeScope(name, "Einsum", of: first.graph) { name in
        var (values, rest) = (operands.map(\.value), parsed)
        while let (pair, next) = rest.firstProduct, let remaining = try? EinsumEquation(next) {
            let product = makeValue(Einsum(dtype: Scalar.dtype, equation: pair, count: 2), Array(values.prefix(2)))
            values.replaceSubrange(0..<2, with: [product])
            rest = remaining
        }
        return makeTensor(
            Einsum(dtype: Scalar.dtype, equation: rest.text, count: values.count), values, name: name)
    }
}

// MARK: - From files

extension Einsum: DecodableOperation {
    package static var operationNames: [String] { ["Einsum"] }

    package init(_ node: NodeDescription) throws(DecodingMistake) {
        self.init(
            dtype: try node.dtype("T"), equation: try node.string("equation", default: ""),
            count: try node.count("N"))
    }
}
