// The interpreter's element-wise instructions.

import Tensors

extension Interpreter {
    /// `function` of each element; nil where it is nil for one.
    private static func map<Input: TensorElement, Output: TensorElement>(
        _ operand: UntypedArray, _ function: (Input) -> Output?
    ) -> UntypedArray? {
        var isDefined = true
        let result = NDArray<Output>(shape: operand.shape) { output in
            operand.withElements(of: Input.self) { input in
                for index in output.indices {
                    let value = function(input[index])
                    isDefined = isDefined && value != nil
                    output.initializeElement(at: index, to: value ?? .zero)
                }
            }
        }
        return isDefined ? result.untyped : nil
    }

    /// `function` of each pair of elements; nil where it is nil for one.
    private static func map<Input: TensorElement, Output: TensorElement>(
        _ left: UntypedArray, _ right: UntypedArray, _ function: (Input, Input) -> Output?
    ) -> UntypedArray? {
        var isDefined = true
        let result = NDArray<Output>(shape: left.shape) { output in
            left.withElements(of: Input.self) { left in
                right.withElements(of: Input.self) { right in
                    for index in output.indices {
                        let value = function(left[index], right[index])
                        isDefined = isDefined && value != nil
                        output.initializeElement(at: index, to: value ?? .zero)
                    }
                }
            }
        }
        return isDefined ? result.untyped : nil
    }

    static func unary(_ function: UnaryFunction, _ operand: UntypedArray) -> UntypedArray? {
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray? {
            if function == .isFinite { return map(operand) { (x: Scalar) in x.isFinite } }
            return map(operand) { (x: Scalar) in function(x) }
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray? {
            map(operand) { (x: Scalar) in function(x) }
        }
        if let type = operand.dtype.interpretedFloatType { return floating(type) }
        if let type = operand.dtype.integerType { return integer(type) }
        return function == .not ? map(operand) { (x: Bool) in !x } : nil
    }

    static func binary(_ function: BinaryFunction, _ left: UntypedArray, _ right: UntypedArray) -> UntypedArray? {
        func floating<Scalar: InterpretedFloat>(_ type: Scalar.Type) -> UntypedArray? {
            map(left, right) { (x: Scalar, y: Scalar) in function(x, y) }
        }
        func integer<Scalar: IntegerElement>(_ type: Scalar.Type) -> UntypedArray? {
            map(left, right) { (x: Scalar, y: Scalar) in function(x, y) }
        }
        if let type = left.dtype.interpretedFloatType { return floating(type) }
        if let type = left.dtype.integerType { return integer(type) }
        return map(left, right) { (x: Bool, y: Bool) in function(x, y) }
    }

    static func compare(_ comparison: Comparison, _ left: UntypedArray, _ right: UntypedArray) -> UntypedArray? {
        func numeric<Scalar: NumericElement>(_ type: Scalar.Type) -> UntypedArray? {
            map(left, right) { (x: Scalar, y: Scalar) in comparison(x, y) }
        }
        if let type = left.dtype.numericType { return numeric(type) }
        return map(left, right) { (x: Bool, y: Bool) in comparison(x ? 1 : 0, y ? 1 : 0) }
    }

    static func select(_ predicate: UntypedArray, _ onTrue: UntypedArray, _ onFalse: UntypedArray) -> UntypedArray? {
        func choose<Scalar: TensorElement>(_ type: Scalar.Type) -> UntypedArray? {
            predicate.withElements(of: Bool.self) { predicate in
                var index = -1
                return map(onTrue, onFalse) { (x: Scalar, y: Scalar) in
                    index += 1
                    return predicate[index] ? x : y
                }
            }
        }
        return onTrue.dtype.elementType.flatMap { choose($0) }
    }

    static func convert(_ operand: UntypedArray, to dtype: DType) -> UntypedArray? {
        func fromFloat<Input: InterpretedFloat>(_ type: Input.Type) -> UntypedArray? {
            func toFloat<Output: InterpretedFloat>(_ type: Output.Type) -> UntypedArray? {
                map(operand) { (x: Input) in Output(x) }
            }
            func toInteger<Output: IntegerElement>(_ type: Output.Type) -> UntypedArray? {
                map(operand) { (x: Input) in Output(clamping: x.asDouble) }
            }
            if let type = dtype.interpretedFloatType { return toFloat(type) }
            if let type = dtype.integerType { return toInteger(type) }
            return map(operand) { (x: Input) in x != 0 }
        }
        func fromInteger<Input: IntegerElement>(_ type: Input.Type) -> UntypedArray? {
            func toFloat<Output: InterpretedFloat>(_ type: Output.Type) -> UntypedArray? {
                map(operand) { (x: Input) in Output(x) }
            }
            func toInteger<Output: IntegerElement>(_ type: Output.Type) -> UntypedArray? {
                map(operand) { (x: Input) in Output(truncatingIfNeeded: x) }
            }
            if let type = dtype.interpretedFloatType { return toFloat(type) }
            if let type = dtype.integerType { return toInteger(type) }
            return map(operand) { (x: Input) in x != 0 }
        }
        func fromBool<Output: TensorElement>(_ type: Output.Type) -> UntypedArray? {
            map(operand) { (x: Bool) in x ? Output.one : Output.zero }
        }
        if let type = operand.dtype.interpretedFloatType { return fromFloat(type) }
        if let type = operand.dtype.integerType { return fromInteger(type) }
        return dtype.elementType.flatMap { fromBool($0) }
    }
}
