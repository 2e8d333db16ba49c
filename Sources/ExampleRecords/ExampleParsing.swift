// From examples to arrays: which features are wanted, of which type and shape.
//
// Source: tf.io.parse_single_example, FixedLenFeature and VarLenFeature.

public import Datasets
public import Tensors

/// What a feature of an example is read as.
public struct FeatureSpecification: Sendable {
    fileprivate enum Length: Sendable {
        case fixed(shape: [Int], default: AnyArray?)
        case variable
    }

    fileprivate let dtype: DType
    fileprivate let length: Length

    /// As many values as the shape holds.
    ///
    /// - Parameters:
    ///   - dtype: `float32`, `int64` or `string`: examples hold no others.
    ///   - shape: the shape of the array; `[]`, the default, for a single value.
    ///   - default: what a feature that is missing is read as, an array of the shape or a single value for all of it;
    ///     nil, the default, where it may not be missing.
    public static func fixedLength(
        _ dtype: DType, shape: [Int] = [], default: AnyArray? = nil
    ) -> FeatureSpecification {
        FeatureSpecification(dtype: dtype, length: .fixed(shape: shape, default: `default`))
    }

    /// As many values as there are, in a vector; none where the feature is missing. Batch them with `paddedBatch` after
    /// making them arrays of a static type, or one by one.
    ///
    /// - Parameter dtype: `float32`, `int64` or `string`: examples hold no others.
    public static func variableLength(_ dtype: DType) -> FeatureSpecification {
        FeatureSpecification(dtype: dtype, length: .variable)
    }
}

extension Example {
    /// Reads features as arrays.
    ///
    ///     let arrays = try Example(serialized: record).parsed([
    ///         "image": .fixedLength(.string), "label": .fixedLength(.int64), "weights": .variableLength(.float32),
    ///     ])
    ///
    /// - Returns: an array for each of the specified features; others are left out.
    /// - Errors: `ExampleError` for a feature that is missing, of another type, or of another number of values.
    public func parsed(_ specifications: [String: FeatureSpecification]) throws(ExampleError) -> [String: AnyArray] {
        var arrays: [String: AnyArray] = [:]
        // By name, so that of several mistakes it is always the same that is reported.
        for (name, specification) in specifications.sorted(by: { $0.key < $1.key }) {
            arrays[name] = try array(name, specification)
        }
        return arrays
    }

    private func array(_ name: String, _ specification: FeatureSpecification) throws(ExampleError) -> AnyArray {
        let dtype = specification.dtype
        guard [.float32, .int64, .string].contains(dtype) else {
            throw ExampleError(
                feature: name, reason: "examples hold no values of \(dtype)",
                hint: "ask for float32, int64 or string, and convert with map")
        }
        guard let feature = features[name] else { return try missing(name, specification) }
        guard feature.kind == dtype.description else {
            throw ExampleError(
                feature: name, reason: "it holds values of \(feature.kind), not of \(dtype)",
                hint: "specify .\(feature.kind), and convert with map")
        }
        var shape = [feature.count]
        if case .fixed(let wanted, _) = specification.length {
            guard elementCount(wanted) == feature.count else {
                throw ExampleError(
                    feature: name,
                    reason: "it holds \(feature.count) values, but the shape \(wanted) needs "
                        + (elementCount(wanted).map(String.init) ?? "more than memory can address"),
                    hint: "specify another shape, or .variableLength")
            }
            shape = wanted
        }
        do throws(ArrayError) {
            switch feature {
            case .bytes(let values): return try AnyArray(strings: values, shape: shape)
            case .floats(let values): return AnyArray(try NDArray(shape: shape, values))
            case .integers(let values): return AnyArray(try NDArray(shape: shape, values))
            }
        } catch {
            throw ExampleError(feature: name, reason: error.description, hint: "specify another shape")
        }
    }

    private func missing(_ name: String, _ specification: FeatureSpecification) throws(ExampleError) -> AnyArray {
        let dtype = specification.dtype
        guard case .fixed(let shape, let replacement) = specification.length else {
            switch dtype {
            case .float32: return AnyArray(NDArray([Float]()))
            case .int64: return AnyArray(NDArray([Int64]()))
            default: return AnyArray(strings: [])
            }
        }
        guard let replacement else {
            let near = nearestName(to: name, among: features.keys).map { "did you mean \"\($0)\"? " } ?? ""
            throw ExampleError(
                feature: name, reason: "it is missing",
                hint: near + "give a default; the example has "
                    + features.keys.sorted().prefix(50).map { "\"\($0)\"" }.joined(separator: ", "))
        }
        guard replacement.dtype == dtype, replacement.shape == shape || replacement.count == 1 else {
            throw ExampleError(
                feature: name,
                reason: "the default is \(replacement.dtype)\(replacement.shape), the feature \(dtype)\(shape)",
                hint: "give a default of the feature's type, of its shape or a single value")
        }
        if replacement.shape == shape { return replacement }
        return try repeated(replacement, shape, name)
    }

    /// A single value for each element of a shape.
    private func repeated(_ value: AnyArray, _ shape: [Int], _ name: String) throws(ExampleError) -> AnyArray {
        if let refusal = Memory.refusal(of: shape, value.dtype == .string ? .int64 : value.dtype) {
            throw ExampleError(feature: name, reason: refusal, hint: "specify a smaller shape")
        }
        do throws(ArrayError) {
            if let text = value.byteStrings?.first {
                return try AnyArray(
                    strings: Array(repeating: text, count: elementCount(shape) ?? 0), shape: shape)
            }
            if value.dtype == .float32 {
                return AnyArray(NDArray<Float>(repeating: try value.as(Float.self).scalar, shape: shape))
            }
            return AnyArray(NDArray<Int64>(repeating: try value.as(Int64.self).scalar, shape: shape))
        } catch {
            throw ExampleError(feature: name, reason: error.description, hint: "give another default")
        }
    }
}

// MARK: - Data sets

extension Dataset where Element == [UInt8] {
    /// Records read as examples, and their features as arrays.
    ///
    ///     let train = Dataset.tfRecords(paths)
    ///         .parseExamples(["x": .fixedLength(.float32, shape: [4]), "label": .fixedLength(.int64)])
    ///         .map { Pair(try $0.array("x", of: Float.self), try $0.array("label", of: Int64.self)) }
    ///         .batch(32)
    ///
    /// - Parameter parallelism: as for `map`.
    /// - Errors: an `ExampleError`, within a `PipelineError` that counts the record, reaches the consumer.
    public func parseExamples(
        _ specifications: [String: FeatureSpecification], parallelism: Int = 1, fileID: StaticString = #fileID,
        line: UInt = #line
    ) -> Dataset<[String: AnyArray]> {
        map(parallelism: parallelism, fileID: fileID, line: line) { record in
            try Example(serialized: record).parsed(specifications)
        }
    }
}

extension [String: AnyArray] {
    /// An array by its name, with its static type.
    ///
    /// - Errors: `ExampleError` where there is none of the name, or its elements are of another type.
    public func array<Scalar: TensorElement>(
        _ name: String, of type: Scalar.Type
    ) throws(ExampleError) -> NDArray<Scalar> {
        guard let array = self[name] else {
            let near = nearestName(to: name, among: keys).map { "did you mean \"\($0)\"? " } ?? ""
            throw ExampleError(
                feature: name, reason: "there is no such array",
                hint: near + "there are " + keys.sorted().prefix(50).map { "\"\($0)\"" }.joined(separator: ", "))
        }
        do throws(ArrayError) { return try array.as(type) } catch {
            throw ExampleError(feature: name, reason: error.description, hint: "ask for \(array.dtype)")
        }
    }
}
