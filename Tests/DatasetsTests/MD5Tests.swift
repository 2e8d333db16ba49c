// The digest against the published examples, and its independence of how the bytes arrive.

import Testing

@testable import Datasets

struct MD5Tests {
    /// - Source: RFC 1321, section A.5.
    @Test(arguments: [
        ("", "d41d8cd98f00b204e9800998ecf8427e"),
        ("a", "0cc175b9c0f1b6a831c399e269772661"),
        ("abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", "d174ab98d277d9f5a5611c2c9f419d9f"),
        (
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a"
        ),
    ])
    func publishedExamplesHaveTheirDigests(text: String, expected: String) {
        var digest = MD5()
        Array(text.utf8).withUnsafeBytes { digest.update($0) }
        #expect(digest.hexadecimal == expected)
    }

    @Test(arguments: [1, 3, 55, 56, 63, 64, 65, 200])
    func theDigestDoesNotDependOnTheParts(size: Int) {
        let bytes = (0..<1000).map { UInt8(truncatingIfNeeded: $0 * 31) }
        var whole = MD5()
        bytes.withUnsafeBytes { whole.update($0) }
        var parts = MD5()
        for start in stride(from: 0, to: bytes.count, by: size) {
            Array(bytes[start..<min(start + size, bytes.count)]).withUnsafeBytes { parts.update($0) }
        }
        #expect(parts.hexadecimal == whole.hexadecimal)
        #expect(whole.hexadecimal == "bf38fd44dfb382df1a50ee14ad83c46c")
    }
}
