"""What Keras's layers compute: outputs, gradients and losses for random inputs and weights.

    python make_layers.py layers.npz 0

The second argument is the seed; `layers.npz` in this folder was made with seed 0 by Keras 3.15 on TensorFlow 2.21. Each
case is a list of layers, one after the other; `LayerCases.swift` has the same layers under the same names.

Of case `c` the archive holds `c/x/0`, ... (inputs), `c/w/0/kernel`, ... (weights in the order of `get_weights`), `c/y`
(output), `c/mask` (the output's mask, where it has one), `c/c` (the projection: gradients are those of `sum(y * c)`), `c/dx/0`, ... and `c/dw/0`, ... (of weights that
are trained), `c/loss` (what layers add to the loss, where they do). Of cases with another behaviour in training there
are `c/training/y`, ... too, and `c/training/w/0/...`: the weights after the pass.
"""

import sys

import keras
import numpy as np
import tensorflow as tf
from keras import layers as L

FIRST = "channels_first"
cases = []


def case(name, made, *shapes, whole=0, training=False, trainable=True):
    cases.append((name, made if isinstance(made, list) else [made], shapes, whole, training, trainable))


# Dense, and what has no weights.
case("dense", L.Dense(3), (4, 5))
case("dense-rank-3", L.Dense(3, activation="tanh", use_bias=False), (2, 4, 5))
case("dense-activity", L.Dense(3, activation="sigmoid", activity_regularizer=keras.regularizers.L1L2(0.1, 0.2)), (4, 5))
for name in [
    "relu", "relu6", "elu", "selu", "softplus", "softsign", "softmax", "log_softmax", "sigmoid",
    "hard_sigmoid", "silu", "hard_silu", "gelu", "mish", "leaky_relu", "exponential", "linear", "tanh",
    "celu", "hard_tanh", "hard_shrink", "soft_shrink", "tanh_shrink", "squareplus", "log_sigmoid", "sparse_plus",
    "sparse_sigmoid",
]:
    case("activation-" + name, L.Activation(name), (3, 5))
case("activation-glu", L.Activation("glu"), (3, 6))
case("identity", L.Identity(), (3, 4))
case("einsum-dense", L.EinsumDense("abc,cd->abd", (None, 3), activation="tanh", bias_axes="d"), (2, 4, 5))
case("einsum-dense-heads", L.EinsumDense("abc,cde->abde", (None, 3, 2), bias_axes="e"), (2, 4, 5))
case("einsum-dense-elided", L.EinsumDense("...x,xy->...y", 3, bias_axes="y"), (2, 3, 4, 5))
case("einsum-dense-behind", L.EinsumDense("ab...,bc->ac...", 3, bias_axes="c"), (2, 4, 5))
case("einsum-dense-joined", L.EinsumDense("abc,bcd->ad", 3), (2, 4, 5))
case("flatten", L.Flatten(), (2, 3, 4))
case("reshape", L.Reshape((-1, 2)), (2, 3, 4))
case("permute", L.Permute((3, 1, 2)), (2, 3, 4, 5))
case("repeat-vector", L.RepeatVector(3), (2, 4))
case("relu-settings", L.ReLU(max_value=1.0, negative_slope=0.25, threshold=0.5), (4, 6))
case("leaky-relu", L.LeakyReLU(), (4, 6))
case("leaky-relu-slope", L.LeakyReLU(negative_slope=0.1), (4, 6))
case("prelu", L.PReLU(), (3, 4, 5))
case("prelu-shared", L.PReLU(shared_axes=[1, 2]), (2, 3, 4, 5))
case("elu", L.ELU(), (4, 6))
case("elu-alpha", L.ELU(alpha=0.5), (4, 6))
case("softmax", L.Softmax(), (4, 6))
case("softmax-axis", L.Softmax(axis=1), (2, 5, 3))
case("activity-regularization", L.ActivityRegularization(l1=0.1, l2=0.2), (4, 6))
case("rescaling", L.Rescaling(0.5, offset=-1.0), (4, 6))
case("normalization", L.Normalization(mean=[0.5, -1.0, 2.0], variance=[4.0, 0.25, 1.0]), (4, 3))
case("dropout-in-use", [L.Dropout(0.5), L.GaussianNoise(1.0), L.GaussianDropout(0.5), L.AlphaDropout(0.5)], (4, 6))
case("spatial-dropout-in-use", [L.SpatialDropout1D(0.5)], (2, 4, 6))

# Look-ups and masks.
case("embedding", L.Embedding(7, 3), (4, 5), whole=7)
case("embedding-masked-mean", [L.Embedding(4, 3, mask_zero=True), L.GlobalAveragePooling1D()], (6, 5), whole=4)
case("category-encoding", L.CategoryEncoding(6), (4, 3), whole=6)
case("category-encoding-one-hot", L.CategoryEncoding(6, output_mode="one_hot"), (4, 3), whole=6)
case("category-encoding-column", L.CategoryEncoding(6, output_mode="one_hot"), (4, 1), whole=6)
case("category-encoding-count", L.CategoryEncoding(6, output_mode="count"), (4, 3), whole=6)
case("category-encoding-rank-3", L.CategoryEncoding(6), (4, 3, 2), whole=6)
case("category-encoding-weights", L.CategoryEncoding(6, output_mode="count"), (4, 3, 2), (4, 3, 2), whole=6)
case("discretization", [L.Discretization([-1.0, 0.0, 0.5]), L.Embedding(4, 3)], (4, 5))
case("discretization-one-hot", L.Discretization([-1.0, 0.0, 0.5], output_mode="one_hot"), (4, 5))
case("discretization-multi-hot", L.Discretization([-1.0, 0.0, 0.5], output_mode="multi_hot"), (4, 5))
case("discretization-count", L.Discretization([-1.0, 0.0, 0.5], output_mode="count"), (4, 5))
case(
    "random-images-in-use",
    [L.RandomFlip("horizontal"), L.RandomBrightness(0.5, seed=3), L.RandomContrast((0.25, 0.5), value_range=(0, 1))],
    (2, 3, 4, 2))
case(
    "random-transformations-in-use",
    [
        L.RandomRotation(0.25, fill_mode="constant", fill_value=2.0), L.RandomTranslation((-0.5, 0.25), (0, 0.5)),
        L.RandomZoom(0.5, fill_mode="wrap", interpolation="nearest"), L.RandomZoom((0, 0.5), (0, 0.25)),
    ],
    (2, 3, 4, 2))
case("masking", [L.Masking(mask_value=2.0), L.GlobalAveragePooling1D()], (5, 4, 2), whole=3)
case(
    "masking-passed-on",
    [L.Masking(), L.Dense(3, activation="relu"), L.Dropout(0.5), L.LayerNormalization(), L.GlobalAveragePooling1D()],
    (6, 4, 1), whole=3)

# Convolutions.
case("conv1d", L.Conv1D(4, 3), (2, 7, 3))
case("conv1d-strides", L.Conv1D(4, 3, strides=2, padding="same", activation="relu"), (2, 8, 3))
case("conv1d-causal", L.Conv1D(4, 3, padding="causal", dilation_rate=2), (2, 7, 3))
case("conv1d-groups", L.Conv1D(4, 2, groups=2, use_bias=False), (2, 6, 4))
case("conv1d-first", L.Conv1D(4, 3, padding="same", data_format=FIRST), (2, 3, 6))
case("conv2d", L.Conv2D(4, (3, 2)), (2, 5, 6, 3))
case("conv2d-strides", L.Conv2D(4, 3, strides=(2, 1), padding="same", activation="tanh"), (2, 6, 5, 3))
case("conv2d-dilations", L.Conv2D(2, 2, dilation_rate=(2, 3)), (2, 5, 6, 2))
case("conv2d-groups", L.Conv2D(6, 2, groups=3), (2, 4, 4, 3))
case("conv2d-first", L.Conv2D(4, 3, strides=2, padding="same", data_format=FIRST), (2, 3, 5, 6))
case("conv1d-transpose", L.Conv1DTranspose(4, 3, strides=2), (2, 4, 3))
case("conv1d-transpose-same", L.Conv1DTranspose(2, 3, strides=2, padding="same"), (2, 4, 3))
case("conv1d-transpose-small", L.Conv1DTranspose(2, 2, strides=3), (2, 4, 3))
case("conv2d-transpose", L.Conv2DTranspose(4, (3, 2), strides=(2, 1)), (2, 4, 3, 2))
case("conv2d-transpose-same", L.Conv2DTranspose(2, 3, strides=2, padding="same", activation="relu"), (2, 3, 4, 2))
case("conv2d-transpose-small", L.Conv2DTranspose(2, (1, 2), strides=(2, 3)), (2, 3, 3, 2))
case("conv2d-transpose-dilations", L.Conv2DTranspose(2, 2, dilation_rate=2), (2, 4, 4, 2))
case("depthwise1d", L.DepthwiseConv1D(3, depth_multiplier=2), (2, 6, 3))
case("depthwise1d-strides", L.DepthwiseConv1D(3, strides=2, padding="same"), (2, 7, 3))
case("depthwise2d", L.DepthwiseConv2D((2, 3), depth_multiplier=2, activation="relu"), (2, 5, 5, 3))
case("depthwise2d-strides", L.DepthwiseConv2D(3, strides=2, padding="same", use_bias=False), (2, 6, 5, 3))
case("depthwise2d-dilations", L.DepthwiseConv2D(2, dilation_rate=2), (2, 5, 5, 2))
case("separable1d", L.SeparableConv1D(4, 3, depth_multiplier=2), (2, 6, 3))
case("separable1d-same", L.SeparableConv1D(4, 2, padding="same", activation="tanh"), (2, 6, 3))
case("separable2d", L.SeparableConv2D(4, 2, depth_multiplier=2), (2, 4, 5, 3))
case("separable2d-strides", L.SeparableConv2D(4, 3, strides=2, padding="same"), (2, 6, 5, 3))

# Pooling.
case("max-pooling1d", L.MaxPooling1D(), (2, 7, 3))
case("max-pooling1d-same", L.MaxPooling1D(3, strides=2, padding="same"), (2, 7, 3))
case("max-pooling2d", L.MaxPooling2D(), (2, 5, 6, 3))
case("max-pooling2d-same", L.MaxPooling2D((3, 2), strides=(2, 1), padding="same"), (2, 5, 6, 3))
case("max-pooling2d-first", L.MaxPooling2D(data_format=FIRST), (2, 3, 4, 6))
case("average-pooling1d", L.AveragePooling1D(2), (2, 7, 3))
case("average-pooling1d-same", L.AveragePooling1D(3, strides=2, padding="same"), (2, 7, 3))
case("average-pooling2d", L.AveragePooling2D(2), (2, 5, 6, 3))
case("average-pooling2d-same", L.AveragePooling2D((3, 2), strides=(2, 1), padding="same"), (2, 5, 6, 3))
case("global-max1d", L.GlobalMaxPooling1D(), (2, 5, 3))
case("global-max2d", L.GlobalMaxPooling2D(keepdims=True), (2, 4, 5, 3))
case("global-max2d-first", L.GlobalMaxPooling2D(data_format=FIRST), (2, 3, 4, 5))
case("global-average1d", L.GlobalAveragePooling1D(keepdims=True), (2, 5, 3))
case("global-average1d-first", L.GlobalAveragePooling1D(data_format=FIRST), (2, 5, 3))
case("global-average2d", L.GlobalAveragePooling2D(), (2, 4, 5, 3))
case("global-average2d-first", L.GlobalAveragePooling2D(data_format=FIRST, keepdims=True), (2, 3, 4, 5))

# Padding, cutting, repeating.
case("zero-padding1d", L.ZeroPadding1D((1, 2)), (2, 4, 3))
case("zero-padding2d", L.ZeroPadding2D(((1, 2), (0, 3))), (2, 3, 4, 2))
case("zero-padding2d-first", L.ZeroPadding2D(((1, 2), (0, 3)), data_format=FIRST), (2, 2, 3, 4))
case("cropping1d", L.Cropping1D((1, 2)), (2, 6, 3))
case("cropping2d", L.Cropping2D(((1, 0), (2, 1))), (2, 4, 5, 2))
case("cropping2d-first", L.Cropping2D(((1, 0), (2, 1)), data_format=FIRST), (2, 2, 4, 5))
case("up-sampling1d", L.UpSampling1D(3), (2, 4, 3))
case("up-sampling2d", L.UpSampling2D((2, 3)), (2, 3, 4, 2))
case("up-sampling2d-bilinear", L.UpSampling2D((2, 3), interpolation="bilinear"), (2, 3, 4, 2))
case("resizing", L.Resizing(5, 3), (2, 4, 4, 2))
case("resizing-nearest", L.Resizing(2, 6, interpolation="nearest"), (2, 4, 4, 2))
case("resizing-crop", L.Resizing(3, 6, crop_to_aspect_ratio=True), (2, 5, 5, 2))
case("center-crop", L.CenterCrop(2, 3), (2, 5, 4, 2))
case("center-crop-larger", L.CenterCrop(6, 3), (2, 4, 4, 2))
case("up-sampling2d-first", L.UpSampling2D(2, data_format=FIRST), (2, 2, 3, 4))

# Volumes.
case("conv3d", L.Conv3D(3, (2, 3, 2)), (2, 4, 4, 3, 2))
case("conv3d-strides", L.Conv3D(2, (3, 2, 2), strides=(2, 1, 2), padding="same", activation="tanh"), (2, 4, 3, 5, 2))
case("conv3d-dilations", L.Conv3D(2, 2, dilation_rate=(2, 1, 2), use_bias=False), (2, 4, 3, 5, 2))
case("conv3d-first", L.Conv3D(2, 2, padding="same", data_format=FIRST), (2, 2, 3, 4, 3))
case("conv3d-transpose", L.Conv3DTranspose(3, (2, 3, 2), strides=(2, 1, 2)), (2, 2, 3, 2, 2))
case("conv3d-transpose-same", L.Conv3DTranspose(2, 3, strides=2, padding="same", activation="relu"), (1, 2, 3, 2, 2))
case("max-pooling3d", L.MaxPooling3D(), (2, 4, 5, 3, 2))
case("max-pooling3d-same", L.MaxPooling3D((3, 2, 2), strides=(2, 1, 2), padding="same"), (2, 4, 5, 3, 2))
case("max-pooling3d-first", L.MaxPooling3D(data_format=FIRST), (2, 2, 4, 5, 3))
case("average-pooling3d", L.AveragePooling3D(2), (2, 4, 5, 3, 2))
case("average-pooling3d-same", L.AveragePooling3D((3, 2, 2), strides=(2, 1, 2), padding="same"), (2, 4, 5, 3, 2))
case("global-max3d", L.GlobalMaxPooling3D(keepdims=True), (2, 3, 4, 3, 2))
case("global-average3d", L.GlobalAveragePooling3D(), (2, 3, 4, 3, 2))
case("global-average3d-first", L.GlobalAveragePooling3D(data_format=FIRST), (2, 2, 3, 4, 3))
case("zero-padding3d", L.ZeroPadding3D(((1, 2), (0, 3), (1, 0))), (2, 2, 3, 2, 2))
case("zero-padding3d-first", L.ZeroPadding3D(data_format=FIRST), (2, 2, 2, 3, 2))
case("cropping3d", L.Cropping3D(((1, 0), (2, 1), (0, 1))), (2, 3, 5, 4, 2))
case("cropping3d-first", L.Cropping3D(data_format=FIRST), (2, 2, 3, 4, 4))
case("up-sampling3d", L.UpSampling3D((2, 1, 3)), (2, 2, 3, 2, 2))
case("spatial-dropout3d-in-use", L.SpatialDropout3D(0.5), (2, 2, 3, 2, 2))

# Normalisation.
case("batch-normalization", L.BatchNormalization(), (6, 4), training=True)
case(
    "batch-normalization-settings", L.BatchNormalization(momentum=0.75, epsilon=0.125, center=False, scale=False),
    (3, 4, 4, 2), training=True)
case("batch-normalization-axis", L.BatchNormalization(axis=1), (4, 3, 5), training=True)
case("batch-normalization-frozen", L.BatchNormalization(), (6, 4), training=True, trainable=False)
case("layer-normalization", L.LayerNormalization(), (4, 6))
case("layer-normalization-axes", L.LayerNormalization(axis=[1, 2], epsilon=0.125), (3, 4, 5))
case("layer-normalization-middle", L.LayerNormalization(axis=1, center=False), (3, 4, 5))
case("group-normalization", L.GroupNormalization(groups=2), (3, 4, 4, 6))
case("group-normalization-instance", L.GroupNormalization(groups=-1, scale=False), (3, 5, 4))
case("group-normalization-axis", L.GroupNormalization(groups=2, axis=1), (2, 6, 3, 4))
case("rms-normalization-axes", L.RMSNormalization(axis=[1, 2], epsilon=0.125), (3, 4, 5))
case("batch-normalization-masked", [L.Masking(), L.BatchNormalization()], (6, 5, 2), whole=2, training=True)
case("rms-normalization", L.RMSNormalization(), (4, 6))
case("unit-normalization", L.UnitNormalization(), (4, 6))
case("unit-normalization-axes", L.UnitNormalization(axis=[1, 2]), (3, 4, 5))

# Merging.
case("add", L.Add(), (3, 4), (3, 4), (3, 4))
case("add-broadcast", L.Add(), (3, 1, 4), (3, 5, 1))
case("add-ranks", L.Add(), (3, 4), (3, 5, 4))
case("subtract", L.Subtract(), (3, 4), (3, 4))
case("multiply", L.Multiply(), (3, 4), (3, 4), (3, 4))
case("average", L.Average(), (3, 4), (3, 4), (3, 4))
case("maximum", L.Maximum(), (3, 4), (3, 4), (3, 4))
case("minimum", L.Minimum(), (3, 4), (3, 4))
case("concatenate", L.Concatenate(), (3, 4), (3, 2), (3, 1))
case("concatenate-axis", L.Concatenate(axis=1), (2, 4, 3), (2, 2, 3))
case("dot", L.Dot(axes=1), (3, 4), (3, 4))
case("dot-cosine", L.Dot(axes=1, normalize=True), (3, 4), (3, 4))
case("dot-rank-3", L.Dot(axes=(2, 1)), (2, 3, 4), (2, 4, 5))
case("dot-rank-3-steps", L.Dot(axes=(1, 2)), (2, 4, 3), (2, 5, 4))
case("dot-mixed", L.Dot(axes=(2, 1)), (2, 3, 4), (2, 4))

# Attention, and a layer for each step.
case("attention", L.MultiHeadAttention(2, 3), (2, 4, 5))
case(
    "attention-sizes", L.MultiHeadAttention(3, 2, value_dim=4, output_shape=6, use_bias=False), (2, 4, 5), (2, 3, 6),
    (2, 3, 7))
case("attention-causal", L.MultiHeadAttention(2, 3, name="causal"), (2, 4, 5))
case("attention-masked", [L.Masking(), L.MultiHeadAttention(2, 3), L.GlobalAveragePooling1D()], (6, 4, 1), whole=3)
case("attention-mask", L.MultiHeadAttention(2, 3), (2, 4, 5), (2, 3, 5), (2, 4, 3, "bool"))
case("group-query-attention", L.GroupQueryAttention(3, 4, 2), (2, 4, 5), (2, 3, 5))
case("group-query-attention-causal", L.GroupQueryAttention(2, 2, 1, use_bias=False, name="causal"), (2, 4, 5), (2, 4, 5))
case("dot-attention", L.Attention(), (2, 4, 5), (2, 3, 5))
case("dot-attention-scale", L.Attention(use_scale=True), (2, 4, 5), (2, 3, 6), (2, 3, 5))
case("dot-attention-concat", L.Attention(use_scale=True, score_mode="concat"), (2, 4, 5), (2, 3, 5))
case("dot-attention-causal", L.Attention(name="causal"), (2, 4, 5), (2, 4, 5))
case("dot-attention-masked", [L.Masking(), L.Attention()], (6, 5, 2), (6, 4, 2), whole=2)
case("additive-attention", L.AdditiveAttention(), (2, 4, 5), (2, 3, 5))
case("additive-attention-plain", L.AdditiveAttention(use_scale=False, name="causal"), (2, 4, 5), (2, 4, 5))
case("time-distributed", L.TimeDistributed(L.Dense(3, activation="tanh")), (2, 4, 5))
case("time-distributed-images", L.TimeDistributed(L.Conv2D(2, 2)), (2, 3, 4, 4, 1))

# Recurrent layers. A name that starts with "stateful" stands for a second call.
SEQUENCE = (3, 5, 4)
RNNS = {
    "simple-rnn": (L.SimpleRNN, {"activation": "relu", "use_bias": False}),
    "lstm": (L.LSTM, {
        "activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": False, "unit_forget_bias": False}),
    "gru": (L.GRU, {"activation": "relu", "recurrent_activation": "hard_sigmoid", "use_bias": False}),
}
for name, (layer, settings) in RNNS.items():
    case(name, layer(3), SEQUENCE)
    case(name + "-sequences", layer(3, return_sequences=True), SEQUENCE)
    case(name + "-settings", layer(3, **settings), SEQUENCE)
    case(name + "-backwards", layer(3, go_backwards=True, return_sequences=True), SEQUENCE)
    case(name + "-states", layer(3, return_sequences=True, return_state=True), SEQUENCE)
    case(name + "-unrolled", layer(3, unroll=True, return_sequences=True), SEQUENCE)
    case(name + "-one-step", layer(3), (3, 1, 4))
    case(name + "-dropout-in-use", layer(3, dropout=0.5, recurrent_dropout=0.25), SEQUENCE)
    # Keras's SimpleRNN takes this setting, but does nothing with it.
    if name != "simple-rnn":
        case(name + "-activity", layer(3, activity_regularizer=keras.regularizers.L1L2(0.1, 0.2)), SEQUENCE)
    case(
        name + "-initial", layer(3, return_state=True), SEQUENCE, *[(3, 3)] * (2 if name == "lstm" else 1))
    case("stateful-" + name, layer(3, stateful=True, return_sequences=True), SEQUENCE)
    case(name + "-masked", [L.Masking(), layer(3)], (6, 5, 1), whole=3)
    case(name + "-masked-sequences", [L.Masking(), layer(3, return_sequences=True)], (6, 5, 1), whole=3)
    case(
        name + "-masked-backwards",
        [L.Masking(), layer(3, return_sequences=True, return_state=True, go_backwards=True)], (6, 5, 1), whole=3)
    case(
        name + "-masked-zeros", [L.Masking(), layer(3, return_sequences=True, zero_output_for_mask=True)], (6, 5, 1),
        whole=3)
    case(
        name + "-masked-unrolled", [L.Masking(), layer(3, return_sequences=True, return_state=True, unroll=True)],
        (6, 5, 1), whole=3)
    case("bidirectional-" + name, L.Bidirectional(layer(3)), SEQUENCE)
case("gru-reset-before", L.GRU(3, reset_after=False), SEQUENCE)
case("gru-reset-before-dropout-in-use", L.GRU(3, reset_after=False, recurrent_dropout=0.5), SEQUENCE)
case("lstm-words", [L.Embedding(5, 4, mask_zero=True), L.LSTM(3, return_sequences=True), L.LSTM(2)], (6, 5), whole=5)
case("lstm-per-step", [L.LSTM(3, return_sequences=True), L.TimeDistributed(L.Dense(2))], SEQUENCE)
for mode in ["sum", "mul", "ave", "concat", None]:
    case(
        "bidirectional-" + (mode or "separate"), L.Bidirectional(L.LSTM(3, return_sequences=True), merge_mode=mode),
        SEQUENCE)
case("bidirectional-states", L.Bidirectional(L.LSTM(3, return_state=True)), SEQUENCE)
case("bidirectional-initial", L.Bidirectional(L.GRU(3, return_sequences=True)), SEQUENCE, (3, 3), (3, 3))
case(
    "bidirectional-other",
    L.Bidirectional(L.LSTM(3, return_sequences=True), backward_layer=L.GRU(2, return_sequences=True, go_backwards=True)),
    SEQUENCE)
case(
    "bidirectional-masked", [L.Masking(), L.Bidirectional(L.LSTM(3, return_sequences=True))], (6, 5, 1), whole=3)
case("stateful-bidirectional", L.Bidirectional(L.GRU(3, stateful=True)), SEQUENCE)
case("rnn", L.RNN(L.GRUCell(3), return_sequences=True), SEQUENCE)
case("rnn-stacked", L.RNN([L.LSTMCell(3), L.GRUCell(4), L.SimpleRNNCell(2)], return_sequences=True), SEQUENCE)
case(
    "rnn-stacked-masked",
    [L.Masking(), L.RNN(L.StackedRNNCells([L.LSTMCell(3), L.LSTMCell(2)]), go_backwards=True, return_sequences=True)],
    (6, 5, 1), whole=3)
case("simple-rnn-cell", L.SimpleRNNCell(3), (2, 4), (2, 3))
case("lstm-cell", L.LSTMCell(3), (2, 4), (2, 3), (2, 3))
case("gru-cell", L.GRUCell(3, reset_after=False), (2, 4), (2, 3))

# Which layers pass a mask on, and which end it.
for name, layer in {
    "conv1d": L.Conv1D(2, 2), "pooling": L.MaxPooling1D(), "flatten": L.Flatten(), "rms": L.RMSNormalization(),
    "dense": L.Dense(2), "padding": L.ZeroPadding1D(), "time-distributed": L.TimeDistributed(L.Dense(2)),
    "batch": L.BatchNormalization(), "lstm": L.LSTM(2, return_sequences=True),
}.items():
    case("mask-" + name, [L.Masking(), layer], (6, 5, 2), whole=2)
case("mask-add", [L.Masking(), L.Add()], (6, 5, 1), (6, 5, 1), whole=2)
case("mask-concatenate", [L.Masking(), L.Concatenate()], (6, 5, 1), (6, 5, 2), whole=2)
case("mask-concatenate-steps", [L.Masking(), L.Concatenate(axis=1)], (6, 5, 2), (6, 3, 2), whole=2)
case("mask-dot", [L.Masking(), L.Dot(axes=(2, 2))], (6, 5, 2), (6, 3, 2), whole=2)
case("random-crop-of-all", L.RandomCrop(4, 3, seed=3), (2, 4, 3, 2))

# Pooling to a number of places.
case("adaptive-average1d", L.AdaptiveAveragePooling1D(4), (2, 6, 3))
case("adaptive-average1d-alike", L.AdaptiveAveragePooling1D(3), (2, 6, 3))
case("adaptive-average1d-more", L.AdaptiveAveragePooling1D(10), (2, 6, 3))
case("adaptive-average1d-one", L.AdaptiveAveragePooling1D(1), (2, 6, 3))
case("adaptive-average1d-first", L.AdaptiveAveragePooling1D(3, data_format=FIRST), (2, 3, 7))
case("adaptive-max1d", L.AdaptiveMaxPooling1D(4), (2, 6, 3))
case("adaptive-max1d-alike", L.AdaptiveMaxPooling1D(3), (2, 6, 3))
case("adaptive-max1d-more", L.AdaptiveMaxPooling1D(10), (2, 6, 3))
case("adaptive-max1d-first", L.AdaptiveMaxPooling1D(3, data_format=FIRST), (2, 3, 7))
case("adaptive-average2d", L.AdaptiveAveragePooling2D((3, 2)), (2, 5, 7, 2))
case("adaptive-average2d-same", L.AdaptiveAveragePooling2D(4), (2, 4, 6, 2))
case("adaptive-average2d-first", L.AdaptiveAveragePooling2D((2, 4), data_format=FIRST), (2, 2, 5, 6))
case("adaptive-max2d", L.AdaptiveMaxPooling2D((3, 2)), (2, 5, 7, 2))
case("adaptive-max2d-same", L.AdaptiveMaxPooling2D(4), (2, 4, 6, 2))
case("adaptive-max2d-first", L.AdaptiveMaxPooling2D((2, 4), data_format=FIRST), (2, 2, 5, 6))
case("adaptive-average3d", L.AdaptiveAveragePooling3D((3, 2, 4)), (2, 4, 5, 6, 2))
case("adaptive-average3d-first", L.AdaptiveAveragePooling3D(2, data_format=FIRST), (2, 2, 3, 4, 5))
case("adaptive-max3d", L.AdaptiveMaxPooling3D((3, 2, 4)), (2, 4, 5, 6, 2))
case("adaptive-max3d-first", L.AdaptiveMaxPooling3D(2, data_format=FIRST), (2, 2, 3, 4, 5))


def main(path, seed):
    rng = np.random.default_rng(seed)
    out = {}

    def draw(shape):
        # Few digits, so that the archive is small.
        return (np.round(rng.uniform(-2, 2, shape) * 64) / 64).astype(np.float32)

    def run(layers, y, training):
        for layer in layers:
            if isinstance(layer, (L.MultiHeadAttention, L.GroupQueryAttention, L.Attention)):
                parts = y if isinstance(y, list) else [y, y]
                more = {"attention_mask": parts[-1]} if parts[-1].dtype == "bool" else {}
                parts = [part for part in parts if part.dtype != "bool"]
                parts = [parts] if isinstance(layer, L.Attention) else parts
                y = layer(*parts, use_causal_mask=layer.name.startswith("causal"), training=training, **more)
            elif isinstance(layer, (L.RNN, L.Bidirectional)) and isinstance(y, list):
                y = layer(y[0], initial_state=y[1:], training=training)
            elif isinstance(layer, L.CategoryEncoding) and isinstance(y, list):
                y = layer(y[0], count_weights=y[1])
            elif isinstance(layer, L.Masking) and isinstance(y, list):
                y = [layer(part) for part in y]
            elif hasattr(layer, "state_size") and not isinstance(layer, L.RNN):
                output, states = layer(y[0], y[1:])
                y = [output] + list(states)
            else:
                y = layer(y, training=training) if layer._call_has_training_arg else layer(y)
        return y

    # Much that layers can do, TensorFlow's kernels for the CPU cannot; XLA's can.
    def needs_xla(layer):
        dilations = getattr(layer, "dilation_rate", 1)
        return getattr(layer, "data_format", "") == FIRST or max(np.atleast_1d(dilations)) > 1

    compiled = tf.function(run, jit_compile=True)

    def compute(prefix, layers, xs, projection, training):
        inputs = [tf.constant(x) for x in xs]
        real = [x for x in inputs if x.dtype == tf.float32]
        trained = [w.value for l in layers for w in l.trainable_weights]
        with tf.GradientTape() as tape:
            for x in real:
                tape.watch(x)
            y = (compiled if needs_xla(layers[0]) else run)(layers, inputs if len(inputs) > 1 else inputs[0], training)
            if isinstance(y, (list, tuple)):
                y = tf.concat([tf.reshape(part, [part.shape[0], -1]) for part in y], 1)
            if projection is None:
                projection = draw(y.shape)
            target = tf.reduce_sum(y * projection)
        out[prefix + "/y"] = y.numpy()
        if getattr(y, "_keras_mask", None) is not None:
            out[prefix + "/mask"] = y._keras_mask.numpy()
        losses = [l for layer in layers for l in layer.losses]
        if losses:
            out[prefix + "/loss"] = np.float32(sum(l.numpy() for l in losses))
        found = tape.gradient(target, real + trained, unconnected_gradients="zero")
        for i, g in enumerate(found):
            g = tf.convert_to_tensor(g).numpy()
            kind, number = ("dx", i) if i < len(real) else ("dw", i - len(real))
            out[f"{prefix}/{kind}/{number}"] = g
        return projection

    for name, layers, shapes, whole, training, trainable in cases:
        if whole:
            kind = np.int32 if isinstance(layers[0], (L.Embedding, L.CategoryEncoding)) else np.float32
            xs = [rng.integers(0, whole, shape).astype(np.float32 if i else kind) for i, shape in enumerate(shapes)]
            # A sample all of whose steps are masked has no mean, here as there.
            for x in xs:
                x[:, 0] = 1
        else:
            xs = [
                rng.random(shape[:-1]) < 0.7 if shape[-1] == "bool" else draw(shape) for shape in shapes]
        # Which of several largest elements the gradient goes to is a convention: TensorFlow's kernel takes all of them,
        # XLA's and those for images the first.
        if isinstance(layers[0], (L.MaxPooling3D, L.AdaptiveMaxPooling3D)):
            xs[0] = (rng.permutation(xs[0].size).reshape(xs[0].shape) / 64).astype(np.float32)
        # Where activations bend, their slope is a convention.
        if isinstance(layers[0], (L.Activation, L.ReLU, L.LeakyReLU, L.ELU, L.PReLU)):
            xs[0].flat[:9] = [-6, -3, -1, -0.5, 0, 0.5, 1, 3, 6]
        y = [keras.KerasTensor(x.shape, dtype=str(x.dtype)) for x in xs]
        y = y if len(y) > 1 else y[0]
        for layer in layers:
            y = run([layer], y, False)
            layer.trainable = trainable
            # Variances are above 0.
            layer.set_weights(
                [np.abs(draw(w.shape)) + 0.5 if w.name == "moving_variance" else draw(w.shape) for w in layer.weights])
        for i, x in enumerate(xs):
            out[f"{name}/x/{i}"] = x
        if not isinstance(layers[0], L.Normalization):
            for i, w in enumerate(w for l in layers for w in l.weights if "seed" not in w.name):
                out[f"{name}/w/{i}/{w.name}"] = w.numpy()
        if name.startswith("stateful"):
            for layer in layers[0].layers if hasattr(layers[0], "layers") else layers:
                getattr(layer, "reset_states", getattr(layer, "reset_state", None))()
            run(layers, tf.constant(xs[0]), False)
        projection = compute(name, layers, xs, None, False)
        out[name + "/c"] = projection
        if training:
            compute(name + "/training", layers, xs, projection, True)
            for i, w in enumerate(w for l in layers for w in l.weights):
                out[f"{name}/training/w/{i}/{w.name}"] = w.numpy()
    np.savez_compressed(path, **out)
    print(len(cases))


main(sys.argv[1], int(sys.argv[2]))
