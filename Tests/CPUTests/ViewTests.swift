// Views: strides that stand for moved data.

import Programs
import Tensors
import Testing

@testable import CPU

@Suite struct ViewTests {
    /// The positions in memory that a view shows, in row-major order.
    private func positions(_ view: View, _ shape: [Int]) -> [Int] {
        var result = [view.offset]
        for (extent, stride) in zip(shape, view.strides) {
            result = result.flatMap { start in (0..<extent).map { start + $0 * stride } }
        }
        return result
    }

    @Test func reshapesOfViewsShowTheSameElements() {
        var random = RandomStream(seed: 3)
        var reshaped = 0
        for _ in 0..<2000 {
            let shape = (0..<Int.random(in: 0..<5, using: &random)).map { _ in Int.random(in: 1..<4, using: &random) }
            let order = shape.indices.shuffled(using: &random)
            let view = View.whole(ValueID(0), shape: shape).transposed(order)
            let transposed = order.map { shape[$0] }
            // A random shape of the same count: factors dealt out anew.
            var target = [1]
            for extent in transposed {
                if Bool.random(using: &random) { target.append(extent) } else { target[target.count - 1] *= extent }
            }
            guard let result = view.reshaped(from: transposed, to: target) else { continue }
            reshaped += 1
            #expect(positions(result, target) == positions(view, transposed), "\(transposed) to \(target)")
        }
        #expect(reshaped > 500)
    }

    @Test func aTransposedMatrixCannotBeFlattened() {
        let view = View.whole(ValueID(0), shape: [2, 3]).transposed([1, 0])
        #expect(view.reshaped(from: [3, 2], to: [6]) == nil)
    }

    @Test func reversedAndSlicedViewsShowWhatTheySay() {
        let view = View.whole(ValueID(0), shape: [5])
        #expect(positions(view.reversed(axes: [0], shape: [5]), [5]) == [4, 3, 2, 1, 0])
        #expect(positions(view.sliced(starts: [1], strides: [2]), [2]) == [1, 3])
    }
}
