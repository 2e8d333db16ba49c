// Reads tensors out of a checkpoint, whole or in part, and checks all of them.

import Files
public import Tensors

extension CheckpointReader {
    /// The tensor of the given name.
    ///
    /// - Errors: `CheckpointError` with file, place and reason; `.noSuchTensor` with the nearest name.
    public func read(_ name: String) throws(CheckpointError) -> AnyArray {
        try read(try entry(named: name))
    }

    /// The tensor of the given name, with its static type.
    ///
    /// - Errors: as the form without a type; `.mismatch` where the tensor is of another type.
    public func read<Scalar: TensorElement>(
        _ name: String, as type: Scalar.Type
    ) throws(CheckpointError) -> NDArray<Scalar> {
        let entry = try entry(named: name)
        guard entry.dtype == Scalar.dtype else {
            throw CheckpointError(
                .mismatch, prefix, tensor: name, "it is of \(entry.dtype), not of \(Scalar.dtype)")
        }
        guard case .elements(let array) = try read(entry).content else {
            throw CheckpointError(.mismatch, prefix, tensor: name, "it holds strings")
        }
        return NDArray(untyped: array)
    }

    /// A part of the tensor of the given name: the range of indices along every dimension.
    ///
    ///     try reader.read("embeddings", slice: [0..<100, 0..<16])
    ///
    /// What is stored is read through for its checksum; memory is taken for the part alone.
    ///
    /// - Errors: as the form for the whole; `.mismatch` for a part outside of the tensor, or of strings.
    public func read(_ name: String, slice: [Range<Int>]) throws(CheckpointError) -> AnyArray {
        let entry = try entry(named: name)
        guard entry.dtype.byteCount > 0 else {
            throw CheckpointError(.mismatch, prefix, tensor: name, "parts of a tensor of \(entry.dtype) cannot be read")
        }
        guard slice.count == entry.shape.count,
            zip(slice, entry.shape).allSatisfy({ $0.lowerBound >= 0 && $0.upperBound <= $1 })
        else {
            throw CheckpointError(
                .mismatch, prefix, tensor: name, "the part \(describe(slice)) lies outside of shape \(entry.shape)")
        }
        return try assemble(entry, slice)
    }

    func read(_ entry: CheckpointEntry) throws(CheckpointError) -> AnyArray {
        if entry.isPartitioned { return try assemble(entry, entry.shape.map { 0..<$0 }) }
        let tensor = try stored(entry)
        if entry.dtype == .string {
            let strings = try readStrings(tensor)
            do { return try AnyArray(strings: strings, shape: entry.shape) } catch {
                throw tensor.damaged(at: entry.offset, "\(error)")
            }
        }
        guard entry.dtype.byteCount > 0 else {
            throw CheckpointError(
                .unsupported, tensor.file.path, at: entry.offset, tensor: entry.name,
                "elements of \(entry.dtype) have meaning to TensorFlow's kernels only")
        }
        // The size was compared with the shape's and with the file's.
        let storage = ArrayStorage(byteCount: entry.byteCount)
        try tensor.read(into: UnsafeMutableRawBufferPointer(start: storage.bytes, count: entry.byteCount))
        return AnyArray(UntypedArray(dtype: entry.dtype, shape: entry.shape, foreign: storage))
    }

    /// Puts a part of a tensor together from what is stored.
    private func assemble(_ entry: CheckpointEntry, _ wanted: [Range<Int>]) throws(CheckpointError) -> AnyArray {
        let size = entry.dtype.byteCount
        let parts = try entry.isPartitioned ? pieces(of: entry) : [entry]
        let places = entry.isPartitioned ? entry.slices : [entry.shape.map { 0..<$0 }]
        var found: [(tensor: StoredTensor, copy: RegionCopy)] = []
        var elements = 0
        for (part, place) in zip(parts, places) {
            guard let copy = RegionCopy(from: place, to: wanted, elementByteCount: size) else { continue }
            found.append((try stored(part), copy))
            elements += copy.elementCount
        }
        // Parts do not overlap, so that their count shows whether all is there, and what memory it takes.
        let count = Int(elementsOf: wanted)
        guard elements == count else {
            throw CheckpointError(
                .damaged, prefix + indexSuffix, tensor: entry.name,
                "of the \(count) elements of \(describe(wanted)), its parts hold only \(elements)")
        }
        let storage = ArrayStorage(byteCount: count * size)
        for (tensor, copy) in found {
            if let place = copy.wholePlace {
                try tensor.read(
                    into: UnsafeMutableRawBufferPointer(
                        start: storage.bytes + place, count: tensor.entry.byteCount))
                continue
            }
            var cursor = copy.start
            try tensor.forEachChunk { chunk, position in
                copy.copy(chunk, at: position, to: storage.bytes, &cursor)
            }
        }
        return AnyArray(UntypedArray(dtype: entry.dtype, shape: wanted.map(\.count), foreign: storage))
    }

    /// Reads everything and compares the checksums.
    ///
    /// Tensors of types that only TensorFlow's kernels know are not looked at.
    ///
    /// - Returns: a failure for each damaged tensor, which it names; empty where all is well.
    public func verify() -> [CheckpointError] {
        var failures: [CheckpointError] = []
        for entry in entries {
            do throws(CheckpointError) { try verify(entry) } catch { failures.append(error.naming(entry.name)) }
        }
        return failures
    }

    /// Reads a tensor without keeping it.
    func verify(_ entry: CheckpointEntry) throws(CheckpointError) {
        if entry.isPartitioned {
            let count = entry.slices.reduce(0) { $0 + Int(elementsOf: $1) }
            guard count == elementCount(entry.shape) else {
                throw CheckpointError(
                    .damaged, prefix + indexSuffix, tensor: entry.name,
                    "of the shape \(entry.shape), its parts hold only \(count) elements")
            }
            for piece in try pieces(of: entry) { try stored(piece).forEachChunk { _, _ in } }
        } else if entry.dtype == .string {
            try verifyStrings(try stored(entry))
        } else if entry.dtype.byteCount > 0 {
            try stored(entry).forEachChunk { _, _ in }
        }
    }
}
