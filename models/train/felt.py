"""Fits `weights/felt.bin`, the heads of `feeling.py`, once more: on what the prepared encoders make of the sentences, with what callers usually say.

usage: felt.py MODELS HEADS OUT MATTERS.tsv TONES.tsv CONVERSATIONS.jsonl PLAIN.tsv NONE.tsv...

Needs numpy, torch, onnx and onnxruntime; a few minutes. MODELS is the models folder, HEADS what `feeling.py` wrote, the others as there; of PLAIN no sentence is a matter
or has a tone. Numbers of eight bits move vectors a little, short sentences most of all: heads that were fitted on others take a plain question for anger.
"""

import pathlib
import sys

import feeling as FEELING
import numpy as np
import onnxruntime
import torch
from torch.nn import functional

STEPS, RATE, NEAR = 1200, 1e-2, 1e-6
# What callers usually say counts so much more than what they might where it must not be taken for a matter or for anger.
USUAL = 8.0
# What is usual says little about mockery, which is so by what was said before; its head, with the fewest sentences to learn from, stays nearer to what it was.
OF_MOCKERY, NEAR_OF_MOCKERY = 0.05, 1e-3

WIDTH, MATTERS, TONES = 384, FEELING.MATTERS, FEELING.TONES


class Prepared:
    """The encoders as the program runs them."""

    def __init__(self, folder):
        session = lambda name: onnxruntime.InferenceSession(folder / name, providers=["CPUExecutionProvider"])
        self.lower, self.upper = session("e5-callers.int8.onnx"), session("e5-feeling.int8.onnx")
        self.packed = FEELING.E5.Packed(folder / "e5-small-q4.bin")
        self.tokenizer, self.encoder, self.known = FEELING.MEANING.Tokenizer(self.packed.data), FEELING.MEANING.Encoder(self.packed), {}

    def heard(self, turn):
        if turn not in self.known:
            rows = self.encoder.rows(np.array(FEELING.tokens(self.tokenizer, *turn))).astype(np.float32)
            self.known[turn] = self.lower.run(["lower"], {"embeds": rows[None]})[0][0]
        return self.known[turn]

    def vector(self, conversation):
        *before, said = map(self.heard, conversation)
        lower = np.concatenate([*(turn[: FEELING.BEFORE] for turn in before), said])
        vector = self.upper.run(None, {"lower": lower[None], "said": np.array([len(said)])})[0][0]
        return vector / np.linalg.norm(vector)

    def vectors(self, conversations):
        return torch.from_numpy(np.array([self.vector(each) for each in conversations], np.float32))


def main(models, heads, out, matters, tones, conversations, plain, *nones):
    prepared = Prepared(pathlib.Path(models))
    nones = [pathlib.Path(none) for none in nones]
    of_matters, of_tones = FEELING.read(pathlib.Path(matters), pathlib.Path(tones), pathlib.Path(conversations), nones)
    lines = [FEELING.labelled(pathlib.Path(file)) for file in (plain, *nones)]
    usual = [(("caller", columns[-1]),) for file in lines for columns in file]
    counts = torch.ones(len(usual))
    counts[: len(lines[0])] = USUAL
    of_matter_counts, of_anger_counts = (torch.cat([torch.ones(len(rows)), counts]) for rows in (of_matters, of_tones))
    of_tone_counts = torch.ones(len(of_anger_counts), len(TONES))
    of_tone_counts[:, TONES.index("anger")] = of_anger_counts
    numbers = torch.from_numpy(np.fromfile(heads, "<f4"))
    middle, rows = numbers[:WIDTH], numbers[WIDTH:].reshape(-1, WIDTH + 1)
    vectors = prepared.vectors(usual)
    matter = torch.tensor([number for _, number in of_matters] + [len(MATTERS) - 1] * len(usual))
    says = [row for _, row, _ in of_tones] + [FEELING.SAYS["neutral"]] * len(usual)
    known = torch.tensor([[each is not None for each in row] for row in says], dtype=torch.float32)
    known[-len(usual) :, TONES.index("sarcasm")] = OF_MOCKERY
    smooth = FEELING.SMOOTHING
    yes = torch.tensor([[each or 0 for each in row] for row in says], dtype=torch.float32) * (1 - smooth) + smooth / 2
    matters = torch.cat([prepared.vectors([row[0] for row in of_matters]), vectors]) - middle
    tones = torch.cat([prepared.vectors([row[0] for row in of_tones]), vectors]) - middle
    # As `feeling.py` trains them: the vectors times ten.
    began = torch.cat([rows[:, :-1] / FEELING.SCALE, rows[:, -1:]], 1)
    heads = began.clone().requires_grad_(True)
    near = torch.full((len(began), 1), NEAR)
    near[len(MATTERS) + TONES.index("sarcasm")] = NEAR_OF_MOCKERY
    optimiser = torch.optim.Adam([heads], lr=RATE)
    told = lambda vectors, heads: vectors * FEELING.SCALE @ heads[:, :-1].T + heads[:, -1]
    for _ in range(STEPS):
        each = functional.cross_entropy(told(matters, heads[: len(MATTERS)]), matter, label_smoothing=smooth, reduction="none")
        of_matter = (each * of_matter_counts).sum() / of_matter_counts.sum()
        each = functional.binary_cross_entropy_with_logits(told(tones, heads[len(MATTERS) :]), yes, reduction="none")
        of_tone = (each * known * of_tone_counts).sum() / of_anger_counts.sum()
        optimiser.zero_grad()
        (of_matter + of_tone + (near * (heads - began) ** 2).sum()).backward()
        optimiser.step()
    print(f"matters {of_matter.item():.3f}, tones {of_tone.item():.3f}", file=sys.stderr)
    fitted = torch.cat([heads[:, :-1] * FEELING.SCALE, heads[:, -1:]], 1).detach()
    pathlib.Path(out).write_bytes(torch.cat([middle, fitted.flatten()]).numpy().astype("<f4").tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
