// Arrays of numbers as images of bytes.

import Tensors

/// Images of equal size: `[k, height, width, channels]`, or one without the first axis.
struct ImageBatch {
    let array: AnyArray
    let count: Int
    let height: Int
    let width: Int
    /// 1 (grey), 3 (red, green, blue) or 4 (and how opaque).
    let channelCount: Int

    /// What a pixel with a value that is not finite becomes: red, or white where there are no colours.
    private static let badColour: [UInt8] = [255, 0, 0, 255]

    /// - Errors: where the array holds no images that could be shown.
    init(_ array: AnyArray, tag: String) throws(SummaryError) {
        let shape = array.shape.count == 3 ? [1] + array.shape : array.shape
        guard shape.count == 4 else {
            throw SummaryError(tag, "images have the shape [k, height, width, channels], not \(array.shape)")
        }
        guard [1, 3, 4].contains(shape[3]) else {
            throw SummaryError(tag, "an image has 1, 3 or 4 channels, not \(shape[3]) (shape \(array.shape))")
        }
        guard [.uint8, .float32, .float64].contains(array.dtype) else {
            throw SummaryError(tag, "an image is made of uint8, float32 or float64, not of \(array.dtype)")
        }
        guard shape[0] == 0 || (shape[1] > 0 && shape[2] > 0), max(shape[1], shape[2]) <= Int(Int32.max) else {
            throw SummaryError(tag, "an image of shape \(array.shape) has no pixels, or too many")
        }
        self.array = array
        (count, height, width, channelCount) = (shape[0], shape[1], shape[2], shape[3])
    }

    /// The bytes of one image, row by row.
    func pixels(of index: Int, _ scaling: ImageScaling) -> [UInt8] {
        let size = height * width * channelCount
        let range = index * size..<(index + 1) * size
        func elements<Scalar: TensorElement>(_ type: Scalar.Type) -> [Scalar] {
            (try? array.as(type))?.withUnsafeBufferPointer { range.upperBound <= $0.count ? Array($0[range]) : [] }
                ?? []
        }
        switch array.dtype.kind {
        case .uint8: return elements(UInt8.self)
        case .float32: return bytes(of: elements(Float.self), scaling)
        default: return bytes(of: elements(Double.self), scaling)
        }
    }

    private func bytes<Scalar: BinaryFloatingPoint>(of values: [Scalar], _ scaling: ImageScaling) -> [UInt8] {
        // A pixel counts only where all of its channels are finite.
        var isFinite = [Bool](repeating: true, count: values.count / channelCount)
        for (index, value) in values.enumerated() where !value.isFinite { isFinite[index / channelCount] = false }
        var (least, largest) = (Scalar.infinity, -Scalar.infinity)
        for (index, value) in values.enumerated() where isFinite[index / channelCount] {
            least = min(least, value)
            largest = max(largest, value)
        }
        let (factor, offset): (Scalar, Scalar)
        switch scaling {
        case .fitted where least < 0:
            let farthest = max(abs(least), abs(largest))
            (factor, offset) = (farthest < 1e-6 ? 0 : 127 / farthest, 128)
        case .fitted: (factor, offset) = (largest < 1e-6 ? 0 : 255 / largest, 0)
        // TensorFlow cuts 255.5 times the value down to a whole number.
        case .unit: (factor, offset) = (255.5, 0)
        }
        return values.indices.map { index in
            guard isFinite[index / channelCount] else { return Self.badColour[index % channelCount] }
            return UInt8(min(255, max(0, values[index] * factor + offset)))
        }
    }
}
