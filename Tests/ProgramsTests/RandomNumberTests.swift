import Programs
import Tensors
import Testing

/// Random instructions against TensorFlow 2.21's CPU kernels with `seed` 0x123456789 and `seed2` -5, seven numbers each:
/// `tf.raw_ops.RandomUniform(shape=[7], dtype=..., seed=0x123456789, seed2=-5)` and so on.
@Suite struct RandomNumberTests {
    private func draw<Scalar: TensorElement>(
        _ distribution: Distribution, _ count: Int = 7, bounds: [Scalar] = [], key: UInt64 = 0x1_2345_6789,
        high: Int64 = -5, as type: Scalar.Type
    ) throws -> [Scalar] {
        let state = NDArray<UInt64>([key, 0, UInt64(bitPattern: high), 0]).untyped
        let result = Interpreter.evaluate(
            .random(distribution), [state] + bounds.map { NDArray($0).untyped }, ArrayType(Scalar.dtype, [count]))
        return try #require(result).withElements(of: type, Array.init)
    }

    private func expectClose<Scalar: FloatingElement>(_ actual: [Scalar], _ expected: [Scalar]) {
        #expect(actual.count == expected.count)
        for (x, y) in zip(actual, expected) { #expect(abs(x - y) <= 4 * y.ulp, "\(x) instead of \(y)") }
    }

    @Test func uniformNumbersAreTensorFlowsBitForBit() throws {
        #expect(
            try draw(.uniform, as: Float.self).map(\.bitPattern) == [
                0x3f4d_f046, 0x3f64_8ca8, 0x3f06_0aba, 0x3f2c_5fec, 0x3ec7_3b00, 0x3c4f_ab80, 0x3f6c_23b2,
            ])
        #expect(
            try draw(.uniform, as: Double.self).map(\.bitPattern) == [
                0x3fdb_e08d_71c9_1950, 0x3fc8_2aed_5eb1_7fb0, 0x3fbc_ec0d_8019_f570, 0x3fd8_4765_54af_ba5c,
                0x3fef_78cc_7250_917a, 0x3fc8_89ef_80d1_a0c0, 0x3fe9_ad56_65df_5980,
            ])
    }

    /// The 32-bit words of the stream with this key and counter, none of which is 0xffffffff.
    private func words(_ count: Int, key: UInt64, low: UInt64, high: UInt64) throws -> [UInt32] {
        let state = NDArray<UInt64>([key, low, high, 0]).untyped
        let bounds = [NDArray(Int32.min).untyped, NDArray(Int32.max).untyped]
        let result = Interpreter.evaluate(
            .random(.uniformInteger), [state] + bounds, ArrayType(.int32, [count]))
        return try #require(result).withElements(of: Int32.self) { $0.map { UInt32(bitPattern: $0) ^ 0x8000_0000 } }
    }

    /// - Source: Random123, `kat_vectors`, philox4x32 10.
    @Test func knownAnswersOfPhilox() throws {
        #expect(
            try words(4, key: 0, low: 0, high: 0) == [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8])
        #expect(
            try words(4, key: .max, low: .max, high: .max) == [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd])
        #expect(
            try words(4, key: 0x299f_31d0_a409_3822, low: 0x85a3_08d3_243f_6a88, high: 0x0370_7344_1319_8a2e)
                == [0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1])
    }

    @Test func theCounterCarries() throws {
        let across = try words(8, key: 1, low: .max, high: 6)
        #expect(try Array(across[4...]) == words(4, key: 1, low: 0, high: 7))
    }

    @Test func uniformIntegersAreTensorFlows() throws {
        #expect(
            try draw(.uniformInteger, bounds: [-10, 1_000_003], as: Int32.self) == [
                923_333, 972_820, 467_829, 903_442, 749_310, 937_874, 245_281,
            ])
        #expect(
            try draw(.uniformInteger, bounds: [-10, 1_000_000_000_000], as: Int64.self) == [
                127_571_919_529, 962_144_905_251, 985_737_251_574, 252_898_822_413, 839_499_675_834, 196_984_454_439,
                164_025_231_845,
            ])
    }

    @Test func integersOfAnEmptyOrFullRangeDoNotTrap() throws {
        #expect(try draw(.uniformInteger, bounds: [5, 5], as: Int32.self) == Array(repeating: 5, count: 7))
        #expect(try draw(.uniformInteger, bounds: [.min, .max], as: Int64.self).count == 7)
    }

    @Test func normalNumbersAreTensorFlows() throws {
        expectClose(
            try draw(.normal, as: Float.self),
            [0xbed2_bc37, 0x3f03_fb06, 0xbf81_0a69, 0xbf06_e923, 0x3ddf_dbc7, 0x3faf_4eba, 0x3eab_77a1]
                .map(Float.init(bitPattern:)))
        expectClose(
            try draw(.normal, as: Double.self),
            [
                0x3ff3_1f3d_8f29_8248, 0x3fde_f282_6d47_7095, 0x3ff6_f89c_ab64_0193, 0xbff8_43c8_b514_8f5c,
                0x3fc5_cda2_84f7_e8bf, 0x3fb0_b9bb_fc22_0578, 0xbfd2_595a_8263_b901,
            ].map(Double.init(bitPattern:)))
    }

    @Test func truncatedNormalNumbersAreTensorFlows() throws {
        expectClose(
            try draw(.truncatedNormal, as: Float.self),
            [0xbed2_bc37, 0x3f03_fb06, 0xbf81_0a69, 0xbf06_e923, 0x3f75_5122, 0x3ead_5a12, 0xbf89_7ae8]
                .map(Float.init(bitPattern:)))
        expectClose(
            try draw(.truncatedNormal, as: Double.self),
            [
                0x3ff3_1f3d_8f29_8248, 0x3fde_f282_6d47_7095, 0x3fe2_6f7f_f446_cf68, 0x3fda_c1ee_cc6e_e4f9,
                0x3fb4_f869_cac3_b9ef, 0xbfe6_cf83_93e5_2e89, 0xbfcc_9c73_caa6_1d82,
            ].map(Double.init(bitPattern:)))
    }

    /// The sums of 5,000 numbers with `seed` 3 and `seed2` 4 show that every group's numbers are those of TensorFlow.
    @Test func longStreamsOfTruncatedNormalNumbersAreTensorFlows() throws {
        let floats = try draw(.truncatedNormal, 5000, key: 3, high: 4, as: Float.self)
        #expect(abs(floats.reduce(0) { $0 + Double($1) } - 87.42066916337717) < 1e-3)
        #expect(floats.suffix(3).map { ($0 * 1e6).rounded() / 1e6 } == [1.966648, -1.585206, 1.416108])
        let doubles = try draw(.truncatedNormal, 5000, key: 3, high: 4, as: Double.self)
        #expect(abs(doubles.reduce(0, +) - -27.95263660179336) < 1e-9)
        #expect(floats.allSatisfy { abs($0) < 2 })
    }
}
