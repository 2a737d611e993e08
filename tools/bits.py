"""Print what every machine must agree on: SHA-256 of all that trainings of the nets give, to the last bit.

python tools/bits.py             print them, as JSON
python tools/bits.py --write     into data/bits.json, which the tests compare them with
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path

import plain

import numpy as np

import bp

STORED = Path(plain.REPOSITORY) / "data" / "bits.json"


def trainings():
    """Nets of every kind that the kernel treats otherwise: name -> fit."""
    hinge, whole = bp.hinge(0.2), bp.dead_zone(0.2, whole_cases=True)
    trees, (net, task) = bp.family_trees(), bp.sequences()
    held_out = trees.hold_out([np.random.default_rng(seed).choice(104, 4, replace=False) for seed in range(6)])
    fig1, xor = bp.layered(6, 2, 1), bp.layered(2, 2, 1, skips=[(0, 2)])
    family = bp.family_network()
    yield "symmetry", bp.train(fig1, fig1.initial_weights(range(20)), bp.symmetry(), 1500, 0.1, 0.9, stop=True)
    yield "XOR, case by case", bp.train(xor, xor.initial_weights(range(20)), bp.parity(2), 200, 0.5, order=range(4))
    w = family.initial_weights(range(6), limit=1)
    yield "family trees", bp.train(family, w, held_out, 300, 0.1, 0.9, 0.002, error=hinge)
    yield "family trees, whole cases", bp.train(family, w, trees, 50, 0.05, 0.9, error=whole)
    yield "sequences", bp.train(net, net.initial_weights(range(4)), task, 150, 0.02, 0.9, error=hinge)
    for activation in (bp.tanh, bp.linear, bp.softsign, bp.rectified, bp.logistic.with_gain(3)):
        hidden = bp.Layer("hidden", 5, activation)
        other = bp.Network([bp.Layer("input", 6), hidden, bp.Layer("output", 1)], fig1.links)
        yield f"{activation} units", bp.train(other, other.initial_weights(range(4)), bp.symmetry(), 100, 0.02, 0.9)


def hashes():
    """Name of a training -> SHA-256 of weights, velocities, E and sweeps of solution."""
    found = {}
    for name, fit in trainings():
        arrays = fit.weights, fit.velocity, fit.error, fit.solved_at
        numbers = [np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<")) for array in arrays]
        found[name] = hashlib.sha256(b"".join(array.tobytes() for array in numbers)).hexdigest()
    return found


def main():
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--write", action="store_true", help="store them as what all machines must agree on")
    text = json.dumps(hashes(), indent=1) + "\n"
    if arguments.parse_args().write:
        STORED.write_text(text, encoding="utf-8", newline="\n")
    sys.stdout.write(text)


if __name__ == "__main__":
    main()
