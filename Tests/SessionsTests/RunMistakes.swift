import Graphs
import Operations
import Sessions
import Tensors

/// Mistakes that show when a graph runs, with what the user is told.
let runMistakes: [MistakesTests.RunMistake] = [
    .init(
        "a placeholder that is not fed", .notComputable,
        """
        Placeholder "x": a value of type float32 and shape [?, 3] must be fed for this placeholder
            hint: pass feeding: x.fed(value) to run, where x is the placeholder
        """
    ) {
        _ = try Session().run(placeholder(Float.self, [nil, 3], name: "x") * 2)
    },
    .init(
        "a fetched placeholder that is not fed", .notComputable,
        """
        Placeholder "x": a value of type float32 and shape [?, 3] must be fed for this placeholder
            hint: pass feeding: x.fed(value) to run, where x is the placeholder
        """
    ) {
        _ = try Session().run(placeholder(Float.self, [nil, 3], name: "x"))
    },
    .init(
        "a fed array of another shape", .feedShape,
        "\"x:0\" has shape [?, 784], but an array of shape [100, 28, 28] is fed"
    ) {
        let x = placeholder(Float.self, [nil, 784], name: "x")
        _ = try Session().run(x * 2, feeding: x.fed(.zeros([100, 28, 28])))
    },
    .init("a tensor that is fed twice", .duplicateFeed, "\"x:0\" is fed twice") {
        let x = placeholder(Float.self, [], name: "x")
        _ = try Session().run(x * 2, feeding: x.fed(1), x.fed(2))
    },
    .init("fed arrays that do not fit each other", .notComputable, "AddV2 \"Add\": shapes [2] and [3] do not broadcast")
    {
        let (x, y) = (placeholder(Float.self, [nil]), placeholder(Float.self, [nil]))
        _ = try Session().run(x + y, feeding: x.fed(.zeros([2])), y.fed(.zeros([3])))
    },
    .init(
        "a fetch of another graph", .foreignTensor,
        """
        "theirs:0" belongs to another graph than the session
            hint: make the session with Session(graph:) of its graph
        """
    ) {
        _ = try Session().run(constant(1, name: "theirs", in: Graph()))
    },
    .init(
        "a target of another graph", .foreignTensor,
        """
        "theirs" belongs to another graph than the session
            hint: make the session with Session(graph:) of its graph
        """
    ) {
        _ = try Session().run([noOp(name: "theirs", in: Graph())])
    },
    .init(
        "a feed of another graph", .foreignTensor,
        """
        "theirs:0" belongs to another graph than the session
            hint: make the session with Session(graph:) of its graph
        """
    ) {
        let theirs = placeholder(Float.self, [], name: "theirs", in: Graph())
        _ = try Session().run(constant(1), feeding: theirs.fed(1))
    },
    .init(
        "a variable of another graph", .foreignTensor,
        """
        "theirs" belongs to another graph than the session
            hint: make the session with Session(graph:) of its graph
        """
    ) {
        _ = try Session().run(Variable<Float>(1, name: "theirs", in: Graph()))
    },
    .init(
        "a description of a plan of another graph", .foreignTensor,
        """
        "theirs:0" belongs to another graph than the session
            hint: make the session with Session(graph:) of its graph
        """
    ) {
        _ = try Session().describePlan(constant(1, name: "theirs", in: Graph()))
    },
    .init(
        "a variable without a value", .uninitializedVariable,
        """
        variable "w" has no value yet
            hint: call session.initializeVariables() first
        """
    ) {
        _ = try Session().run(Variable<Float>(1, name: "w") * 2)
    },
    .init(
        "an update of a variable without a value", .uninitializedVariable,
        """
        variable "w" has no value yet
            hint: call session.initializeVariables() first
        """
    ) {
        _ = try Session().run(Variable<Float>(1, name: "w").assignAdd(1))
    },
    .init("an integer division by zero", .data, #"TruncateDiv "TruncateDiv": an integer was divided by zero"#) {
        let x = placeholder(Int32.self, [])
        _ = try Session().run(constant(1) / x, feeding: x.fed(0))
    },
    .init("a remainder by zero", .data, #"FloorMod "FloorMod": an integer was divided by zero"#) {
        let x = placeholder(Int64.self, [2])
        _ = try Session().run(floorRemainder(constant(1), x), feeding: x.fed(NDArray([1, 0])))
    },
    .init("a constant division by zero", .data, #"TruncateDiv "TruncateDiv": an integer was divided by zero"#) {
        _ = try Session().run(constant([1, 2]) / constant(0))
    },
    .init("a gather out of range", .data, #"GatherV2 "GatherV2": index 3 is out of range, the range is 0..<3"#) {
        let i = placeholder(Int32.self, [nil])
        _ = try Session().run(gather(ones([3, 2]) as Tensor<Float>, i), feeding: i.fed(NDArray([2, 3])))
    },
    .init(
        "a segment out of range", .data,
        #"UnsortedSegmentSum "UnsortedSegmentSum": index 3 is out of range, the range is 0..<3"#
    ) {
        let i = placeholder(Int32.self, [nil])
        _ = try Session().run(
            unsortedSegmentSum(ones([2]) as Tensor<Float>, i, count: 3), feeding: i.fed(NDArray([0, 3])))
    },
    .init(
        "an index out of the range of a fed array", .notComputable,
        """
        StridedSlice "strided_slice": index 3 is out of range for axis 0 of shape [3]
        """
    ) {
        let x = placeholder(Float.self, [nil])
        _ = try Session().run(x[3], feeding: x.fed(.zeros([3])))
    },
    .init(
        "a batch that cannot be reshaped", .notComputable,
        "Reshape \"Reshape\": shape [6] with 6 elements cannot become [?, 4]"
    ) {
        let x = placeholder(Float.self, [nil])
        _ = try Session().run(x.reshaped([-1, 4]), feeding: x.fed(.zeros([6])))
    },
    .init(
        "a shape that depends on fed values", .notComputable,
        """
        Reshape "Reshape": the shape must not depend on the values that are fed: programs have static shapes
            hint: make it a constant, or compute it from shapes alone
        """
    ) {
        let n = placeholder(Int32.self, [1])
        _ = try Session().run((ones([4]) as Tensor<Float>).reshaped(n), feeding: n.fed(NDArray([4])))
    },
    .init(
        "an assignment of a fed array of another shape", .notComputable,
        """
        AssignVariableOp "AssignVariableOp": the shapes of the variable and of the value differ: [2] and [3]
        """
    ) {
        let x = placeholder(Float.self)
        let v = Variable<Float>(.zeros, shape: [2], name: "v")
        _ = try Session().run(v.assign(x), feeding: x.fed(.zeros([3])))
    },
    .init(
        "a fetched result beyond memory", .outOfMemory,
        """
        "zeros:0" of shape [17592186044416] is an array of 70.3 TB, but this machine has \(memory) of memory
            hint: use smaller shapes, or feed fewer rows at a time
        """
    ) { _ = try Session().run(zeros([1 << 44]) as Tensor<Float>) },
    .init(
        "a variable beyond memory", .outOfMemory,
        """
        variable "w" of shape [17592186044416] is an array of 70.3 TB, but this machine has \(memory) \
        of memory
            hint: use smaller shapes, or feed fewer rows at a time
        """
    ) {
        _ = Variable<Float>(.zeros, shape: [1 << 44], name: "w")
        try Session().initializeVariables()
    },
    .init(
        "a random tensor beyond memory", .outOfMemory,
        """
        the run needs memory for intermediate values of 70.3 TB, but this machine has \(memory) of memory
            hint: use smaller shapes, or feed fewer rows at a time
        """
    ) {
        _ = try Session().run((randomNormal([1 << 22, 1 << 22]) as Tensor<Float>).sum(axis: 0))
    },
    .init(
        "a padded image beyond memory", .notComputable,
        """
        Conv2D "Conv2D": an image of shape [1, 4398046511108, 4, 1], its padding included, is larger than memory can \
        address
        """
    ) {
        let x = placeholder(Float.self, [1, 4, 4, 1])
        let far = Padding.explicit([(1 << 42, 0), (0, 0)])
        let y = conv2d(x, ones([2, 2, 1, 1]) as Tensor<Float>, strides: (Int(Int32.max), 1), padding: far)
        _ = try Session().run(y, feeding: x.fed(.zeros([1, 4, 4, 1])))
    },
]

/// What this machine has, as texts name it.
private let memory = Memory.text(Memory.byteCount)
