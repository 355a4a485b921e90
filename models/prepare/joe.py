"""Piper's voice in three parts, with its noise made part of the file, so that the same text always gives the same audio.

usage: joe.py SOURCES OUT SCRATCH

VITS draws noise twice: for the lengths of the sounds and for their colour. Without noise it sounds flat; with ONNX Runtime's own
generator it differs on every call and cannot be tested. Here both draws read a fixed block of Gaussian noise, repeated as needed.

The first part makes latents of a text, all at once; the second makes frames of latents, the third makes sound of frames, and these two see
only some of what is around each: they can be given a sentence in pieces, so that the beginning is heard while the rest is made.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import helper, numpy_helper
from onnx.utils import Extractor

# A prime number of values, so that no repetition lines up with the 192 channels of the latent.
NOISE_LENGTH = 98_317
SEED = 20_240_501
LATENTS = "latents"
FRAMES = "frames"
# In the voice's file: what goes into the flow, and the mask that tells its columns from padding.
FLOW_INPUT = "/Add_output_0"
MASK = "/Cast_2_output_0"


def fixed_noise(node, number):
    """Nodes that give the shape of `node`'s input filled from the block called `noise`."""
    source, target = node.input[0], node.output[0]
    p = f"fixed_noise_{number}_"
    return [
        helper.make_node("Shape", [source], [p + "shape"]),
        helper.make_node("ReduceProd", [p + "shape"], [p + "count"], keepdims=1),
        helper.make_node("Div", [p + "count", "noise_length"], [p + "whole"]),
        helper.make_node("Add", [p + "whole", "noise_one"], [p + "repeats"]),
        helper.make_node("Tile", ["noise", p + "repeats"], [p + "long"]),
        helper.make_node("Slice", [p + "long", "noise_zero", p + "count"], [p + "cut"]),
        helper.make_node("Reshape", [p + "cut", p + "shape"], [target]),
    ]


def with_fixed_noise(model):
    nodes = []
    drawn = 0
    for node in model.graph.node:
        if node.op_type == "RandomNormalLike":
            nodes.extend(fixed_noise(node, drawn))
            drawn += 1
        else:
            nodes.append(node)
    if drawn != 2:
        sys.exit(f"expected two draws of noise in the voice, found {drawn}")
    del model.graph.node[:]
    model.graph.node.extend(nodes)
    # PCG64 and the ziggurat of numpy's Generator are stable for a pinned version.
    noise = np.random.Generator(np.random.PCG64(SEED)).standard_normal(NOISE_LENGTH).astype(np.float32)
    model.graph.initializer.extend(
        [
            numpy_helper.from_array(noise, "noise"),
            numpy_helper.from_array(np.array([NOISE_LENGTH], np.int64), "noise_length"),
            numpy_helper.from_array(np.array([1], np.int64), "noise_one"),
            numpy_helper.from_array(np.array([0], np.int64), "noise_zero"),
        ]
    )


def renamed(model, old, new):
    """Gives a border between the parts, 192 numbers in each column, a name."""
    for node in model.graph.node:
        for names in (node.input, node.output):
            for index, name in enumerate(names):
                if name == old:
                    names[index] = new
    kept = [value for value in model.graph.value_info if value.name != old]
    del model.graph.value_info[:]
    model.graph.value_info.extend(kept)
    model.graph.value_info.append(helper.make_tensor_value_info(new, onnx.TensorProto.FLOAT, [1, 192, new]))


def without_padding(model):
    """One sentence at a time has no padding: the flow masks nothing, and the missing speaker adds no zeros to it."""
    zeros = {node.output[0] for node in model.graph.node if node.op_type == "ConstantOfShape" and node.name.startswith("/flow/")}
    reached, same_as = {FLOW_INPUT}, {}
    for node in model.graph.node:
        if not reached.intersection(node.input):
            continue
        reached.update(node.output)
        for index, name in enumerate(node.input):
            node.input[index] = same_as.get(name, name)
        if (node.op_type == "Mul" and node.input[1] == MASK) or (node.op_type == "Add" and node.input[1] in zeros):
            same_as[node.output[0]] = node.input[0]


def main(sources, out, _scratch):
    model = onnx.load(sources / "en_US-joe-medium.onnx")
    with_fixed_noise(model)
    without_padding(model)
    (first,) = [node for node in model.graph.node if node.name == "/dec/conv_pre/Conv"]
    renamed(model, FLOW_INPUT, LATENTS)
    renamed(model, first.input[0], FRAMES)
    parts = Extractor(model)
    onnx.save(parts.extract_model([value.name for value in model.graph.input], [LATENTS]), out / "joe-text.onnx")
    onnx.save(parts.extract_model([LATENTS], [FRAMES]), out / "joe-frames.onnx")
    onnx.save(parts.extract_model([FRAMES], ["output"]), out / "joe-sound.onnx")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
