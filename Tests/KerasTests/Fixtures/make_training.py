"""What Keras's models learn in ten steps: losses, metrics and weights.

    python make_training.py training.npz 0

The second argument is the seed; `training.npz` in this folder was made with seed 0 by Keras 3.15 on TensorFlow 2.21. The
models are those of `TrainingCases.swift`, under the same names.

Of case `c` the archive holds `c/x/0`, ... and `c/y/0`, ... (all ten batches, one behind the other), `c/w/0`, ... (the
weights at the start, in the order of `get_weights`), `c/after/0`, ... (those after ten steps), `c/logs` (what each step
reports, `[10, n]`) and `c/sample_weight` where samples are weighted.
"""

import sys

import keras
import numpy as np
from keras import layers as L, optimizers as O, regularizers as R

BATCH, STEPS = 8, 10
rng = np.random.default_rng(int(sys.argv[2]))
out = {}


def draw(*shape):
    return (np.round(rng.normal(size=(BATCH * STEPS,) + shape) * 64) / 64).astype(np.float32)


def classes(count):
    return rng.integers(0, count, BATCH * STEPS).astype(np.int32)


def case(name, model, xs, ys, class_weight=None, sample_weight=None):
    model.set_weights([
        (np.abs(np.round(rng.normal(size=w.shape) * 32) / 64) + (0.5 if "variance" in w.name else -0.25)).astype(np.float32)
        for w in model.weights])
    for i, x in enumerate(xs):
        out[f"{name}/x/{i}"] = x
    for i, y in enumerate(ys):
        out[f"{name}/y/{i}"] = y
    for i, w in enumerate(model.get_weights()):
        out[f"{name}/w/{i}"] = w
    if sample_weight is not None:
        out[name + "/sample_weight"] = sample_weight
    logs = []
    for step in range(STEPS):
        rows = slice(step * BATCH, (step + 1) * BATCH)
        x, y = [x[rows] for x in xs], [y[rows] for y in ys]
        one = lambda v: v[0] if len(v) == 1 else v
        model.reset_metrics()
        logs.append(model.train_on_batch(
            one(x), one(y), class_weight=class_weight,
            sample_weight=None if sample_weight is None else sample_weight[rows]))
    out[name + "/logs"] = np.array(logs, np.float32).reshape(STEPS, -1)
    for i, w in enumerate(model.get_weights()):
        out[f"{name}/after/{i}"] = w


def classifier(optimizer, **more):
    model = keras.Sequential([
        keras.Input((6,)), L.Dense(8, activation="relu", **more), L.Dense(3, activation="softmax")])
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


case("adam", classifier(O.Adam(0.01)), [draw(6)], [classes(3)])
case("momentum", classifier(O.SGD(0.05, momentum=0.9)), [draw(6)], [classes(3)])
case("rmsprop", classifier(O.RMSprop(0.01)), [draw(6)], [classes(3)])
case("class-weights", classifier(O.SGD(0.1)), [draw(6)], [classes(3)], class_weight={0: 0.5, 1: 2.0, 2: 1.25})
case("sample-weights", classifier(O.Adam(0.01)), [draw(6)], [classes(3)],
     sample_weight=(rng.integers(1, 9, BATCH * STEPS) / 4).astype(np.float32))
case("l2", classifier(O.SGD(0.1), kernel_regularizer=R.L2(0.02), bias_regularizer=R.L2(0.05)), [draw(6)], [classes(3)])

model = keras.Sequential([
    keras.Input((6, 6, 2)), L.Conv2D(4, 3, use_bias=False), L.BatchNormalization(), L.Activation("relu"),
    L.MaxPooling2D(), L.Flatten(), L.Dense(3)])
model.compile(O.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
case("convolution", model, [draw(6, 6, 2)], [classes(3)])

model = keras.Sequential([
    keras.Input((5,), dtype="int32"), L.Embedding(60, 4), L.GlobalAveragePooling1D(), L.Dense(1, activation="sigmoid")])
model.compile(O.Adagrad(0.1), "binary_crossentropy", metrics=["accuracy"])
# No word twice in a batch: Keras's Adagrad treats the gradients of each occurrence by themselves, which is neither what
# the formula says nor what TensorFlow's own Adagrad does.
words = np.concatenate([rng.permutation(60)[: BATCH * 5].reshape(BATCH, 5) for _ in range(STEPS)])
case("embedding", model, [words.astype(np.int32)],
     [classes(2).astype(np.float32)[:, None]])

a, b = keras.Input((4,)), keras.Input((3,))
joined = L.Dense(6, activation="tanh")(L.Concatenate()([a, b]))
model = keras.Model([a, b], [L.Dense(3, activation="softmax", name="kind")(joined), L.Dense(1, name="price")(joined)])
model.compile(O.Adam(0.01), ["sparse_categorical_crossentropy", "mse"], loss_weights=[0.5, 2.0])
case("outputs", model, [draw(4), draw(3)], [classes(3), draw(1)])

model = keras.Sequential([keras.Input((5,)), L.Dense(6, activation="tanh"), L.Dense(2)])
model.compile(O.AdamW(0.01, weight_decay=0.1, clipnorm=0.25), "mse", metrics=["mae"])
case("adamw-clipped", model, [draw(5)], [draw(2)])

x = keras.Input((4, 6))
y = L.LayerNormalization()(x)
y = L.Add()([x, L.MultiHeadAttention(2, 3)(y, y)])
model = keras.Model(x, L.Dense(2)(L.GlobalAveragePooling1D()(y)))
# Not Adam: the biases of keys have no gradient but that of rounding, which Adam would make as large as any other.
model.compile(O.SGD(0.05, momentum=0.9, nesterov=True), "mse")
case("attention", model, [draw(4, 6)], [draw(2)])

np.savez_compressed(sys.argv[1], **out)
