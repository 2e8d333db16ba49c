// The buckets of histograms, in both forms.
//
// Values that are not finite have no place in a histogram, and are left out; TensorFlow ends the run in the classic
// form, and gives buckets without meaning in the other.

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif
import Messages
import SwiftProtobuf
import Tensors

/// A histogram with TensorFlow's fixed edges: 0, and from 1e-12 on each 1.1 times the one before, up to 1e20 and to
/// the largest number; the same below 0. Runs of empty buckets are written as one.
///
/// - Source: `tensorflow/core/lib/histogram`; checked against TensorFlow's own output.
struct ClassicHistogram {
    /// The right edges.
    static let edges: [Double] = {
        var positive: [Double] = []
        var edge = 1e-12
        while edge < 1e20 {
            positive.append(edge)
            edge *= 1.1
        }
        positive.append(.greatestFiniteMagnitude)
        return positive.reversed().map { -$0 } + [0] + positive
    }()

    private(set) var minimum = Double.greatestFiniteMagnitude
    private(set) var maximum = -Double.greatestFiniteMagnitude
    private(set) var count = 0
    private(set) var sum = 0.0
    private(set) var sumOfSquares = 0.0
    private var counts = [Int](repeating: 0, count: edges.count)

    init(_ array: AnyArray) {
        let edges = Self.edges
        forEachFinite(array) { value in
            // The first edge above the value.
            var (low, high) = (0, edges.count - 1)
            while low < high {
                let middle = (low + high) / 2
                if edges[middle] > value { high = middle } else { low = middle + 1 }
            }
            counts[low] += 1
            minimum = Swift.min(minimum, value)
            maximum = Swift.max(maximum, value)
            count += 1
            sum += value
            sumOfSquares += value * value
        }
    }

    var message: Tensorflow_HistogramProto {
        var message = Tensorflow_HistogramProto()
        (message.min, message.max, message.num) = (minimum, maximum, Double(count))
        (message.sum, message.sumSquares) = (sum, sumOfSquares)
        var index = 0
        while index < counts.count {
            if counts[index] == 0 {
                while index + 1 < counts.count, counts[index + 1] == 0 { index += 1 }
            }
            message.bucketLimit.append(Self.edges[index])
            message.bucket.append(Double(counts[index]))
            index += 1
        }
        return message
    }
}

/// `[count, 3]` rows of left edge, right edge and number of values, evenly wide from the least to the largest value.
///
/// Where all values are equal, all edges are that value and the last bucket counts them; where there are none, all is
/// 0.
///
/// - Source: `tf.summary.histogram`; checked against its own output.
func histogramBuckets(of array: AnyArray, count: Int) -> Tensorflow_TensorProto {
    var (least, largest, total) = (Double.infinity, -Double.infinity, 0)
    forEachFinite(array) { value in
        least = min(least, value)
        largest = max(largest, value)
        total += 1
    }
    var rows = [Double](repeating: 0, count: 3 * count)
    if total > 0, count > 0 {
        if least == largest {
            for index in 0..<count { (rows[3 * index], rows[3 * index + 1]) = (least, least) }
            rows[3 * count - 1] = Double(total)
        } else {
            // Divided before they are subtracted where the difference would overflow.
            let range = largest - least
            let width = range.isFinite ? range / Double(count) : largest / Double(count) - least / Double(count)
            func edge(_ index: Int) -> Double { index == count ? largest : least + Double(index) * width }
            for index in 0..<count { (rows[3 * index], rows[3 * index + 1]) = (edge(index), edge(index + 1)) }
            forEachFinite(array) { value in
                let offset = range.isFinite ? (value - least) / width : value / width - least / width
                let index = offset < Double(count - 1) ? max(0, Int(offset)) : count - 1
                rows[3 * index + 2] += 1
            }
        }
    }
    return .with {
        $0.dtype = .dtDouble
        $0.tensorShape = Shape([count, 3]).message
        $0.tensorContent = rows.withUnsafeBytes { Data($0) }
    }
}

/// Calls `body` with each element that is finite.
private func forEachFinite(_ array: AnyArray, _ body: (Double) -> Void) {
    func visit<Scalar: TensorElement>(_ number: (Scalar) -> Double) {
        guard let elements = try? array.as(Scalar.self) else { return }
        elements.withUnsafeBufferPointer { elements in
            for element in elements {
                let value = number(element)
                if value.isFinite { body(value) }
            }
        }
    }
    switch array.dtype.kind {
    case .float32: visit { (element: Float) in Double(element) }
    case .float64: visit { (element: Double) in element }
    case .int8: visit { (element: Int8) in Double(element) }
    case .int16: visit { (element: Int16) in Double(element) }
    case .int32: visit { (element: Int32) in Double(element) }
    case .int64: visit { (element: Int64) in Double(element) }
    case .uint8: visit { (element: UInt8) in Double(element) }
    case .uint16: visit { (element: UInt16) in Double(element) }
    case .uint32: visit { (element: UInt32) in Double(element) }
    case .uint64: visit { (element: UInt64) in Double(element) }
    case .bool: visit { (element: Bool) in element ? 1 : 0 }
    case .other: break
    }
}
