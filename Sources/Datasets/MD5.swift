// The MD5 digest, by which published data sets are identified. It tells a damaged or mistaken file from the right one;
// it does not protect against someone who means harm, since two files with one MD5 can be made.
//
// Source: R. Rivest, "The MD5 Message-Digest Algorithm", RFC 1321 (1992).

/// The MD5 digest of bytes that arrive in parts.
package struct MD5 {
    private var state: (UInt32, UInt32, UInt32, UInt32) = (0x6745_2301, 0xEFCD_AB89, 0x98BA_DCFE, 0x1032_5476)
    /// The start of a block that is not full yet.
    private var partial: [UInt8] = []
    private var byteCount: UInt64 = 0

    package init() {}

    /// Adds bytes at the end.
    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        byteCount &+= UInt64(bytes.count)
        var rest = bytes[...]
        if !partial.isEmpty {
            let fill = rest.prefix(64 - partial.count)
            partial.append(contentsOf: fill)
            rest = rest.dropFirst(fill.count)
            guard partial.count == 64 else { return }
            partial.withUnsafeBytes { digest($0) }
            partial.removeAll(keepingCapacity: true)
        }
        while rest.count >= 64 {
            digest(UnsafeRawBufferPointer(rebasing: rest.prefix(64)))
            rest = rest.dropFirst(64)
        }
        partial.append(contentsOf: rest)
    }

    /// The digest of all bytes so far, as 32 hexadecimal digits.
    package var hexadecimal: String {
        var copy = self
        let zeros = (55 + 64 - partial.count) % 64
        let bitCount = byteCount &* 8
        let length = (0..<8).map { UInt8(truncatingIfNeeded: bitCount >> ($0 * 8)) }
        let padding = [0x80] + [UInt8](repeating: 0, count: zeros) + length
        padding.withUnsafeBytes { copy.update($0) }
        let words = [copy.state.0, copy.state.1, copy.state.2, copy.state.3]
        return words.map { word in
            let digits = String(word.byteSwapped, radix: 16)
            return String(repeating: "0", count: 8 - digits.count) + digits
        }.joined()
    }

    /// The digest of a file's content.
    ///
    /// - Parameter compression: by default, what is gzipped is unpacked; `.none` takes the file as it is.
    package static func hexadecimal(
        ofContentOf path: String, _ compression: FileCompression = .automatic
    ) throws(DatasetError) -> String {
        let source = try ByteSource(path, compression)
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: ByteSource.chunkByteCount, alignment: 16)
        defer { chunk.deallocate() }
        var digest = MD5()
        while true {
            let count = try source.read(into: chunk)
            digest.update(UnsafeRawBufferPointer(rebasing: chunk[..<count]))
            if count < chunk.count { return digest.hexadecimal }
        }
    }

    private mutating func digest(_ block: UnsafeRawBufferPointer) {
        var (a, b, c, d) = state
        for step in 0..<64 {
            let mixed: UInt32
            let index: Int
            switch step >> 4 {
            case 0: (mixed, index) = ((b & c) | (~b & d), step)
            case 1: (mixed, index) = ((d & b) | (~d & c), (5 &* step &+ 1) & 15)
            case 2: (mixed, index) = (b ^ c ^ d, (3 &* step &+ 5) & 15)
            default: (mixed, index) = (c ^ (b | ~d), (7 &* step) & 15)
            }
            let word = UInt32(littleEndian: block.loadUnaligned(fromByteOffset: index &* 4, as: UInt32.self))
            let sum = a &+ mixed &+ Self.constants[step] &+ word
            let turn = Self.turns[(step >> 4) &* 4 &+ (step & 3)]
            (a, b, c, d) = (d, b &+ (sum &<< turn | sum &>> (32 &- turn)), b, c)
        }
        state = (state.0 &+ a, state.1 &+ b, state.2 &+ c, state.3 &+ d)
    }

    private static let turns: [UInt32] = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21]

    /// The first 32 bits after the point of `|sin(step + 1)|`.
    private static let constants: [UInt32] = [
        0xD76A_A478, 0xE8C7_B756, 0x2420_70DB, 0xC1BD_CEEE, 0xF57C_0FAF, 0x4787_C62A, 0xA830_4613, 0xFD46_9501,
        0x6980_98D8, 0x8B44_F7AF, 0xFFFF_5BB1, 0x895C_D7BE, 0x6B90_1122, 0xFD98_7193, 0xA679_438E, 0x49B4_0821,
        0xF61E_2562, 0xC040_B340, 0x265E_5A51, 0xE9B6_C7AA, 0xD62F_105D, 0x0244_1453, 0xD8A1_E681, 0xE7D3_FBC8,
        0x21E1_CDE6, 0xC337_07D6, 0xF4D5_0D87, 0x455A_14ED, 0xA9E3_E905, 0xFCEF_A3F8, 0x676F_02D9, 0x8D2A_4C8A,
        0xFFFA_3942, 0x8771_F681, 0x6D9D_6122, 0xFDE5_380C, 0xA4BE_EA44, 0x4BDE_CFA9, 0xF6BB_4B60, 0xBEBF_BC70,
        0x289B_7EC6, 0xEAA1_27FA, 0xD4EF_3085, 0x0488_1D05, 0xD9D4_D039, 0xE6DB_99E5, 0x1FA2_7CF8, 0xC4AC_5665,
        0xF429_2244, 0x432A_FF97, 0xAB94_23A7, 0xFC93_A039, 0x655B_59C3, 0x8F0C_CC92, 0xFFEF_F47D, 0x8584_5DD1,
        0x6FA8_7E4F, 0xFE2C_E6E0, 0xA301_4314, 0x4E08_11A1, 0xF753_7E82, 0xBD3A_F235, 0x2AD7_D2BB, 0xEB86_D391,
    ]
}
