// Kernels while they are being put together: which values each computes. Buffers and C descriptors come later.

import Programs

/// One kernel in the making. Kernels run in the order in which they were created.
final class KernelDraft {
    enum Kind {
        /// A loop over `space`.
        case loop
        /// A matrix product, whose members are its epilogue.
        case product(ValueID)
        /// Copies a value into a part of another.
        case copy(Copy)
        case gather(ValueID)
        case scatterAdd(ValueID)
        case updateRow(ValueID)
        /// Finds the row that a gather takes, which is read where it lies.
        case readRow(ValueID)
        /// Finds the place of the row that an update is to replace, for the kernels that compute it there.
        case beginRow(ValueID)
        case argReduce(ValueID)
        case argSort(ValueID)
        case random(ValueID)
        /// A convolution of each channel with a kernel of its own.
        case depthwise(ValueID)
        /// A window that slides over an array.
        case window(ValueID)
        /// A loop or a conditional of nested programs.
        case control(ValueID)
    }

    /// The memory that a loop or a conditional works in: values of the program where it has them, else memory of no value.
    struct ControlMemory {
        /// Where each result goes; nil for what a loop does not change, which stays where it is.
        var results: [ValueID?] = []
        /// A second place for each value that a loop carries; nil for what it does not change, or replaces where it lies.
        var spares: [ValueID?] = []
        /// Where a loop's condition writes its truth value.
        var flag: [ValueID] = []

        var all: [ValueID] { results.compactMap(\.self) + spares.compactMap(\.self) + flag }
    }

    /// What a copying loop moves.
    struct Copy {
        /// The source; its shape is the loop's space.
        let source: View
        /// The value that is written to.
        let destination: ValueID
        /// Elements from the destination's first one, and per step of each dimension.
        let offset: Int
        let strides: [Int]
        /// Whether the destination consists of such parts, each element in one of them.
        var isJoined = false
    }

    let kind: Kind
    /// The iteration space.
    let space: [Int]
    /// What a kernel other than a loop reads, one for each operand of its instruction.
    var sources: [View]
    /// The element-wise values that it computes, each after its operands.
    var members: [ValueID] = []
    /// The reductions that it computes, of members or of what it reads.
    var reductions: [ValueID] = []
    /// Of a loop: the members that are written as a part of another value, and where.
    var parts: [ValueID: Copy] = [:]
    /// For a loop or a conditional: the values that are its results so far; nil for those that nothing needs.
    var controlResults: [ValueID?] = []
    var controlMemory: ControlMemory?
    /// For a loop or a conditional: its programs, compiled.
    var nested: [Executable] = []
    /// Whether it is a loop that carries values.
    var isLoop = false
    /// For a product that is a convolution, or a convolution of each channel: how it reads its operands.
    var convolution: ConvolutionPlan?

    init(_ kind: Kind, space: [Int], sources: [View] = []) {
        self.kind = kind
        self.space = space
        self.sources = sources
    }

    /// Whether the epilogue can read what lies as `view` says: it sees a convolution as a matrix.
    func canRead(_ view: View) -> Bool {
        convolution == nil || view.batchStride(Array(space.dropLast())) != nil
    }

    /// Whether element-wise values of the given shape may be computed here.
    func accepts(_ shape: [Int]) -> Bool {
        switch kind {
        case .loop: space == shape
        case .product where convolution != nil: space == shape && convolution?.takesEpilogue == true
        // The epilogue sees the product tile by tile; more than one batch dimension would need more addressing.
        case .product: space == shape && space.count <= 3
        case .copy, .gather, .scatterAdd, .updateRow, .readRow, .beginRow, .argReduce, .argSort, .random, .depthwise,
            .window, .control:
            false
        }
    }

    /// Of a loop that carries values: whether it gives back the value of that number as it got it.
    func isInvariant(_ number: Int) -> Bool {
        guard isLoop, let body = nested.last else { return false }
        return body.resultSources[number] == .parameter(number)
    }

    /// Of a loop that carries values: whether the value of that number is changed row by row where it lies.
    func isReplacedInPlace(_ number: Int) -> Bool {
        guard isLoop, let body = nested.last else { return false }
        return body.isUpdatedInPlace[number]
    }

    /// The values for whose memory the kernel is responsible.
    var written: [ValueID] {
        switch kind {
        case .loop: members + reductions + parts.values.map(\.destination)
        case .copy(let copy): [copy.destination]
        case .product(let value): members + [value]
        case .gather(let value), .scatterAdd(let value), .updateRow(let value), .readRow(let value),
            .argReduce(let value), .argSort(let value), .random(let value), .depthwise(let value), .window(let value):
            [value]
        case .beginRow: []
        case .control: controlMemory?.all ?? []
        }
    }
}
