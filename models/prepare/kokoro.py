"""Kokoro-82M (Apache-2.0, hexgrad) as the voices of callers in evaluations: put together, not changed.

usage: kokoro.py SOURCES OUT SCRATCH

    kokoro.int8.onnx    the four parts, one after the other
    kokoro-voices.bin   for each voice 510 rows of 256 numbers (float32, little-endian); a text of n sounds is said with row n
    kokoro.json         the names of the voices in this order, and the number of each sound

Voices whose names begin with a or b speak American and British English; i is Italian, whose sounds are close to Romanian ones. The one that whispers and the
one that plays Father Christmas are nobody's callers.
"""

import json
import pathlib
import sys
import tarfile

ROW = 256 * 4
ROWS = 510
NOBODY = {"af_nicole", "am_santa"}


def main(sources, out, _scratch):
    with open(out / "kokoro.int8.onnx", "wb") as whole:
        for number in range(1, 5):
            whole.write((sources / f"kokoro-{number}.bin").read_bytes())
    voices = {}
    with tarfile.open(sources / "kokoro-js.tgz") as archive:
        for member in archive:
            path = pathlib.PurePosixPath(member.name)
            if path.parent.name == "voices" and path.suffix == ".bin" and path.name[0] in "abi" and path.stem not in NOBODY:
                voices[path.stem] = archive.extractfile(member).read()
    names = sorted(voices)
    wrong = [name for name in names if len(voices[name]) != ROWS * ROW]
    if wrong or not names:
        raise SystemExit(f"no voices, or not of {ROWS} rows: {wrong}")
    (out / "kokoro-voices.bin").write_bytes(b"".join(voices[name] for name in names))
    sounds = json.loads((sources / "kokoro-vocabulary.json").read_text(encoding="utf-8"))["vocab"]
    text = json.dumps({"voices": names, "sounds": sounds}, ensure_ascii=False, sort_keys=True)
    (out / "kokoro.json").write_text(text, encoding="utf-8")


main(*map(pathlib.Path, sys.argv[1:4]))
