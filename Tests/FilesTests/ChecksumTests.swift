import CChecksums
import Files
import Testing

@Suite struct ChecksumTests {
    @Test(
        arguments: [
            ([], 0x0000_0000, 0xa282_ead8), (Array("a".utf8), 0xc1d0_4330, 0x28e4_6e78),
            (Array("123456789".utf8), 0xe306_9283, 0xc78a_b0e5),
            ([UInt8](repeating: 0, count: 32), 0x8a91_36aa, 0x0fd7_fffa),
            ([UInt8](repeating: 255, count: 32), 0x62a8_ab43, 0xf909_b029), (Array(0..<32), 0x46dd_794e, 0x951f_7892),
        ] as [([UInt8], UInt32, UInt32)])
    func knownVectors(bytes: [UInt8], plain: UInt32, masked: UInt32) {
        let checksum = Checksum(of: bytes)
        #expect(checksum.value == plain)
        #expect(checksum.masked == masked)
        #expect(cc_crc32c_portable(0, bytes, bytes.count) == plain)
    }

    /// All block sizes of the fast path begin and end within these.
    @Test func theInstructionAndTheTableAgreeForEveryLengthAndStart() {
        let bytes = (0..<40_000).map { UInt8(truncatingIfNeeded: $0 &* 2_654_435_761 >> 7) }
        bytes.withUnsafeBytes { buffer in
            for length in Array(0...2000) + [12_287, 12_288, 12_289, 24_576, 39_000] {
                let part = UnsafeRawBufferPointer(rebasing: buffer[(length % 9)..<(length % 9 + length)])
                let (first, second) = (part.prefix(length / 3), part.dropFirst(length / 3))
                var parted = Checksum(of: UnsafeRawBufferPointer(rebasing: first))
                parted.update(UnsafeRawBufferPointer(rebasing: second))
                let expected = cc_crc32c_portable(0, part.baseAddress, part.count)
                #expect(Checksum(of: part).value == expected, "length \(length)")
                #expect(parted.value == expected, "length \(length) in two parts")
            }
        }
    }
}
