"""Writes graphs that real TensorFlow makes, with what it computes for them, into a folder:

    python make_models.py FOLDER

For each model NAME.pb and NAME.txt, whose lines are, in order of their use:

    feed TENSOR ARRAY     from now on fed
    run NODE              run for its effect
    fetch TENSOR ARRAY    computed now, with the value that is to be expected
    tolerance NUMBER      of the fetches after it, relative to the larger of 1 and the value
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import numpy as np
import tensorflow as tf

tf1 = tf.compat.v1
FOLDER = sys.argv[1]
MODELS = []


def encode(array):
    array = np.asarray(array)
    dims = ",".join(str(extent) for extent in array.shape)
    return f"{array.dtype.name} {dims} {np.ascontiguousarray(array).tobytes().hex()}"


def numbers(*shape, low=-2.0, high=2.0, dtype=np.float32):
    """Fixed numbers, spread evenly over a range, in an order that is fixed but not sorted."""
    count = int(np.prod(shape))
    order = np.argsort((np.arange(count) * 0.6180339887) % 1, kind="stable")
    return (low + (high - low) * (order + 0.5) / max(1, count)).astype(dtype).reshape(shape)


class Recorder:
    """Runs a session and writes down what it did."""

    def __init__(self, session):
        self.session, self.feeds, self.lines = session, {}, []

    def feed(self, tensor, array):
        self.feeds[tensor] = array
        self.lines.append(f"feed {tensor.name} {encode(array)}")

    def tolerance(self, number):
        self.lines.append(f"tolerance {number}")

    def run(self, *operations):
        for operation in operations:
            self.session.run(operation, self.feeds)
            self.lines.append(f"run {operation.name}")

    def fetch(self, *tensors):
        for tensor in tensors:
            self.lines.append(f"fetch {tensor.name} {encode(self.session.run(tensor, self.feeds))}")


def model(function, *, resource=None):
    """A model is a function that builds a graph and records what it gives."""
    name = function.__name__ + {None: "", True: "_resource", False: "_reference"}[resource]
    with tf.Graph().as_default() as graph:
        if resource is None or resource:
            tf1.enable_resource_variables()
        else:
            tf1.disable_resource_variables()
        with tf1.Session() as session:
            recorder = Recorder(session)
            function(recorder)
        with open(f"{FOLDER}/{name}.pb", "wb") as file:
            file.write(graph.as_graph_def(add_shapes=len(MODELS) % 2 == 1).SerializeToString())
    with open(f"{FOLDER}/{name}.txt", "w") as file:
        file.write("\n".join(recorder.lines))
    MODELS.append(name)


tf1.disable_eager_execution()
tf1.disable_control_flow_v2()

# Arithmetic -----------------------------------------------------------------------------------------------------------


def arithmetic(r):
    x, y = tf1.placeholder(tf.float32, [None, 3], "x"), tf1.placeholder(tf.float32, [3], "y")
    r.feed(x, numbers(4, 3))
    r.feed(y, numbers(3, low=0.5))
    r.fetch(x + y, x - y, x * y, x / y, tf.square(x - y), tf.maximum(x, y), tf.abs(x) ** y, tf.sigmoid(x) * tf.tanh(y))


def doubles(r):
    x = tf1.placeholder(tf.float64, [5], "x")
    r.feed(x, numbers(5, dtype=np.float64))
    r.tolerance(1e-12)
    r.fetch(tf.exp(x), tf.math.log1p(x * x), tf.math.erf(x), tf.reduce_sum(x * x), tf.gradients(tf.sin(x * x), x)[0])


def integers(r):
    x, y = tf1.placeholder(tf.int32, [6], "x"), tf1.placeholder(tf.int32, [6], "y")
    r.feed(x, np.array([-7, -1, 0, 1, 7, 100], np.int32))
    r.feed(y, np.array([2, -3, 5, -7, 3, 9], np.int32))
    r.fetch(x + y, x * y, x // y, x % y, tf.maximum(x, y), tf.cast(x, tf.float32) / 3.0, tf.cast(x, tf.int64) * 5,
            tf.less(x, y), tf.equal(x, y), tf.math.floormod(x, y), tf.sign(x))


def truths(r):
    x = tf1.placeholder(tf.float32, [2, 4], "x")
    r.feed(x, numbers(2, 4))
    p, q = x > 0, x < 1
    r.fetch(p & q, p | q, ~p, tf.reduce_any(p, 0), tf.reduce_all(q, 1), tf.where(p, x, -x), tf1.where(p, x, x * 2),
            tf.cast(p, tf.float32))


def reductions(r):
    x = tf1.placeholder(tf.float32, [None, None, 4], "x")
    r.feed(x, numbers(2, 3, 4))
    r.fetch(tf.reduce_sum(x), tf.reduce_mean(x, [0, 2]), tf.reduce_max(x, -1), tf.reduce_min(x, 1, keepdims=True),
            tf.reduce_prod(x, 0), tf.argmax(x, -1), tf.argmin(x, 0, tf.int32), tf.cumsum(x, 1, reverse=True),
            tf.math.cumprod(x, 2, exclusive=True), tf.nn.l2_loss(x), tf.math.reduce_variance(x),
            tf.math.reduce_logsumexp(x, 1), *tf.nn.moments(x, [0, 1]))


def shapes(r):
    x = tf1.placeholder(tf.float32, [None, 6], "x")
    r.feed(x, numbers(4, 6))
    first, second, third = tf.split(x, [1, 2, 3], 1)
    r.fetch(tf.reshape(x, [-1, 2, 3]), tf.transpose(tf.reshape(x, [2, 2, 6]), [2, 0, 1]), tf.concat([third, first], 1),
            tf.stack([x, x + 1], 1), *tf.unstack(second, axis=1), x[1:3, ::2], x[:, -1], x[..., tf.newaxis, 1:],
            tf.expand_dims(x, 0), tf.squeeze(x[:1], 0), tf.pad(x, [[1, 0], [2, 1]], constant_values=3.0),
            tf.tile(x, [2, 1]), tf.reverse(x, [1]), tf.shape(x), tf.size(x), tf.rank(x), tf.slice(x, [1, 2], [2, -1]),
            tf.broadcast_to(x[:1], [3, 6]), tf.fill(tf.shape(x), 2.0), tf.zeros_like(x), tf.range(tf.shape(x)[0]))


def indexing(r):
    table, ids = tf1.placeholder(tf.float32, [5, 3], "table"), tf1.placeholder(tf.int32, [None], "ids")
    r.feed(table, numbers(5, 3))
    r.feed(ids, np.array([4, 0, 4, 2], np.int32))
    rows = tf.gather(table, ids)
    r.fetch(rows, tf.gather(table, [2, 1], axis=1), tf.one_hot(ids, 5), tf.one_hot(ids, 4, 2.0, -1.0, axis=0),
            tf.math.unsorted_segment_sum(rows, ids, 5), tf.nn.embedding_lookup(table, ids),
            tf.gradients(tf.reduce_sum(rows * rows), rows)[0])


def products(r):
    a, b = tf1.placeholder(tf.float32, [3, 2, 4], "a"), tf1.placeholder(tf.float32, [3, 4, 5], "b")
    r.feed(a, numbers(3, 2, 4))
    r.feed(b, numbers(3, 4, 5))
    r.fetch(a @ b, tf.matmul(b, a, transpose_a=True, transpose_b=True), tf.matmul(a[0], b[1]),
            tf.matmul(a[0], a[1], transpose_b=True), *tf.gradients(a @ b, [a, b]), tf.linalg.diag(a[0]),
            tf.linalg.diag_part(a[:, :, :2]), tf.tensordot(a, b, [[2], [1]]))


def activations(r):
    x = tf1.placeholder(tf.float32, [4, 5], "x")
    r.feed(x, numbers(4, 5, low=-4, high=4))
    for f in [tf.nn.relu, tf.nn.relu6, tf.nn.elu, tf.nn.selu, tf.nn.softplus, tf.nn.softsign, tf.sigmoid, tf.tanh,
              tf.nn.softmax, tf.nn.log_softmax, lambda x: tf.nn.leaky_relu(x, 0.3), tf.nn.silu, tf.nn.gelu]:
        y = f(x)
        r.fetch(y, tf.gradients(tf.reduce_sum(y * y), x)[0])


def second_order(r):
    x = tf1.placeholder(tf.float32, [6], "x")
    r.feed(x, numbers(6, low=0.3, high=1.7))
    r.tolerance(1e-5)
    for f in [tf.tanh, tf.sigmoid, tf.sqrt, tf.math.rsqrt, tf.math.log, tf.exp, tf.square, lambda x: 1 / x, tf.sin]:
        first = tf.gradients(f(x), x)[0]
        r.fetch(first, tf.gradients(first, x)[0])


def losses(r):
    logits, labels = tf1.placeholder(tf.float32, [4, 3], "logits"), tf1.placeholder(tf.int32, [4], "labels")
    r.feed(logits, numbers(4, 3))
    r.feed(labels, np.array([2, 0, 1, 1], np.int32))
    dense = tf.one_hot(labels, 3)
    for loss in [tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits),
                 tf.nn.softmax_cross_entropy_with_logits(labels=dense, logits=logits),
                 tf.nn.sigmoid_cross_entropy_with_logits(labels=dense, logits=logits),
                 tf1.losses.mean_squared_error(dense, logits), tf1.losses.absolute_difference(dense, logits)]:
        r.fetch(loss, tf.gradients(loss, logits)[0])


def random_numbers(r):
    tf1.set_random_seed(1234)
    r.tolerance(0)
    r.fetch(tf.random.uniform([2, 3], seed=1), tf1.random_uniform([3], 5, 100, tf.int32, seed=4))
    r.tolerance(1e-5)
    r.fetch(tf.random.normal([7], seed=2), tf.random.truncated_normal([5], seed=3))


# Variables ------------------------------------------------------------------------------------------------------------


def assignments(r):
    v = tf1.get_variable("v", initializer=np.array([1, 2, 3], np.float32))
    n = tf1.get_variable("n", initializer=np.int64(5))
    x = tf1.placeholder(tf.float32, [3], "x")
    r.feed(x, numbers(3))
    set_v = v.assign(x * 2, name="set_v")
    add = v.assign_add(x, name="add")
    count = n.assign_add(1, name="count")
    with tf.control_dependencies([add.op if hasattr(add, "op") else add]):
        # Not tf.identity(v): of a reference that is a read from before, whose memory the addition then changes.
        after = tf.identity(v.read_value(), "after")
        doubled = tf.multiply(v.read_value(), 2.0, "doubled")
    r.run(tf1.global_variables_initializer())
    r.fetch(v + 0.0, after, doubled, v * 1.0)
    r.run(set_v.op, count.op, count.op)
    r.fetch(v + 0.0, tf.identity(n), after)


def perceptron(r, optimizer, steps=5):
    tf1.set_random_seed(7)
    x, t = tf1.placeholder(tf.float32, [None, 4], "x"), tf1.placeholder(tf.float32, [None, 3], "t")
    w1 = tf1.get_variable("w1", initializer=numbers(4, 8, low=-0.7, high=0.7))
    b1 = tf1.get_variable("b1", [8], initializer=tf1.zeros_initializer())
    w2 = tf1.get_variable("w2", initializer=numbers(8, 3, low=-0.6, high=0.6))
    b2 = tf1.get_variable("b2", [3], initializer=tf1.ones_initializer())
    hidden = tf.nn.relu(tf.nn.bias_add(x @ w1, b1))
    logits = tf.identity(hidden @ w2 + b2, "logits")
    loss = tf.reduce_mean(tf.nn.softmax_cross_entropy_with_logits(labels=t, logits=logits), name="loss")
    train = optimizer.minimize(loss, global_step=tf1.train.get_or_create_global_step(), name="train")
    r.feed(x, numbers(16, 4))
    r.feed(t, np.eye(3, dtype=np.float32)[np.arange(16) % 3])
    r.run(tf1.global_variables_initializer())
    r.tolerance(1e-5)
    for _ in range(steps):
        r.fetch(loss)
        r.run(train)
    r.fetch(loss, logits, tf.identity(w1), tf.identity(b2), tf.identity(tf1.train.get_global_step()))


def gradient_descent(r):
    perceptron(r, tf1.train.GradientDescentOptimizer(0.3))


def adagrad(r):
    perceptron(r, tf1.train.AdagradOptimizer(0.2))


def decayed(r):
    step = tf1.train.get_or_create_global_step()
    perceptron(r, tf1.train.GradientDescentOptimizer(tf1.train.exponential_decay(0.5, step, 2, 0.8, staircase=True)))


def clipped(r):
    x = tf1.placeholder(tf.float32, [None, 4], "x")
    w = tf1.get_variable("w", initializer=numbers(4, 2))
    loss = tf.reduce_sum(tf.square(x @ w), name="loss")
    optimizer = tf1.train.GradientDescentOptimizer(0.1)
    gradients, variables = zip(*optimizer.compute_gradients(loss))
    clipped, norm = tf.clip_by_global_norm(gradients, 1.0)
    train = optimizer.apply_gradients(zip(clipped, variables), name="train")
    r.feed(x, numbers(5, 4))
    r.run(tf1.global_variables_initializer())
    r.tolerance(1e-5)
    for _ in range(3):
        r.fetch(loss, norm)
        r.run(train)
    r.fetch(loss, tf.identity(w))


# Functions ------------------------------------------------------------------------------------------------------------


def functions(r):
    @tf.function
    def scaled(x, factor):
        return x * factor, x + factor

    @tf.function
    def both(x):
        product, total = scaled(x, 3.0)
        return product - total, scaled(product, 0.5)[1]

    x = tf1.placeholder(tf.float32, [None, 2], "x")
    r.feed(x, numbers(3, 2))
    first, second = both(x)
    r.fetch(first, second, first * second)


def function_with_variables(r):
    v = tf1.get_variable("v", initializer=np.array([1, 2], np.float32), use_resource=True)

    @tf.function
    def moved(x):
        v.assign_add(x)
        return v * 2.0

    x = tf1.placeholder(tf.float32, [2], "x")
    r.feed(x, numbers(2))
    y = tf.identity(moved(x), "y")
    r.run(tf1.global_variables_initializer())
    r.fetch(y, y, v.read_value())


def frozen(r):
    x = tf1.placeholder(tf.float32, [None, 4], "x")
    w = tf1.get_variable("w", initializer=numbers(4, 2))
    tf.nn.softmax(x @ w, name="y")
    r.session.run(tf1.global_variables_initializer())
    definition = tf1.graph_util.convert_variables_to_constants(r.session, r.session.graph_def, ["y"])
    with tf.Graph().as_default() as graph, tf1.Session() as session:
        tf1.import_graph_def(definition, name="frozen")
        r.session = session
        r.feed(graph.get_tensor_by_name("frozen/x:0"), numbers(3, 4))
        r.fetch(graph.get_tensor_by_name("frozen/y:0"))
        r.graph_def = graph.as_graph_def()
    # The recorder's session is over: what is written is the frozen graph, imported into this one.
    tf1.import_graph_def(definition, name="frozen")


# Control flow ---------------------------------------------------------------------------------------------------------


def branches(r):
    x, p, q = (tf1.placeholder(tf.float32, [3], "x"), tf1.placeholder(tf.bool, [], "p"),
               tf1.placeholder(tf.bool, [], "q"))
    first = tf1.cond(p, lambda: x * 2.0, lambda: x - 1.0)
    pair = tf1.cond(p, lambda: (x + first, tf.reduce_sum(x)), lambda: (first, tf.constant(7.0)))
    nested = tf1.cond(p, lambda: tf1.cond(q, lambda: x * x, lambda: -x) + 1.0, lambda: tf1.cond(
        q, lambda: tf.exp(first), lambda: tf.zeros_like(x)))
    constants = tf1.cond(q, lambda: tf.constant(1), lambda: tf.constant(2))
    r.feed(x, numbers(3))
    for one in [True, False]:
        for two in [True, False]:
            r.feed(p, np.array(one))
            r.feed(q, np.array(two))
            r.fetch(first, *pair, nested, constants, first + pair[0])


def branch_that_assigns(r):
    v = tf1.get_variable("v", initializer=np.array([1, 2], np.float32), use_resource=True)
    p = tf1.placeholder(tf.bool, [], "p")

    def change():
        with tf.control_dependencies([v.assign_add([10.0, 20.0])]):
            return v.read_value(), tf.constant(1)

    value, which = tf1.cond(p, change, lambda: (v.read_value() * 0.5, tf.constant(0)))
    r.run(tf1.global_variables_initializer())
    for taken in [True, False, True]:
        r.feed(p, np.array(taken))
        r.fetch(value)
        r.fetch(v.read_value(), which)


def loops(r):
    n, x = tf1.placeholder(tf.int32, [], "n"), tf1.placeholder(tf.float32, [2, 2], "x")
    power = tf1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a @ x), [0, tf.eye(2)])
    total = tf1.while_loop(lambda i, s: i > 0, lambda i, s: (i - 1, s + i * i), [n, 0])
    table = tf1.while_loop(
        lambda i, s: i < n,
        lambda i, s: (i + 1, tf1.while_loop(lambda j, t: j < i, lambda j, t: (j + 1, t + tf.cast(i * j, tf.float32)),
                                            [0, s])[1]), [0, 0.0])
    collatz = tf1.while_loop(
        lambda i, k: tf.not_equal(k, 1),
        lambda i, k: (i + 1, tf1.cond(tf.equal(k % 2, 0), lambda: k // 2, lambda: 3 * k + 1)), [0, n + 5])
    inside = tf1.cond(n > 2, lambda: tf1.while_loop(lambda i: i < 100, lambda i: i * n, [1]), lambda: tf.constant(-1))
    r.feed(x, numbers(2, 2))
    for count in [0, 1, 4, 7]:
        r.feed(n, np.array(count, np.int32))
        r.fetch(*power, *total, *table, *collatz, inside)


def control_flow_2(r):
    tf1.enable_control_flow_v2()
    n, x, p = (tf1.placeholder(tf.int32, [], "n"), tf1.placeholder(tf.float32, [3], "x"),
               tf1.placeholder(tf.bool, [], "p"))
    chosen = tf1.cond(p, lambda: x * 2.0, lambda: tf.tanh(x))
    case = tf.switch_case(n, [lambda: x, lambda: x * x, lambda: -x])
    _, power = tf1.while_loop(lambda i, a: i < n, lambda i, a: (i + 1, a * x), [0, tf.ones_like(x)])
    slope = tf.gradients(tf.reduce_sum(chosen * chosen), x)[0]
    tf1.disable_control_flow_v2()
    r.feed(x, numbers(3))
    for count in [0, 1, 3]:
        r.feed(n, np.array(count, np.int32))
        r.feed(p, np.array(count == 1))
        r.fetch(chosen, case, power, slope)


for function in [branches, branch_that_assigns, loops, control_flow_2]:
    model(function)
for function in [arithmetic, doubles, integers, truths, reductions, shapes, indexing, products, activations,
                 second_order, losses, random_numbers, functions, function_with_variables, frozen]:
    model(function)
for function in [assignments, gradient_descent, adagrad, decayed, clipped]:
    for resource in [True, False]:
        model(function, resource=resource)

print("\n".join(MODELS))
