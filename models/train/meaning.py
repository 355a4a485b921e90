"""Trains `weights/meaning.bin`: what is added to multilingual-e5-small so that callers' wishes are told apart better.

usage: meaning.py e5-small-q4.bin OUT GROUPS... -- TONES...

Needs numpy, torch, onnx and onnxruntime (any of 2026; half an hour on one core). GROUPS are files of sentences that want the same thing: `.tsv` (label, a tab, perhaps a language
and a tab, the sentence) or `.jsonl` (`text`, `label`). TONES are files of sentences with one label each, of which every file is a task of its own.

An adapter of rank 8 (Hu et al. 2021, "LoRA") on the last seven layers; the rest stays as it is. Three things are asked of it at once: sentences of one group
lie nearer to one another than to those of other groups of the same file (Khosla et al. 2020, "Supervised Contrastive Learning"); a linear head tells the tones
apart; and no sentence moves far, so that what nobody taught (other languages, other matters) stays where it was.
"""

import importlib.util
import json
import pathlib
import struct
import sys

import numpy as np
import torch
from torch.nn import functional

HERE = pathlib.Path(__file__).parent
FIRST, RANK = 5, 8
STEPS, RATE, HEADS_RATE = 900, 7e-4, 1.4e-2
GROUPS, OF_A_GROUP, TONES = 20, 3, 40
TEMPERATURE, STAY, TONE = 0.07, 20.0, 0.5
# Tokens of a sentence; longer ones are cut.
LONGEST = 26


def preparation():
    """`prepare/e5.py`, which reads the packed file."""
    spec = importlib.util.spec_from_file_location("e5", HERE.parent / "prepare" / "e5.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


E5 = preparation()


class Tokenizer:
    """The unigram model of the packed file; as `src/unigram.rs` and `src/embedder.rs` have it."""

    def __init__(self, data):
        at = 8 + 28 + 4 + 4

        def take(layout):
            nonlocal at
            values = struct.unpack_from(layout, data, at)
            at += struct.calcsize(layout)
            return values

        pieces, self.begin, self.end, _pad, self.unknown = take("<5i")
        (length,) = take("<Q")
        offsets = take(f"<{pieces + 1}I")
        self.scores = take(f"<{pieces}f")
        text = data[at : at + length]
        at += length
        rules, _ = take("<iI")
        self.replaced = {}
        for _ in range(rules):
            (source,) = take("<I")
            (count,) = take("<B")
            self.replaced[chr(source)] = "".join(map(chr, take(f"<{count}I")))
        ids = (i for i in range(pieces) if i != self.unknown)
        self.ids = {text[offsets[i] : offsets[i + 1]].decode(errors="ignore"): i for i in ids}
        self.longest = max(map(len, self.ids))
        self.worst = min(self.scores) - 10

    def tokens(self, text, prefix="query"):
        plain = "".join(c for c in text if c not in '.,!?;:"…').strip().lower()
        plain = "".join(self.replaced.get(c, c) for c in f"{prefix}: {plain}")
        plain = "".join("\u2581" + word for word in plain.split())
        best, came = [0.0] + [-1e30] * len(plain), [(self.unknown, 0)] * (len(plain) + 1)
        for start in range(len(plain)):
            for end in range(start + 1, min(len(plain), start + self.longest) + 1):
                token = self.ids.get(plain[start:end])
                if token is not None and best[start] + self.scores[token] > best[end]:
                    best[end], came[end] = best[start] + self.scores[token], (token, start)
            if best[start] + self.worst > best[start + 1]:
                best[start + 1], came[start + 1] = best[start] + self.worst, (self.unknown, start)
        tokens, at = [self.end], len(plain)
        while at > 0:
            tokens.append(came[at][0])
            at = came[at][1]
        tokens = [self.begin, *tokens[:0:-1], self.end]
        return tokens if len(tokens) <= LONGEST else [*tokens[: LONGEST - 1], self.end]


class Encoder:
    """The encoder in floats, with an adapter on its later layers."""

    def __init__(self, packed):
        self.packed, self.dropout = packed, 0.0
        tensor = lambda array: torch.from_numpy(np.array(array, np.float32))
        self.front = tensor(packed.floats("emb.ln.w")), tensor(packed.floats("emb.ln.b"))
        self.places = packed.floats("emb.pos").reshape(-1, packed.width) + packed.floats("emb.type")[: packed.width]
        self.layers = []
        for layer in range(packed.layers):
            weights = {}
            for name in ("q", "k", "v", "ao", "fi", "fo"):
                inputs, outputs = packed.shape(name)
                weights[name] = tensor(packed.weights(f"l{layer}.{name}.w", outputs, inputs)), tensor(packed.floats(f"l{layer}.{name}.b"))
            for name in ("aln", "oln"):
                weights[name] = tensor(packed.floats(f"l{layer}.{name}.w")), tensor(packed.floats(f"l{layer}.{name}.b"))
            self.layers.append(weights)

    def add(self, adapter):
        """Takes an adapter into the weights."""
        for index, weights in enumerate(self.layers):
            for name, (weight, bias) in weights.items():
                added = adapter.added.get(f"l{index}.{name}")
                if added is not None:
                    weights[name] = weight + torch.from_numpy(added.T.astype(np.float32)), bias

    def rows(self, tokens):
        """[len(tokens), width]: words and places."""
        _count, offset = self.packed.tensors["emb.word"]
        per_row = self.packed.width // 32
        words = self.packed.tensors["emb.word"][0] // self.packed.width
        blocks = np.frombuffer(self.packed.data, E5.BLOCK, words * per_row, offset).reshape(words, per_row)[tokens]
        quants = np.concatenate([blocks["quants"] & 15, blocks["quants"] >> 4], -1).astype(np.float32) - 8
        rows = (quants * blocks["scale"].astype(np.float32)[..., None]).reshape(len(tokens), self.packed.width)
        return rows + self.places[: len(tokens)]

    def normalise(self, x, weights):
        return functional.layer_norm(x, (self.packed.width,), *weights, self.packed.epsilon)

    def layer(self, x, mask, index, adapter):
        count, length, width = x.shape

        def linear(x, name):
            y = functional.linear(x, *self.layers[index][name])
            halves = adapter[index - FIRST].get(name) if adapter and index >= FIRST else None
            return y if halves is None else y + (functional.dropout(x, self.dropout, self.dropout > 0) @ halves[0]) @ halves[1]

        heads = lambda name: linear(x, name).view(count, length, self.packed.heads, -1).transpose(1, 2)
        query, key, value = map(heads, "qkv")
        mixed = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask[:, None, None, :].to(query.dtype))
        x = self.normalise(x + linear(mixed.transpose(1, 2).reshape(count, length, width), "ao"), self.layers[index]["aln"])
        return self.normalise(x + linear(functional.gelu(linear(x, "fi")), "fo"), self.layers[index]["oln"])

    def lower(self, rows, mask):
        x = self.normalise(rows, self.front)
        for index in range(FIRST):
            x = self.layer(x, mask, index, None)
        return x

    def upper(self, x, mask, adapter):
        """Vectors of length 1: the mean over the tokens of the last layer."""
        for index in range(FIRST, self.packed.layers):
            x = self.layer(x, mask, index, adapter)
        real = (mask == 0)[..., None].float()
        return functional.normalize((x.float() * real).sum(1) / real.sum(1), dim=-1)


class Sentences:
    """All sentences once, with what the lower layers make of them."""

    def __init__(self, encoder, tokenizer, texts):
        self.index = {text: i for i, text in enumerate(texts)}
        tokens = [tokenizer.tokens(text) for text in texts]
        self.lengths = np.array([len(each) for each in tokens])
        self.lower = np.zeros((len(texts), LONGEST, encoder.packed.width), np.float16)
        self.before = np.zeros((len(texts), encoder.packed.width), np.float32)
        for start in range(0, len(texts), 128):
            part = slice(start, start + 128)
            rows = np.zeros_like(self.lower[part], np.float32)
            for row, each in zip(rows, tokens[part]):
                row[: len(each)] = encoder.rows(np.array(each))
            mask = self.mask(self.lengths[part], LONGEST)
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                lower = encoder.lower(torch.from_numpy(rows), mask)
                self.lower[part] = lower.float().numpy()
                self.before[part] = encoder.upper(lower, mask, None).float().numpy()

    @staticmethod
    def mask(lengths, width):
        return torch.from_numpy(np.where(np.arange(width)[None] < lengths[:, None], 0, -1e9).astype(np.float32))

    def batch(self, ids):
        width = self.lengths[ids].max()
        return torch.from_numpy(self.lower[ids, :width].astype(np.float32)), self.mask(self.lengths[ids], width)


def labelled(path):
    """Label and sentence of each line."""
    for line in path.read_text().splitlines():
        if path.suffix == ".jsonl":
            row = json.loads(line)
            label = row["label"] if "label" in row else str(row.get("sarcastic", row.get("labels")))
            yield label, row["text"].strip()
        elif "\t" in line:
            label, *_, text = line.split("\t")
            yield label, text.strip()


def by_label(sentences, path, fewest):
    groups = {}
    for label, text in labelled(path):
        if label not in ("oos", "none") and text:
            groups.setdefault(label, []).append(sentences.index[text])
    return [sorted(set(ids)) for _, ids in sorted(groups.items()) if len(set(ids)) >= fewest]


def nearer(vectors, groups):
    """Each sentence against all others of the batch: those of its group should be the nearest."""
    moved = functional.normalize(vectors - vectors.mean(0).detach(), dim=-1)
    itself = torch.eye(len(groups))
    likeness = moved @ moved.T / TEMPERATURE - 1e9 * itself
    shares = likeness - torch.logsumexp(likeness, 1, keepdim=True)
    same = (groups[:, None] == groups[None]).float() - itself
    return -(torch.where(same > 0, shares, torch.zeros(()))).sum(1).div(same.sum(1)).mean()


def train(encoder, sentences, files, tasks):
    chance = np.random.default_rng(0)
    sizes = [encoder.packed.shape(name) for name in E5.Adapter.TARGETS]
    start = lambda inputs: torch.tensor(chance.normal(size=(inputs, RANK)) / np.sqrt(inputs), dtype=torch.float32, requires_grad=True)
    half = lambda inputs, outputs: (start(inputs), torch.zeros(RANK, outputs, requires_grad=True))
    adapter = [{name: half(*size) for name, size in zip(E5.Adapter.TARGETS, sizes)} for _ in range(FIRST, encoder.packed.layers)]
    heads = [torch.zeros(encoder.packed.width + 1, len(task), requires_grad=True) for task in tasks]
    halves = [half for layer in adapter for pair in layer.values() for half in pair]
    optimiser = torch.optim.AdamW([{"params": halves, "lr": RATE}, {"params": heads, "lr": HEADS_RATE}], weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: min(1, (step + 1) / 20) * (1 - step / STEPS))
    middle = torch.from_numpy(sentences.before.mean(0))
    # Files with many groups are drawn from more often.
    often = np.sqrt([len(file) for file in files])
    for step in range(STEPS):
        file = files[chance.choice(len(files), p=often / often.sum())]
        chosen = chance.choice(len(file), min(GROUPS, len(file)), replace=False)
        of_groups = [chance.choice(file[group], OF_A_GROUP, replace=False) for group in chosen]
        task = chance.integers(len(tasks))
        tones = chance.integers(len(tasks[task]), size=TONES)
        ids = np.concatenate([*of_groups, [chance.choice(tasks[task][tone]) for tone in tones]]).astype(int)
        x, mask = sentences.batch(ids)
        with torch.autocast("cpu", torch.bfloat16):
            vectors = encoder.upper(x, mask, adapter)
        vectors = vectors.float()
        contrast = nearer(vectors[:-TONES], torch.arange(len(chosen)).repeat_interleave(OF_A_GROUP))
        stay = 1 - (vectors * torch.from_numpy(sentences.before[ids])).sum(-1).mean()
        told = (vectors[-TONES:] - middle) * 10 @ heads[task][:-1] + heads[task][-1]
        tone = functional.cross_entropy(told, torch.from_numpy(tones)) / np.log(len(tasks[task]))
        optimiser.zero_grad()
        (contrast + STAY * stay + TONE * tone).backward()
        optimiser.step()
        schedule.step()
        if step % 50 == 49:
            print(f"{step + 1}: groups {contrast.item():.3f}, moved {stay.item():.4f}, tone {tone.item():.3f}", file=sys.stderr)
    return adapter


def main(packed, out, *files):
    split = files.index("--")
    groups, tones = ([pathlib.Path(name) for name in part] for part in (files[:split], files[split + 1 :]))
    packed = E5.Packed(pathlib.Path(packed))
    encoder = Encoder(packed)
    texts = sorted({text for path in groups + tones for _, text in labelled(path) if text})
    sentences = Sentences(encoder, Tokenizer(packed.data), texts)
    adapter = train(encoder, sentences, [by_label(sentences, path, OF_A_GROUP) for path in groups], [by_label(sentences, path, 1) for path in tones])
    halves = (half.detach().numpy().astype("<f2").tobytes() for layer in adapter for pair in layer.values() for half in pair)
    pathlib.Path(out).write_bytes(struct.pack("<2I", FIRST, RANK) + b"".join(halves))


if __name__ == "__main__":
    main(*sys.argv[1:])
