import Programs
import Tensors
import TestSupport
import Testing

/// The interpreter and the printed text against XLA.
@Suite(.enabled(if: XLAOracle.fromEnvironment != nil, "no Python with jax"))
struct XLATests {
    private struct Case {
        let name: String
        let program: Program
        let arguments: [UntypedArray]
        let tolerance: Double
    }

    @Test(arguments: DType.all)
    func everyInstructionGivesWhatXLAGives(dtype: DType) throws {
        try compare(
            instructionSamples(dtype).map { sample in
                // Functions of the two libraries differ in the last bits; sums and products by their order.
                let isFloat = sample.type.dtype.isFloating
                return Case(
                    name: "\(sample)", program: try sample.program(), arguments: sample.operands,
                    tolerance: isFloat ? (sample.type.dtype == .float32 ? 2e-5 : 1e-12) : 0)
            })
    }

    @Test func literalsAreReadAsTheyWereMeant() throws {
        try compare(
            DType.all.flatMap { dtype -> [Case] in
                let numbers = tryingNumbers(dtype)
                let many = (0..<20).flatMap { _ in numbers }
                let arrays = [
                    array(dtype, [], [numbers[1]]), array(dtype, [numbers.count], numbers),
                    array(dtype, [20, numbers.count], many), array(dtype, [0, 2], []),
                ]
                return arrays.map { constant in
                    let builder = ProgramBuilder()
                    let program = builder.finish(results: [builder.constant(constant)])
                    return Case(name: "\(dtype)\(constant.shape)", program: program, arguments: [], tolerance: 0)
                }
            })
    }

    @Test(arguments: [false, true])
    func randomProgramsGiveWhatXLAGives(isExact: Bool) throws {
        var options = RandomProgram.Options()
        options.isExact = isExact
        options.hasSpecialValues = isExact
        options.hasEmptyArrays = true
        try compare(
            (UInt64(1000)..<1100).map { seed in
                let random = try RandomProgram(seed: seed, options: options, simplifies: seed % 2 == 0)
                return Case(
                    name: "\(random)", program: random.program, arguments: random.arguments,
                    tolerance: isExact ? 1e-6 : 1e-3)
            })
    }

    @Test(arguments: [false, true])
    func randomProgramsWithLoopsAndBranchesGiveWhatXLAGives(isExact: Bool) throws {
        var options = RandomProgram.Options()
        options.isExact = isExact
        options.hasSpecialValues = isExact
        options.hasControlFlow = true
        try compare(
            (UInt64(2000)..<2100).map { seed in
                let random = try RandomProgram(seed: seed, options: options, simplifies: seed % 2 == 0)
                return Case(
                    name: "\(random)", program: random.program, arguments: random.arguments,
                    tolerance: isExact ? 1e-6 : 1e-3)
            })
    }

    private func compare(_ cases: [Case]) throws {
        let oracle = try #require(XLAOracle.fromEnvironment)
        let outcomes = try oracle.run(cases.map { ($0.program.description, $0.arguments) })
        for (sample, outcome) in zip(cases, outcomes) {
            switch outcome {
            case .failure(let message):
                Issue.record("\(sample.name): XLA says: \(message)\n\(sample.program)")
            case .results(let expected):
                let actual = try Interpreter.run(sample.program, sample.arguments)
                #expect(actual.count == expected.count, "\(sample.name)")
                for (actual, expected) in zip(actual, expected) {
                    let differences = actual.differences(from: expected, tolerance: sample.tolerance)
                    #expect(differences.isEmpty, "\(sample.name)\n\(sample.program)")
                }
            }
        }
    }
}
