// What the builder replaces around the gradient of a largest pool, whose array is several times as large as what is
// scattered into it: work on the array becomes work on what is scattered.

import Tensors

extension ProgramBuilder {
    /// `select(x > 0, scattered, 0)`, where values were scattered to the largest elements of windows of `x`, is the same
    /// with those values left out that come from windows whose largest element is not above 0: a rectifier before a pool.
    ///
    /// Only where the windows' largest elements are there already. It keeps the value but where a window holds NaN.
    func rectifiedBeforeScattering(
        _ predicate: ValueID, _ onTrue: ValueID, _ onFalse: ValueID
    ) throws(InvalidProgram) -> ValueID? {
        let (test, scatter) = (program[predicate], program[onTrue])
        guard case .compare(.greater) = test.instruction, uniformValue(test.operands[1]) == 0,
            uniformValue(onFalse) == 0, case .selectAndScatter(let windows) = scatter.instruction,
            scatter.operands[0] == test.operands[0],
            let largest = existing(.reduceWindow(.maximum, windows), [scatter.operands[0]])
        else { return nil }
        let source = scatter.operands[1]
        let shape = shape(of: source), zero = scalar(0, scatter.type.dtype)
        let isAbove = try compare(.greater, largest, broadcast(zero, to: shape))
        let kept = try select(isAbove, source, broadcast(zero, to: shape))
        return try add(scatter.instruction, [scatter.operands[0], kept])
    }

    /// A sum of scattered values over all dimensions along which windows go is the sum of those values, in another order.
    func summedBeforeScattering(_ axes: [Int], _ operand: ValueID) throws(InvalidProgram) -> ValueID? {
        let scatter = program[operand]
        guard case .selectAndScatter(let windows) = scatter.instruction else { return nil }
        for (axis, window) in windows.enumerated() where !window.isTrivial {
            let extent = scatter.type.shape[axis], positions = shape(of: scatter.operands[1])[axis]
            // Every window has to hold an element.
            guard axes.contains(axis), window.dilation == 1, window.low < window.size, positions > 0,
                window.low <= 0 || window.baseDilation == 1,
                (positions - 1) * window.stride - window.low < extent
            else { return nil }
        }
        return try reduce(.sum, scatter.operands[1], axes: axes)
    }
}
