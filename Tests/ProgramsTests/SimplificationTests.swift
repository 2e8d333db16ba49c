import Programs
import Tensors
import TestSupport
import Testing

/// The builder's folding and simplification never change what a program computes.
@Suite struct SimplificationTests {
    /// Options that hold the two forms of a program bit for bit against each other.
    private static func exactOptions(hasEmptyArrays: Bool) -> RandomProgram.Options {
        var options = RandomProgram.Options()
        options.isExact = true
        options.hasSpecialValues = true
        options.hasEmptyArrays = hasEmptyArrays
        return options
    }

    @Test(arguments: 0..<20, [false, true])
    func simplifiedProgramsGiveTheSameResults(block: Int, hasEmptyArrays: Bool) throws {
        let options = Self.exactOptions(hasEmptyArrays: hasEmptyArrays)
        for seed in UInt64(block * 25)..<UInt64(block * 25 + 25) { try compare(seed, options, tolerance: 0) }
    }

    @Test(arguments: 0..<10)
    func simplifiedProgramsOfRoundedFunctionsGiveCloseResults(block: Int) throws {
        for seed in UInt64(block * 25)..<UInt64(block * 25 + 25) {
            try compare(seed, RandomProgram.Options(), tolerance: 1e-4)
        }
    }

    private func compare(_ seed: UInt64, _ options: RandomProgram.Options, tolerance: Double) throws {
        let plain = try RandomProgram(seed: seed, options: options, simplifies: false)
        let simplified = try RandomProgram(seed: seed, options: options, simplifies: true)
        try verify(plain.program)
        try verify(simplified.program)
        let expected = try Interpreter.run(plain.program, plain.arguments)
        let actual = try Interpreter.run(simplified.program, simplified.arguments)
        #expect(expected.count == actual.count)
        for (number, (actual, expected)) in zip(actual, expected).enumerated() {
            let differences = actual.differences(from: expected, tolerance: tolerance)
            #expect(differences.isEmpty, "seed \(seed), result \(number)")
        }
    }
}
