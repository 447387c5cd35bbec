"""What tuning on sequences gives, beside tuning on their frames as samples that stay the same.

    python benchmarks/sequences.py
    python benchmarks/sequences.py --seeds 11 12 13 --frame-time 0.003 0.005 --json FILE

For each seed words are made as on the page on sequences, with louder noise: the loudest of twelve
bands moves along a path of its own for each word. A scikit-learn model learns from windows of five
frames, is converted with 400 words, and hears 700 others. The figures are how many answers, in per
cent, are those that the source gives by itself: for whole words, and for each frame.
"""

import argparse
import warnings

import numpy as np
import record

import nengo_dense
from nengo_dense.evaluation.ladder_samples import mean_logits
from nengo_dense.importers import read_model
from nengo_dense.sequence import Sequences

N_BANDS, N_WORDS, NOISE = 12, 4, 0.8
TUNED_WITH, HEARD = 400, 700


def make_words(rng):
    """Return words as windows of the latest five frames, and which word each is."""
    paths = rng.uniform(0, N_BANDS, (N_WORDS, 4))
    spoken, sounds = rng.randint(N_WORDS, size=TUNED_WITH + HEARD), []
    for word in spoken:
        n = rng.randint(14, 21)
        loudest = np.interp(np.linspace(0, 3, n), range(4), paths[word])
        loudness = np.exp(-0.5 * (np.arange(N_BANDS) - loudest[:, None]) ** 2)
        padded = np.pad(loudness + NOISE * rng.randn(n, N_BANDS), ((4, 0), (0, 0)))
        sounds.append(np.stack([padded[i : i + 5].ravel() for i in range(n)]))
    return sounds, spoken


def longest(sounds):
    """Return the number of frames of the longest."""
    return max(map(len, sounds))


def ways(known, frame_time):
    """Return the ways to calibrate: name -> arguments of `convert`."""
    frames, whole = np.concatenate(known), frame_time * longest(known)
    return {
        "frames, for 20 ms": {"calibration": frames, "presentation_time": 0.02},
        "frames, for 5 ms": {"calibration": frames, "presentation_time": 0.005},
        "sequences": {"calibration": known, "presentation_time": whole},
        "sequences, ``per_frame=True``": {
            "calibration": known,
            "presentation_time": whole,
            "per_frame": True,
        },
    }


def measure(seed, frame_time):
    """Return for each way the agreement of words and of frames."""
    from sklearn.neural_network import MLPClassifier

    sounds, spoken = make_words(np.random.RandomState(seed))
    known, others = sounds[:TUNED_WITH], sounds[TUNED_WITH:]
    labels = np.concatenate([[word] * len(s) for s, word in zip(known, spoken, strict=False)])
    model = MLPClassifier((32, 16), max_iter=300, n_iter_no_change=5, random_state=seed)
    source = read_model(model.fit(np.concatenate(known), labels))
    shown = Sequences.read(others, source.n_in)
    logits = source.logits(shown.frames())
    of_words = mean_logits(shown, logits, round(frame_time * 1000)).argmax(axis=1)
    of_frames = np.split(logits.argmax(axis=1), np.cumsum(shown.lengths)[:-1])
    how = {"presentation_time": frame_time * longest(others), "progress_bar": False}
    found = {}
    for name, arguments in ways(known, frame_time).items():
        stack = nengo_dense.convert(model, seed=0, progress_bar=False, **arguments)
        words = nengo_dense.evaluate(stack, others, of_words, **how).accuracy
        frames = nengo_dense.evaluate(stack, others, of_frames, per_frame=True, **how).accuracy
        found[name] = (100 * words, 100 * frames)
        print(
            f"seed {seed}, {1000 * frame_time:g} ms, {name}: {100 * words:.1f} {100 * frames:.1f}"
        )
    return found


def main():
    """Measure each way, for each time that a frame lasts."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13])
    parser.add_argument("--frame-time", type=float, nargs="+", default=[0.003, 0.005])
    parser.add_argument("--json", help="file for the figures")
    args = parser.parse_args()
    warnings.simplefilter("ignore")
    figures = []
    for frame_time in args.frame_time:
        by_seed = [measure(seed, frame_time) for seed in args.seeds]
        means = {name: np.mean([found[name] for found in by_seed], axis=0) for name in by_seed[0]}
        figures.append(
            {
                "frame_time": frame_time,
                "seeds": args.seeds,
                "agreement": {name: list(mean) for name, mean in means.items()},
            }
        )
        if args.json:
            record.keep(args.json, figures)


if __name__ == "__main__":
    main()
