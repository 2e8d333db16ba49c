// Images seen through a matrix: turned, moved, made larger or smaller. Every element of the result is looked up where the
// matrix says, between the elements there or beyond the edge.

import Graphs
import Operations
import Tensors

/// What lies beyond the edges of an image.
public enum ImageFill: String, Hashable, Sendable, CaseIterable {
    /// A value.
    case constant
    /// The nearest element.
    case nearest
    /// The image again.
    case wrap
    /// The image, seen in a mirror on its edge.
    case reflect

    /// Coordinates along an axis, brought inside; as they are where a value lies beyond.
    ///
    /// - Source: TensorFlow's `ImageProjectiveTransformV3`, step by step.
    fileprivate func mapped(_ coordinates: Tensor<Float>, size: Int) -> Tensor<Float> {
        if self == .constant { return coordinates }
        let (count, last) = (Float(size), Float(size - 1))
        func inside(_ values: Tensor<Float>) -> Tensor<Float> { minimum(maximum(values, 0), last) }
        if self == .nearest || size <= 1 { return inside(coordinates) }
        let before: Tensor<Float>
        let behind: Tensor<Float>
        if self == .wrap {
            before = coordinates + count * (floor(-coordinates / last) + 1)
            behind = coordinates - count * floor(coordinates / last)
        } else {
            let low = 2 * count * floor(-coordinates / (2 * count)) + coordinates
            before = select(where: less(low, -count), low + 2 * count, -low - 1)
            let high = coordinates - 2 * count * floor(coordinates / (2 * count))
            behind = select(where: greaterEqual(high, count), 2 * count - high - 1, high)
        }
        let beyond = select(where: greater(coordinates, last), behind, coordinates)
        return inside(select(where: less(coordinates, 0), before, beyond))
    }
}

/// For each image where its elements come from: `x' = a₀ x + a₁ y + a₂`, `y' = b₀ x + b₁ y + b₂`, `[batch, 1, 1]` each.
struct ImageMatrices {
    var a: [Tensor<Float>]
    var b: [Tensor<Float>]

    /// Turned round the middle, by angles in radians.
    static func turning(_ angles: Tensor<Float>, height: Int, width: Int) -> ImageMatrices {
        let (x, y) = (Float(width - 1) / 2, Float(height - 1) / 2)
        let (cosine, sine) = (cos(angles), sin(angles))
        return ImageMatrices(
            a: [cosine, -sine, x - x * cosine + y * sine], b: [sine, cosine, y - x * sine - y * cosine])
    }

    /// Moved down and to the right, by numbers of elements.
    static func moving(down: Tensor<Float>, right: Tensor<Float>) -> ImageMatrices {
        let (one, zero) = (ones(like: down), zeros(like: down))
        return ImageMatrices(a: [one, zero, -right], b: [zero, one, -down])
    }

    /// Made smaller round the middle, by factors.
    static func shrinking(height: Tensor<Float>, width: Tensor<Float>, of size: (Int, Int)) -> ImageMatrices {
        let zero = zeros(like: height)
        return ImageMatrices(
            a: [width, zero, Float(size.1 - 1) / 2 * (1 - width)],
            b: [zero, height, Float(size.0 - 1) / 2 * (1 - height)])
    }
}

/// How images are looked at through matrices.
struct ImageLookup: Hashable, Sendable {
    let fill: ImageFill
    let value: Float
    let interpolation: Interpolation

    /// - Shapes: images `[batch, height, width, channels]`, unchanged; all but the batch known.
    func transformed(_ images: Tensor<Float>, _ matrices: ImageMatrices, _ size: (height: Int, width: Int))
        -> Tensor<Float>
    {
        let (height, width) = size
        let columns = range(0 as Float, Float(width), in: images.graph).reshaped([1, 1, width])
        let rows = range(0 as Float, Float(height), in: images.graph).reshaped([1, height, 1])
        func place(_ row: [Tensor<Float>]) -> Tensor<Float> { row[0] * columns + row[1] * rows + row[2] }
        let x = fill.mapped(place(matrices.a), size: width)
        let y = fill.mapped(place(matrices.b), size: height)

        let elements = images.reshaped([-1, images.shape[3] ?? -1])
        let numbers = range(constant(0), shape(of: images)[0], constant(1)).reshaped([-1, 1, 1])
        // Where each image begins: many together may have more elements than an int32 counts.
        let starts = cast(numbers, to: Int64.self) * Int64(clamping: clampedProduct(height, width))
        func read(_ y: Tensor<Float>, _ x: Tensor<Float>) -> Tensor<Float> {
            let row = minimum(maximum(y, 0), Float(height - 1))
            let column = minimum(maximum(x, 0), Float(width - 1))
            let places = cast(row, to: Int32.self) * Int32(clamping: width) + cast(column, to: Int32.self)
            let isInside = logicalAnd(equal(row, y), equal(column, x))
            return select(
                where: isInside.expandingDimension(at: 3), gather(elements, starts + cast(places, to: Int64.self)),
                value)
        }
        if interpolation == .nearest {
            // Halves go away from 0.
            func nearest(_ values: Tensor<Float>) -> Tensor<Float> {
                select(where: less(values, 0), ceil(values - 0.5), floor(values + 0.5))
            }
            return read(nearest(y), nearest(x))
        }
        let (top, left) = (floor(y), floor(x))
        let (down, right) = ((y - top).expandingDimension(at: 3), (x - left).expandingDimension(at: 3))
        func between(_ y: Tensor<Float>) -> Tensor<Float> {
            (1 - right) * read(y, left) + right * read(y, left + 1)
        }
        return (1 - down) * between(top) + down * between(top + 1)
    }
}
