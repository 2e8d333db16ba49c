import Programs
import Tensors
import Testing

@Suite struct PrinterTests {
    @Test func aProgramIsPrintedAsAStableHLOModule() throws {
        let builder = ProgramBuilder(simplifies: false)
        let x = builder.parameter(ArrayType(.float32, [2, 3]))
        let y = builder.parameter(ArrayType(.float32, [2, 4]))
        let product = try builder.dot(x, y, transposeLeft: true)
        let bias = try builder.filled(0.1, ArrayType(.float32, [3, 4]))
        let sum = try builder.reduce(.sum, builder.unary(.erf, builder.binary(.add, product, bias)), axes: [1])
        let program = builder.finish(results: [sum, x])
        #expect(
            program.description == """
                module @program {
                  func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<2x4xf32>) -> (tensor<3xf32>, tensor<2x3xf32>) {
                    %2 = stablehlo.dot_general %arg0, %arg1, batching_dims = [] x [], contracting_dims = [0] x [0] : \
                (tensor<2x3xf32>, tensor<2x4xf32>) -> tensor<3x4xf32>
                    %3 = stablehlo.constant dense<0.1> : tensor<f32>
                    %4 = stablehlo.broadcast_in_dim %3, dims = [] : (tensor<f32>) -> tensor<3x4xf32>
                    %5 = stablehlo.add %2, %4 : tensor<3x4xf32>
                    %6 = chlo.erf %5 : tensor<3x4xf32> -> tensor<3x4xf32>
                    %init7 = stablehlo.constant dense<0.0> : tensor<f32>
                    %7 = stablehlo.reduce(%6 init: %init7) applies stablehlo.add across dimensions = [1] : \
                (tensor<3x4xf32>, tensor<f32>) -> tensor<3xf32>
                    return %7, %arg0 : tensor<3xf32>, tensor<2x3xf32>
                  }
                }

                """)
    }

    @Test func aProgramWithoutResultsReturnsNothing() {
        #expect(
            Program().description == """
                module @program {
                  func.func public @main() -> () {
                    return
                  }
                }

                """)
    }

    private func constantText(_ array: UntypedArray) -> String {
        let builder = ProgramBuilder()
        let text = builder.finish(results: [builder.constant(array)]).description
        let line = text.split(separator: "\n").first { $0.contains("stablehlo.constant") } ?? ""
        return line.split(separator: " ", maxSplits: 3).last.map(String.init) ?? ""
    }

    @Test func numbersThatAreNotFiniteArePrintedAsBits() {
        let numbers: [Float] = [1e-7, .infinity, -.infinity, -0.0, 16_777_216, 0.1]
        #expect(
            constantText(NDArray(numbers).untyped)
                == "dense<[1.0e-07, 0x7F800000, 0xFF800000, -0.0, 16777216.0, 0.1]> : tensor<6xf32>")
        #expect(constantText(NDArray(Double.nan).untyped) == "dense<0x7FF8000000000000> : tensor<f64>")
        #expect(constantText(NDArray(Double.leastNonzeroMagnitude).untyped) == "dense<5.0e-324> : tensor<f64>")
    }

    @Test func integersAndTruthValuesArePrintedAsLists() throws {
        #expect(
            constantText(try NDArray<UInt64>([[0, .max], [1, 2]]).untyped)
                == "dense<[[0, 18446744073709551615], [1, 2]]> : tensor<2x2xui64>")
        #expect(constantText(NDArray([true, false]).untyped) == "dense<[true, false]> : tensor<2xi1>")
        #expect(constantText(NDArray<Int8>([-128, -128]).untyped) == "dense<-128> : tensor<2xi8>")
        #expect(constantText(NDArray<Float>.zeros([0, 3]).untyped) == "dense<> : tensor<0x3xf32>")
    }

    @Test func manyNumbersArePrintedAsBytes() {
        let text = constantText(NDArray((0..<65).map { Int16($0) }).untyped)
        #expect(text.hasPrefix("dense<\"0x000001000200"))
        #expect(text.hasSuffix("4000\"> : tensor<65xi16>"))
    }

    @Test func randomInstructionsAreCalls() throws {
        let builder = ProgramBuilder()
        let state = builder.parameter(ArrayType(.uint64, [4]))
        let numbers = try builder.add(.random(.normal), [state], type: ArrayType(.float32, [2]))
        #expect(
            builder.finish(results: [numbers]).description.contains(
                "%1 = stablehlo.custom_call @tensorgraph.philox_normal(%arg0) : (tensor<4xui64>) -> tensor<2xf32>"))
    }
}
