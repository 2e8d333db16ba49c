"""Reads runs with TensorBoard's own classes and compares them with what TensorFlow writes of the same data.

Prints "ok <what>" for each check; ends with a traceback at the first that fails.
"""
import os
import sys

import numpy as np
import tensorflow as tf
from google.protobuf import text_format
from tensorboard.backend.event_processing import data_provider, event_accumulator, plugin_event_multiplexer
from tensorboard.context import RequestContext
from tensorboard.data import provider
from tensorboard.plugins.custom_scalar import layout_pb2
from tensorboard.plugins.histogram import summary_v2 as histogram_summary
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.pr_curve import summary as curve_summary
from tensorboard.plugins.pr_curve import metadata as curve_metadata
from tensorboard.util import tensor_util

root = sys.argv[1]


def ok(what):
    print("ok", what)


def data(name, dtype=np.float32):
    return np.fromfile(os.path.join(root, name), dtype=dtype)


values, tiny, equal = data("values"), data("tiny"), data("equal")
pixels = data("bytes", np.uint8).reshape(2, 5, 4, 3)
numbers = data("numbers").reshape(4, 3, 2, 3)
sound = data("sound").reshape(2, 50, 2)
labels, predictions = data("labels", np.uint8).astype(bool), data("predictions")


def accumulator(run):
    everything = {key: 0 for key in event_accumulator.DEFAULT_SIZE_GUIDANCE}
    result = event_accumulator.EventAccumulator(os.path.join(root, "logs", run), size_guidance=everything)
    result.Reload()
    return result


def tensor(accumulated, tag, index=0):
    return tensor_util.make_ndarray(accumulated.Tensors(tag)[index].tensor_proto)


def png(encoded):
    return tf.io.decode_png(bytes(encoded)).numpy()


# What TensorFlow makes of the same data, in the classic form.
def classic(build):
    graph = tf.Graph()
    with graph.as_default():
        summary = build(tf.compat.v1.summary)
        with tf.compat.v1.Session(graph=graph) as session:
            return tf.compat.v1.Summary.FromString(session.run(summary)).value


# --- the classic form, by the event accumulator
old = accumulator("classic")
assert [(e.step, round(e.value, 6)) for e in old.Scalars("loss")] == [(0, 1), (1, 0.5), (2, 0.333333)]
ok("classic scalars")
for tag, array in (("values", values), ("tiny", tiny), ("equal", equal), ("empty", np.array([], np.float32))):
    ours = old.Histograms(tag)[0].histogram_value
    theirs = classic(lambda s: s.histogram("h", tf.constant(array)))[0].histo
    assert list(ours.bucket_limit) == list(theirs.bucket_limit), (tag, ours, theirs)
    assert list(ours.bucket) == list(theirs.bucket), (tag, ours, theirs)
    assert (ours.min, ours.max, ours.num) == (theirs.min, theirs.max, theirs.num), (tag, ours, theirs)
    np.testing.assert_allclose([ours.sum, ours.sum_squares], [theirs.sum, theirs.sum_squares], rtol=1e-12)
    ok("classic histogram " + tag)
for index in range(2):
    image = old.Images(f"bytes/image/{index}")[0]
    assert (image.width, image.height) == (4, 5)
    assert (png(image.encoded_image_string) == pixels[index]).all()
ok("classic images of bytes")
theirs = classic(lambda s: s.image("numbers", tf.constant(numbers), max_outputs=4))
for index, value in enumerate(theirs):
    ours = old.Images(value.tag)[0]
    a, b = png(ours.encoded_image_string), png(value.image.encoded_image_string)
    assert (a == b).all(), (index, a.tolist(), b.tolist())
ok("classic images of numbers")
for index, value in enumerate(classic(lambda s: s.audio("sound", tf.constant(sound), 8000))):
    clip = old.Audio(value.tag)[0]
    assert clip.encoded_audio_string == value.audio.encoded_audio_string
    assert (clip.content_type, clip.sample_rate, clip.length_frames) == ("audio/wav", 8000, 50)
ok("classic audio")

# --- the plugins' form, by the event accumulator
new = accumulator("plugin")
assert [float(tensor(new, "loss", i)) for i in range(3)] == [1, 0.5, np.float32(1 / 3)]
metadata = new.SummaryMetadata("loss")
assert (metadata.plugin_data.plugin_name, metadata.display_name) == ("scalars", "the loss")
assert metadata.summary_description == "it *falls*"
ok("scalars")
for tag, array, count in (("values", values, 30), ("tiny", tiny, 7), ("equal", equal, 30), ("empty", values[:0], 30)):
    ours = tensor(new, tag)
    theirs = tensor_util.make_ndarray(histogram_summary.histogram_pb(tag, array, buckets=count).value[0].tensor)
    assert ours.shape == theirs.shape, (tag, ours.shape, theirs.shape)
    np.testing.assert_allclose(ours[:, :2], theirs[:, :2], rtol=1e-14, atol=1e-14, err_msg=tag)
    assert (ours[:, 2] == theirs[:, 2]).all(), (tag, ours, theirs)
    ok("histogram " + tag)
strings = tensor(new, "bytes")
assert list(strings[:2]) == [b"4", b"5"] and len(strings) == 4
assert all((png(strings[2 + i]) == pixels[i]).all() for i in range(2))
ok("images of bytes")
finite = np.where(np.isfinite(numbers), numbers, 0)
unit = tf.image.convert_image_dtype(finite[0], tf.uint8, saturate=True).numpy()
assert (png(tensor(new, "unit")[2]) == unit).all()
ok("images of numbers from 0 to 1")
clips = tensor(new, "sound")
assert clips.shape == (2, 2)
assert all(clips[i, 0] == tf.audio.encode_wav(sound[i], 8000).numpy() for i in range(2))
ok("audio")
assert tensor(new, "text").item() == b"a **bold** word" and list(tensor(new, "table")) == [b"a", b"b"]
ok("text")
assert tensor(new, "tensor").tolist() == [1, 2, 3]
own = new.SummaryMetadata("own")
assert (own.plugin_data.plugin_name, own.plugin_data.content, own.data_class) == ("my_plugin", b"\x01\x02", 2)
ok("tensors")
curves = (("curve", 201, None), ("weighted", 11, predictions + np.float32(1)))
for tag, count, weights in curves:
    theirs = curve_summary.pb(tag, labels, predictions, num_thresholds=count, weights=weights).value[0]
    np.testing.assert_allclose(tensor(new, tag), tensor_util.make_ndarray(theirs.tensor), rtol=1e-5, err_msg=tag)
    content = new.SummaryMetadata(tag).plugin_data.content
    assert curve_metadata.parse_plugin_metadata(content).num_thresholds == count
ok("precision-recall curves")
layout = layout_pb2.Layout.FromString(tensor(new, "custom_scalars__config__").item())
expected = """category { title: "first" closed: true
  chart { title: "all" multiline { tag: "lo.*" } }
  chart { title: "error" margin { series { value: "loss" lower: "low" upper: "high" } } } }"""
assert layout == text_format.Parse(expected, layout_pb2.Layout()), layout
ok("layout of custom scalars")
content = new.SummaryMetadata(hparams_metadata.SESSION_START_INFO_TAG).plugin_data.content
start = hparams_metadata.parse_session_start_info_plugin_data(content)
assert {k: getattr(v, v.WhichOneof("kind")) for k, v in start.hparams.items()} == {
    "lr": 0.1, "opt": "adam", "bias": True}
assert start.group_name == "t1" and start.start_time_secs > 1.6e9
content = new.SummaryMetadata(hparams_metadata.SESSION_END_INFO_TAG).plugin_data.content
assert hparams_metadata.parse_session_end_info_plugin_data(content).status == 1
ok("hyperparameters")
for run in (old, new):
    statistics = run.RunMetadata("step1").step_stats.dev_stats[0]
    node = statistics.node_stats[0]
    assert (node.node_name, node.op_end_rel_micros, node.memory[0].total_bytes) == ("mul", 3, 24)
    assert node.all_start_micros == 1_700_000_000_000_005
ok("statistics of a run")

# --- from a graph
graph = accumulator("graph")
np.testing.assert_allclose(tensor(graph, "model/average"), values.mean(), rtol=1e-5)
assert graph.SummaryMetadata("model/average").summary_description == "of *x*"
assert (tensor(graph, "values") == tensor(new, "values")).all()
assert (tensor(graph, "bytes") == tensor(new, "bytes")).all()
assert (tensor(graph, "sound") == clips).all()
assert tensor(graph, "text").item() == b"a **bold** word"
np.testing.assert_allclose(tensor(graph, "curve"), tensor(new, "curve"), rtol=1e-5)
ok("summaries of a graph")
definition = graph.Graph()
assert {n.op for n in definition.node} >= {"ScalarSummary", "HistogramSummary", "ImageSummary", "AudioSummaryV2",
                                           "TensorSummaryV2", "MergeSummary"}
ok("graph")
# TensorFlow itself runs the graph's summaries.
with tf.Graph().as_default() as imported:
    tf.import_graph_def(tf.compat.v1.GraphDef.FromString(definition.SerializeToString()), name="")
    with tf.compat.v1.Session(graph=imported) as session:
        encoded = session.run("Merge/MergeSummary:0", {"x:0": values})
        ran = {v.tag: v for v in tf.compat.v1.Summary.FromString(encoded).value}
np.testing.assert_allclose(ran["model/average"].simple_value, values.mean(), rtol=1e-5)
assert ran["text"].metadata.plugin_data.plugin_name == "text"
np.testing.assert_allclose(tensor_util.make_ndarray(ran["curve"].tensor), tensor(new, "curve"), rtol=1e-5)
assert ran["curve"].metadata.plugin_data.plugin_name == "pr_curves"
assert "bytes/image/1" in ran and "sound/audio/1" in ran and ran["values"].histo.num == 1000
ok("summaries run by TensorFlow")

# --- what the pages get
multiplexer = plugin_event_multiplexer.EventMultiplexer()
multiplexer.AddRunsFromDirectory(os.path.join(root, "logs"))
multiplexer.Reload()
data_from = data_provider.MultiplexerDataProvider(multiplexer, root)
context = RequestContext()
runs = {run.run_name for run in data_from.list_runs(context, experiment_id="")}
assert runs == {"plugin", "classic", "graph"}, runs
scalars = data_from.read_scalars(context, experiment_id="", plugin_name="scalars", downsample=100)
for run in ("plugin", "classic"):
    assert [d.value for d in scalars[run]["loss"]] == [1, 0.5, np.float32(1 / 3)], scalars
ok("scalars of the page")
histograms = data_from.read_tensors(context, experiment_id="", plugin_name="histograms", downsample=100)
for run in ("plugin", "classic"):
    assert set(histograms[run]) == {"values", "tiny", "equal", "empty"}, histograms[run].keys()
    assert histograms[run]["values"][0].numpy[:, 2].sum() == 1000
ok("histograms of the page")
blobs = data_from.read_blob_sequences(context, experiment_id="", plugin_name="images", downsample=100)
assert set(blobs["plugin"]) == {"bytes", "numbers", "unit"}
key = blobs["plugin"]["bytes"][0].values[2].blob_key
assert (png(data_from.read_blob(context, blob_key=key)) == pixels[0]).all()
ok("images of the page")
graphs = data_from.list_blob_sequences(context, experiment_id="", plugin_name="graphs")
assert "__run_graph__" in graphs["graph"], graphs
ok("graph of the page")
ok("everything")
