#!/usr/bin/env python3
"""Makes a set of calm and angry voices for `warmline eval prosody`, and fits the weights of src/call/prosody.rs.

    voices.py make FOLDER train|held [--seed N] [--warmline BINARY]
    voices.py fit ROWS            (ROWS: what `warmline eval prosody FOLDER --rows` prints)

There is no packaged emotional speech, so the set is synthetic, and says nothing about people beyond what is put into it: an angry turn is louder,
higher, faster and brighter by random amounts (what reviews of vocal expression agree on for hot anger), often lacking one of the four; a calm turn
varies too, and among the calm ones are traps: a louder line, noise that sets in, a hurried, a lively caller, one who repeats louder and slower.
Sentences are the same for both. `held` uses voices that `train` does not. Needs sox, flite and espeak-ng; the neural voice needs the built binary.
"""

import json, math, os, random, subprocess, sys

SENTENCES = [
    "I ordered a pair of boots on the third of May and nothing has arrived so far.",
    "My order number is four five seven one two nine.",
    "Could you tell me when the shop on Main Street opens tomorrow?",
    "The parcel was left with a neighbour who does not live here.",
    "I have already given you my name and my address this morning.",
    "The letter says that I have to pay another twelve pounds.",
    "It worked for two days and then the light went out again.",
    "Yes, that is the number that I gave you.",
    "No, I would like to have it sent to my office instead.",
    "I was told that somebody would ring me back before noon.",
    "My daughter needs it for school on Monday.",
    "The second invoice is not mine, I never bought a lamp.",
    "I cannot log in, the page says that my password is wrong.",
    "Please have a look at what happened to the delivery.",
    "I am calling about the same thing as yesterday.",
    "The man at the counter sent me to you.",
]

TRAIN = ["flite:slt", "flite:kal16", "espeak:en-us+m3", "espeak:en-us+Annie", "espeak:en-gb+Michel", "espeak:en-us+f2", "espeak:en-gb-x-rp+Andy"]
HELD = ["joe", "flite:rms", "flite:awb", "espeak:en-us+Linda", "espeak:en-gb-scotland+Marco", "espeak:en-us+f4", "espeak:en-gb+Denis"]
SESSIONS, TURNS = 12, 8
TRAPS = ["plain", "plain", "plain", "line", "noise", "hurried", "lively", "repeat", "gap"]


def run(*command, **more):
    return subprocess.run([str(part) for part in command], check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, **more)


def speak(voice, number, folder, warmline):
    path = os.path.join(folder, f"{voice.replace(':', '-')}-{number}.wav")
    if not os.path.exists(path):
        text = SENTENCES[number]
        kind, _, name = voice.partition(":")
        raw = path + ".raw.wav"
        if kind == "flite":
            run("flite", "-voice", name, "-t", text, "-o", raw)
        elif kind == "espeak":
            run("espeak-ng", "-v", name, "-w", raw, text)
        else:
            run(warmline, "speak", "--out", raw, text)
        # Every voice starts from the same loudness, whatever its maker gave it.
        run("sox", raw, "-r", "16000", "-c", "1", path, "norm", "-12")
        os.remove(raw)
    return path


def calm(rng):
    return {"gain": rng.gauss(0, 2), "pitch": rng.gauss(0, 0.7), "tempo": rng.gauss(1, 0.07), "treble": rng.gauss(0, 1.5)}


def angry(rng):
    strength, style = rng.uniform(0.4, 1.2), calm(rng)
    more = {"gain": rng.gauss(7, 2.5), "pitch": rng.gauss(2.4, 1.0), "tempo": rng.gauss(0.15, 0.08), "treble": rng.gauss(4, 1.5)}
    if rng.random() < 0.5:
        more[rng.choice(sorted(more))] = 0.0
    for key, value in more.items():
        style[key] += strength * value
    return style


def trap(kind, rng):
    style = calm(rng)
    if kind == "line":
        style["gain"] += rng.choice([-6, 6])
    if kind == "hurried":
        style["tempo"] += 0.2
    if kind == "lively":
        style["pitch"] += 1.8
    if kind == "repeat":
        style["gain"] += 4
        style["tempo"] -= 0.12
    return style


def render(source, target, style, noise_db):
    """Style, then the telephone: its band, its noise, its µ-law."""
    tempo, pitch = min(max(style["tempo"], 0.6), 1.7), min(max(style["pitch"], -7), 10)
    voice = target + ".voice.wav"
    run("sox", source, voice, "gain", "-6", "pitch", round(100 * pitch), "tempo", "-s", round(tempo, 3), "treble",
        round(min(max(style["treble"], -12), 12), 1), "1800", "gain", round(style["gain"] + 6, 2), "pad", "0.3", "0.4", "sinc", "300-3400", "rate", "8000")
    seconds = float(run("soxi", "-D", voice).stdout)
    noise = target + ".noise.wav"
    run("sox", "-R", "-n", "-r", "8000", "-c", "1", noise, "synth", seconds, "pinknoise", "sinc", "300-3400", "gain", round(noise_db, 1))
    run("sox", "-m", "-v", "1", voice, "-v", "1", noise, "-e", "mu-law", "-c", "1", target)
    os.remove(voice)
    os.remove(noise)


def make(folder, part, seed, warmline):
    rng = random.Random(seed)
    base = os.path.join(folder, "base")
    os.makedirs(base, exist_ok=True)
    with open(os.path.join(folder, "turns.jsonl"), "w") as out:
        for voice in TRAIN if part == "train" else HELD:
            for session in range(SESSIONS):
                # A caller: their line, their voice, their pace, before any mood.
                line, noise = rng.gauss(0, 4), rng.uniform(-50, -28)
                own = {"gain": line, "pitch": rng.uniform(-2.5, 2.5), "tempo": rng.gauss(0, 0.1), "treble": rng.gauss(0, 2.5)}
                calm_first = rng.randint(1, 4)
                for turn in range(TURNS):
                    is_angry = turn >= calm_first and rng.random() < 0.5
                    kind = "angry" if is_angry else rng.choice(TRAPS)
                    style = angry(rng) if is_angry else trap(kind, rng)
                    style = {key: style[key] + own[key] for key in style}
                    file = f"{voice.replace(':', '-')}-{session:02}-{turn}.wav"
                    louder = rng.uniform(6, 14) if kind == "noise" else 0
                    render(speak(voice, rng.randrange(len(SENTENCES)), base, warmline), os.path.join(folder, file), style, noise + louder)
                    row = {"file": file, "speaker": f"{voice}/{session}", "turn": turn, "label": "angry" if is_angry else "calm", "kind": kind, "voice": voice}
                    print(json.dumps(row), file=out)


def fit(path):
    """Logistic regression with a little ridge, by gradient descent; weights below zero are held at zero."""
    rows = [json.loads(line) for line in open(path)]
    names = ["level", "pitch", "pace", "tilt"]
    data = [([row["rise"][name] for name in names], 1.0 if row["label"] == "angry" else 0.0) for row in rows]
    weights, bias = [0.0] * len(names), 0.0
    for _ in range(4000):
        slope, down = [0.0] * len(names), 0.0
        for x, y in data:
            error = 1 / (1 + math.exp(-(bias + sum(w * v for w, v in zip(weights, x))))) - y
            down += error
            slope = [s + error * v for s, v in zip(slope, x)]
        bias -= 0.5 * down / len(data)
        weights = [max(0.0, w - 0.5 * (s / len(data) + 0.001 * w)) for w, s in zip(weights, slope)]
    print(json.dumps({"rows": len(data), "angry": sum(y for _, y in data), "bias": round(bias, 2), **{n: round(w, 2) for n, w in zip(names, weights)}}))


if __name__ == "__main__":
    if sys.argv[1] == "make":
        option = lambda name, other: sys.argv[sys.argv.index(name) + 1] if name in sys.argv else other
        make(sys.argv[2], sys.argv[3], int(option("--seed", 1)), option("--warmline", "warmline"))
    else:
        fit(sys.argv[2])
