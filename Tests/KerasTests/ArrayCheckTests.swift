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

    /// Classes 0 to 4, and -1 for none; in any type, alone and behind many that are classes.
    @Test(arguments: [nil, -1, 7, 300] as [Int?]) func labelsAreClassesWhateverTheirType(ignored: Int?) throws {
        func check<Scalar: NumericElement>(_ type: Scalar.Type, _ candidates: [Scalar]) throws {
            for label in candidates {
                let value = label.asDouble
                let isClass = (0..<5).contains(value) && value == value.rounded() || ignored.map { Double($0) } == value
                for count in [1, 1000] {
                    var labels = NDArray<Scalar>(repeating: Scalar(clamping: 4), shape: [count])
                    labels.withUnsafeMutableBufferPointer { $0[count - 1] = label }
                    let found = try? AnyArray(labels).classes(count: 5, ignored: ignored, "the labels")
                    #expect((found != nil) == isClass, "\(label) of \(type), ignored \(ignored ?? .min)")
                    guard let found, isClass else { continue }
                    #expect(
                        try found.as(Int32.self).scalars
                            == [Int32](repeating: 4, count: count - 1) + [Int32(clamping: value)])
                }
            }
        }
        try check(Int8.self, [.min, -1, 0, 4, 5, 7, .max])
        try check(Int16.self, [.min, -1, 0, 4, 5, 7, 300, .max])
        try check(Int32.self, [.min, -1, 0, 4, 5, 7, 300, .max])
        try check(Int64.self, [.min, -1, 0, 4, 5, 7, 300, 1 << 32, 1 << 32 | 1, .max])
        try check(UInt8.self, [0, 4, 5, 7, .max])
        try check(UInt16.self, [0, 4, 5, 7, 300, .max])
        try check(UInt32.self, [0, 4, 5, 7, 300, .max])
        try check(UInt64.self, [0, 4, 5, 7, 300, 1 << 63, .max])
        try check(Float.self, [-1, -0.0, 0, 0.5, 4, 4.5, 5, 7, 300, 3e9, -3e9, 1e30, .infinity, .nan])
        try check(Double.self, [-1, -0.0, 0, 0.5, 4, 4.5, 5, 7, 300, 3e9, -3e9, 1e300, .infinity, .nan])
    }

    @Test func theLargestClassesAreTaken() throws {
        let labels = AnyArray(NDArray<Float>([16_777_216, 16_777_215, 0]))
        #expect(
            try labels.classes(count: 16_777_217, ignored: nil, "the labels").as(Int32.self).scalars
                == [16_777_216, 16_777_215, 0])
        #expect(throws: KerasError.self) { try labels.classes(count: 16_777_216, ignored: nil, "the labels") }
        let most = AnyArray(NDArray<Float>([2_147_483_520, 3]))
        #expect(try most.classes(count: nil, ignored: nil, "the labels").as(Int32.self).scalars == [2_147_483_520, 3])
        #expect(throws: KerasError.self) {
            try AnyArray(NDArray<Float>([0x1p31])).classes(count: nil, ignored: nil, "the labels")
        }
    }
}
