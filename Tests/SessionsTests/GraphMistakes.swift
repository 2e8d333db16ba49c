import Graphs
import Operations
import Tensors
import Training

/// Mistakes in building a graph, with what the user is told.
let graphMistakes: [MistakesTests.GraphMistake] = [
    .init("shapes that do not broadcast", "AddV2 \"Add\": shapes [2, 3] and [4] do not broadcast") {
        _ = floats([2, 3]) + floats([4])
    },
    .init("a partly known shape that does not broadcast", "Mul \"Mul\": shapes [?, 10] and [12] do not broadcast") {
        _ = placeholder(Float.self, [nil, 10]) * floats([12])
    },
    .init("inner dimensions that differ", "MatMul \"MatMul\": inner dimensions differ: [2, 3] × [4, 5]") {
        _ = matmul(floats([2, 3]), floats([4, 5]))
    },
    .init(
        "a forgotten transposition",
        """
        MatMul "MatMul": inner dimensions differ: [2, 3] × [4, 3]
            hint: transposeB: true would fit
        """
    ) { _ = matmul(floats([2, 3]), floats([4, 3])) },
    .init("a product of a vector", "MatMul \"MatMul\": multiplies matrices, but the left side has shape [3]") {
        _ = matmul(floats([3]), floats([3, 2]))
    },
    .init(
        "a weight of the wrong shape",
        """
        MatMul "MatMul": inner dimensions differ: [8, 300] × [400, 10]
            hint: the right side comes from variable "W2"; did you mean shape [300, 10]?
        """
    ) {
        _ = matmul(floats([8, 300], "x"), Variable<Float>(.zeros, shape: [400, 10], name: "W2"))
    },
    .init(
        "an axis out of range",
        """
        Sum "Sum": axis 2 is out of range for rank 2
            hint: use -2...1
        """
    ) { _ = floats([2, 3]).sum(axis: 2) },
    .init(
        "an axis of a single value",
        """
        Mean "Mean": axis 0 is out of range for rank 0
            hint: a single value has no axes
        """
    ) { _ = floats([]).mean(axis: 0) },
    .init("an axis named twice", "Sum \"Sum\": axes [1, -1] name axis 1 twice") {
        _ = floats([2, 3]).sum(axes: [1, -1])
    },
    .init(
        "argmax along a missing axis",
        """
        ArgMax "ArgMax": axis -3 is out of range for rank 2
            hint: use -2...1
        """
    ) { _ = argmax(floats([2, 3]), axis: -3) },
    .init(
        "argmax of no elements",
        """
        ArgMax "ArgMax": axis 1 of shape [2, 0] has no elements to choose from
        """
    ) { _ = argmax(floats([2, 0]), axis: 1) },
    .init(
        "a reshape to another count",
        """
        Reshape "Reshape": shape [2, 3] with 6 elements cannot become [4] with 4
        """
    ) { _ = floats([2, 3]).reshaped([4]) },
    .init("a reshape that does not divide", "Reshape \"Reshape\": shape [2, 3] with 6 elements cannot become [?, 4]") {
        _ = floats([2, 3]).reshaped([-1, 4])
    },
    .init(
        "a reshape with two unknown sizes",
        """
        Reshape "Reshape": only one size may be -1, but the wanted shape is [-1, -1]
            hint: name all sizes but one
        """
    ) { _ = floats([2, 3]).reshaped([-1, -1]) },
    .init(
        "a wrong permutation",
        """
        Transpose "transpose": [0, 0] is not a permutation
            hint: name each axis of [0, 1] once
        """
    ) { _ = floats([2, 3]).transposed(permutation: [0, 0]) },
    .init(
        "a permutation of too few axes",
        """
        Transpose "transpose": permutation [0] does not fit shape [2, 3]
            hint: name each axis of [0, 1] once
        """
    ) { _ = floats([2, 3]).transposed(permutation: [0]) },
    .init("a squeeze of a larger dimension", "Squeeze \"Squeeze\": dimension 1 of shape [2, 3] has size 3, not 1") {
        _ = floats([2, 3]).squeezed(axes: [1])
    },
    .init(
        "a new axis out of range",
        """
        ExpandDims "ExpandDims": axis 4 is out of range for rank 3
            hint: use -3...2
        """
    ) { _ = floats([2, 3]).expandingDimension(at: 4) },
    .init("a broadcast to a smaller shape", "BroadcastTo \"BroadcastTo\": shape [2, 3] cannot be broadcast to [3]") {
        _ = floats([2, 3]).broadcast(to: [3])
    },
    .init(
        "a tile with too few multiples",
        """
        Tile "Tile": multiples [2] do not fit shape [2, 3]
            hint: give one for each axis
        """
    ) { _ = floats([2, 3]).tiled([2]) },
    .init("a negative padding", "Pad \"Pad\": paddings must not be negative: [-1, 0]") {
        _ = floats([2]).padded([(-1, 0)])
    },
    .init(
        "a concatenation of different shapes",
        """
        ConcatV2 "concat": but for axis 1, the shapes differ: [2, 3] and [3, 3]
        """
    ) { _ = concatenate([floats([2, 3]), floats([3, 3])], axis: 1) },
    .init("a concatenation of different ranks", "ConcatV2 \"concat\": the ranks differ: [2, 3] and [3]") {
        _ = concatenate([floats([2, 3]), floats([3])], axis: 0)
    },
    .init(
        "a concatenation of nothing",
        """
        ConcatV2 "concat": joins no tensors
            hint: give at least one
        """
    ) { _ = concatenate([] as [Tensor<Float>], axis: 0) },
    .init("a stack of different shapes", "Pack \"stack\": the inputs' shapes differ: [2] and [3]") {
        _ = stack([floats([2]), floats([3])])
    },
    .init(
        "a split that does not divide",
        """
        Split "split": axis 1 of shape [2, 3] does not divide into 2 equal parts
        """
    ) { _ = floats([2, 3]).split(into: 2, axis: 1) },
    .init("sizes that do not add up", "SplitV \"split\": sizes [1, 1] do not divide shape [2, 3]") {
        _ = floats([2, 3]).split(sizes: [1, 1], axis: 1)
    },
    .init(
        "an unstacking of unknown size",
        """
        Unpack "unstack": the size of axis 0 of shape [?, 3] is not known
            hint: give count:
        """
    ) { _ = placeholder(Float.self, [nil, 3]).unstacked() },
    .init(
        "an index out of range",
        """
        StridedSlice "strided_slice": index 2 is out of range for axis 0 of shape [2, 3]
        """
    ) { _ = floats([2, 3])[2] },
    .init(
        "too many indices",
        """
        StridedSlice "strided_slice": 3 axes are sliced, but shape [2, 3] has 2
        """
    ) { _ = floats([2, 3])[0, 0, 0] },
    .init("a stride of zero", "StridedSlice \"strided_slice\": the stride of axis 0 is 0") {
        _ = floats([2, 3])[.stride(by: 0)]
    },
    .init(
        "a slice that reaches out",
        """
        Slice "Slice": the slice from [0, 2] of size [1, 2] reaches out of shape [2, 3] along axis 1
        """
    ) { _ = floats([2, 3]).sliced(begin: [0, 2], size: [1, 2]) },
    .init(
        "a slice of another rank",
        """
        Slice "Slice": begin [0] and size [1] do not fit shape [2, 3]
            hint: give one of each for each axis
        """
    ) { _ = floats([2, 3]).sliced(begin: [0], size: [1]) },
    .init(
        "a gather along a missing axis",
        """
        GatherV2 "GatherV2": axis 2 is out of range for rank 2
            hint: use -2...1
        """
    ) { _ = gather(floats([2, 3]), constant([0]), axis: 2) },
    .init(
        "a gather of a constant index out of range",
        """
        GatherV2 "GatherV2": index 5 is out of range for axis 0 of shape [2, 3]
        """
    ) { _ = gather(floats([2, 3]), constant([0, 5])) },
    .init("a one-hot of negative depth", "OneHot \"one_hot\": the depth is negative: -1") {
        _ = oneHot(constant([1]), depth: -1) as Tensor<Float>
    },
    .init(
        "a bias of another size",
        """
        BiasAdd "BiasAdd": bias of shape [4] does not fit the last dimension of [2, 3]
        """
    ) { _ = biasAdd(floats([2, 3]), floats([4])) },
    .init(
        "a softmax of a single value",
        """
        Softmax "Softmax": axis -1 is out of range for rank 0
            hint: a single value has no axes
        """
    ) { _ = softmax(floats([])) },
    .init(
        "labels of another shape",
        """
        SoftmaxCrossEntropyWithLogits "SoftmaxCrossEntropyWithLogits": the shapes of logits and labels \
        differ: [8, 10] and [8, 12]
        """
    ) {
        _ = softmaxCrossEntropy(logits: floats([8, 10]), labels: floats([8, 12]))
    },
    .init(
        "a label too few",
        """
        SparseSoftmaxCrossEntropyWithLogits "SparseSoftmaxCrossEntropyWithLogits": the shapes of logits \
        and labels do not fit: [8, 10] and [7]
            hint: give one label for each row of the logits
        """
    ) {
        _ = sparseSoftmaxCrossEntropy(logits: floats([8, 10]), labels: placeholder(Int32.self, [7]))
    },
    .init(
        "one-hot labels for sparse ones",
        """
        SparseSoftmaxCrossEntropyWithLogits "SparseSoftmaxCrossEntropyWithLogits": the labels must be a \
        vector, but have shape [8, 10]
        """
    ) {
        _ = sparseSoftmaxCrossEntropy(logits: floats([8, 10]), labels: placeholder(Int32.self, [8, 10]))
    },
    .init(
        "rows of different lengths",
        """
        Const "Const": the rows have different lengths: [2, 1]
            hint: give every row as many elements as the first
        """
    ) { _ = constant([[1, 2], [3]] as [[Float]]) },
    .init(
        "matrices of different shapes",
        """
        Const "Const": the rows have different lengths: [2, 1]
            hint: give every row as many elements as the first
        """
    ) { _ = constant([[[1], [2]], [[3]]] as [[[Float]]]) },
    .init(
        "a negative dimension",
        """
        Fill "zeros": shape [2, -1] has a negative dimension or more elements than memory can address
        """
    ) { _ = zeros([2, -1]) as Tensor<Float> },
    .init(
        "a variable of negative dimension",
        """
        Fill "v/Initializer/zeros": shape [-3] has a negative dimension or more elements than memory \
        can address
        """
    ) { _ = Variable<Float>(.zeros, shape: [-3], name: "v") },
    .init(
        "an identity matrix of negative size",
        """
        Fill "eye/ones": shape [-2] has a negative dimension or more elements than memory can address
        """
    ) { _ = identity(-2) as Tensor<Float> },
    .init(
        "a random tensor of negative size",
        """
        RandomStandardNormal "random_normal/RandomStandardNormal": [-2] is not a shape: its sizes are \
        negative or too large
        """
    ) { _ = randomNormal([-2]) as Tensor<Float> },
    .init(
        "a random integer from an empty range",
        """
        RandomUniformInt "random_uniform": there is no whole number from 3 up to but without 3
        """
    ) { _ = randomInteger([2], in: 3..<3) as Tensor<Int32> },
    .init(
        "a range without end",
        """
        Range "range": a range from 0.0 to 5.0 in steps of 0.0 has no end
            hint: let delta be a number but 0
        """
    ) { _ = range(0, 5, 0) as Tensor<Int32> },
    .init(
        "a variable of unknown shape",
        """
        VarHandleOp "v": the shape of the variable's initial value, [?, 3], is not fully known
            hint: make the variable with Variable(initializer, shape:)
        """
    ) { _ = Variable(placeholder(Float.self, [nil, 3]), name: "v") },
    .init(
        "a value of another shape than the initializer's",
        """
        EnsureShape "v/Initializer/EnsureShape": the shapes of the input and asked for differ: [2] and [3]
        """
    ) {
        _ = Variable<Float>(.value(NDArray([1, 2])), shape: [3], name: "v")
    },
    .init(
        "an assignment of another shape",
        """
        AssignVariableOp "AssignVariableOp": the shapes of the variable and of the value differ: [2] and [3]
        """
    ) {
        Variable<Float>(.zeros, shape: [2], name: "v").assign(floats([3]))
    },
    .init(
        "an addition that would have to broadcast",
        """
        AssignAddVariableOp "AssignAddVariableOp": the shapes of the variable and of the value differ: \
        [2] and []
        """
    ) {
        Variable<Float>(.zeros, shape: [2], name: "v").assignAdd(1)
    },
    .init(
        "an ensured shape that is another",
        """
        EnsureShape "EnsureShape": the shapes of the input and asked for differ: [2, 3] and [2, 4]
        """
    ) { _ = ensureShape(floats([2, 3]), [2, 4]) },
    .init(
        "an empty name",
        """
        Const "": "" is not a valid name
            hint: a name starts with a letter, a digit or '.', and goes on with those, '_', '-', '/' or '>'
        """
    ) { _ = constant(1, name: "") },
    .init(
        "a name with a space",
        """
        Const "my tensor": "my tensor" is not a valid name
            hint: a name starts with a letter, a digit or '.', and goes on with those, '_', '-', '/' or '>'
        """
    ) { _ = constant(1, name: "my tensor") },
    .init(
        "a name that starts with an underscore",
        """
        Const "_private": "_private" is not a valid name
            hint: a name starts with a letter, a digit or '.', and goes on with those, '_', '-', '/' or '>'
        """
    ) { _ = constant(1, name: "_private") },
    .init(
        "a scope's name with a space",
        """
        name scope "my scope": "my scope" is not a valid name
            hint: a name starts with a letter, a digit or '.', and goes on with those, '_', '-', '/' or '>'
        """
    ) { withNameScope("my scope") { _ = constant(1) } },
    .init(
        "nothing to add up",
        """
        AddN "AddN": has nothing to add up
            hint: pass at least one tensor
        """
    ) { _ = addN([] as [Tensor<Float>]) },
    .init("a sum of different shapes", "AddN \"AddN\": the inputs' shapes differ: [2] and [3]") {
        _ = addN([floats([2]), floats([3])])
    },
    .init(
        "a tensor of another graph",
        """
        AddV2 "Add": input 1, "theirs:0", belongs to another graph
            hint: make all inputs inside the same asDefault block
        """
    ) { _ = floats([2]) + zeros([2], name: "theirs", in: Graph()) },
    .init(
        "a group over two graphs",
        """
        group: "theirs" belongs to another graph than "NoOp"
            hint: make all nodes inside the same asDefault block
        """
    ) { _ = group(noOp(), noOp(name: "theirs", in: Graph())) },
    .init(
        "a cycle",
        """
        control dependency: "first" would wait for "second", which itself waits for it: a cycle
            hint: leave out one of the two dependencies
        """
    ) {
        let first = noOp(name: "first")
        first.addControlInput(withControlDependencies([first]) { noOp(name: "second") })
    },
    .init(
        "an addition to a finalized graph",
        """
        Const "Const": the graph was finalized, nothing can be added to it
            hint: make all nodes before the loop that runs them
        """
    ) {
        Graph.default.finalize()
        _ = constant(1)
    },
    .init(
        "a gradient of what does not depend",
        """
        gradients "gradients/missing": "y:0" does not depend on "x:0"
            hint: leave it out, or ask for zeros with unconnected: .zero
        """
    ) { _ = gradients(of: floats([2], "y"), with: floats([2], "x")) },
    .init(
        "a gradient through integers",
        """
        gradients "gradients/missing": "Cast_1:0" depends on "x:0" only through what has no gradient: \
        Cast "Cast_1": a conversion from int32 to float32 passes no gradient
            hint: leave it out, or ask for zeros with unconnected: .zero
        """
    ) {
        let x = floats([2], "x")
        _ = gradients(of: cast(cast(x, to: Int32.self), to: Float.self), with: x)
    },
    .init(
        "a gradient through a comparison",
        """
        gradients "gradients/missing": "Cast:0" depends on variable "v" only through what has no \
        gradient: Cast "Cast": a conversion from bool to float32 passes no gradient
            hint: leave it out, or ask for zeros with unconnected: .zero
        """
    ) {
        let v = Variable<Float>(1, name: "v")
        _ = gradients(of: cast(greater(v, 0), to: Float.self), with: v)
    },
    .init(
        "a gradient into another graph",
        """
        gradients "gradients/missing": "y:0" and "theirs:0" belong to different graphs
        """
    ) {
        let x = zeros([], name: "theirs", in: Graph()) as Tensor<Float>
        _ = gradients(of: floats([], "y"), with: x)
    },
    .init(
        "a gradient that is prevented",
        """
        gradients "gradients/missing": "Mul:0" depends on "x:0" through PreventGradient \
        "PreventGradient", whose gradient cannot be made: the labels are given
        """
    ) {
        let x = floats([2], "x")
        _ = gradients(of: preventGradient(x, message: "the labels are given") * 2, with: x)
    },
    .init(
        "a gradient of which a part cannot be made",
        """
        gradients "gradients/missing": "total:0" depends on "x:0" through StatelessWhile "while", whose gradient cannot be \
        made: the gradient of a loop needs to know how many turns there are at most; give maximumIterations, or compare a \
        counter with a constant
        """
    ) {
        let x = floats([2], "x")
        let doubled = whileLoop(x) {
            less($0.sum(), 100)
        } body: {
            $0 * 2
        }
        _ = gradients(of: (doubled + x).sum(name: "total"), with: x, unconnected: .zero)
    },
    .init(
        "a loss of which a part cannot be differentiated",
        """
        GradientDescent "v": "loss:0" depends on variable "v" through StatelessWhile "while", whose gradient cannot be \
        made: the gradient of a loop needs to know how many turns there are at most; give maximumIterations, or compare a \
        counter with a constant
        """
    ) {
        let v = Variable<Float>(.zeros, shape: [2], name: "v")
        let doubled = whileLoop(v.read()) {
            less($0.sum(), 100)
        } body: {
            $0 * 2
        }
        _ = GradientDescent(learningRate: 0.1).minimize((doubled + v).sum(name: "loss"))
    },
    .init("a loss without variables", "GradientDescent: the graph has no trainable variable of type float32") {
        _ = GradientDescent(learningRate: 0.1).minimize(floats([]))
    },
    .init("a choice between shapes that do not broadcast", "SelectV2 \"Select\": shapes [2] and [3] do not broadcast") {
        _ = select(where: constant([true, false]), floats([3]), 0)
    },
]

private func floats(_ shape: [Int], _ name: String? = nil) -> Tensor<Float> {
    placeholder(Float.self, Shape(shape), name: name)
}
