// CRC-32C as TensorFlow's files use it.

import CChecksums

/// The CRC-32C of a sequence of bytes, built up part by part.
package struct Checksum: Hashable, Sendable {
    /// The plain checksum of the bytes so far.
    package private(set) var value: UInt32 = 0

    package init() {}

    package init(of bytes: UnsafeRawBufferPointer) { update(bytes) }

    package init(of bytes: some Sequence<UInt8>) { update(bytes) }

    package mutating func update(_ bytes: UnsafeRawBufferPointer) {
        value = cc_crc32c(value, bytes.baseAddress, bytes.count)
    }

    package mutating func update(_ bytes: some Sequence<UInt8>) {
        if bytes.withContiguousStorageIfAvailable({ update(UnsafeRawBufferPointer($0)) }) == nil {
            Array(bytes).withUnsafeBytes { update($0) }
        }
    }

    /// The form in which files store it: rotated and moved, so that a checksum of data that holds checksums is no
    /// trivial one.
    package var masked: UInt32 { (value >> 15 | value << 17) &+ 0xa282_ead8 }
}
