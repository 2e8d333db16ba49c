"""Saves models with real TensorFlow and Keras, with what they compute, into a folder:

    python make_models.py FOLDER

For each model a folder NAME, and NAME.txt, whose lines are

    run SIGNATURE
    input NAME ARRAY
    output NAME ARRAY
"""

import os
import sys

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
os.environ["TF_ENABLE_ONEDNN_OPTS"] = "0"

import keras
import numpy as np
import tensorflow as tf

layers = keras.layers
tf1 = tf.compat.v1
FOLDER = sys.argv[1]
NAMES = []


def encode(array):
    array = np.asarray(array)
    dims = ",".join(str(extent) for extent in array.shape)
    return f"{array.dtype.name} {dims} {np.ascontiguousarray(array).tobytes().hex()}"


def numbers(*shape, low=-2.0, high=2.0, dtype=np.float32):
    count = int(np.prod(shape))
    order = np.argsort((np.arange(count) * 0.6180339887) % 1, kind="stable")
    return (low + (high - low) * (order + 0.5) / max(1, count)).astype(dtype).reshape(shape)


def record(name, runs):
    """Loads the model again, with TensorFlow, and writes down what its signatures give."""
    loaded = tf.saved_model.load(f"{FOLDER}/{name}")
    lines = []
    for signature, inputs in runs:
        function = loaded.signatures[signature]
        outputs = function(**{key: tf.constant(value) for key, value in inputs.items()})
        lines.append(f"run {signature}")
        lines += [f"input {key} {encode(value)}" for key, value in inputs.items()]
        lines += [f"output {key} {encode(value)}" for key, value in outputs.items()]
    with open(f"{FOLDER}/{name}.txt", "w") as file:
        file.write("\n".join(lines))
    NAMES.append(name)


def keras_model(name, model, *inputs, trains=True):
    """Trains a Keras model a little, so that no weight is at its start, and saves it in both ways there are."""
    keras.utils.set_random_seed(3)
    if trains:
        model.compile(optimizer="sgd", loss="mse")
        wanted = model.predict(list(inputs) if len(inputs) > 1 else inputs[0], verbose=0)
        wanted = [0.5 * np.asarray(x) + 0.1 for x in wanted] if isinstance(wanted, list) else 0.5 * wanted + 0.1
        model.fit(list(inputs) if len(inputs) > 1 else inputs[0], wanted, epochs=2, verbose=0)
    for suffix, save in [("export", lambda path: model.export(path, verbose=False)),
                         ("module", lambda path: tf.saved_model.save(model, path))]:
        path = f"{FOLDER}/{name}_{suffix}"
        save(path)
        signature = tf.saved_model.load(path).signatures["serving_default"]
        names = list(signature.structured_input_signature[1])
        if len(names) == len(inputs):
            record(f"{name}_{suffix}", [("serving_default", dict(zip(names, inputs)))])


def sequential(*parts):
    keras.utils.set_random_seed(2)
    return keras.Sequential(list(parts))


keras_model("dense", sequential(layers.Input((4,)), layers.Dense(8, "relu"), layers.Dense(3, "softmax")), numbers(5, 4))
keras_model("batch_norm", sequential(
    layers.Input((6,)), layers.Dense(8), layers.BatchNormalization(), layers.Activation("tanh"), layers.Dropout(0.3),
    layers.Dense(2, "sigmoid")), numbers(7, 6))
keras_model("flatten", sequential(
    layers.Input((4, 5)), layers.Flatten(), layers.Dense(6, "elu"), layers.Reshape((2, 3)), layers.Permute((2, 1)),
    layers.Flatten(), layers.Dense(1)), numbers(3, 4, 5))
keras_model("layer_norm", sequential(
    layers.Input((6,)), layers.LayerNormalization(), layers.Dense(5, "gelu"), layers.Rescaling(0.5, 0.1),
    layers.LeakyReLU(negative_slope=0.1), layers.Dense(2, "softplus")), numbers(4, 6))
keras_model("embedding", sequential(
    layers.Input((3,), dtype="int32"), layers.Embedding(7, 4), layers.GlobalAveragePooling1D(), layers.Dense(2)),
    np.array([[0, 6, 2], [1, 1, 5]], np.int32))
first, second = keras.Input((3,), name="first"), keras.Input((3,), name="second")
both = layers.Concatenate()([layers.Dense(4, "selu")(first), layers.Dense(4, "swish")(second)])
summed = layers.Add()([first, second])
keras_model("functional", keras.Model([first, second], [layers.Dense(2)(both), layers.Multiply()([summed, first])]),
            numbers(2, 3), numbers(2, 3, low=0.5), trains=False)


class Module(tf.Module):
    """Several signatures, nested functions, a variable that changes, and one that is not float32."""

    def __init__(self):
        self.weights = tf.Variable(numbers(3, 2), name="weights")
        self.scale = tf.Variable(np.float64(2.5), name="scale")
        self.calls = tf.Variable(np.int64(7), name="calls")

    @tf.function
    def scaled(self, x):
        return tf.cast(tf.cast(x, tf.float64) * self.scale, tf.float32)

    @tf.function(input_signature=[tf.TensorSpec([None, 3], tf.float32)])
    def apply(self, x):
        return {"y": self.scaled(x @ self.weights), "sum": tf.reduce_sum(x, 1)}

    @tf.function(input_signature=[tf.TensorSpec([], tf.int64)])
    def count(self, step):
        return {"calls": self.calls + step}


module = Module()
tf.saved_model.save(module, f"{FOLDER}/module", signatures={"serving_default": module.apply, "count": module.count})
record("module", [("serving_default", {"x": numbers(4, 3)}), ("count", {"step": np.int64(5)})])

# TensorFlow 1 ---------------------------------------------------------------------------------------------------------

tf1.disable_eager_execution()
for resource in [True, False]:
    name = "v1_resource" if resource else "v1_reference"
    with tf.Graph().as_default(), tf1.Session() as session:
        x = tf1.placeholder(tf.float32, [None, 4], "x")
        w = tf1.get_variable("w", initializer=numbers(4, 3), use_resource=resource)
        parts = tf1.get_variable("parts", [6, 3], initializer=tf1.random_uniform_initializer(seed=1),
                                 partitioner=tf1.fixed_size_partitioner(3), use_resource=resource)
        y = tf.nn.softmax(x @ w, name="y")
        z = tf.matmul(y, tf.convert_to_tensor(parts), transpose_b=True, name="z")
        session.run(tf1.global_variables_initializer())
        session.run(w.assign(numbers(4, 3, low=-1)))
        tf1.saved_model.simple_save(session, f"{FOLDER}/{name}", {"x": x}, {"y": y, "z": z})
        values = session.run([y, z], {x: numbers(2, 4)})
        with open(f"{FOLDER}/{name}.txt", "w") as file:
            file.write("\n".join(["run serving_default", f"input x {encode(numbers(2, 4))}",
                                  f"output y {encode(values[0])}", f"output z {encode(values[1])}"]))
        NAMES.append(name)

print("\n".join(NAMES))
