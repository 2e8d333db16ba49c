// Bins that are found from data, against those that Keras finds, and what cannot be read or found.

import Graphs
import Keras
import Tensors
import Testing

@Suite struct CategoryTests {
    /// Numbers that Python makes as well: `[(i * 7919) % 1009 / 64 for i in range(count)]`.
    private func numbers(_ count: Int) -> NDArray<Float> {
        NDArray((0..<count).map { Float($0 * 7919 % 1009) / 64 })
    }

    /// From `Discretization(num_bins=bins, epsilon=epsilon).adapt(data)` of Keras 3.15.
    @Test(arguments: [
        (10, 3, 0.01, [4.609375, 10.661458015441895] as [Float]),
        (1000, 4, 0.01, [3.9374961853027344, 7.890622138977051, 11.812499046325684]),
        (237, 5, 0.05, [3.0625007152557373, 6.109376907348633, 9.156251907348633, 12.25312614440918]),
        (3, 7, 0.01, [0, 10.984375]), (50, 1, 0.01, []),
    ])
    func binsThatAreFoundAreKerass(_ count: Int, _ bins: Int, _ epsilon: Double, _ expected: [Float]) throws {
        let found = try Discretization(adaptedTo: numbers(count), bins: bins, epsilon: epsilon).boundaries
        #expect(found == expected)
    }

    /// Keras rounds so that there is one more bin than asked for.
    @Test func manyBinsAreKerass() throws {
        let found = try Discretization(adaptedTo: numbers(2000), bins: 49, epsilon: 0.001).boundaries
        #expect(found.count == 49)
        #expect(found.prefix(3) == [0.3032495081424713, 0.6221242547035217, 0.9409993886947632])
        #expect(found.suffix(2) == [15.431120872497559, 15.75])
    }

    @Test func numbersThatAreNoneLieInTheLastBin() throws {
        try Graph().asDefault { () throws in
            let x = input(shape: [4])
            let model = Model(inputs: x, outputs: Discretization([-1, 0, 0.5], mode: .oneHot)(x))
            model.checksNumbers = false
            let found = try model.predict(NDArray([[.nan, -.infinity, .infinity, 0]] as [[Float]]))
            #expect(found.scalars == [0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 1, 0])
        }
    }

    @Test func numbersThatAreNoCategoryCountNowhere() throws {
        try Graph().asDefault { () throws in
            let x = input(shape: [3], dtype: .int32)
            let model = Model(inputs: x, outputs: CategoryEncoding(2, mode: .count)(x))
            #expect(try model.predict(NDArray([[-1, 2, 1], [0, 0, 9]] as [[Int32]])).scalars == [0, 1, 2, 0])
        }
    }

    @Test func binsThatCannotBeFoundSayWhy() throws {
        func message(_ data: [Float], bins: Int, epsilon: Double = 0.01) -> String? {
            let error = #expect(throws: KerasError.self) {
                try Discretization(adaptedTo: NDArray(data), bins: bins, epsilon: epsilon)
            }
            return error?.message
        }
        #expect(message([1], bins: 0) == "numbers cannot be put into 0 bins")
        #expect(message([], bins: 2) == "the data of shape [0] has no numbers to find bins for")
        #expect(
            message([1, .nan], bins: 2) == "the data has numbers that are not finite, for which there are no bins")
        #expect(message([1], bins: 2, epsilon: 0) == "epsilon must be above 1e-06 and below 1, but is 0.0")
    }

    @Test func settingsThatCannotBeReadSayWhy() {
        func message(_ make: () throws -> Void) -> String? { #expect(throws: KerasError.self) { try make() }?.message }
        #expect(
            message { _ = try Discretization(configuration: Configuration("Discretization", ["num_bins": 3])) }
                == "Discretization has no \"bin_boundaries\"")
        #expect(
            message {
                _ = try Discretization(configuration: Configuration("Discretization", ["bin_boundaries": ["a"]]))
            } == "\"bin_boundaries\" of Discretization must be numbers, but is [\"a\"]")
        let settings: [String: JSONValue] = ["num_tokens": 3, "output_mode": "many_hot"]
        #expect(
            message { _ = try CategoryEncoding(configuration: Configuration("CategoryEncoding", settings)) }
                == "there is no output mode \"many_hot\"")
        let sparse: [String: JSONValue] = ["num_tokens": 3, "sparse": true]
        #expect(
            message { _ = try CategoryEncoding(configuration: Configuration("CategoryEncoding", sparse)) }
                == "\"sparse\" of CategoryEncoding is not taken here: there are no sparse tensors")
    }
}
