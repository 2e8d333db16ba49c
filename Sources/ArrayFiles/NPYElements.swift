// The elements of an npy array, from and to a stream: byte order, Fortran's order of elements, strings. Knows nothing
// of headers' texts and of archives.

import Tensors

extension NPYHeader {
    /// Reads the array whose header has just been read, to the end of the stream.
    func readElements(_ stream: any ByteStream, _ place: Place) throws(ArrayFileError) -> AnyArray {
        let (count, byteCount) = try counts(place)
        guard byteCount <= stream.greatestRest else {
            throw place.damaged(
                at: stream.position,
                "shape \(shape) of \(layout.dtype) needs \(byteCount) bytes, but there are \(stream.greatestRest)")
        }
        let array: AnyArray
        switch layout.elements {
        case .numbers(let dtype): array = try readNumbers(dtype, byteCount, stream, place)
        case .bytes, .text: array = try readStrings(count, stream, place)
        }
        if try !stream.bytes(upTo: 1).isEmpty {
            throw place.damaged(
                at: stream.position - 1, "bytes follow the array's last element",
                hint: "a file is one array; for several use npz")
        }
        try stream.checkEnd()
        return array
    }

    private func readNumbers(
        _ dtype: DType, _ byteCount: Int, _ stream: any ByteStream, _ place: Place
    ) throws(ArrayFileError) -> AnyArray {
        let storage = try arrayStorage(byteCount, place)
        let target = storage.buffer(byteCount)
        if isFortranOrder, shape.count > 1, byteCount > 0 {
            try readTransposed(into: target, stream, place)
        } else {
            guard try stream.read(into: target) == byteCount else { throw endsEarly(stream, place) }
        }
        if layout.isBigEndian { swapWords(target, layout.wordByteCount) }
        return AnyArray(UntypedArray(dtype: dtype, shape: shape, foreign: storage))
    }

    private func endsEarly(_ stream: any ByteStream, _ place: Place) -> ArrayFileError {
        place.damaged(at: stream.position, "the file ends before the array's last element")
    }

    /// Calls `body` with the elements in chunks of whole ones.
    private func forEachChunk(
        _ count: Int, _ stream: any ByteStream, _ place: Place,
        _ body: (UnsafeRawBufferPointer) throws(ArrayFileError) -> Void
    ) throws(ArrayFileError) {
        let size = layout.itemByteCount
        guard count > 0, size > 0 else { return }
        let perChunk = max(1, min(count, (1 << 16) / size))
        let chunk = UnsafeMutableRawBufferPointer.allocate(byteCount: perChunk * size, alignment: 16)
        defer { chunk.deallocate() }
        var done = 0
        while done < count {
            let part = UnsafeMutableRawBufferPointer(rebasing: chunk[..<(min(perChunk, count - done) * size)])
            guard try stream.read(into: part) == part.count else { throw endsEarly(stream, place) }
            try body(UnsafeRawBufferPointer(part))
            done += part.count / size
        }
    }

    /// Elements whose first index runs fastest, put where the last one does.
    private func readTransposed(
        into target: UnsafeMutableRawBufferPointer, _ stream: any ByteStream, _ place: Place
    ) throws(ArrayFileError) {
        let size = layout.itemByteCount
        var walk = FortranWalk(shape)
        try forEachChunk(target.count / size, stream, place) { chunk in
            for start in stride(from: 0, to: chunk.count, by: size) {
                let place = walk.next() * size
                UnsafeMutableRawBufferPointer(rebasing: target[place..<(place + size)]).copyMemory(
                    from: UnsafeRawBufferPointer(rebasing: chunk[start..<(start + size)]))
            }
        }
    }

    private func readStrings(_ count: Int, _ stream: any ByteStream, _ place: Place) throws(ArrayFileError) -> AnyArray
    {
        // An array of strings takes more memory than its file, which a packed one must not drive too far.
        let budget = max(1 << 16, layout.itemByteCount == 0 ? 0 : stream.greatestRest)
        guard count <= budget else {
            throw place.damaged(at: stream.position, "it claims \(count) strings of no bytes")
        }
        var strings: [[UInt8]] = []
        strings.reserveCapacity(count)
        let size = layout.itemByteCount
        let offset = stream.position
        try forEachChunk(count, stream, place) { chunk throws(ArrayFileError) in
            for start in stride(from: 0, to: chunk.count, by: size) {
                let item = UnsafeRawBufferPointer(rebasing: chunk[start..<(start + size)])
                if layout.elements == .bytes {
                    strings.append(Array(item.prefix((item.lastIndex { $0 != 0 } ?? -1) + 1)))
                } else {
                    guard let string = decodeText(item) else {
                        throw place.damaged(
                            at: offset + strings.count * size, "a string holds what is no character of Unicode")
                    }
                    strings.append(string)
                }
            }
        }
        if size == 0 { strings = Array(repeating: [], count: count) }
        if isFortranOrder, shape.count > 1 {
            var walk = FortranWalk(shape)
            var ordered = [[UInt8]](repeating: [], count: count)
            for string in strings { ordered[walk.next()] = string }
            strings = ordered
        }
        do { return try AnyArray(strings: strings, shape: shape) } catch {
            throw place.damaged(at: nil, "\(error)")
        }
    }

    /// The code points as UTF-8, without the zeros at the end; nil for what is none.
    private func decodeText(_ item: UnsafeRawBufferPointer) -> [UInt8]? {
        var text = String.UnicodeScalarView()
        var zeros = 0
        for start in stride(from: 0, to: item.count, by: 4) {
            let word = item.loadUnaligned(fromByteOffset: start, as: UInt32.self)
            let value = layout.isBigEndian ? UInt32(bigEndian: word) : UInt32(littleEndian: word)
            if value == 0 {
                zeros += 1
                continue
            }
            guard let scalar = Unicode.Scalar(value) else { return nil }
            while zeros > 0 {
                text.append("\0")
                zeros -= 1
            }
            text.append(scalar)
        }
        return Array(String(text).utf8)
    }

    /// Calls `body` with all the bytes of the elements as they are written, in order.
    func forEachPart(
        of array: AnyArray, _ body: (UnsafeRawBufferPointer) throws(ArrayFileError) -> Void
    ) throws(ArrayFileError) {
        switch array.content {
        case .elements(let elements):
            defer { withExtendedLifetime(elements.storage) {} }
            try body(UnsafeRawBufferPointer(start: elements.bytes, count: elements.byteCount))
        case .strings(let strings, _):
            var part: [UInt8] = []
            for string in strings {
                if layout.elements == .bytes {
                    part += string
                    part += repeatElement(0, count: layout.itemByteCount - string.count)
                } else {
                    var count = 0
                    for scalar in String(decoding: string, as: UTF8.self).unicodeScalars {
                        for shift in [0, 8, 16, 24] { part.append(UInt8(truncatingIfNeeded: scalar.value >> shift)) }
                        count += 4
                    }
                    part += repeatElement(0, count: layout.itemByteCount - count)
                }
                if part.count >= 1 << 16 {
                    try part.withBytes(body)
                    part.removeAll(keepingCapacity: true)
                }
            }
            try part.withBytes(body)
        }
    }
}

extension [UInt8] {
    func withBytes(_ body: (UnsafeRawBufferPointer) throws(ArrayFileError) -> Void) throws(ArrayFileError) {
        var failure: ArrayFileError?
        withUnsafeBytes { bytes in
            do throws(ArrayFileError) { try body(bytes) } catch { failure = error }
        }
        if let failure { throw failure }
    }
}

/// The row-major places of elements in the order in which the first index runs fastest.
private struct FortranWalk {
    private let shape: [Int]
    private var strides: [Int]
    private var indices: [Int]
    private var place = 0

    init(_ shape: [Int]) {
        self.shape = shape
        indices = Array(repeating: 0, count: shape.count)
        strides = indices
        var stride = 1
        for axis in shape.indices.reversed() {
            strides[axis] = stride
            stride *= shape[axis]
        }
    }

    /// The place of the next element; there are as many as the shape holds.
    mutating func next() -> Int {
        let result = place
        for axis in shape.indices {
            indices[axis] += 1
            place += strides[axis]
            if indices[axis] < shape[axis] { break }
            place -= indices[axis] * strides[axis]
            indices[axis] = 0
        }
        return result
    }
}

private func swapWords(_ bytes: UnsafeMutableRawBufferPointer, _ size: Int) {
    func swap<Word: FixedWidthInteger & BitwiseCopyable>(_ type: Word.Type) {
        for offset in stride(from: 0, to: bytes.count - bytes.count % size, by: size) {
            let word = bytes.loadUnaligned(fromByteOffset: offset, as: Word.self)
            bytes.storeBytes(of: word.byteSwapped, toByteOffset: offset, as: Word.self)
        }
    }
    switch size {
    case 2: swap(UInt16.self)
    case 4: swap(UInt32.self)
    case 8: swap(UInt64.self)
    default: break
    }
}
