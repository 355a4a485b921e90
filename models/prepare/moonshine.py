"""Moonshine base, as shipped (.ort, weights unpacked on every token), into three int8 ONNX graphs that run ten times faster.

usage: moonshine.py SOURCES OUT SCRATCH

The shipped decoder keeps its weights as integers outside an `If` and turns them into floats inside, which ONNX Runtime cannot
fold. Here the integers become float constants, the `If` is split into the decoder of the first token and the decoder of every
further one, and the matrix products are quantised anew to int8. The same input and the pinned packages give the same bytes.
"""

import pathlib
import sys

import numpy as np
import onnx
import onnxruntime as ort
from onnx import helper, numpy_helper
from onnxruntime import quantization

# Scalars and short vectors are arithmetic of the graph itself; only tensors above this many elements are weights.
SMALLEST_WEIGHT = 64


def ort_to_onnx(source, target):
    """Lets ONNX Runtime write its own compact format back as a plain ONNX file, with nothing optimised."""
    options = ort.SessionOptions()
    options.optimized_model_filepath = str(target)
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.add_session_config_entry("session.save_model_format", "ONNX")
    ort.InferenceSession(str(source), options)


def subgraphs(node):
    return [attribute.g for attribute in node.attribute if attribute.HasField("g")]


def names_read(graph, names):
    """Adds to `names` everything that the graph and the graphs inside it read or give out."""
    for node in graph.node:
        names.update(node.input)
        for inner in subgraphs(node):
            names_read(inner, names)
    names.update(output.name for output in graph.output)
    return names


def fold_weights(graph, outer):
    """Replaces Cast, Add, Sub and Mul of constant weights by their float result, here and in inner graphs."""
    constants = dict(outer)
    constants.update({tensor.name: tensor for tensor in graph.initializer})
    folded = {}
    compute = {"Cast": lambda a: a.astype(np.float32), "Mul": lambda a, b: a * b, "Add": lambda a, b: a + b, "Sub": lambda a, b: a - b}

    def value(name):
        if name in folded:
            return folded[name]
        return numpy_helper.to_array(constants[name]) if name in constants else None

    kept = []
    for node in graph.node:
        if node.op_type in compute:
            values = [value(name) for name in node.input]
            if all(v is not None for v in values) and max(v.size for v in values) > SMALLEST_WEIGHT:
                folded[node.output[0]] = compute[node.op_type](*values)
                continue
        kept.append(node)
    for node in kept:
        for inner in subgraphs(node):
            fold_weights(inner, constants)
    del graph.node[:]
    graph.node.extend(kept)
    needed = names_read(graph, set())
    for name, array in folded.items():
        if name in needed:
            graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(array.astype(np.float32)), name))


def fold_transposes(graph):
    """The embedding is stored once and transposed for the output layer: transpose it here, not on every token."""
    constants = {tensor.name: tensor for tensor in graph.initializer}
    kept = []
    for node in graph.node:
        if node.op_type == "Transpose" and node.input[0] in constants:
            array = numpy_helper.to_array(constants[node.input[0]])
            order = next((a.ints for a in node.attribute if a.name == "perm"), None)
            turned = array.transpose(*order) if order else array.T
            graph.initializer.append(numpy_helper.from_array(np.ascontiguousarray(turned), node.output[0]))
        else:
            kept.append(node)
    del graph.node[:]
    graph.node.extend(kept)


def tidy(model):
    """Drops constants that nothing reads and operator sets that nothing uses."""
    needed = names_read(model.graph, set())
    kept = [tensor for tensor in model.graph.initializer if tensor.name in needed]
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    standard = [opset for opset in model.opset_import if opset.domain in ("", "ai.onnx")]
    del model.opset_import[:]
    model.opset_import.extend(standard)
    model.ir_version = 8
    return model


def split_branches(model):
    """One model for each branch of the decoder's `If`: {attribute name: model}."""
    graph = model.graph
    branch_node = next(node for node in graph.node if node.op_type == "If")
    shared = [node for node in graph.node if node.op_type != "If"]
    models = {}
    for attribute in branch_node.attribute:
        branch = attribute.g
        renamed = {inner.name: outer for inner, outer in zip(branch.output, branch_node.output)}
        nodes = []
        for node in shared + list(branch.node):
            copy = onnx.NodeProto.FromString(node.SerializeToString())
            copy.output[:] = [renamed.get(name, name) for name in copy.output]
            copy.input[:] = [renamed.get(name, name) for name in copy.input]
            nodes.append(copy)
        read = {name for node in nodes for name in node.input}
        made = {name for node in nodes for name in node.output}
        split = helper.make_graph(
            nodes,
            attribute.name,
            [value for value in graph.input if value.name in read],
            [value for value in graph.output if value.name in made],
            [tensor for tensor in list(graph.initializer) + list(branch.initializer) if tensor.name in read],
        )
        opsets = [opset for opset in model.opset_import if opset.domain == ""]
        models[attribute.name] = tidy(helper.make_model(split, opset_imports=opsets, ir_version=8))
    return models


def quantise(model, scratch, target):
    onnx.save(model, scratch)
    quantization.quantize_dynamic(
        str(scratch),
        str(target),
        weight_type=quantization.QuantType.QInt8,
        per_channel=True,
        op_types_to_quantize=["MatMul", "Gather"],
        extra_options={"MatMulConstBOnly": True},
    )
    scratch.unlink()


def main(sources, out, scratch):
    plain = scratch / "plain.onnx"
    float32 = scratch / "float32.onnx"
    ort_to_onnx(sources / "moonshine-base-encoder.ort", plain)
    encoder = onnx.load(plain)
    fold_weights(encoder.graph, {})
    quantise(tidy(encoder), float32, out / "moonshine-base-encoder.int8.onnx")

    ort_to_onnx(sources / "moonshine-base-decoder.ort", plain)
    decoder = onnx.load(plain)
    plain.unlink()
    fold_weights(decoder.graph, {})
    branches = split_branches(tidy(decoder))
    # `else` runs without a cache (the first token), `then` with one.
    for branch, name in (("else_branch", "first"), ("then_branch", "step")):
        fold_transposes(branches[branch].graph)
        quantise(tidy(branches[branch]), float32, out / f"moonshine-base-decoder-{name}.int8.onnx")


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
