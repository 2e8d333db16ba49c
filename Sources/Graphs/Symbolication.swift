// From return addresses to functions, files and lines, by the toolchain's own reader of debug information.

#if canImport(Runtime) && os(Linux)
    import Runtime
#endif

/// What is known of a return address.
struct SymbolicatedFrame: Sendable {
    let name: String
    let rawName: String
    let file: String?
    let line: Int
}

#if canImport(Runtime) && os(Linux)
    /// The functions behind return addresses, innermost first, inlined ones included; empty where nothing is known.
    func symbolicate(_ addresses: [UInt]) -> [SymbolicatedFrame] {
        guard !addresses.isEmpty,
            let trace = try? Backtrace(from: TraceDecoder(addresses)),
            let symbols = trace.symbolicated(with: ImageMap.capture(), options: .default)
        else { return [] }
        return symbols.frames.compactMap { frame in
            guard let symbol = frame.symbol else { return nil }
            return SymbolicatedFrame(
                name: symbol.name, rawName: symbol.rawName, file: symbol.sourceLocation?.path,
                line: symbol.sourceLocation?.line ?? 0)
        }
    }

    /// Presents return addresses as the encoded form of a `Backtrace`, which has no public initialiser for them.
    ///
    /// The form: a byte for the version and the word size (2: 64 bits), then for each frame an opcode and the address,
    /// most significant byte first, all in Base 64. Should another toolchain read it differently, there are no places,
    /// which the tests would tell.
    private struct TraceDecoder: Decoder {
        let encoded: String
        var codingPath: [any CodingKey] { [] }
        var userInfo: [CodingUserInfoKey: Any] { [:] }

        init(_ addresses: [UInt]) {
            /// A return address, absolute, in eight bytes.
            let opcode: UInt8 = 0b0010_1_111
            var bytes: [UInt8] = [2]
            for address in addresses {
                bytes.append(opcode)
                for shift in stride(from: 56, through: 0, by: -8) {
                    bytes.append(UInt8(truncatingIfNeeded: address >> UInt(shift)))
                }
            }
            encoded = base64(bytes)
        }

        func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
            #if arch(x86_64)
                let architecture = "x86_64"
            #elseif arch(arm64)
                let architecture = "arm64"
            #else
                let architecture = "unknown"
            #endif
            return KeyedDecodingContainer(
                Fields<Key>(strings: ["architecture": architecture, "backtrace": encoded]))
        }

        func unkeyedContainer() throws -> any UnkeyedDecodingContainer { throw Unsupported() }
        func singleValueContainer() throws -> any SingleValueDecodingContainer { throw Unsupported() }
    }

    private struct Unsupported: Error {}

    /// A container of strings.
    private struct Fields<Key: CodingKey>: KeyedDecodingContainerProtocol {
        let strings: [String: String]
        var codingPath: [any CodingKey] { [] }
        var allKeys: [Key] { strings.keys.compactMap { Key(stringValue: $0) } }

        func contains(_ key: Key) -> Bool { strings[key.stringValue] != nil }
        func decodeNil(forKey key: Key) throws -> Bool { !contains(key) }
        func decode(_ type: String.Type, forKey key: Key) throws -> String {
            guard let string = strings[key.stringValue] else { throw Unsupported() }
            return string
        }
        func decode(_ type: Bool.Type, forKey key: Key) throws -> Bool { throw Unsupported() }
        func decode(_ type: Double.Type, forKey key: Key) throws -> Double { throw Unsupported() }
        func decode(_ type: Float.Type, forKey key: Key) throws -> Float { throw Unsupported() }
        func decode(_ type: Int.Type, forKey key: Key) throws -> Int { throw Unsupported() }
        func decode(_ type: Int8.Type, forKey key: Key) throws -> Int8 { throw Unsupported() }
        func decode(_ type: Int16.Type, forKey key: Key) throws -> Int16 { throw Unsupported() }
        func decode(_ type: Int32.Type, forKey key: Key) throws -> Int32 { throw Unsupported() }
        func decode(_ type: Int64.Type, forKey key: Key) throws -> Int64 { throw Unsupported() }
        func decode(_ type: UInt.Type, forKey key: Key) throws -> UInt { throw Unsupported() }
        func decode(_ type: UInt8.Type, forKey key: Key) throws -> UInt8 { throw Unsupported() }
        func decode(_ type: UInt16.Type, forKey key: Key) throws -> UInt16 { throw Unsupported() }
        func decode(_ type: UInt32.Type, forKey key: Key) throws -> UInt32 { throw Unsupported() }
        func decode(_ type: UInt64.Type, forKey key: Key) throws -> UInt64 { throw Unsupported() }
        func decode<Value: Decodable>(_ type: Value.Type, forKey key: Key) throws -> Value { throw Unsupported() }
        func nestedContainer<NestedKey: CodingKey>(
            keyedBy type: NestedKey.Type, forKey key: Key
        ) throws -> KeyedDecodingContainer<NestedKey> { throw Unsupported() }
        func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer { throw Unsupported() }
        func superDecoder() throws -> any Decoder { throw Unsupported() }
        func superDecoder(forKey key: Key) throws -> any Decoder { throw Unsupported() }
    }

    /// Base 64 without padding.
    private func base64(_ bytes: [UInt8]) -> String {
        let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/")
        var text = ""
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            var bits = group.reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            bits <<= UInt32(8 * (3 - group.count))
            for index in 0...group.count {
                text.append(alphabet[Int(bits >> UInt32(18 - 6 * index)) & 63])
            }
        }
        return text
    }
#else
    /// Nothing is known of addresses on this platform.
    func symbolicate(_ addresses: [UInt]) -> [SymbolicatedFrame] { [] }
#endif
