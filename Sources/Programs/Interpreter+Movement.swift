// The interpreter's instructions that move elements without computing: each is one copy between two strided views.

import Tensors

extension Interpreter {
    /// How a box of elements lies in an array.
    private struct View {
        var offset = 0
        /// Elements to go on by for a step along each dimension of the box.
        var strides: [Int]
    }

    /// Copies the box of extents `shape` from one array into another, element by element.
    private static func copy(
        _ shape: [Int], of dtype: DType, from source: UnsafeRawPointer, _ sourceView: View,
        to target: UnsafeMutableRawPointer, _ targetView: View
    ) {
        guard !shape.contains(0) else { return }
        let size = dtype.byteCount
        var position = [Int](repeating: 0, count: shape.count)
        var (read, write) = (sourceView.offset, targetView.offset)
        while true {
            (target + write * size).copyMemory(from: source + read * size, byteCount: size)
            var axis = shape.count - 1
            while axis >= 0 {
                position[axis] += 1
                read += sourceView.strides[axis]
                write += targetView.strides[axis]
                if position[axis] < shape[axis] { break }
                read -= sourceView.strides[axis] * shape[axis]
                write -= targetView.strides[axis] * shape[axis]
                position[axis] = 0
                axis -= 1
            }
            if axis < 0 { return }
        }
    }

    /// A new array whose elements `fill` writes.
    private static func make(_ type: ArrayType, fill: (UnsafeMutableRawPointer) -> Void) -> UntypedArray {
        let storage = ArrayStorage(zeros: type.byteCount)
        fill(storage.bytes)
        return UntypedArray(dtype: type.dtype, shape: type.shape, storage: storage)
    }

    /// An array that shows the operand's elements through a view.
    private static func viewed(_ operand: UntypedArray, _ view: View, as type: ArrayType) -> UntypedArray {
        make(type) { target in
            let dense = View(strides: denseStrides(type.shape))
            copy(type.shape, of: type.dtype, from: operand.bytes, view, to: target, dense)
            withExtendedLifetime(operand.storage) {}
        }
    }

    static func iota(axis: Int, _ type: ArrayType) -> UntypedArray? {
        func count<Scalar: TensorElement>(_ convert: (Int) -> Scalar) -> UntypedArray {
            let inner = denseStrides(type.shape)[axis]
            return NDArray<Scalar>(shape: type.shape) { elements in
                for index in elements.indices {
                    elements.initializeElement(at: index, to: convert(index / inner % type.shape[axis]))
                }
            }.untyped
        }
        func floating<Scalar: InterpretedFloat>(_ scalar: Scalar.Type) -> UntypedArray { count { Scalar($0) } }
        func integer<Scalar: IntegerElement>(_ scalar: Scalar.Type) -> UntypedArray {
            count { Scalar(truncatingIfNeeded: $0) }
        }
        if let scalar = type.dtype.interpretedFloatType { return floating(scalar) }
        return type.dtype.integerType.map { integer($0) }
    }

    static func broadcast(_ operand: UntypedArray, axes: [Int], to type: ArrayType) -> UntypedArray {
        var view = View(strides: type.shape.map { _ in 0 })
        for (stride, (axis, extent)) in zip(denseStrides(operand.shape), zip(axes, operand.shape)) where extent != 1 {
            view.strides[axis] = stride
        }
        return viewed(operand, view, as: type)
    }

    static func transpose(_ operand: UntypedArray, _ permutation: [Int], to type: ArrayType) -> UntypedArray {
        let strides = denseStrides(operand.shape)
        return viewed(operand, View(strides: permutation.map { strides[$0] }), as: type)
    }

    static func slice(_ operand: UntypedArray, starts: [Int], strides: [Int], to type: ArrayType) -> UntypedArray {
        // A stride may be huge where the result has one element along the axis, and nothing is added up.
        let dense = denseStrides(operand.shape)
        let view = View(
            offset: zip(starts, dense).reduce(0) { $0 + $1.0 &* $1.1 },
            strides: zip(strides, dense).map { $0 &* $1 })
        return viewed(operand, view, as: type)
    }

    static func reverse(_ operand: UntypedArray, axes: [Int]) -> UntypedArray {
        var view = View(strides: denseStrides(operand.shape))
        for axis in axes where operand.shape[axis] > 0 {
            view.offset += (operand.shape[axis] - 1) * view.strides[axis]
            view.strides[axis] = -view.strides[axis]
        }
        return viewed(operand, view, as: ArrayType(operand.dtype, operand.shape))
    }

    static func pad(
        _ operand: UntypedArray, with value: UntypedArray, low: [Int], interior: [Int], to type: ArrayType
    ) -> UntypedArray {
        make(type) { target in
            let dense = denseStrides(type.shape)
            let whole = View(strides: dense)
            copy(type.shape, of: type.dtype, from: value.bytes, View(strides: dense.map { _ in 0 }), to: target, whole)
            let view = View(
                offset: zip(low, dense).reduce(0) { $0 + $1.0 &* $1.1 },
                strides: zip(interior, dense).map { ($0 &+ 1) &* $1 })
            let source = View(strides: denseStrides(operand.shape))
            copy(operand.shape, of: type.dtype, from: operand.bytes, source, to: target, view)
            withExtendedLifetime((operand.storage, value.storage)) {}
        }
    }

    static func concatenate(_ operands: [UntypedArray], axis: Int, to type: ArrayType) -> UntypedArray {
        make(type) { target in
            var view = View(strides: denseStrides(type.shape))
            for operand in operands {
                let source = View(strides: denseStrides(operand.shape))
                copy(operand.shape, of: type.dtype, from: operand.bytes, source, to: target, view)
                view.offset += operand.shape[axis] * view.strides[axis]
                withExtendedLifetime(operand.storage) {}
            }
        }
    }

    /// nil where there is no row of that number.
    static func updateRow(
        _ operand: UntypedArray, _ row: UntypedArray, number: UntypedArray, to type: ArrayType
    ) -> UntypedArray? {
        guard let number = number.integers?.first, (0..<operand.shape[0]).contains(number) else { return nil }
        return make(type) { target in
            target.copyMemory(from: operand.bytes, byteCount: operand.byteCount)
            (target + number * row.byteCount).copyMemory(from: row.bytes, byteCount: row.byteCount)
        }
    }

    static func gather(
        _ params: UntypedArray, at indices: UntypedArray, axis: Int, to type: ArrayType
    ) -> UntypedArray? {
        guard let positions = indices.integers else { return nil }
        let range = params.shape[axis]
        guard positions.allSatisfy({ (0..<range).contains($0) }) else { return nil }
        let outer = product(params.shape[..<axis])
        let inner = product(params.shape[(axis + 1)...])
        return make(type) { target in
            for (number, position) in positions.enumerated() {
                copy(
                    [outer, inner], of: type.dtype,
                    from: params.bytes, View(offset: position * inner, strides: [range * inner, 1]),
                    to: target, View(offset: number * inner, strides: [positions.count * inner, 1]))
            }
            withExtendedLifetime(params.storage) {}
        }
    }

    /// The product of some dimensions of an array; an array with elements has no product that overflows.
    static func product(_ extents: ArraySlice<Int>) -> Int {
        extents.contains(0) ? 0 : extents.reduce(1, &*)
    }
}
