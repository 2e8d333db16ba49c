// Finding numbers in arrays that make no sense.

import Tensors
import Testing

@testable import Keras

struct ArrayCheckTests {
    @Test func whatIsNotFiniteIsFoundWhereverItStands() throws {
        // Two whole blocks of the search and a part of one.
        let count = 2 * 4096 + 5
        for position in [0, 1, 4095, 4096, 8191, 8192, count - 1] {
            for bad in [Double.nan, -.nan, .infinity, -.infinity, .signalingNaN] {
                var single = NDArray<Float>(repeating: -.greatestFiniteMagnitude, shape: [count])
                single.withUnsafeMutableBufferPointer { $0[position] = Float(bad) }
                var double = NDArray<Double>(repeating: .greatestFiniteMagnitude, shape: [count])
                double.withUnsafeMutableBufferPointer { $0[position] = bad }
                for array in [AnyArray(single), AnyArray(double)] {
                    let error = #expect(throws: KerasError.self) { try array.requireFinite("the input") }
                    #expect(error?.message.hasPrefix("the input: sample \(position) is ") == true)
                }
            }
        }
    }

    @Test func everyFiniteNumberIsTakenAsOne() throws {
        let numbers: [Float] = [0, -0.0, 1, -1, .greatestFiniteMagnitude, .leastNonzeroMagnitude, .ulpOfOne, 0x1p127]
        let many = NDArray<Float>(shape: [10_000]) { for index in $0.indices { $0[index] = numbers[index % 8] } }
        try AnyArray(many).requireFinite("the input")
        let doubles = NDArray<Double>(shape: [10_000]) {
            for index in $0.indices {
                $0[index] = [Double.greatestFiniteMagnitude, -.leastNonzeroMagnitude, 0x1p1023][index % 3]
            }
        }
        try AnyArray(doubles).requireFinite("the input")
        try AnyArray(NDArray<Float>.zeros([0])).requireFinite("the input")
    }
}
