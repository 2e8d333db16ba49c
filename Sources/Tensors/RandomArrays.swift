// Arrays of random numbers. Which numbers a seed gives is never to change.
//
// Callers of other modules know the type of the elements, but the loops are compiled here, where it is a parameter. So
// they are functions of their own that know nothing of the array, and are called once for each type by its name: the
// compiler then makes code for each.

extension NDArray where Scalar: NumericElement {
    /// Whole numbers drawn evenly from `range`, the same for the same seed on every machine.
    ///
    ///     NDArray<Float>(randomIntegersIn: 0..<10, shape: [10, 10], seed: 1)
    public init(randomIntegersIn range: Range<Int>, shape: [Int], seed: UInt64) {
        self.init(shape: shape) { elements in
            let bytes = UnsafeMutableRawBufferPointer(elements)
            switch Scalar.dtype {
            case .float32: fillWithIntegers(Float.self, bytes, range, seed)
            case .float64: fillWithIntegers(Double.self, bytes, range, seed)
            case .int8: fillWithWholeNumbers(Int8.self, bytes, range, seed)
            case .int16: fillWithWholeNumbers(Int16.self, bytes, range, seed)
            case .int32: fillWithWholeNumbers(Int32.self, bytes, range, seed)
            case .int64: fillWithWholeNumbers(Int64.self, bytes, range, seed)
            case .uint8: fillWithWholeNumbers(UInt8.self, bytes, range, seed)
            case .uint16: fillWithWholeNumbers(UInt16.self, bytes, range, seed)
            case .uint32: fillWithWholeNumbers(UInt32.self, bytes, range, seed)
            case .uint64: fillWithWholeNumbers(UInt64.self, bytes, range, seed)
            default: fillWithIntegers(Scalar.self, bytes, range, seed)
            }
        }
    }
}

extension NDArray where Scalar: FloatingElement {
    /// Numbers drawn evenly from `range`, the same for the same seed on every machine.
    public init(randomIn range: Range<Scalar> = 0..<1, shape: [Int], seed: UInt64) {
        let draw = { (random: inout RandomStream, room) in random.fillUniform(room) }
        self.init(
            shape: shape, offset: range.lowerBound, factor: range.upperBound - range.lowerBound, seed, draw)
    }

    /// Normally distributed numbers, the same for the same seed on every machine.
    public init(randomNormal shape: [Int], mean: Scalar = 0, standardDeviation: Scalar = 1, seed: UInt64) {
        let draw = { (random: inout RandomStream, room) in random.fillNormal(room) }
        self.init(shape: shape, offset: mean, factor: standardDeviation, seed, draw)
    }

    /// `offset + factor · number` for the numbers that `draw` writes.
    private init(
        shape: [Int], offset: Scalar, factor: Scalar, _ seed: UInt64,
        _ draw: (inout RandomStream, UnsafeMutableBufferPointer<Double>) -> Void
    ) {
        // No float of an array is wider than a double, so that nothing is lost in between.
        let (offset, factor) = (Double(offset), Double(factor))
        self.init(shape: shape) { elements in
            let bytes = UnsafeMutableRawBufferPointer(elements)
            switch Scalar.dtype {
            case .float32: fillWithNumbers(Float.self, bytes, offset, factor, seed, draw)
            case .float64: fillWithNumbers(Double.self, bytes, offset, factor, seed, draw)
            default: fillWithNumbers(Scalar.self, bytes, offset, factor, seed, draw)
            }
        }
    }
}

private func fillWithIntegers<Scalar: NumericElement>(
    _ type: Scalar.Type, _ bytes: UnsafeMutableRawBufferPointer, _ range: Range<Int>, _ seed: UInt64
) {
    let elements = bytes.bindMemory(to: type)
    if range.isEmpty { return elements.initialize(repeating: Scalar(clamping: Double(range.lowerBound))) }
    var random = RandomStream(seed: seed)
    for index in elements.indices {
        let value = Int.random(in: range, using: &random)
        elements.initializeElement(at: index, to: Scalar(clamping: Double(value)))
    }
}

/// The same for whole numbers, without the way through `Double` where that changes nothing.
private func fillWithWholeNumbers<Scalar: IntegerElement>(
    _ type: Scalar.Type, _ bytes: UnsafeMutableRawBufferPointer, _ range: Range<Int>, _ seed: UInt64
) {
    let exact = -(1 << 53)...(1 << 53)
    guard exact.contains(range.lowerBound), exact.contains(range.upperBound), !range.isEmpty else {
        return fillWithIntegers(type, bytes, range, seed)
    }
    let elements = bytes.bindMemory(to: type)
    var random = RandomStream(seed: seed)
    for index in elements.indices {
        elements.initializeElement(at: index, to: Scalar(clamping: Int.random(in: range, using: &random)))
    }
}

private func fillWithNumbers<Scalar: FloatingElement>(
    _ type: Scalar.Type, _ bytes: UnsafeMutableRawBufferPointer, _ offset: Double, _ factor: Double, _ seed: UInt64,
    _ draw: (inout RandomStream, UnsafeMutableBufferPointer<Double>) -> Void
) {
    let elements = bytes.bindMemory(to: type)
    let (offset, factor) = (Scalar(offset), Scalar(factor))
    var random = RandomStream(seed: seed)
    withUnsafeTemporaryAllocation(of: Double.self, capacity: 512) { room in
        for start in stride(from: 0, to: elements.count, by: room.count) {
            let count = min(room.count, elements.count - start)
            draw(&random, UnsafeMutableBufferPointer(rebasing: room[..<count]))
            for index in 0..<count {
                elements.initializeElement(at: start + index, to: offset + factor * Scalar(room[index]))
            }
        }
    }
}
