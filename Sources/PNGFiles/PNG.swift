// Writes images as PNG. Knows nothing of what they show, nor of files.

import CZlib

/// An image of 8 bits a channel as the bytes of a PNG file.
///
/// - Parameters:
///   - pixels: the channels of each pixel, row by row.
///   - channelCount: 1 (grey), 2 (grey and how opaque), 3 (red, green, blue) or 4 (and how opaque).
/// - Returns: nil where the image has no pixels, or there are not as many bytes as it needs.
/// - Source: PNG specification, third edition.
package func encodePNG(_ pixels: [UInt8], width: Int, height: Int, channelCount: Int) -> [UInt8]? {
    // The kinds of colour by the number of channels.
    let colourTypes: [Int: UInt8] = [1: 0, 2: 4, 3: 2, 4: 6]
    let largest = Int(Int32.max)
    guard let colourType = colourTypes[channelCount], (1...largest).contains(width), (1...largest).contains(height),
        case let (count, overflow) = (width * channelCount).multipliedReportingOverflow(by: height), !overflow,
        count == pixels.count, let compressed = compress(rows(of: pixels, byteCount: width * channelCount))
    else { return nil }

    var file: [UInt8] = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]
    // Eight bits a channel; the only compression, filtering and order there is.
    appendChunk("IHDR", bigEndian(UInt32(width)) + bigEndian(UInt32(height)) + [8, colourType, 0, 0, 0], to: &file)
    // A chunk's length is a number of 31 bits.
    for start in stride(from: 0, to: compressed.count, by: 1 << 30) {
        appendChunk("IDAT", Array(compressed[start..<min(compressed.count, start + 1 << 30)]), to: &file)
    }
    appendChunk("IEND", [], to: &file)
    return file
}

/// The rows, each after the number of its filter: 2, which keeps of each byte the difference from the one above.
private func rows(of pixels: [UInt8], byteCount: Int) -> [UInt8] {
    var filtered: [UInt8] = []
    filtered.reserveCapacity(pixels.count + pixels.count / byteCount)
    for start in stride(from: 0, to: pixels.count, by: byteCount) {
        filtered.append(2)
        for index in start..<(start + byteCount) {
            filtered.append(pixels[index] &- (start == 0 ? 0 : pixels[index - byteCount]))
        }
    }
    return filtered
}

private func compress(_ bytes: [UInt8]) -> [UInt8]? {
    let bound = compressBound(uLong(bytes.count))
    var succeeded = false
    let compressed = [UInt8](unsafeUninitializedCapacity: Int(bound)) { buffer, count in
        var length = bound
        succeeded =
            compress2(buffer.baseAddress, &length, bytes, uLong(bytes.count), Z_DEFAULT_COMPRESSION) == Z_OK
        count = succeeded ? Int(length) : 0
    }
    return succeeded ? compressed : nil
}

/// A chunk: length, name, content, and the checksum of name and content.
private func appendChunk(_ name: String, _ content: [UInt8], to file: inout [UInt8]) {
    let checked = Array(name.utf8) + content
    file.append(contentsOf: bigEndian(UInt32(content.count)))
    file.append(contentsOf: checked)
    file.append(contentsOf: bigEndian(UInt32(truncatingIfNeeded: crc32(0, checked, uInt(checked.count)))))
}

private func bigEndian(_ number: UInt32) -> [UInt8] { withUnsafeBytes(of: number.bigEndian) { Array($0) } }
