"""Trains `weights/feeling.bin` and `weights/felt.bin`: what is added to multilingual-e5-small so that it hears what a caller feels and what a human must hear of.

usage: feeling.py e5-small-q4.bin MEANING.bin OUT HEADS MATTERS.tsv TONES.tsv CONVERSATIONS.jsonl NONE.tsv...

Needs numpy, torch, onnx and onnxruntime (any of 2026; half an hour on two cores). MATTERS is class and sentence; TONES tone and sentence; NONE label and sentence of which
none is a matter; a line of CONVERSATIONS is `turns` (`speaker`: caller or bot, `text`) and `tone` (sarcasm or neutral) of the last turn. The heads are fitted once more by `felt.py`.

An adapter of rank 16 (Hu et al. 2021, "LoRA") on the last seven layers, added to that of `meaning.py` (MEANING.bin) and free of its wish to stay near the
old vectors. The layers below are the same for both, so that a sentence goes through them once. What was said before the sentence goes through them by itself, is put in front
of it, and is heard by the later layers; the vector is the mean over the sentence alone.
"""

import json
import pathlib
import struct
import sys

import meaning as MEANING
import numpy as np
import torch
from torch.nn import functional

RANK, STEPS, BATCH = 16, 1500, 32
# So many batches are drawn at once, and sorted by length.
TOGETHER = 6
RATE, HEADS_RATE = 6e-4, 9e-3
DROPOUT, SMOOTHING, DECAY = 0.05, 0.05, 0.05
# Tokens of a sentence, and of a turn before it; as in `src/feeling.rs`.
LONGEST, BEFORE = 64, 32
# A sentence of a conversation is also learnt from alone, this often.
ALONE = 0.35
# How often a line of what is no matter is drawn, beside the others.
NONE = 0.6
SCALE = 10.0
MATTERS = ["human", "cancellation", "complaint", "legal_threat", "safety", "fraud", "data_protection", "vulnerability", "none"]
TONES = ["anger", "frustration", "sarcasm", "gratitude"]
# What a label says of each tone; None where it says nothing.
SAYS = {
    "anger": (1, None, 0, 0),
    "frustration": (0, 1, 0, 0),
    "sarcasm": (None, None, 1, 0),
    "gratitude": (0, 0, 0, 1),
    "neutral": (0, 0, 0, 0),
    "meant": (None, None, 0, None),
    "calm": (0, None, None, None),
}


E5 = MEANING.E5
FIRST = MEANING.FIRST
MEANING.LONGEST = LONGEST


def tokens(tokenizer, speaker, text):
    """As `src/embedder.rs` asks: the model's own prefixes tell the caller from the bot."""
    return tokenizer.tokens(text, {"caller": "query", "bot": "passage"}[speaker])


class Turns:
    """All turns once, with what the lower layers make of them."""

    def __init__(self, encoder, tokenizer):
        self.encoder, self.tokenizer, self.known = encoder, tokenizer, {}

    def hear(self, turns):
        new = sorted({turn for turn in turns if turn not in self.known}, key=lambda turn: len(turn[1]))
        for start in range(0, len(new), 64):
            part = [tokens(self.tokenizer, *turn) for turn in new[start : start + 64]]
            rows = [self.encoder.rows(np.array(each)).astype(np.float32) for each in part]
            x, mask = together(rows)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                lower = self.encoder.lower(x, mask).float().numpy()
            for turn, each, row in zip(new[start : start + 64], part, lower):
                self.known[turn] = row[: len(each)].astype(np.float16)

    def joined(self, conversation):
        """What was said before, then the sentence, and how long that is."""
        *before, last = (self.known[turn] for turn in conversation)
        return np.concatenate([*(row[:BEFORE] for row in before), last]), len(last)


def together(rows):
    """[rows, the longest, width], and what is to be added to the attention to a place: nothing where a row has one."""
    longest = max(map(len, rows))
    x = np.zeros((len(rows), longest, rows[0].shape[1]), np.float32)
    mask = np.full((len(rows), longest), -1e9, np.float32)
    for index, row in enumerate(rows):
        x[index, : len(row)], mask[index, : len(row)] = row, 0
    return torch.from_numpy(x), torch.from_numpy(mask)


class Feeling:
    def __init__(self, encoder, chance):
        self.encoder = encoder
        sizes = {name: encoder.packed.shape(name) for name in E5.Adapter.TARGETS}
        start = lambda inputs: torch.tensor(chance.normal(size=(inputs, RANK)) / np.sqrt(inputs), dtype=torch.float32, requires_grad=True)
        half = lambda inputs, outputs: (start(inputs), torch.zeros(RANK, outputs, requires_grad=True))
        self.adapter = [{name: half(*size) for name, size in sizes.items()} for _ in range(FIRST, encoder.packed.layers)]
        self.middle = torch.zeros(encoder.packed.width)
        head = lambda classes: torch.zeros(encoder.packed.width + 1, classes, requires_grad=True)
        self.matters, self.tones = head(len(MATTERS)), head(len(TONES))

    def vectors(self, turns, conversations, dropout=0.0):
        rows, lengths = zip(*(turns.joined(each) for each in conversations))
        x, mask = together(rows)
        said = np.zeros(mask.shape, np.float32)
        for row, whole, length in zip(said, rows, lengths):
            row[len(whole) - length : len(whole)] = 1 / length
        self.encoder.dropout = dropout
        with torch.autocast("cpu", torch.bfloat16):
            for index in range(FIRST, self.encoder.packed.layers):
                x = self.encoder.layer(x, mask, index, self.adapter)
        return functional.normalize((x.float() * torch.from_numpy(said)[..., None]).sum(1), dim=-1)

    def told(self, vectors, head):
        return (vectors - self.middle) * SCALE @ head[:-1] + head[-1]


def labelled(path):
    return [line.split("\t") for line in path.read_text().splitlines() if "\t" in line]


def read(matters, tones, conversations, nones):
    """Sentences with the number of their matter; conversations with what is known of each tone, and how often they are drawn."""
    of_matters = [((("caller", text),), MATTERS.index(name)) for name, text in labelled(matters)]
    of_matters += [((("caller", columns[-1]),), len(MATTERS) - 1) for path in nones for columns in labelled(path)]
    of_tones = [((("caller", text),), SAYS[tone], 1.0) for tone, text in labelled(tones)]
    of_tones += [((("caller", text),), SAYS["calm"], 0.3) for name, text in labelled(matters) if name == "none"]
    for line in conversations.read_text().splitlines():
        row = json.loads(line)
        turns = tuple((turn["speaker"], turn["text"]) for turn in row["turns"])
        says = SAYS["sarcasm" if row["tone"] == "sarcasm" else "meant"]
        of_tones += [(heard_with(turns), says, 1.0 - ALONE), (turns[-1:], says, ALONE)]
    return of_matters, of_tones


def heard_with(turns):
    """The sentence with the caller's turn before and the bot's between, as far as there are any."""
    return turns[-3:]


def batches(lengths, often, chance):
    """Batches of rows that are about as long as each other, for ever."""
    while True:
        drawn = chance.choice(len(often), BATCH * TOGETHER, p=often / often.sum())
        drawn = drawn[np.argsort(lengths[drawn], kind="stable")].reshape(TOGETHER, BATCH)
        yield from drawn[chance.permutation(TOGETHER)]


def train(feeling, turns, of_matters, of_tones, chance):
    matter = np.array([number for _, number in of_matters])
    weight = np.where(matter == len(MATTERS) - 1, NONE, 1.0)
    often = weight / np.sqrt(np.bincount(matter, weight, len(MATTERS))[matter])
    known = torch.tensor([[says is not None for says in row] for _, row, _ in of_tones], dtype=torch.float32)
    yes = torch.tensor([[says or 0 for says in row] for _, row, _ in of_tones], dtype=torch.float32)
    drawn = np.array([often for _, _, often in of_tones])
    with torch.no_grad():
        feeling.middle = feeling.vectors(turns, [of_matters[index][0] for index in chance.choice(len(of_matters), 400, replace=False)]).mean(0)
    halves = [half for layer in feeling.adapter for pair in layer.values() for half in pair]
    heads = [feeling.matters, feeling.tones]
    optimiser = torch.optim.AdamW([{"params": halves, "lr": RATE}, {"params": heads, "lr": HEADS_RATE}], weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, (step + 1) / 30) * (1 - step / STEPS))
    length = lambda rows: np.array([len(turns.joined(row[0])[0]) for row in rows])
    firsts, seconds = batches(length(of_matters), often, chance), batches(length(of_tones), drawn, chance)
    for step, first, second in zip(range(STEPS), firsts, seconds):
        told = feeling.told(feeling.vectors(turns, [of_matters[index][0] for index in first], DROPOUT), feeling.matters)
        of_matter = functional.cross_entropy(told, torch.from_numpy(matter[first]), label_smoothing=SMOOTHING)
        told = feeling.told(feeling.vectors(turns, [of_tones[index][0] for index in second], DROPOUT), feeling.tones)
        each = functional.binary_cross_entropy_with_logits(told, yes[second] * (1 - SMOOTHING) + SMOOTHING / 2, reduction="none")
        of_tone = (each * known[second]).sum() / BATCH
        optimiser.zero_grad()
        (of_matter + of_tone).backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 49:
            print(f"{step + 1}: matters {of_matter.item():.3f}, tones {of_tone.item():.3f}", file=sys.stderr, flush=True)


def main(packed, meaning, out, heads, matters, tones, conversations, *nones):
    chance = np.random.default_rng(0)
    packed = E5.Packed(pathlib.Path(packed))
    encoder = MEANING.Encoder(packed)
    encoder.add(E5.Adapter(pathlib.Path(meaning), packed))
    turns = Turns(encoder, MEANING.Tokenizer(packed.data))
    of_matters, of_tones = read(pathlib.Path(matters), pathlib.Path(tones), pathlib.Path(conversations), map(pathlib.Path, nones))
    turns.hear(turn for row in (*of_matters, *of_tones) for turn in row[0])
    feeling = Feeling(encoder, chance)
    train(feeling, turns, of_matters, of_tones, chance)
    save(feeling, out, heads)


def save(feeling, out, heads):
    """The adapter as `prepare/e5.py` reads it; the heads: the middle, then a row of weights and the bias for each matter and each tone."""
    halves = (half.detach().numpy().astype("<f2").tobytes() for layer in feeling.adapter for pair in layer.values() for half in pair)
    pathlib.Path(out).write_bytes(struct.pack("<2I", FIRST, RANK) + b"".join(halves))
    rows = torch.cat([feeling.matters, feeling.tones], 1).detach().T.clone()
    rows[:, :-1] *= SCALE
    numbers = np.concatenate([feeling.middle.numpy(), rows.numpy().ravel()])
    pathlib.Path(heads).write_bytes(numbers.astype("<f4").tobytes())


if __name__ == "__main__":
    main(*sys.argv[1:])
