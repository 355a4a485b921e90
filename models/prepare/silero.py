"""The weights of Silero VAD for 8 kHz, in the order in which `vad.rs` reads them.

usage: silero.py SOURCES OUT SCRATCH

A window of 32 ms is looked at alone, when nothing of the network is in any cache of the processor: what it costs is how much memory it touches.
A runtime for any network touches ten times as much as this one has weights. All numbers are float32, little-endian, row by row:

    basis of the spectrum   128 samples, for each 65 real parts and 65 imaginary ones
    four layers             each input, for each of three taps all outputs; then the biases
    memory                  128 inputs and 128 numbers of the state, for each the four gates (input, forget, cell, output) of 128; then the biases
    last layer              128 weights and a bias
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper


def constants_8_khz(model):
    """Every constant of the branch that is taken when the rate is not 16 kHz, by the last part of its name."""
    (choice,) = [node for node in model.graph.node if node.op_type == "If"]
    (branch,) = [attribute.g for attribute in choice.attribute if attribute.name == "else_branch"]
    constants = {}
    for node in branch.node:
        if node.op_type == "Constant":
            name = node.output[0].removeprefix("If_0_else_branch__Inline_0__")
            constants[name] = numpy_helper.to_array(node.attribute[0].t)
    return constants


def main(sources, out, _scratch):
    w = constants_8_khz(onnx.load(sources / "silero-vad.onnx"))
    parts = [w["stft.forward_basis_buffer"][:, 0, :].T]
    for number in range(4):
        layer = f"encoder.{number}.reparam_conv"
        parts += [w[f"{layer}.weight"].transpose(1, 2, 0), w[f"{layer}.bias"]]
    parts += [w["decoder.rnn.weight_ih"].T, w["decoder.rnn.weight_hh"].T, w["decoder.rnn.bias_ih"] + w["decoder.rnn.bias_hh"]]
    parts += [w["decoder.decoder.2.weight"][0, :, 0], w["decoder.decoder.2.bias"]]
    numbers = np.concatenate([part.astype("<f4").flatten() for part in parts])
    (out / "silero-vad-8k.bin").write_bytes(numbers.tobytes())


if __name__ == "__main__":
    main(*map(pathlib.Path, sys.argv[1:4]))
