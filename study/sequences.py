"""The successors of Fig. 5: sequences (PDP vol. 1, pp. 358-360), thousands of times, and what the nets make of them."""

from itertools import combinations, permutations

import numpy as np

from bp import hinge, right, sequences
from bp.tasks import DIGITS, STRINGS

from .family_trees import at_random
from .survey import Experiment

PRINTED_SPLIT = "AD BE CA DB EC"  # the strings that PDP holds out
# all splits like it, with each letter once in front and once behind
SPLITS = [" ".join(map("".join, zip("ABCDE", second, strict=True))) for second in permutations("ABCDE")]
SEQUENCES = {"epsilon": 0.02, "alpha": 0.9, "error": hinge(0.2), "tolerance": [0.5, 0.25]}  # PDP vol. 1, p. 359


def experiment(split=PRINTED_SPLIT, sweeps=1000):
    """Sequence completion as printed in PDP, with the strings of a split held out."""
    net, task = sequences()
    recipe = SEQUENCES | {"sweeps": sweeps, "snapshots": [260]}
    return Experiment(net, task.hold_out(strings_held_out(split)), recipe, [strings_right])


def strings_held_out(split=PRINTED_SPLIT):
    """The cases of `bp.sequences()` that a split holds out."""
    return [STRINGS.index(string) for string in split.split()]


def due(string):
    """The four digits of a string, and where they are due: `(3, 6)`, output units by times."""
    digits = DIGITS[string[0]] + DIGITS[string[1]]
    where = np.zeros((3, 6))
    where[np.array(digits) - 1, range(2, 6)] = 1
    return digits, where


def timed(epsilon):
    """The harder version: 60 hidden units, half of the links, letters at any two of four times, 14 cases held out."""
    net, task = sequences(60, list(combinations((1, 2, 3, 4), 2)), links=0.5)

    recipe = SEQUENCES | {"epsilon": epsilon, "sweeps": 3000}
    return Experiment(net, at_random(task, 14), recipe, [strings_right])


def strings_right(runs):
    """Training and held-out strings whose digits are all right (beyond 0.5), at the snapshots and at the end."""
    found, held_out = {}, np.broadcast_to(runs.task.held_out, (len(runs.seeds), runs.task.cases))
    counts = runs.experiment.recipe[-1].get("snapshots", ())
    at = {f" at {sweeps}": w for sweeps, w in zip(counts, runs.fit.snapshots, strict=True)}
    for when, w in (at | {"": runs.fit.weights}).items():
        answered = right(runs.net, w, runs.task)
        found[f"trained right{when}"] = np.count_nonzero(answered & ~held_out, axis=1)
        found[f"held out right{when}"] = np.count_nonzero(answered & held_out, axis=1)
    return found


def letters_told(net, w, task):
    """How much of a hidden unit's variance over the 25 strings each of the two letters explains: two arrays
    `(runs, units, times)` of shares, for times 1 to 5. Units that do not move explain nothing."""
    history = net.forward(w, task.inputs)
    y = [np.broadcast_to(history[f"hidden {t}"], (len(w), net.units["hidden 1"], 25)) for t in range(5)]
    y = np.stack(y, axis=2).reshape(len(w), -1, 5, 5, 5)  # (runs, units, times, first letters, second letters)
    variance = y.var(axis=(3, 4))
    moves = np.where(variance > 1e-3, variance, np.inf)
    return y.mean(axis=4).var(axis=3) / moves, y.mean(axis=3).var(axis=3) / moves


def kind_of_register(net, task, w):
    """What nets of `bp.shift_register` do at the time step in between, states read as on or off at 0.5: `(runs,)`.

    "register": the pattern moves by one place; "complements": its complement does; "mixed": anything else.
    """
    between = net.forward(w, task.inputs)["state 1"] > 0.5
    moved = np.roll(task.inputs["state 0"], -1, axis=0) == 1
    plain, turned = (between == moved).all(axis=(1, 2)), (between == ~moved).all(axis=(1, 2))
    return np.select([plain, turned], ["register", "complements"], "mixed")
