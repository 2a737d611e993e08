"""The cases that the nets learn, and whether they know them."""

from itertools import product

import numpy as np

from . import checks
from .iterative import unfold
from .network import Layer, Link, Network, Task


def symmetry(units=6, low=0.0, high=1.0):
    """All 2**units binary inputs, and whether each reads the same from both ends (Fig. 1): 64 cases, 8 symmetric.

    Case c has the bits of c as its inputs, the highest bit on top. Targets are `high` for symmetric inputs and `low`
    for the others. Raises `ValueError` unless units >= 1 and low < high.
    """
    inputs = _patterns(units)
    return _told(inputs, (inputs == inputs[::-1]).all(axis=0), low, high)


def parity(units=2, low=0.0, high=1.0):
    """All 2**units binary inputs, and whether an odd number of them is on."""
    inputs = _patterns(units)
    return _told(inputs, inputs.sum(axis=0) % 2 == 1, low, high)


def xor(low=0.0, high=1.0):
    """Exclusive or, parity of two units: four cases, and whether just one of the units is on."""
    return parity(2, low, high)


def addition(bits=2):
    """Two binary numbers of so many bits, the highest first, and their sum, of one bit more (PDP vol. 1, p. 343)."""
    inputs = _patterns(2 * checks.count("bits", bits, 1, 10))
    total = 2 ** np.arange(bits)[::-1] @ (inputs[:bits] + inputs[bits:])
    return Task(inputs, total >> np.arange(bits + 1)[::-1, None] & 1)


def encoder(units=8):
    """So many patterns with one unit on, each to come out as it went in (PDP vol. 1, p. 335)."""
    patterns = np.eye(checks.count("units", units, 1, 4096))
    return Task(patterns, patterns)


def _patterns(units, least=1):
    """All binary patterns, `(units, 2**units)`: column c has the bits of c, the highest on top."""
    units = checks.count("units", units, least, 20)
    return np.arange(2**units) >> np.arange(units)[::-1, None] & 1


def _told(inputs, answers, low, high):
    """The task to tell inputs for which the answer is yes from others, by `high` and `low`."""
    low = checks.number("low", low, -1e300, checks.number("high", high, -1e300, np.inf))
    return Task(inputs, np.where(answers, high, low))


DIGITS = {"A": (1, 2), "B": (2, 3), "C": (3, 1), "D": (2, 1), "E": (1, 3)}  # what each letter stands for
STRINGS = tuple(first + second for first, second in product(DIGITS, repeat=2))  # "AA", "AB", ..., "EE"


def sequences(hidden=30, arrivals=((1, 2),), links=1.0, seed=0):
    """A net and its task: two letters come in, one after the other, then each letter's two digits are to come out.

    PDP vol. 1, pp. 358-360: 5 input units, one a letter, 30 hidden and 3 output units, one a digit. Times are counted
    from 1, as there: at time 1 hidden and output units start at 0.2, and the digits of letters that arrive at times 1
    and 2 are due at times 3 to 6. Layer "output 2", for instance, is the output at time 3. Case 25 a + k is string k of
    `STRINGS` with the a-th pair of `arrivals`; its digits are due right after the later letter. Of the links a share,
    `links`, is kept, chosen at random by `seed`. Raises `ValueError` for arrivals that are no pairs of times in order.
    """
    in_order = lambda pairs: pairs.shape[1:] == (2,) and (pairs > 0) & (np.diff(pairs) > 0) & (pairs < 10_000)  # noqa: E731
    expected = "a list of pairs of times, the earlier first, for instance [(1, 2)]"
    arrivals = checks.array("arrivals", arrivals, expected, "iu", in_order).tolist()
    links, rng = checks.number("links", links, 0, 1, up_to=True), np.random.default_rng(*checks.seeds([seed]))
    units, times = {"input": 5, "hidden": hidden, "output": 3}, max(later for _, later in arrivals) + 4
    layers = [Layer(*one) for one in units.items()]
    ends = [("input", "hidden"), ("hidden", "hidden"), ("hidden", "output"), ("output", "output")]
    masks = [rng.random((units[target], units[source])) < links if links < 1 else None for source, target in ends]
    net = unfold(layers, [Link(*two, mask=mask) for two, mask in zip(ends, masks, strict=True)], times - 1)
    cases = list(product(arrivals, STRINGS))
    inputs = {f"input {t}": np.zeros((5, len(cases))) for t in range(times - 1)}
    inputs |= {f"{name} 0": np.full((units[name], len(cases)), 0.2) for name in ("hidden", "output")}
    outputs = np.full((times, 3, len(cases)), np.nan)
    for case, ((first, second), string) in enumerate(cases):
        for time, letter in zip((first, second), string, strict=True):
            inputs[f"input {time - 1}"]["ABCDE".index(letter), case] = 1
        for time, digit in enumerate(DIGITS[string[0]] + DIGITS[string[1]], second):
            outputs[time, :, case] = np.arange(1, 4) == digit
    return net, Task(inputs, {f"output {t}": d for t, d in enumerate(outputs) if not np.isnan(d).all()})


def shift_register(units):
    """A net and its task: every unit linked to every unit; two steps after any pattern it has moved two places left.

    PDP vol. 1, p. 357. Case c has the bits of c as its pattern, the highest bit on top.
    """
    patterns = _patterns(units, 2)
    net = unfold([Layer("state", units)], [Link("state", "state")], 2)
    return net, Task({"state 0": patterns}, {"state 2": np.roll(patterns, -2, axis=0)})


def right(net, w, task, by="half"):
    """In which cases the net's answer is right, held out or not: bool, `(runs, cases)`. Targets are 0 and 1.

    `w` is a `Fit` or weights. The share among cases that were held out is `right(...)[:, cases].mean(axis=1)`.
    By "half", all units that should be on are above 0.5 and all others below (Hinton, CogSci 1986, p. 9); by "largest",
    they are above all others, if any. Units without a target have no say. Raises `ValueError` for other targets.
    """
    by, net = checks.one_of("by", by, ("half", "largest")), checks.instance("the net", net, Network)
    states, found = net.forward(w, net.fitting(task, len(net.weights(w)))), []
    for name, d in task.targets.items():
        instead = "; of others, compare net.forward's states with them"
        checks.binary(f"targets of layer {name}", d[~np.isnan(d)], instead)
        least = np.where(d == 1, states[name], np.inf).min(axis=-2)
        most = np.where(d == 0, states[name], -np.inf).max(axis=-2)
        one_kind = by == "largest" and (np.isfinite(least) != np.isfinite(most)).any()  # neither: all are missing
        checks.expect(not one_kind, f"all targets of a case of layer {name!r} are the same", '0 and 1, or by="half"')
        found.append((least > 0.5) & (most <= 0.5) if by == "half" else least > most)
    return np.all(found, axis=0)
