// Programs as text: a StableHLO module, which any XLA plug-in compiles and every StableHLO tool reads.

import Tensors

extension Program: CustomStringConvertible {
    /// The program as a StableHLO module in MLIR's text form, with the function `main`.
    ///
    /// Two instructions mean less there than here: a gather limits indices that are out of range instead of failing, and
    /// a scattered sum leaves them out. Random instructions are calls of `tensorgraph.philox_...`, which a device must
    /// provide; `erf` is CHLO's.
    ///
    ///     module @program {
    ///       func.func public @main(%arg0: tensor<2xf32>) -> (tensor<2xf32>) {
    ///         %1 = stablehlo.tanh %arg0 : tensor<2xf32>
    ///         return %1 : tensor<2xf32>
    ///       }
    ///     }
    package var description: String {
        var printer = Printer(program: self)
        return printer.module()
    }
}

extension ArrayType {
    /// `tensor<3x4xf32>`
    var mlir: String { "tensor<\(self)>" }
}

/// Writes one program.
struct Printer {
    let program: Program
    /// Stands before the number in the names of values, so that those of a nested program differ from those around it.
    private let prefix: String
    /// The names of the arguments.
    private let arguments: [String]
    /// The name of each value so far.
    private var names: [String] = []
    var lines: [String] = []

    init(program: Program) {
        self.init(program: program, prefix: "", arguments: program.parameters.indices.map { "%arg\($0)" })
    }

    private init(program: Program, prefix: String, arguments: [String]) {
        self.program = program
        self.prefix = prefix
        self.arguments = arguments
    }

    mutating func module() -> String {
        writeSteps()
        let parameters = program.parameters.enumerated().map { "%arg\($0): \($1.mlir)" }.joined(separator: ", ")
        let results = program.results.map { program.type(of: $0).mlir }.joined(separator: ", ")
        let returned = program.results.map { names[$0.int] }.joined(separator: ", ")
        lines.append(program.results.isEmpty ? "return" : "return \(returned) : \(results)")
        let body = lines.map { "    \($0)\n" }.joined()
        return """
            module @program {
              func.func public @main(\(parameters)) -> (\(results)) {
            \(body)  }
            }

            """
    }

    // MARK: - Lines

    private mutating func writeSteps() {
        for (index, step) in program.steps.enumerated() { write(step, number: "\(prefix)\(index)") }
    }

    private mutating func write(_ step: Program.Step, number: String) {
        let name = "%\(number)"
        let operands = step.operands.map { names[$0.int] }
        let types = step.operands.map { program.type(of: $0) }
        let all = operands.joined(separator: ", ")
        let signature = "(\(types.map(\.mlir).joined(separator: ", "))) -> \(step.type.mlir)"
        names.append(name)
        func rename(_ other: String) { names[names.count - 1] = other }
        func emit(_ line: String) { lines.append("\(name) = \(line)") }

        switch step.instruction {
        case .parameter(let argument):
            rename(arguments[argument])
        case .constant(let index):
            emit("stablehlo.constant \(dense(program.constants[index])) : \(step.type.mlir)")
        case .iota(let axis):
            emit("stablehlo.iota dim = \(axis) : \(step.type.mlir)")
        case .unary(.abs) where !step.type.dtype.isSigned:
            rename(operands[0])
        case .unary(.sign) where !step.type.dtype.isSigned:
            let one = constant("one\(number)", 1, step.type)
            emit("stablehlo.minimum \(all), \(one) : \(step.type.mlir)")
        case .unary(.isFinite):
            emit("stablehlo.is_finite \(all) : \(signature)")
        case .unary(.erf):
            emit("chlo.erf \(all) : \(step.type.mlir) -> \(step.type.mlir)")
        case .unary(let function):
            emit("stablehlo.\(function.stableHLOName) \(all) : \(step.type.mlir)")
        case .binary(let function):
            emit("stablehlo.\(function.stableHLOName) \(all) : \(step.type.mlir)")
        case .compare(let comparison):
            let order = types[0].dtype.comparisonOrder
            emit("stablehlo.compare \(comparison.stableHLOName), \(all), \(order) : \(signature)")
        case .select:
            emit("stablehlo.select \(all) : \(types[0].mlir), \(step.type.mlir)")
        case .convert:
            emit("stablehlo.convert \(all) : \(signature)")
        case .broadcast(let axes):
            emit("stablehlo.broadcast_in_dim \(all), dims = \(axes) : \(signature)")
        case .reshape:
            emit("stablehlo.reshape \(all) : \(signature)")
        case .transpose(let permutation):
            emit("stablehlo.transpose \(all), dims = \(permutation) : \(signature)")
        case .slice(let starts, let limits, let strides):
            let ranges = starts.indices.map { "\(starts[$0]):\(limits[$0]):\(strides[$0])" }
            emit("stablehlo.slice \(all) [\(ranges.joined(separator: ", "))] : \(signature)")
        case .pad(let low, let high, let interior):
            emit("stablehlo.pad \(all), low = \(low), high = \(high), interior = \(interior) : \(signature)")
        case .concatenate(let axis):
            emit("stablehlo.concatenate \(all), dim = \(axis) : \(signature)")
        case .reverse(let axes):
            emit("stablehlo.reverse \(all), dims = \(axes) : \(step.type.mlir)")
        case .dot(let transposeLeft, let transposeRight):
            let rank = types[0].shape.count
            let batch = Array(0..<(rank - 2))
            let contracting = "[\(transposeLeft ? rank - 2 : rank - 1)] x [\(transposeRight ? rank - 1 : rank - 2)]"
            emit(
                "stablehlo.dot_general \(all), batching_dims = \(batch) x \(batch), "
                    + "contracting_dims = \(contracting) : \(signature)")
        case .reduce(let reducer, let axes):
            let type = ArrayType(step.type.dtype, [])
            let initial = neutral("init\(number)", reducer, type)
            emit(
                "stablehlo.reduce(\(all) init: \(initial)) applies stablehlo.\(reducer.function.stableHLOName) "
                    + "across dimensions = \(axes) : (\(types[0].mlir), \(type.mlir)) -> \(step.type.mlir)")
        case .convolution(let window):
            writeConvolution(window, all, signature, step.type, number: number)
        case .reduceWindow(let reducer, let axes):
            writeReduceWindow(reducer, axes, operands[0], types[0], step.type, number: number)
        case .selectAndScatter(let axes):
            writeSelectAndScatter(axes, all, types, step.type, number: number)
        case .argReduce(let smallest, let axis):
            writeArgReduce(step, operands[0], types[0], smallest: smallest, axis: axis, number: number)
        case .argSort(let axis, let descending, _):
            writeArgSort(step, operands[0], types[0], axis: axis, descending: descending, number: number)
        case .gather(let axis):
            // An axis without elements has no slices to take, and there is nothing to take.
            if types[0].shape[axis] == 0 {
                _ = constant("\(number)", 0, step.type)
            } else {
                writeGather(step, all, types, axis: axis, signature: signature, number: number)
            }
        case .scatterAdd(let axis, _):
            if step.type.count == 0 {
                _ = constant("\(number)", 0, step.type)
            } else {
                writeScatterAdd(step, operands, types, axis: axis, number: number)
            }
        case .random(let distribution):
            emit("stablehlo.custom_call @\(distribution.callName)(\(all)) : \(signature)")
        case .whileLoop(let condition, let body):
            writeLoop(condition.program, body.program, operands, types, number: number)
        case .conditional(let branches):
            writeConditional(branches, operands, types, number: number)
        case .result(let index):
            rename("\(operands[0])#\(index)")
        }
    }

    // MARK: - Nested programs

    /// A loop, whose regions take the carried values as arguments.
    private mutating func writeLoop(
        _ condition: Program, _ body: Program, _ operands: [String], _ types: [ArrayType], number: String
    ) {
        let all = types.map(\.mlir).joined(separator: ", ")
        lines.append("%\(number):\(types.count) = \"stablehlo.while\"(\(operands.joined(separator: ", "))) ({")
        for (region, program) in [("c", condition), ("b", body)] {
            let names = types.indices.map { "%\(region)\(number)_arg\($0)" }
            let arguments = zip(names, types).map { "\($0): \($1.mlir)" }.joined(separator: ", ")
            lines.append("^bb0(\(arguments)):")
            writeRegion(program, prefix: "\(region)\(number)_", arguments: names)
            lines.append(region == "c" ? "}, {" : "}) : (\(all)) -> (\(all))")
        }
    }

    /// A conditional, whose regions see the operands as they are.
    private mutating func writeConditional(
        _ branches: [NestedProgram], _ operands: [String], _ types: [ArrayType], number: String
    ) {
        let results = branches[0].resultTypes
        let name = types[0].dtype == .bool ? "if" : "case"
        lines.append("%\(number):\(results.count) = \"stablehlo.\(name)\"(\(operands[0])) ({")
        for (index, branch) in branches.enumerated() {
            if index > 0 { lines.append("}, {") }
            let prefix = "r\(number)_\(index)_"
            writeRegion(branch.program, prefix: prefix, arguments: Array(operands.dropFirst()))
        }
        lines.append("}) : (\(types[0].mlir)) -> (\(results.map(\.mlir).joined(separator: ", ")))")
    }

    private mutating func writeRegion(_ program: Program, prefix: String, arguments: [String]) {
        var inner = Printer(program: program, prefix: prefix, arguments: arguments)
        inner.writeSteps()
        lines += inner.lines.map { "  " + $0 }
        let returned = program.results.map { inner.names[$0.int] }.joined(separator: ", ")
        let types = program.results.map { program.type(of: $0).mlir }.joined(separator: ", ")
        lines.append("  stablehlo.return \(returned) : \(types)")
    }

    /// The larger (smaller) of two elements with their positions, NaN before numbers, the first of equals.
    private mutating func writeArgReduce(
        _ step: Program.Step, _ operand: String, _ type: ArrayType, smallest: Bool, axis: Int, number: String
    ) {
        let (value, index) = (ArrayType(type.dtype, []), ArrayType(step.type.dtype, []))
        let (values, indices) = (ArrayType(type.dtype, step.type.shape), ArrayType(step.type.dtype, type.shape))
        let first = neutral("init\(number)", smallest ? .minimum : .maximum, value)
        let zero = constant("zero\(number)", 0, index)
        let (v, i, b) = (value.mlir, index.mlir, "tensor<i1>")
        let order = type.dtype.comparisonOrder
        lines += [
            "%iota\(number) = stablehlo.iota dim = \(axis) : \(indices.mlir)",
            "%pair\(number):2 = stablehlo.reduce(\(operand) init: \(first)), (%iota\(number) init: \(zero)) "
                + "across dimensions = [\(axis)] : (\(type.mlir), \(indices.mlir), \(v), \(i)) "
                + "-> (\(values.mlir), \(step.type.mlir))",
            " reducer(%x: \(v), %y: \(v)) (%i: \(i), %j: \(i)) {",
            "  %beats = stablehlo.compare \(smallest ? "LT" : "GT"), %x, %y, \(order) : (\(v), \(v)) -> \(b)",
            "  %equal = stablehlo.compare EQ, %x, %y, \(order) : (\(v), \(v)) -> \(b)",
            "  %xNaN = stablehlo.compare NE, %x, %x, \(order) : (\(v), \(v)) -> \(b)",
            "  %yNaN = stablehlo.compare NE, %y, %y, \(order) : (\(v), \(v)) -> \(b)",
            "  %yNumber = stablehlo.not %yNaN : \(b)",
            "  %onlyX = stablehlo.and %xNaN, %yNumber : \(b)",
            "  %both = stablehlo.and %xNaN, %yNaN : \(b)",
            "  %tie = stablehlo.or %equal, %both : \(b)",
            "  %earlier = stablehlo.compare LT, %i, %j, SIGNED : (\(i), \(i)) -> \(b)",
            "  %tieWon = stablehlo.and %tie, %earlier : \(b)",
            "  %ahead = stablehlo.or %beats, %onlyX : \(b)",
            "  %wins = stablehlo.or %ahead, %tieWon : \(b)",
            "  %value = stablehlo.select %wins, %x, %y : \(b), \(v)",
            "  %index = stablehlo.select %wins, %i, %j : \(b), \(i)",
            "  stablehlo.return %value, %index : \(v), \(i)",
            " }",
        ]
        names[names.count - 1] = "%pair\(number)#1"
    }

    /// A sort of pairs of an element and its position.
    private mutating func writeArgSort(
        _ step: Program.Step, _ operand: String, _ type: ArrayType, axis: Int, descending: Bool, number: String
    ) {
        let (value, index) = (ArrayType(type.dtype, []).mlir, ArrayType(.int32, []).mlir)
        let indices = ArrayType(.int32, type.shape)
        let (order, b) = (type.dtype.comparisonOrder, "tensor<i1>")
        // Which of two elements is the greater: that which is NaN where the other is not.
        let (low, high) = descending ? ("%y", "%x") : ("%x", "%y")
        let whole = step.type.shape == type.shape
        let ranges = step.type.shape.map { "0:\($0):1" }.joined(separator: ", ")
        lines += [
            "%iota\(number) = stablehlo.iota dim = \(axis) : \(indices.mlir)",
            "%pair\(number):2 = \"stablehlo.sort\"(\(operand), %iota\(number)) "
                + "<{dimension = \(axis) : i64, is_stable = true}> ({",
            "^bb0(%x: \(value), %y: \(value), %i: \(index), %j: \(index)):",
            "  %less = stablehlo.compare LT, \(low), \(high), \(order) : (\(value), \(value)) -> \(b)",
            "  %isNumber = stablehlo.compare EQ, \(low), \(low), \(order) : (\(value), \(value)) -> \(b)",
            "  %isNaN = stablehlo.compare NE, \(high), \(high), \(order) : (\(value), \(value)) -> \(b)",
            "  %onlyNaN = stablehlo.and %isNumber, %isNaN : \(b)",
            "  %first = stablehlo.or %less, %onlyNaN : \(b)",
            "  stablehlo.return %first : \(b)",
            "}) : (\(type.mlir), \(indices.mlir)) -> (\(type.mlir), \(indices.mlir))",
        ]
        if whole {
            names[names.count - 1] = "%pair\(number)#1"
        } else {
            lines.append(
                "%\(number) = stablehlo.slice %pair\(number)#1 [\(ranges)] : (\(indices.mlir)) -> \(step.type.mlir)")
        }
    }

    private mutating func writeGather(
        _ step: Program.Step, _ operands: String, _ types: [ArrayType], axis: Int, signature: String, number: String
    ) {
        let rank = types[1].shape.count
        var sliceSizes = types[0].shape
        sliceSizes[axis] = 1
        let offsetDimensions = step.type.shape.indices.filter { $0 < axis || $0 >= axis + rank }
        lines.append(
            "%\(number) = \"stablehlo.gather\"(\(operands)) <{dimension_numbers = #stablehlo.gather<"
                + "offset_dims = \(offsetDimensions), collapsed_slice_dims = [\(axis)], start_index_map = [\(axis)], "
                + "index_vector_dim = \(rank)>, indices_are_sorted = false, "
                + "slice_sizes = array<i64: \(sliceSizes.map(String.init).joined(separator: ", "))>}> : \(signature)")
    }

    private mutating func writeScatterAdd(
        _ step: Program.Step, _ operands: [String], _ types: [ArrayType], axis: Int, number: String
    ) {
        let zeros = constant("zeros\(number)", 0, step.type)
        let scalar = ArrayType(step.type.dtype, []).mlir
        let window = types[0].shape.indices.filter { $0 != axis }
        lines += [
            "%\(number) = \"stablehlo.scatter\"(\(zeros), \(operands[1]), \(operands[0])) <{indices_are_sorted = false, "
                + "scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = \(window), "
                + "inserted_window_dims = [\(axis)], scatter_dims_to_operand_dims = [\(axis)], "
                + "index_vector_dim = 1>, unique_indices = false}> ({",
            " ^bb0(%x: \(scalar), %y: \(scalar)):",
            "  %sum = stablehlo.add %x, %y : \(scalar)",
            "  stablehlo.return %sum : \(scalar)",
            "}) : (\(step.type.mlir), \(types[1].mlir), \(types[0].mlir)) -> \(step.type.mlir)",
        ]
    }

    /// A line that defines `%name` as equal elements.
    mutating func constant(_ name: String, _ value: Double, _ type: ArrayType) -> String {
        let text = type.count == 0 ? "dense<>" : dense(UntypedArray(scalar: value, dtype: type.dtype))
        lines.append("%\(name) = stablehlo.constant \(text) : \(type.mlir)")
        return "%\(name)"
    }

    /// A line that defines `%name` as what the reduction of no elements gives.
    mutating func neutral(_ name: String, _ reducer: Reducer, _ type: ArrayType) -> String {
        let empty = UntypedArray(dtype: type.dtype, shape: [0], storage: ArrayStorage(byteCount: 0))
        let value = Interpreter.reduce(reducer, empty, axes: [0], to: type)
        lines.append("%\(name) = stablehlo.constant \(value.map(dense) ?? "dense<>") : \(type.mlir)")
        return "%\(name)"
    }
}
