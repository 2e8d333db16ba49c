// Convolutions and sliding windows as StableHLO text.

import Tensors

extension Printer {
    mutating func writeConvolution(
        _ window: ConvolutionWindow, _ operands: String, _ signature: String, _ type: ArrayType, number: String
    ) {
        // Some compilers refuse what has no elements.
        if type.count == 0 {
            _ = constant("\(number)", 0, type)
            return
        }
        let axes = window.axes
        let space = axes.indices.map(String.init).joined(separator: ", ")
        let padding = axes.map { "[\($0.low), \($0.high)]" }.joined(separator: ", ")
        lines.append(
            "%\(number) = stablehlo.convolution(\(operands)) "
                + "dim_numbers = [b, \(space), f]x[\(space), i, o]->[b, \(space), f], "
                + "window = {stride = \(axes.map(\.stride)), pad = [\(padding)], "
                + "lhs_dilate = \(axes.map(\.baseDilation)), rhs_dilate = \(axes.map(\.dilation))} "
                + "{batch_group_count = \(window.batchGroups) : i64, "
                + "feature_group_count = \(window.featureGroups) : i64} : \(signature)")
    }

    mutating func writeReduceWindow(
        _ reducer: Reducer, _ axes: [WindowAxis], _ operand: String, _ operandType: ArrayType, _ type: ArrayType,
        number: String
    ) {
        if type.count == 0 {
            _ = constant("\(number)", 0, type)
            return
        }
        let scalar = ArrayType(type.dtype, [])
        let initial = neutral("init\(number)", reducer, scalar)
        let dilations = "base_dilations = \(integers(axes.map(\.baseDilation))), "
        lines += [
            "%\(number) = \"stablehlo.reduce_window\"(\(operand), \(initial)) <{\(dilations)"
                + "\(attributes(of: axes)), window_dilations = \(integers(axes.map(\.dilation)))}> ({",
            " ^bb0(%x: \(scalar.mlir), %y: \(scalar.mlir)):",
            "  %both = stablehlo.\(reducer.function.stableHLOName) %x, %y : \(scalar.mlir)",
            "  stablehlo.return %both : \(scalar.mlir)",
            "}) : (\(operandType.mlir), \(scalar.mlir)) -> \(type.mlir)",
        ]
    }

    mutating func writeSelectAndScatter(
        _ axes: [WindowAxis], _ operands: String, _ types: [ArrayType], _ type: ArrayType, number: String
    ) {
        if types[1].count == 0 {
            _ = constant("\(number)", 0, type)
            return
        }
        let scalar = ArrayType(type.dtype, [])
        let zero = constant("zero\(number)", 0, scalar)
        lines += [
            "%\(number) = \"stablehlo.select_and_scatter\"(\(operands), \(zero)) <{\(attributes(of: axes))}> ({",
            " ^bb0(%x: \(scalar.mlir), %y: \(scalar.mlir)):",
            // The element that was chosen so far stays unless the new one is larger: so NaN stays, too.
            "  %larger = stablehlo.compare GT, %y, %x, \(type.dtype.comparisonOrder) : "
                + "(\(scalar.mlir), \(scalar.mlir)) -> tensor<i1>",
            "  %stays = stablehlo.not %larger : tensor<i1>",
            "  stablehlo.return %stays : tensor<i1>",
            "}, {",
            " ^bb0(%x: \(scalar.mlir), %y: \(scalar.mlir)):",
            "  %sum = stablehlo.add %x, %y : \(scalar.mlir)",
            "  stablehlo.return %sum : \(scalar.mlir)",
            "}) : (\(types[0].mlir), \(types[1].mlir), \(scalar.mlir)) -> \(type.mlir)",
        ]
    }

    private func attributes(of axes: [WindowAxis]) -> String {
        let pairs = axes.map { "[\($0.low), \($0.high)]" }.joined(separator: ", ")
        let padding = axes.isEmpty ? "dense<> : tensor<0x2xi64>" : "dense<[\(pairs)]> : tensor<\(axes.count)x2xi64>"
        return "padding = \(padding), window_dimensions = \(integers(axes.map(\.size))), "
            + "window_strides = \(integers(axes.map(\.stride)))"
    }

    private func integers(_ numbers: [Int]) -> String {
        numbers.isEmpty ? "array<i64>" : "array<i64: \(numbers.map(String.init).joined(separator: ", "))>"
    }
}
