"""Writes golden values of TensorFlow's operations: Tests/OperationsTests/Golden/*.json.

Run it with an interpreter that has tensorflow-cpu 2.21:

    python Tests/Golden/make_golden.py

Each case names a sample of Tests/OperationsTests by operation and variant, holds the inputs, and what TensorFlow makes
of them: the outputs and, for fixed weights of the outputs, the gradients with respect to the float inputs.
"""

import functools
import inspect
import json
import os
import pathlib

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
FOLDER = pathlib.Path(__file__).resolve().parent.parent / "OperationsTests" / "Golden"


def encode(array):
    """An array as JSON: floats in the fewest digits that give the same float32 again."""
    array = np.asarray(array)
    if array.dtype == bool:
        values = [int(x) for x in array.reshape(-1)]
    elif array.dtype.kind == "f":
        values = [float(str(x)) if np.isfinite(x) else str(x) for x in array.reshape(-1)]
        values = [int(x) if isinstance(x, float) and x.is_integer() and abs(x) < 1e6 and str(x) != "-0.0" else x
                  for x in values]
    else:
        values = [int(x) for x in array.reshape(-1)]
    return {"dtype": array.dtype.name, "shape": list(array.shape), "values": values}


def numbers(low, high, *shape):
    """Fixed numbers, spread evenly over a range, in an order that is fixed but not sorted."""
    count = int(np.prod(shape))
    order = np.argsort((np.arange(count) * 0.6180339887) % 1, kind="stable")
    return (low + (high - low) * (order + 0.5) / max(1, count)).astype(np.float32).reshape(shape)


CASES = []


def case(operation, function, *inputs, variant="", gradient=True):
    """Adds a case: `function` makes of the inputs a tensor or a list of tensors."""
    with tf.GradientTape(persistent=True) as tape:
        tensors = [tf.constant(x) for x in inputs]
        tape.watch([x for x in tensors if x.dtype.is_floating])
        outputs = function(*tensors)
        outputs = list(outputs) if isinstance(outputs, (list, tuple)) else [outputs]
    entry = {
        "operation": operation,
        "variant": variant,
        "inputs": [encode(x) for x in inputs],
        "outputs": [encode(x.numpy()) for x in outputs],
    }
    if gradient and all(x.dtype.is_floating for x in outputs) and outputs:
        weights = [numbers(-1, 2, *x.shape) for x in outputs]
        try:
            gradients = [
                tape.gradient(outputs, x, output_gradients=[tf.constant(w) for w in weights])
                if x.dtype.is_floating else None
                for x in tensors
            ]
            entry["weights"] = [encode(w) for w in weights]
            entry["gradients"] = [
                None if g is None else encode(tf.convert_to_tensor(g).numpy()) for g in gradients]
        except LookupError as error:
            print(f"no gradient of {operation}: {error}")
    CASES.append(entry)


# Element-wise functions -----------------------------------------------------------------------------------------------

WIDE = (-3, 3)
UNARY = {
    "Neg": WIDE, "Abs": WIDE, "Sign": WIDE, "Square": WIDE, "Reciprocal": (0.5, 3), "Sqrt": (0.2, 4),
    "Rsqrt": (0.2, 4), "Exp": WIDE, "Expm1": WIDE, "Log": (0.2, 4), "Log1p": (-0.5, 3), "Erf": WIDE, "Erfc": WIDE, "Sin": WIDE,
    "Cos": WIDE, "Tan": (-1.2, 1.2), "Asin": (-0.9, 0.9), "Acos": (-0.9, 0.9), "Atan": WIDE, "Sinh": WIDE,
    "Cosh": WIDE, "Sigmoid": WIDE, "Tanh": WIDE, "Relu": WIDE, "Relu6": (-3, 9), "Elu": WIDE, "Selu": WIDE,
    "Softplus": WIDE, "Softsign": WIDE, "Floor": WIDE, "Ceil": WIDE, "Rint": WIDE, "Round": WIDE, "IsNan": WIDE,
    "IsInf": WIDE, "IsFinite": WIDE,
}
BINARY = {
    "AddV2": (WIDE, WIDE), "Add": (WIDE, WIDE), "Sub": (WIDE, WIDE), "Mul": (WIDE, WIDE),
    "RealDiv": (WIDE, (0.5, 3)), "Div": (WIDE, (0.5, 3)), "DivNoNan": (WIDE, (0.5, 3)), "FloorDiv": (WIDE, (0.5, 3)),
    "FloorMod": ((-5.9, -5.1), (2.1, 2.5)), "TruncateDiv": (WIDE, (0.5, 3)),
    "TruncateMod": ((5.1, 5.9), (2.1, 2.5)), "SquaredDifference": (WIDE, WIDE), "Maximum": (WIDE, WIDE),
    "Minimum": (WIDE, WIDE), "Pow": ((0.3, 3), (-2, 2)), "Xlogy": (WIDE, (0.2, 4)), "Xdivy": (WIDE, (0.2, 4)),
    "Atan2": ((0.5, 3), WIDE), "Equal": (WIDE, WIDE), "NotEqual": (WIDE, WIDE), "Less": (WIDE, WIDE),
    "LessEqual": (WIDE, WIDE), "Greater": (WIDE, WIDE), "GreaterEqual": (WIDE, WIDE),
}
SPECIAL = np.array(
    [0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 0.5, -2.5, 3, 1e-30, -1e30, 100, -100, 2.5, 1.5], np.float32)
PAIRED = np.array([0, -0.0, np.inf, -np.inf, np.nan, 1, -1, 2.5, -3], np.float32)
INTEGERS = {
    "int32": np.array([-9, -8, -7, -1, 0, 1, 5, 8, 9], np.int32),
    "int64": np.array([-9, -8, -7, -1, 0, 1, 5, 8, 9], np.int64),
    "uint8": np.array([0, 1, 2, 3, 7, 15], np.uint8),
}
DIVIDING = ("Div", "FloorDiv", "FloorMod", "TruncateDiv", "TruncateMod")
STEPS = ("Sign", "Floor", "Ceil", "Rint", "Round", "FloorDiv", "TruncateDiv")


def raw(operation):
    """A raw op as a function of its inputs in order."""
    function = getattr(tf.raw_ops, operation)
    names = [name for name in inspect.signature(function).parameters if name != "name"]
    return lambda *inputs: function(**dict(zip(names, inputs)))


def attempt(operation, function, *inputs, **options):
    """Adds a case where TensorFlow has a kernel for these types on the CPU."""
    try:
        case(operation, function, *inputs, **options)
    except (tf.errors.NotFoundError, tf.errors.InvalidArgumentError, tf.errors.UnimplementedError, TypeError) as error:
        print(f"no case of {operation} for {inputs[0].dtype}: {str(error).splitlines()[0][:90]}")


for name, domain in UNARY.items():
    smooth = name not in STEPS
    attempt(name, raw(name), numbers(*domain, 2, 5), gradient=smooth)
    attempt(name, raw(name), SPECIAL, gradient=False)
    # Not Round: TensorFlow's kernel makes zeros of whole numbers.
    if name in ("Neg", "Abs", "Sign", "Square", "Relu", "Relu6"):
        for dtype, x in INTEGERS.items():
            if dtype != "uint8" or name not in ("Neg", "Abs", "Sign"):
                attempt(name, raw(name), x)
for name, (left, right) in BINARY.items():
    smooth = name not in STEPS
    attempt(name, raw(name), numbers(*left, 2, 3), numbers(*right, 3), gradient=smooth)
    attempt(name, raw(name), np.repeat(PAIRED, len(PAIRED)), np.tile(PAIRED, len(PAIRED)), gradient=False)
    if name not in ("RealDiv", "DivNoNan", "Xlogy", "Xdivy", "Atan2"):
        for dtype, x in INTEGERS.items():
            y = x[x != 0] if name in DIVIDING else x[(x >= 0) & (x < 6)] if name == "Pow" else x
            attempt(name, raw(name), np.repeat(x, len(y)), np.tile(y, len(x)))
# Functions that TensorFlow's gradients are made of; their operands have equal shapes.
GRADIENTS = {
    "ReluGrad": (WIDE, WIDE), "Relu6Grad": (WIDE, (-3, 9)), "EluGrad": (WIDE, (-0.9, 3)), "SeluGrad": (WIDE, (-1.5, 3)),
    "SoftplusGrad": (WIDE, WIDE), "SoftsignGrad": (WIDE, (0.3, 3)), "SigmoidGrad": ((0.1, 0.9), WIDE),
    "TanhGrad": ((-0.9, 0.9), WIDE), "SqrtGrad": ((0.5, 3), WIDE), "RsqrtGrad": ((0.5, 3), WIDE),
    "ReciprocalGrad": ((0.5, 3), WIDE),
}
for name, (left, right) in GRADIENTS.items():
    attempt(name, raw(name), numbers(*left, 2, 5), numbers(*right, 2, 5))
CASES_OF_ROWS = np.array([[1, -2, 3], [4, 5, -6]], np.float32)
TRUTHS = np.array([[True, True], [False, False]]), np.array([True, False])
case("LogicalAnd", raw("LogicalAnd"), *TRUTHS)
case("LogicalOr", raw("LogicalOr"), *TRUTHS)
case("LogicalNot", raw("LogicalNot"), TRUTHS[0])
case("Equal", raw("Equal"), *TRUTHS)
case("NotEqual", raw("NotEqual"), *TRUTHS)

for condition in [np.array([[True, False, True], [False, False, True]]), np.array([True, False]), np.array(True)]:
    case("Select", raw("Select"), condition, CASES_OF_ROWS, -CASES_OF_ROWS)
attempt("LeakyReluGrad", lambda g, x: tf.raw_ops.LeakyReluGrad(gradients=g, features=x, alpha=0.3), CASES_OF_ROWS,
        numbers(-3, 3, 2, 3))

# Sources and passing --------------------------------------------------------------------------------------------------

A = numbers(-3, 3, 2, 3)
case("Range", lambda: [tf.range(2, 11, 3), tf.range(np.int64(5), 0, -2), tf.range(3, 3)], variant="int32")
case("Range", lambda: [tf.range(0.0, 1.0, 0.25)], variant="float32", gradient=False)
case("ZerosLike", tf.zeros_like, A, gradient=False)
case("OnesLike", tf.ones_like, A, gradient=False)
case("Fill", lambda x: tf.fill([2, 3], x), np.float32(1.5))
case("MatrixDiag", raw("MatrixDiag"), A)
case("MatrixDiagPart", raw("MatrixDiagPart"), numbers(-3, 3, 2, 4, 4))
case("Identity", tf.identity, A)
case("StopGradient", tf.stop_gradient, A, gradient=False)
case("PreventGradient", lambda x: tf.raw_ops.PreventGradient(input=x), A, gradient=False)
case("EnsureShape", lambda x: tf.ensure_shape(x, [None, 3]), A)
EDGES = np.array([0.9, -0.9, 2.5, -2.5, 100, 1e6], np.float32)
case("Cast", lambda x: tf.cast(x, tf.int32), EDGES, variant="to int32")
case("Cast", lambda x: tf.cast(x, tf.float64), A, variant="to float64", gradient=False)
case("Cast", lambda x: [tf.cast(x, tf.float32), tf.cast(x, tf.int64)], TRUTHS[0], variant="from bool", gradient=False)
case("Cast", lambda x: tf.cast(x, tf.bool), np.array([0, 1, -1, 7], np.int32), variant="to bool")
case("Cast", lambda x: tf.cast(x, tf.uint8), np.array([0, 255, 256, -1, 77], np.int32), variant="to uint8")
case("AddN", lambda x, y, z: tf.add_n([x, y, z]), A, A + 1, A * 2)
case("SelectV2", tf.where, TRUTHS[0][:, :1], numbers(-3, 3, 3), A)
case("BroadcastGradientArgs", lambda: list(tf.raw_ops.BroadcastGradientArgs(s0=[3, 1, 2], s1=[5, 2])))

# Reductions -----------------------------------------------------------------------------------------------------------

TIES = np.array([[1, 3, 3], [2, 2, 2]], np.float32)
for name, function in {
    "Sum": tf.reduce_sum, "Mean": tf.reduce_mean, "Prod": tf.reduce_prod, "Max": tf.reduce_max, "Min": tf.reduce_min,
}.items():
    case(name, function, A, variant="of all")
    case(name, lambda x: function(x, axis=[1]), A, variant="of rows")
    case(name, lambda x: function(x, axis=[1]), TIES, variant="of rows")
    case(name, lambda x: function(x, axis=[1]), np.array([[0, 2], [0, 0]], np.float32), variant="of rows")
    case(name, lambda x: function(x, axis=[1]), np.array([[np.inf, 1], [np.nan, 2]], np.float32), variant="of rows",
         gradient=False)
    case(name, lambda x: function(x, axis=[1]), np.zeros([2, 0], np.float32), variant="of rows", gradient=False)
    case(name, lambda x: function(x, axis=[-2], keepdims=True), A, variant="of columns")
    case(name, lambda x: function(x, axis=[0, 2]), numbers(-2, 2, 2, 3, 4), variant="of two axes")
    case(name, lambda x: function(x, keepdims=True), A, variant="of all, kept")
case("Mean", lambda x: tf.math.reduce_variance(x, axis=1), A, variant="as variance")
case("Sum", lambda x: tf.reduce_logsumexp(x, axis=-1), A, variant="as logSumExp")
I = np.array([[3, -7, 2], [-4, 5, 9]], np.int32)
case("Sum", lambda x: tf.reduce_sum(x, axis=0), I)
case("Mean", lambda x: tf.reduce_mean(x, axis=0), I)
case("Prod", tf.reduce_prod, I.astype(np.int64))
case("Max", lambda x: tf.reduce_max(x, axis=1), I)
case("Min", tf.reduce_min, np.array([[7, 200], [3, 9]], np.uint8))
case("All", tf.reduce_all, TRUTHS[0])
case("All", lambda x: tf.reduce_all(x, axis=1, keepdims=True), TRUTHS[0], variant="of rows")
case("Any", tf.reduce_any, TRUTHS[0])
case("Any", lambda x: tf.reduce_any(x, axis=0), TRUTHS[0], variant="of columns")
case("ArgMax", lambda x: tf.argmax(x, axis=1), TIES)
case("ArgMin", lambda x: tf.argmin(x, axis=0), TIES)
case("ArgMax", lambda x: tf.argmax(x, axis=-1), I)
case("L2Loss", tf.nn.l2_loss, A)
case("Cumsum", lambda x: tf.cumsum(x, axis=1), A)
case("Cumsum", lambda x: tf.cumsum(x, axis=0, exclusive=True), A, variant="exclusive")
case("Cumsum", lambda x: [tf.cumsum(x, -1, reverse=True), tf.cumsum(x, -1, exclusive=True, reverse=True)], A,
     variant="reversed")
case("Cumsum", lambda x: tf.cumsum(x, axis=0), I)
case("Cumprod", lambda x: tf.math.cumprod(x, axis=1), A)
case("Cumprod", lambda x: tf.math.cumprod(x, axis=1, exclusive=True), A, variant="exclusive")
case("Cumprod", lambda x: tf.math.cumprod(x, axis=0, reverse=True), A, variant="reversed")

# Shapes ---------------------------------------------------------------------------------------------------------------

B = numbers(-3, 3, 3, 4)
case("Reshape", lambda x: tf.reshape(x, [-1, 4]), numbers(-3, 3, 2, 6))
case("Reshape", lambda x: tf.reshape(tf.reshape(x, [-1]) * 2, tf.shape(x)), A, variant="to the shape of another")
case("ExpandDims", lambda x: [tf.expand_dims(x, 0), tf.expand_dims(x, -1)], A)
case("Squeeze", tf.squeeze, numbers(-3, 3, 1, 3, 1))
case("Squeeze", lambda x: tf.squeeze(x, axis=[-1]), numbers(-3, 3, 1, 3, 1), variant="of one axis")
case("BroadcastTo", lambda x: tf.broadcast_to(x, [2, 4, 3]), numbers(-3, 3, 2, 1, 1))
case("Tile", lambda x: tf.tile(x, [3, 2]), A)
case("Transpose", tf.transpose, A)
case("Transpose", lambda x: [tf.transpose(x, [2, 0, 1]), tf.transpose(x, [0, 2, 1])], numbers(-3, 3, 2, 3, 4),
     variant="of three axes")
case("ReverseV2", lambda x: [tf.reverse(x, [0]), tf.reverse(x, [0, -1])], A)
case("Slice", lambda x: [tf.slice(x, [1, 0], [2, -1]), tf.slice(x, [0, 4], [3, 0])], B)
case("Pad", lambda x: tf.pad(x, [[1, 0], [0, 2]]), A)
case("PadV2", lambda x: tf.pad(x, [[1, 2], [0, 0]], constant_values=7), A)
case("StridedSlice", lambda x: [x[1], x[-2]], B)
case("StridedSlice", lambda x: [x[1:3, 2:], x[..., -1], x[::-2, None], x[:, 4:0:-3], x[2:2], x[-3:-1, 1:4]],
     numbers(-3, 3, 4, 5), variant="of ranges")
case("StridedSliceGrad", lambda x: tf.raw_ops.StridedSliceGrad(
    shape=[4, 5], begin=[0, 1], end=[4, 5], strides=[2, 3], dy=x), numbers(-3, 3, 2, 2))
case("Shape", tf.shape, A.astype(np.float64))
case("Size", tf.size, A.astype(np.float64))
case("Rank", tf.rank, A.astype(np.float64))
case("InvertPermutation", lambda: tf.math.invert_permutation([2, 0, 3, 1]))
case("ConcatV2", lambda x, y: tf.concat([x, y], 1), A, numbers(-3, 3, 2, 1))
case("ConcatV2", lambda x, y, z: tf.concat([x, y, z], -2), A, numbers(-3, 3, 1, 3), B[:, :3], variant="by rows")
case("ConcatV2", lambda x, y: tf.concat([x, y], 0), np.array([1, 2]), np.array([3]), variant="of integers")
case("ConcatOffset", lambda: list(tf.raw_ops.ConcatOffset(concat_dim=1, shape=[[2, 3], [2, 5], [2, 0]])))
case("Pack", lambda x, y: [tf.stack([x, y]), tf.stack([x, y], axis=-1)], A, A + 1)
case("Unpack", lambda x: tf.unstack(x), A)
case("Unpack", lambda x: tf.unstack(x, axis=-1), A, variant="of columns")
case("Split", lambda x: tf.split(x, 3, axis=1), numbers(-3, 3, 2, 6))
case("SplitV", lambda x: tf.split(x, [1, 2, 0, 2]), numbers(-3, 3, 5, 2))

# Products, networks, indexing -----------------------------------------------------------------------------------------


def product(transpose_a, transpose_b):
    return lambda a, b: tf.matmul(a, b, transpose_a=transpose_a, transpose_b=transpose_b)


for variant, a, b in [("", False, False), ("transposed left", True, False), ("transposed right", False, True),
                      ("transposed both", True, True)]:
    left, right = numbers(-2, 2, *((3, 2) if a else (2, 3))), numbers(-2, 2, *((4, 3) if b else (3, 4)))
    case("MatMul", product(a, b), left, right, variant=variant)
    batch = np.stack([left, -left, left + 1]).reshape(3, 1, *left.shape), np.stack([right, right - 1])
    case("BatchMatMulV2", product(a, b), *batch, variant=variant)
case("MatMul", tf.matmul, I, I.T.copy(), variant="of integers")
case("Softmax", tf.nn.softmax, A)
case("Softmax", tf.nn.softmax, np.array([[1000, -1000, 0], [-np.inf, 0, 1]], np.float32), gradient=False)
case("Softmax", lambda x: tf.nn.softmax(x, axis=0), A, variant="of columns")
case("LogSoftmax", tf.nn.log_softmax, A)
case("LogSoftmax", tf.nn.log_softmax, np.array([[1000, -1000, 0]], np.float32), gradient=False)
case("BiasAdd", tf.nn.bias_add, numbers(-2, 2, 2, 2, 3), numbers(-2, 2, 3))
case("BiasAddGrad", lambda x: tf.raw_ops.BiasAddGrad(out_backprop=x), numbers(-2, 2, 2, 2, 3))
case("SoftmaxCrossEntropyWithLogits",
     lambda x, y: tf.nn.softmax_cross_entropy_with_logits(logits=x, labels=tf.nn.softmax(y)), A, A[::-1].copy())
case("SparseSoftmaxCrossEntropyWithLogits",
     lambda x, y: tf.nn.sparse_softmax_cross_entropy_with_logits(logits=x, labels=y), B, np.array([0, 3, 1], np.int32))
case("LeakyRelu", lambda x: tf.nn.leaky_relu(x, alpha=0.25), A)
case("Erf", tf.nn.gelu, A, variant="in gelu")
case("Tanh", lambda x: tf.nn.gelu(x, approximate=True), A, variant="in gelu")
case("Sigmoid", tf.nn.swish, A, variant="in swish")
case("Log1p", lambda x, y: tf.nn.sigmoid_cross_entropy_with_logits(logits=x, labels=y), A * 10, A,
     variant="in sigmoidCrossEntropy")
INDICES = np.array([2, 0, 2, 1], np.int32)
case("GatherV2", tf.gather, B, INDICES, variant="of rows")
case("GatherV2", lambda x, i: tf.gather(x, i, axis=-1), numbers(-2, 2, 2, 3), INDICES.reshape(2, 2),
     variant="of columns")
case("GatherV2", lambda x, i: tf.gather(x, i, axis=1), numbers(-2, 2, 2, 3, 2), INDICES, variant="of the middle")
case("UnsortedSegmentSum", lambda x, i: tf.math.unsorted_segment_sum(x, i, 3), numbers(-2, 2, 5, 2),
     np.array([2, 0, -1, 2, 1]), variant="of rows")
case("UnsortedSegmentSum", lambda x, i: tf.math.unsorted_segment_sum(x, i, 3), A, np.array([[2, 0, 2], [1, -1, 0]]),
     variant="of elements")
case("OneHot", lambda i: tf.one_hot(i, 4, on_value=5, off_value=-1, axis=0, dtype=tf.int32),
     np.array([[0, 3], [-1, 9]]), variant="of integers")
case("OneHot", lambda i: tf.one_hot(i, 4), np.array([[0, 3, 1], [-1, 4, 2]], np.int32), variant="float32",
     gradient=False)

# Convolutions and pooling ---------------------------------------------------------------------------------------------


def compiled(function):
    """By XLA, which has what TensorFlow's kernels for the CPU lack: features first, groups, gradients of dilations."""
    return tf.function(function, jit_compile=True)


def convolution(strides=(1, 1), padding="VALID", **options):
    return compiled(lambda x, w: tf.nn.conv2d(x, w, strides, padding, **options))


FIRST = {"data_format": "NCHW"}
X, W = numbers(-2, 2, 2, 4, 5, 2), numbers(-1, 1, 2, 3, 2, 3)
case("Conv2D", convolution(), X, W, variant="VALID")
case("Conv2D", convolution((2, 2), "SAME"), numbers(-2, 2, 1, 5, 4, 2), numbers(-1, 1, 3, 2, 2, 2), variant="SAME")
case("Conv2D", convolution(padding="SAME"), numbers(-2, 2, 2, 3, 3, 4), numbers(-1, 1, 1, 1, 4, 2),
     variant="of single elements")
case("Conv2D", convolution((2, 1), [[0, 0], [1, 2], [0, 1], [0, 0]]), numbers(-2, 2, 1, 4, 4, 1),
     numbers(-1, 1, 3, 3, 1, 2), variant="EXPLICIT")
case("Conv2D", convolution(padding="SAME", dilations=(2, 3)), numbers(-2, 2, 1, 7, 6, 1), numbers(-1, 1, 3, 2, 1, 2),
     variant="dilated")
case("Conv2D", convolution(), numbers(-2, 2, 1, 4, 4, 4), numbers(-1, 1, 2, 2, 2, 6), variant="in groups")
case("Conv2D", convolution((1, 2), "SAME", **FIRST), numbers(-2, 2, 2, 3, 5, 4), numbers(-1, 1, 2, 2, 3, 2),
     variant="NCHW")
case("Conv2D", lambda x, w: tf.nn.conv1d(x, w, 2, "SAME"), numbers(-2, 2, 2, 6, 2), numbers(-1, 1, 3, 2, 3),
     variant="of sequences")


def transposed(sizes, strides, padding, **options):
    return compiled(lambda w, g: tf.raw_ops.Conv2DBackpropInput(
        input_sizes=sizes, filter=w, out_backprop=g, strides=strides, padding=padding, **options))


def of_kernel(sizes, strides, padding, **options):
    return compiled(lambda x, g: tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=sizes, out_backprop=g, strides=strides, padding=padding, **options))


for variant, strides, padding, image, kernel, result, options in [
    ("SAME", (1, 2, 1, 1), "SAME", (1, 5, 4, 2), (3, 2, 2, 3), (1, 3, 4, 3), {}),
    ("NCHW", (1, 1, 1, 1), "VALID", (2, 2, 4, 4), (2, 3, 2, 3), (2, 3, 3, 2), FIRST),
    ("in groups", (1, 1, 1, 1), "VALID", (2, 4, 4, 4), (2, 2, 2, 6), (2, 3, 3, 6), {}),
]:
    # XLA has no second derivative of these with groups.
    smooth = variant != "in groups"
    case("Conv2DBackpropInput", transposed(image, strides, padding, **options), numbers(-1, 1, *kernel),
         numbers(-2, 2, *result), variant=variant, gradient=smooth)
    case("Conv2DBackpropFilter", of_kernel(kernel, strides, padding, **options), numbers(-2, 2, *image),
         numbers(-1, 1, *result), variant=variant, gradient=smooth)
case("Conv2DBackpropInput",
     lambda x, w: tf.nn.conv2d_transpose(x, w, (2, 7, 5, 4), (2, 2), "VALID"), numbers(-2, 2, 2, 3, 2, 2),
     numbers(-1, 1, 3, 3, 4, 2), variant="conv2dTranspose")
case("Conv2DBackpropInput",
     lambda x, w: tf.nn.conv1d_transpose(x, w, (2, 6, 4), 2, "SAME"), numbers(-2, 2, 2, 3, 2),
     numbers(-1, 1, 3, 4, 2), variant="conv1dTranspose")


def depthwise(strides, padding, **options):
    return compiled(lambda x, w: tf.raw_ops.DepthwiseConv2dNative(
        input=x, filter=w, strides=strides, padding=padding, **options))


case("DepthwiseConv2dNative", depthwise((1, 1, 1, 1), "VALID"), numbers(-2, 2, 1, 4, 4, 2), numbers(-1, 1, 2, 2, 2, 3),
     variant="VALID")
case("DepthwiseConv2dNative", depthwise((1, 2, 2, 1), "SAME"), numbers(-2, 2, 1, 5, 5, 2), numbers(-1, 1, 3, 3, 2, 2),
     variant="SAME")
case("DepthwiseConv2dNative", depthwise((1, 1, 1, 1), "SAME", **FIRST), numbers(-2, 2, 1, 2, 5, 5),
     numbers(-1, 1, 2, 2, 2, 2), variant="NCHW")
case("DepthwiseConv2dNativeBackpropInput", compiled(lambda w, g: tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
    input_sizes=(1, 5, 4, 2), filter=w, out_backprop=g, strides=(1, 2, 2, 1), padding="SAME")),
     numbers(-1, 1, 3, 2, 2, 2), numbers(-2, 2, 1, 3, 2, 4), variant="SAME")
case("DepthwiseConv2dNativeBackpropFilter", compiled(lambda x, g: tf.raw_ops.DepthwiseConv2dNativeBackpropFilter(
    input=x, filter_sizes=(3, 2, 2, 2), out_backprop=g, strides=(1, 2, 2, 1), padding="SAME")),
     numbers(-2, 2, 1, 5, 4, 2), numbers(-1, 1, 1, 3, 2, 4), variant="SAME")
case("DepthwiseConv2dNative", lambda x, d, p: tf.nn.separable_conv2d(x, d, p, (1, 1, 1, 1), "SAME"),
     numbers(-2, 2, 1, 4, 4, 2), numbers(-1, 1, 2, 2, 2, 2), numbers(-1, 1, 1, 1, 4, 3), variant="in separableConv2d")
VOLUME = (1, 3, 4, 3, 2), (2, 2, 2, 2, 2)
case("Conv3D", lambda x, w: tf.nn.conv3d(x, w, (1, 1, 2, 1, 1), "SAME"), *(numbers(-1, 1, *s) for s in VOLUME))
case("Conv3DBackpropInputV2", lambda w, g: tf.raw_ops.Conv3DBackpropInputV2(
    input_sizes=(1, 2, 3, 3, 2), filter=w, out_backprop=g, strides=(1, 1, 2, 1, 1), padding="SAME"),
     numbers(-1, 1, 2, 2, 1, 2, 2), numbers(-2, 2, 1, 2, 2, 3, 2), variant="SAME")
case("Conv3DBackpropFilterV2", lambda x, g: tf.raw_ops.Conv3DBackpropFilterV2(
    input=x, filter_sizes=(2, 2, 1, 2, 2), out_backprop=g, strides=(1, 1, 2, 1, 1), padding="SAME"),
     numbers(-1, 1, 1, 2, 3, 3, 2), numbers(-2, 2, 1, 2, 2, 3, 2), variant="SAME")

P = numbers(-2, 2, 1, 5, 4, 3)
case("MaxPool", lambda x: tf.nn.max_pool2d(x, 2, 2, "VALID"), numbers(-2, 2, 2, 4, 5, 2), variant="VALID")
case("MaxPool", lambda x: tf.nn.max_pool2d(x, (3, 2), (2, 1), "SAME"), P, variant="SAME")
case("MaxPool", lambda x: tf.nn.max_pool2d(x, 2, 2, [[0, 0], [1, 0], [0, 1], [0, 0]]), numbers(-2, 2, 1, 4, 4, 2),
     variant="EXPLICIT")
case("MaxPool", lambda x: tf.nn.max_pool1d(x, 3, 2, "SAME"), numbers(-2, 2, 2, 5, 2), variant="of sequences")
# Equal elements: the first of them counts.
case("MaxPool", lambda x: tf.nn.max_pool2d(x, (3, 2), (2, 1), "SAME"), np.round(P), variant="SAME")
case("AvgPool", lambda x: tf.nn.avg_pool2d(x, 2, 2, "VALID"), numbers(-2, 2, 2, 4, 5, 2), variant="VALID")
case("AvgPool", lambda x: tf.nn.avg_pool2d(x, (3, 2), (2, 1), "SAME"), P, variant="SAME")
case("AvgPool", lambda x: tf.nn.avg_pool1d(x, 2, 2, "VALID"), numbers(-2, 2, 2, 5, 2), variant="of sequences")
case("MaxPool3D", lambda x: tf.nn.max_pool3d(x, 2, (2, 1, 2), "SAME"), numbers(-2, 2, 1, 4, 3, 4, 2))
case("AvgPool3D", lambda x: tf.nn.avg_pool3d(x, 2, (2, 1, 2), "SAME"), numbers(-2, 2, 1, 4, 3, 4, 2))
for rank, sizes, strides, image, result in [
    ("", (1, 3, 2, 1), (1, 2, 1, 1), (1, 5, 4, 2), (1, 3, 4, 2)),
    ("3D", (1, 2, 2, 1, 1), (1, 2, 1, 1, 1), (1, 3, 3, 2, 2), (1, 2, 3, 2, 2)),
]:
    window = dict(ksize=sizes, strides=strides, padding="SAME")

    def pool_gradient(suffix, window=window, rank=rank):
        pool, gradient = (getattr(tf.raw_ops, f"MaxPool{rank}{end}") for end in ("", suffix))
        return lambda x, g: gradient(orig_input=x, orig_output=pool(input=x, **window), grad=g, **window)

    case(f"MaxPool{rank}Grad", pool_gradient("Grad"), numbers(-2, 2, *image), numbers(-1, 1, *result), variant="SAME")
    case(f"MaxPool{rank}GradGrad", pool_gradient("GradGrad"), numbers(-2, 2, *image), numbers(-1, 1, *image),
         variant="SAME")
    case(f"AvgPool{rank}Grad", lambda g, image=image, window=window, rank=rank: getattr(
        tf.raw_ops, f"AvgPool{rank}Grad")(orig_input_shape=image, grad=g, **window), numbers(-1, 1, *result),
         variant="SAME")

for variant, options in [("", {}), ("aligned", {"align_corners": True}), ("half", {"half_pixel_centers": True})]:
    image, size, resized = (2, 3, 2, 2), (4, 5), (2, 4, 5, 2)
    for kind in ("NearestNeighbor", "Bilinear"):
        resize = getattr(tf.raw_ops, f"Resize{kind}")
        case(f"Resize{kind}", lambda x: resize(images=x, size=size, **options), numbers(-2, 2, *image),
             variant=variant)
    case("ResizeNearestNeighborGrad",
         lambda g: tf.raw_ops.ResizeNearestNeighborGrad(grads=g, size=image[1:3], **options),
         numbers(-2, 2, *resized), variant=variant, gradient=False)
    case("ResizeBilinearGrad",
         lambda g: tf.raw_ops.ResizeBilinearGrad(grads=g, original_image=tf.zeros(image), **options),
         numbers(-2, 2, *resized), variant=variant, gradient=False)

# Blocks of space ------------------------------------------------------------------------------------------------------

case("SpaceToBatchND", lambda x: tf.space_to_batch(x, [2, 3], [[1, 0], [0, 2]]), numbers(*WIDE, 2, 3, 4, 2))
case("SpaceToBatchND", lambda x: tf.space_to_batch(x, [2], [[0, 0]]), numbers(*WIDE, 2, 4, 3), variant="of one axis")
case("BatchToSpaceND", lambda x: tf.batch_to_space(x, [2, 3], [[1, 0], [0, 2]]), numbers(*WIDE, 12, 2, 3, 2))
case("BatchToSpaceND", lambda x: tf.batch_to_space(x, [2], [[0, 0]]), numbers(*WIDE, 4, 2, 3), variant="of one axis")
case("SpaceToDepth", lambda x: tf.nn.space_to_depth(x, 2), numbers(*WIDE, 2, 4, 6, 3))
case("DepthToSpace", lambda x: tf.nn.depth_to_space(x, 2), numbers(*WIDE, 2, 2, 1, 12))
# On the CPU only XLA has these with features first.
compiled = functools.partial(tf.function, jit_compile=True)
case("SpaceToDepth", compiled(lambda x: tf.nn.space_to_depth(x, 3, data_format="NCHW")), numbers(*WIDE, 2, 3, 6, 3),
     variant="NCHW")
case("DepthToSpace", compiled(lambda x: tf.nn.depth_to_space(x, 3, data_format="NCHW")), numbers(*WIDE, 2, 18, 1, 2),
     variant="NCHW")

# Branches, loops and calls --------------------------------------------------------------------------------------------

for truth in (True, False):
    case("StatelessIf", tf.function(lambda p, x, y: tf.cond(p, lambda: x * x * y, lambda: tf.sin(x))), np.array(truth),
         numbers(*WIDE, 2, 3), numbers(*WIDE, 3), variant="true" if truth else "false", gradient=truth)
for number in (-1, 0, 2):
    case("StatelessCase",
         tf.function(lambda i, x: tf.switch_case(i, [lambda: x * 2, lambda: x * x, lambda: tf.exp(x) * x])),
         np.array(number, np.int32), numbers(*WIDE, 3), variant=f"{number}.0")
case("StatelessWhile",
     tf.function(lambda n, x: tf.while_loop(
         lambda i, power: i < n, lambda i, power: (i + 1, tf.matmul(power, x) * 0.5), (0, x))[1]),
     np.array(3, np.int32), numbers(*WIDE, 2, 2), gradient=False)
case("PartitionedCall", tf.function(lambda x, y: [x * y, tf.tanh(y)]), numbers(*WIDE, 2, 3), numbers(*WIDE, 3))

# Random numbers -------------------------------------------------------------------------------------------------------

RANDOM = []


def random_case(kind, graph_seed, seeds, shape, dtype, make):
    """Three runs in one session of one operation for each seed."""
    with tf.Graph().as_default() as graph:
        if graph_seed is not None:
            tf1.set_random_seed(graph_seed)
        tensors = [make(shape, dtype, seed) for seed in seeds]
        with tf1.Session(graph=graph) as session:
            runs = [[encode(x) for x in session.run(tensors)] for _ in range(3)]
    RANDOM.append({"kind": kind, "graphSeed": graph_seed, "seeds": seeds, "shape": shape, "dtype": dtype.name,
                   "runs": runs})


for kind, make in {
    "uniform": lambda shape, dtype, seed: tf.random.uniform(shape, dtype=dtype, seed=seed),
    "normal": lambda shape, dtype, seed: tf.random.normal(shape, dtype=dtype, seed=seed),
    "truncatedNormal": lambda shape, dtype, seed: tf.random.truncated_normal(shape, dtype=dtype, seed=seed),
    "integer": lambda shape, dtype, seed: tf.random.uniform(shape, -5, 1000, dtype=dtype, seed=seed),
}.items():
    for dtype in (tf.int32, tf.int64) if kind == "integer" else (tf.float32, tf.float64):
        random_case(kind, 42, [7, None, None], [3], dtype, make)
        random_case(kind, None, [123], [2, 5], dtype, make)
        random_case(kind, 0, [0], [9], dtype, make)

# Training -------------------------------------------------------------------------------------------------------------

TRAINING = {}


def train(name, optimizer, variables, loss, steps):
    losses = []
    with tf1.Session() as session:
        step = optimizer.minimize(loss)
        session.run(tf1.global_variables_initializer())
        for _ in range(steps):
            losses.append(session.run(loss))
            session.run(step)
        values = session.run(variables)
    TRAINING[name] = {"losses": encode(np.array(losses, np.float32)), "variables": [encode(x) for x in values]}


def network(name, optimizer):
    with tf.Graph().as_default():
        x, labels = numbers(-1, 1, 16, 8), (np.arange(16) * 7) % 4
        y = np.eye(4, dtype=np.float32)[labels]
        start = [numbers(-0.5, 0.5, 8, 6), numbers(-0.1, 0.1, 6), numbers(-0.5, 0.5, 6, 4), numbers(-0.1, 0.1, 4)]
        w1, b1, w2, b2 = variables = [tf1.Variable(value, use_resource=True) for value in start]
        hidden = tf.nn.relu(tf.matmul(tf.constant(x), w1) + b1)
        probability = tf.clip_by_value(tf.nn.softmax(tf.matmul(hidden, w2) + b2), 1e-10, 0.9999999)
        terms = y * tf.math.log(probability) + (1 - y) * tf.math.log(1 - probability)
        loss = -tf.reduce_mean(tf.reduce_sum(terms, axis=1))
        train(name, optimizer, variables, loss, 20)
        TRAINING[name]["start"] = [encode(value) for value in start]
        TRAINING[name]["data"] = [encode(x), encode(y)]


network("network, GradientDescent", tf1.train.GradientDescentOptimizer(0.5))
network("network, Adagrad", tf1.train.AdagradOptimizer(0.1))
with tf.Graph().as_default():
    matrix = np.round(numbers(0, 10, 4, 4))
    x = tf1.Variable(np.zeros([4, 4], np.float32), use_resource=True)
    loss = tf.reduce_sum(tf.abs(tf.matmul(x, tf.constant(matrix)) - tf.eye(4)))
    train("inverse, Adagrad", tf1.train.AdagradOptimizer(0.01), [x], loss, 20)
    TRAINING["inverse, Adagrad"]["data"] = [encode(matrix)]

# ----------------------------------------------------------------------------------------------------------------------


def write(name, content):
    text = json.dumps(content, separators=(",", ":"))
    if isinstance(content, list):
        text = "[\n" + ",\n".join(json.dumps(entry, separators=(",", ":")) for entry in content) + "\n]"
    (FOLDER / name).write_text(text + "\n")
    print(f"{name}: {len(content)} entries, {len(text)} bytes")


FOLDER.mkdir(exist_ok=True)
write("operations.json", CASES)
write("random.json", RANDOM)
write("training.json", TRAINING)
print("TensorFlow", tf.__version__)
