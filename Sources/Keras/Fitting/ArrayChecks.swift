// Brings arrays to the types that a model takes, and finds numbers in them that make no sense. Knows nothing of models.

import Tensors

extension AnyArray {
    /// The array as another type.
    ///
    /// - Errors: `KerasError` where elements are no numbers, or where whole numbers are wanted and there are others.
    func converted(to dtype: DType, _ title: String) throws -> AnyArray {
        if self.dtype == dtype { return self }
        if self.dtype.numericType != nil || self.dtype == .bool {
            switch dtype {
            case .float32: if let array = converted(to: Float.self) { return AnyArray(array) }
            case .float64: if let array = converted(to: Double.self) { return AnyArray(array) }
            case .int32: return AnyArray(try wholeNumbers(Int32.self, title))
            case .int64: return AnyArray(try wholeNumbers(Int64.self, title))
            case .uint8: return AnyArray(try wholeNumbers(UInt8.self, title))
            default: break
            }
        }
        throw KerasError(
            "\(title) cannot be made of an array of \(self.dtype) where \(dtype) is wanted",
            hint: "give an array of numbers")
    }

    /// The elements as whole numbers.
    ///
    /// - Errors: `KerasError` for an element that is none, or that the type cannot hold.
    private func wholeNumbers<Scalar: IntegerElement>(_ type: Scalar.Type, _ title: String) throws -> NDArray<Scalar> {
        if let bad = firstPosition(where: { Scalar(exactly: $0) == nil }) {
            throw KerasError(
                "\(title): \(place(of: bad.position)) is \(bad.text), which is no whole number of \(type.dtype)",
                hint: "the model takes whole numbers here")
        }
        guard let array = converted(to: type) else {
            throw KerasError("\(title) cannot be made of \(dtype)", hint: "give an array of numbers")
        }
        return array
    }

    /// Numbers of classes.
    ///
    /// - Parameters:
    ///   - count: how many there are, where that is known.
    ///   - ignored: a number that stands for none.
    /// - Errors: `KerasError` for a number that is none of a class.
    func classes(count: Int?, ignored: Int?, _ title: String) throws -> AnyArray {
        guard dtype.numericType != nil || dtype == .bool else { return try converted(to: .int32, title) }
        let limit = count ?? Int(Int32.max)
        if let same = classes(below: limit, ignored: ignored) { return same }
        let found = firstPosition { value in
            !(value >= 0 && value < Double(limit) && value.rounded(.towardZero) == value)
                && value != ignored.map { Double($0) }
        }
        if let found {
            let classes =
                count.map { "one of the \(counted($0, "class", "classes")), 0..<\($0)" } ?? "the number of a class"
            let isWhole = found.value.rounded() == found.value
            throw KerasError(
                "label \(found.text) of sample \(found.position / elementsPerSample) is not \(classes)",
                hint: isWhole
                    ? "classes are counted from 0, and the output needs a unit for each"
                    : "\(title) must be whole numbers; for other targets use a loss such as mean_squared_error")
        }
        if dtype == .int32 { return self }
        return converted(to: Int32.self).map { AnyArray($0) } ?? self
    }

    /// - Errors: `KerasError` for NaN or infinity, with its place.
    func requireFinite(_ title: String) throws {
        guard let position = firstNotFinite else { return }
        let value = (try? self.as(Float.self)).map { Double($0.withUnsafeBufferPointer { $0[position] }) } ?? .nan
        throw KerasError(
            "\(title): \(place(of: position)) is \(value.isNaN ? "NaN" : value < 0 ? "-infinity" : "infinity")",
            hint: value.isNaN
                ? "replace or leave out missing values first"
                : "limit numbers to what float32 holds, about 3.4e38, for example by a smaller unit")
    }

    /// - Errors: `KerasError` for a label that is not from 0 to 1, with its place.
    func requireProbabilities(_ title: String, _ loss: String) throws {
        guard let bad = firstPosition(where: { !(0...1).contains($0) }) else { return }
        throw KerasError(
            "\(title): \(place(of: bad.position)) is \(bad.text), but \(loss) takes labels from 0 to 1",
            hint: "for labels of -1 and 1 use hinge, or make them 0 and 1")
    }

    private var elementsPerSample: Int { max(1, count / max(1, sampleCount ?? 1)) }

    /// `sample 2`, `element 1 of sample 2`.
    private func place(of position: Int) -> String {
        let width = elementsPerSample
        return width == 1 ? "sample \(position)" : "element \(position % width) of sample \(position / width)"
    }

    // MARK: - Elements

    /// The elements as another type: rounded toward zero and limited to its range; nil where they are no numbers.
    func converted<Scalar: NumericElement>(to type: Scalar.Type) -> NDArray<Scalar>? {
        func convert<Source: TensorElement>(_: Source.Type, _ body: (Source) -> Scalar) -> NDArray<Scalar>? {
            guard let array = try? self.as(Source.self) else { return nil }
            return NDArray<Scalar>(shape: shape) { target in
                array.withUnsafeBufferPointer { elements in
                    for index in target.indices where index < elements.count {
                        target.initializeElement(at: index, to: body(elements[index]))
                    }
                }
            }
        }
        func number<Source: NumericElement>(_ type: Source.Type) -> NDArray<Scalar>? {
            convert(type) { Scalar(clamping: $0.asDouble) }
        }
        if let same = try? self.as(type) { return same }
        switch dtype {
        case .bool: return convert(Bool.self) { $0 ? .one : .zero }
        // The common ones by themselves, so that the compiler makes a loop for each.
        case .uint8:
            return number(UInt8.self)
        case .float64: return number(Double.self)
        case .int32: return number(Int32.self)
        case .int64: return number(Int64.self)
        default: return dtype.numericType.flatMap { number($0) }
        }
    }

    /// The elements as `int32`, where all are whole numbers from 0 up to `limit`, or `ignored`; nil where one is not, or
    /// where that must be looked at more closely.
    ///
    /// The labels of a training are gone through as a whole, or in every step: a loop for each type, which stops nowhere.
    private func classes(below limit: Int, ignored: Int?) -> AnyArray? {
        func whole<Source: IntegerElement>(_ type: Source.Type) -> AnyArray? {
            guard let array = try? self.as(type) else { return nil }
            let excepted = ignored.flatMap { Source(exactly: $0) }
            let bound = UInt64(clamping: limit)
            let areClasses = array.withUnsafeBufferPointer { elements in
                guard let excepted else {
                    // Numbers below 0 become very large ones.
                    return elements.allHold { UInt64(truncatingIfNeeded: $0) < bound }
                }
                return elements.allHold { UInt64(truncatingIfNeeded: $0) < bound || $0 == excepted }
            }
            guard areClasses else { return nil }
            if dtype == .int32 { return self }
            return AnyArray(array.mapped { Int32(clamping: $0) })
        }
        func rounded<Source: FloatingElement>(_ type: Source.Type) -> AnyArray? {
            guard let array = try? self.as(type), limit <= Int(Int32.max) else { return nil }
            let bound = Double(limit)
            let areClasses = array.withUnsafeBufferPointer { elements in
                elements.allHold { element in
                    // Of `Double`, whose conversions the processor has.
                    let value = element.asDouble
                    return value >= 0 && value < bound && Double(Int32(value)) == value
                }
            }
            return areClasses ? AnyArray(array.mapped { Int32($0.asDouble) }) : nil
        }
        switch dtype {
        case .int32: return whole(Int32.self)
        case .int64: return whole(Int64.self)
        case .uint8: return whole(UInt8.self)
        case .float32: return rounded(Float.self)
        case .float64: return rounded(Double.self)
        default: return nil
        }
    }

    /// The first element of which `isBad` holds: its position, and how it reads.
    private func firstPosition(where isBad: (Double) -> Bool) -> (position: Int, value: Double, text: String)? {
        func find<Source: NumericElement>(_ type: Source.Type) -> (position: Int, value: Double, text: String)? {
            guard let array = try? self.as(type) else { return nil }
            return array.withUnsafeBufferPointer { elements in
                elements.firstIndex { isBad($0.asDouble) }.map { ($0, elements[$0].asDouble, "\(elements[$0])") }
            }
        }
        switch dtype {
        case .float32: return find(Float.self)
        case .int32: return find(Int32.self)
        case .int64: return find(Int64.self)
        default: return dtype.numericType.flatMap { find($0) }
        }
    }

    /// The position of the first element that is NaN or infinite, or nil.
    private var firstNotFinite: Int? {
        func find<Scalar: FloatingElement, Word: FixedWidthInteger>(_: Scalar.Type, exponent: Word) -> Int? {
            guard let array = try? self.as(Scalar.self) else { return nil }
            return array.withUnsafeBufferPointer { $0.firstNotFinite(exponent: exponent) }
        }
        switch dtype {
        case .float32: return find(Float.self, exponent: Float.infinity.bitPattern)
        case .float64: return find(Double.self, exponent: Double.infinity.bitPattern)
        default: return nil
        }
    }
}

extension NDArray {
    /// An array of the same shape.
    @inline(__always)
    fileprivate func mapped<Target: TensorElement>(_ transform: (Scalar) -> Target) -> NDArray<Target> {
        NDArray<Target>(shape: shape) { target in
            withUnsafeBufferPointer { elements in
                for index in target.indices where index < elements.count {
                    target.initializeElement(at: index, to: transform(elements[index]))
                }
            }
        }
    }
}

extension UnsafeBufferPointer {
    /// Whether something holds of all elements.
    @inline(__always)
    fileprivate func allHold(_ condition: (Element) -> Bool) -> Bool {
        for element in self where !condition(element) { return false }
        return true
    }
}

extension UnsafeBufferPointer where Element: BinaryFloatingPoint {
    /// The position of the first element that is NaN or infinite, or nil.
    ///
    /// The data of a training is gone through as a whole, or in every step, so this must be as fast as memory is: blocks
    /// are looked at as integers, which the compiler does many at a time.
    ///
    /// - Parameter exponent: the bits of the exponent; a number is finite unless it has all of them.
    @inline(__always)
    fileprivate func firstNotFinite<Word: FixedWidthInteger>(exponent: Word) -> Int? {
        // Added to an exponent of ones, its lowest bit carries into the highest of all.
        let carry = exponent & (0 &- exponent)
        return withMemoryRebound(to: Word.self) { words in
            for start in stride(from: 0, to: words.count, by: 4096) {
                let end = Swift.min(start + 4096, words.count)
                var found: Word = 0
                for index in start..<end { found |= (words[index] & exponent) &+ carry }
                if found.leadingZeroBitCount == 0 { return self[start..<end].firstIndex { !$0.isFinite } }
            }
            return nil
        }
    }
}
