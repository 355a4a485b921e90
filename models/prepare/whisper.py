"""Whisper base (MIT, OpenAI; Radford et al. 2022) from CTranslate2's file to ONNX, in int8.

Called as `whisper.py SOURCES OUT SCRATCH` with onnx, onnxruntime and numpy of the versions that the manifest pins.

CTranslate2's `model.bin` is a list of named tensors in float16 (its `model_spec.py` writes it: names and counts as little-endian
integers, then the bytes). The graphs are written here from the paper's description: the encoder takes a spectrogram of any length
up to 30 s, not only of 30 s, because a telephone turn is short; it also gives the keys and values that the decoder attends to, so
that one decoder graph serves the first tokens and every further one. Same input and pinned packages, same bytes.
"""

import json
import pathlib
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

WIDTH = 512
HEADS = 8
HEAD = WIDTH // HEADS
LAYERS = 6
TYPES = {0: "<f4", 1: "i1", 2: "<i2", 3: "<i4", 4: "<f2"}
# Byte-level tokens are written with one printable letter for each byte (GPT-2); these stand for themselves.
PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
# Text, then marks for the end, languages and tasks; what follows are times, which nobody asks for.
NAMED_TOKENS = 50364


def read_tensors(path):
    """Name -> array of a CTranslate2 file, version 6."""
    data = path.read_bytes()
    at = 0

    def take(layout):
        nonlocal at
        values = struct.unpack_from("<" + layout, data, at)
        at += struct.calcsize("<" + layout)
        return values[0] if len(values) == 1 else values

    def text():
        nonlocal at
        length = take("H")
        at += length
        return data[at - length : at].rstrip(b"\0").decode()

    version, kind, _revision = take("I"), text(), take("I")
    if (version, kind) != (6, "WhisperSpec"):
        raise SystemExit(f"not a Whisper model of version 6: {kind} {version}")
    tensors = {}
    for _ in range(take("I")):
        name = text()
        shape = [take("I") for _ in range(take("B"))]
        kind, size = take("B"), take("I")
        flat = np.frombuffer(data, TYPES[kind], size // np.dtype(TYPES[kind]).itemsize, at)
        tensors[name] = flat.reshape(shape)
        at += size
    return tensors


class Graph:
    """Nodes and constants of a graph under way; every method gives the name of its result."""

    def __init__(self, tensors):
        self.tensors, self.nodes, self.constants, self.count = tensors, [], {}, 0

    def op(self, kind, *inputs, **attributes):
        self.count += 1
        name = f"{kind}_{self.count}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], name=f"node_{name}", **attributes))
        return name

    def give(self, value, name):
        self.nodes.append(helper.make_node("Identity", [value], [name], name=f"node_{name}"))

    def constant(self, name, array):
        self.constants.setdefault(name, np.ascontiguousarray(array))
        return name

    def ints(self, *values):
        return self.constant("ints_" + "_".join(map(str, values)), np.array(values, np.int64))

    def weight(self, name):
        return self.constant(name, self.tensors[name].astype(np.float32))

    def norm(self, value, name):
        return self.op("LayerNormalization", value, self.weight(f"{name}/gamma"), self.weight(f"{name}/beta"), axis=-1, epsilon=1e-5)

    def linear(self, value, name, rows=slice(None), scale=1.0, bias=True):
        """One output row of the weight for each result; `rows` takes some of them."""
        part = "" if rows == slice(None) else f"/{rows.start}"
        weight = self.tensors[f"{name}/weight"].astype(np.float32)[rows].T * np.float32(scale)
        product = self.op("MatMul", value, self.constant(f"{name}/weight{part}", weight))
        if not bias:
            return product
        return self.op("Add", product, self.constant(f"{name}/bias{part}", self.tensors[f"{name}/bias"].astype(np.float32)[rows] * np.float32(scale)))

    def heads(self, value):
        """[1, n, 512] -> [1, 8, n, 64]."""
        return self.op("Transpose", self.op("Reshape", value, self.ints(1, -1, HEADS, HEAD)), perm=[0, 2, 1, 3])

    def attend(self, query, key, value, mask=None):
        """Queries are scaled already; the result is [1, n, 512]."""
        scores = self.op("MatMul", query, self.op("Transpose", key, perm=[0, 1, 3, 2]))
        if mask is not None:
            scores = self.op("Add", scores, mask)
        mixed = self.op("MatMul", self.op("Softmax", scores, axis=-1), value)
        return self.op("Reshape", self.op("Transpose", mixed, perm=[0, 2, 1, 3]), self.ints(1, -1, WIDTH))

    def project(self, value, name, part):
        """Part 0, 1 or 2 (query, key, value) of a joint projection, as heads."""
        scale = HEAD**-0.5 if part == 0 else 1.0
        return self.heads(self.linear(value, name, slice(part * WIDTH, (part + 1) * WIDTH), scale))

    def forward(self, value, name):
        inner = self.gelu(self.linear(self.norm(value, f"{name}/layer_norm"), f"{name}/linear_0"))
        return self.op("Add", value, self.linear(inner, f"{name}/linear_1"))

    def gelu(self, value):
        return self.op("Gelu", value, approximate="none")

    def save(self, path, inputs, outputs):
        read = {name for node in self.nodes for name in node.input}
        tensors = [numpy_helper.from_array(array, name) for name, array in self.constants.items() if name in read]
        graph = helper.make_graph(self.nodes, "whisper", inputs, outputs, tensors)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)], ir_version=9)
        onnx.checker.check_model(model)
        onnx.save(model, path)


def floats(name, shape):
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)


def encoder(tensors, path):
    graph = Graph(tensors)
    value = "features"
    for conv, stride in (("conv1", 1), ("conv2", 2)):
        names = [graph.weight(f"encoder/{conv}/{part}") for part in ("weight", "bias")]
        value = graph.gelu(graph.op("Conv", value, *names, kernel_shape=[3], pads=[1, 1], strides=[stride]))
    value = graph.op("Transpose", value, perm=[0, 2, 1])
    length = graph.op("Shape", value, start=1, end=2)
    places = graph.op("Slice", graph.weight("encoder/position_encodings/encodings"), graph.ints(0), length, graph.ints(0))
    value = graph.op("Add", value, places)
    for layer in range(LAYERS):
        name = f"encoder/layer_{layer}"
        normed = graph.norm(value, f"{name}/self_attention/layer_norm")
        query, key, kept = (graph.project(normed, f"{name}/self_attention/linear_0", part) for part in range(3))
        value = graph.op("Add", value, graph.linear(graph.attend(query, key, kept), f"{name}/self_attention/linear_1"))
        value = graph.forward(value, f"{name}/ffn")
    value = graph.norm(value, "encoder/layer_norm")
    outputs = []
    for layer in range(LAYERS):
        for part, side in enumerate(("key", "value")):
            graph.give(
                graph.heads(graph.linear(value, f"decoder/layer_{layer}/attention/linear_1", slice(part * WIDTH, (part + 1) * WIDTH))),
                f"heard.{layer}.{side}",
            )
            outputs.append(floats(f"heard.{layer}.{side}", [1, HEADS, "heard", HEAD]))
    graph.save(path, [floats("features", [1, 80, "frames"])], outputs)


def causal_mask(graph, before, total):
    """0 where a token may look, else a large negative number: the token at place p sees the places up to p."""
    zero, one = (graph.constant(name, np.array(number, np.int64)) for name, number in (("zero", 0), ("one", 1)))
    before, total = (graph.op("Squeeze", length, graph.ints(0)) for length in (before, total))
    columns = graph.op("Range", zero, total, one)
    rows = graph.op("Unsqueeze", graph.op("Range", before, total, one), graph.ints(1))
    hidden, seen = (graph.constant(name, np.array(number, np.float32)) for name, number in (("hidden", -1e9), ("seen", 0)))
    return graph.op("Where", graph.op("Greater", columns, rows), hidden, seen)


def decoder(tensors, path):
    graph = Graph(tensors)
    before = graph.op("Shape", "past.0.key", start=2, end=3)
    total = graph.op("Add", before, graph.op("Shape", "tokens", start=1, end=2))
    mask = causal_mask(graph, before, total)
    value = graph.op("Gather", graph.weight("decoder/embeddings/weight"), "tokens", axis=0)
    places = graph.op("Slice", graph.weight("decoder/position_encodings/encodings"), before, total, graph.ints(0))
    value = graph.op("Add", value, places)
    inputs, outputs = [helper.make_tensor_value_info("tokens", TensorProto.INT64, [1, "count"])], [floats("logits", [1, "one", "vocabulary"])]
    for layer in range(LAYERS):
        name = f"decoder/layer_{layer}"
        normed = graph.norm(value, f"{name}/self_attention/layer_norm")
        query, *new = (graph.project(normed, f"{name}/self_attention/linear_0", part) for part in range(3))
        for index, side in enumerate(("key", "value")):
            grown = graph.op("Concat", f"past.{layer}.{side}", new[index], axis=2)
            graph.give(grown, f"present.{layer}.{side}")
            new[index] = grown
            inputs.append(floats(f"past.{layer}.{side}", [1, HEADS, "past", HEAD]))
            outputs.append(floats(f"present.{layer}.{side}", [1, HEADS, "present", HEAD]))
        value = graph.op("Add", value, graph.linear(graph.attend(query, *new, mask), f"{name}/self_attention/linear_1"))
        normed = graph.norm(value, f"{name}/attention/layer_norm")
        asked = graph.heads(graph.linear(normed, f"{name}/attention/linear_0", scale=HEAD**-0.5))
        inputs += [floats(f"heard.{layer}.{side}", [1, HEADS, "heard", HEAD]) for side in ("key", "value")]
        heard = graph.attend(asked, f"heard.{layer}.key", f"heard.{layer}.value")
        value = graph.op("Add", value, graph.linear(heard, f"{name}/attention/linear_2"))
        value = graph.forward(value, f"{name}/ffn")
    last = graph.op("Slice", value, graph.ints(-1), graph.ints(2**62), graph.ints(1))
    last = graph.norm(last, "decoder/layer_norm")
    tied = graph.constant("decoder/projection", tensors["decoder/embeddings/weight"].astype(np.float32).T)
    graph.give(graph.op("MatMul", last, tied), "logits")
    graph.save(path, inputs, outputs)


def quantise(source, target):
    quantization.quantize_dynamic(
        str(source),
        str(target),
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
        extra_options={"MatMulConstBOnly": True},
    )
    source.unlink()


def vocabulary(source, target):
    """The bytes of each token that has a name, each behind its length as one byte."""
    byte_of, extra = {chr(byte): byte for byte in PRINTABLE}, 256
    for byte in range(256):
        if byte not in PRINTABLE:
            byte_of[chr(extra)] = byte
            extra += 1
    tokens = json.loads(source.read_text())[:NAMED_TOKENS]
    written = [bytes(byte_of[letter] for letter in token) for token in tokens]
    target.write_bytes(b"".join(bytes([len(token)]) + token for token in written))


def main(sources, out, scratch):
    joined = scratch / "model.bin"
    joined.write_bytes(b"".join((sources / f"whisper-base-{part}.bin").read_bytes() for part in (1, 2)))
    tensors = read_tensors(joined)
    joined.unlink()
    float32 = scratch / "float32.onnx"
    for name, write in (("encoder", encoder), ("decoder", decoder)):
        write(tensors, float32)
        quantise(float32, out / f"whisper-base-{name}.int8.onnx")
    vocabulary(sources / "whisper-vocabulary.json", out / "whisper-tokens.bin")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
