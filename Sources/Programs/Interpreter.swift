// The meaning of programs: each instruction evaluated plainly, one element at a time. It folds constants while a
// program is built and is the oracle that devices are tested against, so it is written to be read, not to be fast.
// It knows nothing of devices.

package import Tensors

/// Why a program could not be interpreted.
package enum InterpreterError: Error, Equatable, CustomStringConvertible {
    /// The arguments do not have the types of the program's parameters.
    case argumentMismatch(expected: [ArrayType], actual: [ArrayType])
    /// The data of this step are bad: an integer division by zero or an index out of range.
    case badData(step: Int, instruction: Instruction)

    package var description: String {
        switch self {
        case .argumentMismatch(let expected, let actual):
            "the program takes arguments of types \(expected), but was given \(actual)"
        case .badData(let step, let instruction):
            "step \(step), \(instruction): an integer division by zero or an index out of range"
        }
    }
}

/// Evaluates instructions and programs plainly.
package enum Interpreter {
    /// The value of one instruction.
    ///
    /// Floating-point functions are computed in their own precision, sums and products of float32 in double precision.
    ///
    /// - Returns: nil where the instruction cannot be evaluated alone (parameter, constant, several results), fails on the data (integer
    ///   division by zero, index out of range), or is not well typed.
    package static func evaluate(
        _ instruction: Instruction, _ operands: [UntypedArray], _ type: ArrayType
    ) -> UntypedArray? {
        let types = operands.map { ArrayType($0.dtype, $0.shape) }
        guard let ruled = try? instruction.resultType(of: types, declared: type), ruled == type else { return nil }
        switch instruction {
        case .parameter, .constant: return nil
        case .iota(let axis): return iota(axis: axis, type)
        case .unary(let function): return unary(function, operands[0])
        case .binary(let function): return binary(function, operands[0], operands[1])
        case .compare(let comparison): return compare(comparison, operands[0], operands[1])
        case .select: return select(operands[0], operands[1], operands[2])
        case .convert: return convert(operands[0], to: type.dtype)
        case .broadcast(let axes): return broadcast(operands[0], axes: axes, to: type)
        case .reshape: return operands[0].reshaped(type.shape)
        case .transpose(let permutation): return transpose(operands[0], permutation, to: type)
        case .slice(let starts, _, let strides): return slice(operands[0], starts: starts, strides: strides, to: type)
        case .pad(let low, _, let interior):
            return pad(operands[0], with: operands[1], low: low, interior: interior, to: type)
        case .concatenate(let axis): return concatenate(operands, axis: axis, to: type)
        case .reverse(let axes): return reverse(operands[0], axes: axes)
        case .dot(let transposeLeft, let transposeRight):
            return dot(operands[0], operands[1], transposeLeft, transposeRight, to: type)
        case .reduce(let reducer, let axes): return reduce(reducer, operands[0], axes: axes, to: type)
        case .convolution(let window): return convolution(operands[0], operands[1], window, to: type)
        case .reduceWindow(let reducer, let axes): return reduceWindow(reducer, operands[0], axes, to: type)
        case .selectAndScatter(let axes): return selectAndScatter(operands[0], operands[1], axes)
        case .argReduce(let smallest, let axis):
            return argReduce(operands[0], smallest: smallest, axis: axis, to: type)
        case .argSort(let axis, let descending, let count):
            return argSort(operands[0], axis: axis, descending: descending, count: count, to: type)
        case .gather(let axis): return gather(operands[0], at: operands[1], axis: axis, to: type)
        case .scatterAdd(let axis, let range):
            return scatterAdd(operands[0], at: operands[1], axis: axis, range: range, to: type)
        case .random(let distribution): return random(distribution, operands, type)
        case .whileLoop, .conditional, .result: return nil
        }
    }

    /// The results of a program for the given arguments. A loop whose condition never fails runs for ever.
    ///
    /// - Errors: `InvalidProgram` where the program breaks a rule; `InterpreterError` where the arguments do not fit the
    ///   parameters or a step fails on its data.
    package static func run(_ program: Program, _ arguments: [UntypedArray]) throws -> [UntypedArray] {
        try verify(program)
        return try runVerified(program, arguments)
    }

    /// The results of a program that was verified with all that is nested in it.
    private static func runVerified(_ program: Program, _ arguments: [UntypedArray]) throws -> [UntypedArray] {
        let types = arguments.map { ArrayType($0.dtype, $0.shape) }
        guard types == program.parameters else {
            throw InterpreterError.argumentMismatch(expected: program.parameters, actual: types)
        }
        var values: [UntypedArray] = []
        values.reserveCapacity(program.steps.count)
        /// The results of the steps that have several.
        var several: [ValueID: [UntypedArray]] = [:]
        for (index, step) in program.steps.enumerated() {
            let operands = step.operands.map { values[$0.int] }
            switch step.instruction {
            case .parameter(let number): values.append(arguments[number])
            case .constant(let number): values.append(program.constants[number])
            case .whileLoop(let condition, let body):
                var carried = operands
                while try isTrue(runVerified(condition.program, carried)[0]) {
                    carried = try runVerified(body.program, carried)
                }
                several[ValueID(index)] = carried
                values.append(operands[0])
            case .conditional(let branches):
                let branch = branches[chosenBranch(operands[0], count: branches.count)]
                several[ValueID(index)] = try runVerified(branch.program, Array(operands.dropFirst()))
                values.append(operands[0])
            case .result(let number):
                values.append(several[step.operands[0]]?[number] ?? operands[0])
            default:
                guard let value = evaluate(step.instruction, operands, step.type) else {
                    throw InterpreterError.badData(step: index, instruction: step.instruction)
                }
                values.append(value)
            }
        }
        return program.results.map { values[$0.int] }
    }

    private static func isTrue(_ predicate: UntypedArray) -> Bool { predicate.scalarAsDouble != 0 }

    /// Which of `count` branches a selector selects.
    package static func chosenBranch(_ selector: UntypedArray, count: Int) -> Int {
        if selector.dtype == .bool { return isTrue(selector) ? 0 : 1 }
        let number = selector.integers?.first ?? -1
        return (0..<count).contains(number) ? number : count - 1
    }
}
