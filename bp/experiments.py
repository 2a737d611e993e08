"""What is done thousands of times, and what is measured of it."""

from functools import cache
from itertools import combinations, permutations, product

import numpy as np
import pandas as pd
from scipy import stats

from .descent import Fit, train
from .families import PEOPLE, RELATIONSHIPS, TWINS, case_of, family_network, family_trees, questions
from .files import data
from .network import Task, layered
from .study_families import correlation
from .survey import Experiment, outcome
from .tasks import STRINGS, right, sequences, symmetry
from .units import dead_zone, hinge, squared

# ---------------------------------------------------------------- Fig. 1


def symmetry_experiment(
    hidden=2, low=0.0, high=1.0, epsilon=0.1, alpha=0.9, error=squared, limit=0.3, horizon=60_000, after=0, measures=()
):
    """The net of Fig. 1, by the printed recipe unless told otherwise: until solved or given up, then `after` sweeps."""
    recipe = {"epsilon": epsilon, "alpha": alpha, "error": error, "tolerance": (high - low) / 2}
    phases = [recipe | {"sweeps": horizon, "stop": True}, recipe | {"sweeps": after}]
    return Experiment(layered(6, hidden, 1), symmetry(low=low, high=high), phases[: 1 + (after > 0)], measures, limit)


@cache
def printed_nets():
    """The nets of Fig. 1 and of PDP, Fig. 9, as weights of `layered(6, 2, 1)`: paper -> `(17,)`."""
    table = pd.read_csv(data("paper_fig1_weights.csv"))
    net, nets = layered(6, 2, 1), {}
    inputs, hidden = [f"input {k}" for k in range(1, 7)], ["hidden left", "hidden right"]
    for paper, rows in table.groupby("paper"):
        weight = rows.pivot(index="to", columns="from", values="weight")
        w = np.zeros((1, net.size))
        parts = net.matrices(w)
        parts["input->hidden"][0] = weight.loc[hidden, inputs]
        parts["hidden"][0] = weight.loc[hidden, "bias"]
        parts["hidden->output"][0] = weight.loc["output", hidden]
        parts["output"][0] = weight.loc["output", "bias"]
        nets[paper] = w[0]
    return nets


@cache
def alike():
    """What changes nothing that `layered(6, 2, 1)` can do with symmetry: permutations of its 17 weights, `(96, 17)`.

    The hidden units in either order (slowest), each pair of inputs either way up, the three pairs in any order.
    """
    net = layered(6, 2, 1)
    places = np.arange(net.size)[None].repeat(96, axis=0)
    parts = net.matrices(places)
    forms = product(([0, 1], [1, 0]), product((False, True), repeat=3), permutations(range(3)))
    for form, (units, turned, order) in enumerate(forms):
        top = np.array([5 - k if turned[k] else k for k in order])  # which inputs stand above the midpoint
        inputs = np.concatenate([top, 5 - top[::-1]])
        for name in ("input->hidden", "hidden", "hidden->output"):
            part = parts[name][form]
            part[...] = part[units][:, inputs] if name == "input->hidden" else part[..., units]
    return places


def in_order(w):
    """Weights `(..., 17)` in that of their forms whose first hidden unit has positive weights from the inputs above
    the midpoint, the largest first; by the difference between the members of each pair."""
    difference = w[..., :3] - w[..., 5:2:-1]
    turned = (difference < 0) @ [4, 2, 1]
    order = _ORDERS[_comparisons(*np.moveaxis(np.abs(difference), -1, 0))]
    return np.take_along_axis(w, alike()[6 * turned + order], axis=-1)


def _comparisons(a, b, c):
    return 4 * (a >= b) + 2 * (a >= c) + (b >= c)


_ORDERS = np.zeros(8, int)  # the comparisons of three sizes -> the number of the permutation that has the largest first
for _number, _order in enumerate(permutations(range(3))):
    _ORDERS[_comparisons(*-np.argsort(_order))] = _number


def distance(w, printed):
    """How far nets `(..., 17)` are from a printed one `(17,)`: the largest relative deviation of a weight.

    Up to what is `alike`, as long as it is below 1/3: beyond, another form may be nearer.
    """
    here = in_order(w)
    targets = in_order(printed[alike()[[0, 48]]])  # the hidden units in either order
    return np.minimum(*(np.abs(here / target - 1).max(axis=-1) for target in targets))


def doubles(runs, after=3000, chunk=50):
    """How near each run that solves its task comes to the printed nets, and when, up to 3,000 sweeps later."""
    phase = {name: value for name, value in runs.experiment.recipe[0].items() if name not in ("sweeps", "stop")}
    solved = runs.fit.solved_at >= 0
    found = {paper: (np.full(len(solved), np.nan), np.full(len(solved), -1)) for paper in printed_nets()}
    rows, until = np.flatnonzero(solved), runs.fit.solved_at + after
    fit = Fit.of(runs.initial[rows])
    while len(rows):
        counts = np.arange(fit.sweeps, fit.sweeps + chunk)
        fit = train(runs.net, fit, runs.task, chunk, snapshots=counts, record=0, progress=False, **phase)
        for paper, (nearest, at) in found.items():
            far = distance(fit.snapshots, printed_nets()[paper])
            far[counts[:, None] > until[rows]] = np.inf
            best = far.argmin(axis=0)
            nearer = ~((now := far[best, np.arange(len(rows))]) >= nearest[rows])  # than before, or than never
            nearest[rows[nearer]], at[rows[nearer]] = now[nearer], counts[best[nearer]]
        on = fit.sweeps <= until[rows]
        rows, fit = rows[on], fit[on]
    return {
        f"{paper} {what}": values
        for paper, pair in found.items()
        for what, values in zip(("distance", "sweep"), pair, strict=True)
    }


def longer(runs, times=5):
    """Of runs neither solved nor on the plateau, E < 3.5: whether five times the sweeps solve them, and E."""
    phase = {name: value for name, value in runs.experiment.recipe[0].items() if name != "sweeps"}
    sweeps = (times - 1) * runs.experiment.recipe[0]["sweeps"]
    rows = np.flatnonzero((runs.fit.solved_at < 0) & (outcome(runs)["error"] < 3.5))
    found = {name: np.full(len(runs.seeds), np.nan) for name in ("solved later at", "E later", "largest weight later")}
    if len(rows):
        fit = train(runs.net, runs.fit[rows], runs.task, sweeps, record=0, progress=False, **phase)
        found["solved later at"][rows] = fit.solved_at
        found["E later"][rows] = np.where(fit.solved_at < 0, fit.error[-1], np.nan)
        found["largest weight later"][rows] = np.abs(fit.weights).max(axis=1)
    return found


def weights(runs):
    """The weights after the last phase, in the order of the flat vector."""
    return {f"w{k}": values for k, values in enumerate(runs.fit.weights.T)}


READINGS = {  # of what the letter leaves open about Fig. 1
    "0 / 1, hinge at 0.2 / 0.8": {"error": hinge(0.2)},
    "0 / 1, no half in (3)": {"epsilon": 0.2},  # which doubles the gradient
    "0.1 / 0.9": {"low": 0.1, "high": 0.9},
    "0.1 / 0.9, no half in (3)": {"low": 0.1, "high": 0.9, "epsilon": 0.2},
}


def symmetry_reading(reading):
    """The printed recipe for Fig. 1 under one of the readings."""
    return symmetry_experiment(**READINGS[reading], measures=[doubles])


def symmetry_width(hidden, epsilon):
    """The symmetry net with more hidden units, and other steps."""
    return symmetry_experiment(hidden, epsilon=epsilon, measures=[longer])


# ---------------------------------------------------------------- Figs 2-4

FAMILIES = family_trees()
# Fig. 4, caption; the range of the weights and the hinge: Hinton, CogSci 1986, pp. 11-12
PRINTED = {"epsilon": 0.01, "decay": 0.002, "error": hinge(0.2), "limit": 0.3}
OURS = PRINTED | {"epsilon": 0.1, "limit": 1.0}  # the nearest that trains


RULES = {  # how "the error was considered to be zero if ..." can be read
    "hinge": hinge(0.2),
    "dead zone": dead_zone(0.2),
    "dead zone, whole cases": dead_zone(0.2, whole_cases=True),
    "squared": squared,
}


def families_experiment(held_out=4, sweeps=1500, measures=(), epsilon=0.01, decay=0.0, error=squared, limit=0.3):
    """The net of Fig. 3 on the questions that are not held out: by number, or so many, drawn by each run's seed."""
    task = at_random(FAMILIES, held_out) if isinstance(held_out, int) else FAMILIES.hold_out(held_out)
    rest = {"decay": decay, "error": error, "tolerance": [0.5, 0.25, 0.21]}
    phases = [phase | rest for phase in schedule(epsilon, sweeps)]
    return Experiment(family_network(), task, phases, measures, limit)


def schedule(epsilon, sweeps, start=20):
    """The phases of Fig. 4's caption: the first sweeps, 20 as printed or none, take half of ε, and α = 0.5."""
    first = [{"sweeps": start, "epsilon": epsilon / 2, "alpha": 0.5}] if start else []
    return [*first, {"sweeps": sweeps - start, "epsilon": epsilon, "alpha": 0.9}]


def at_random(task, count):
    """A task of some seeds, in which each run holds out so many cases that its seed draws."""

    def split(seeds):
        return task.hold_out([np.random.default_rng(seed).choice(task.cases, count, replace=False) for seed in seeds])

    return split


def families_printed(rule, decay, sweeps):
    """The printed recipe under one of the readings of the error."""
    recipe = PRINTED | {"error": RULES[rule], "decay": decay}
    return families_experiment(sweeps=sweeps, measures=[questions_right], **recipe)


def families(decay):
    """Our recipe, and all that Figs 3 and 4 show of a run."""
    return families_experiment(
        measures=[questions_right, twins, balance, usefulness, codes, colin], **OURS | {"decay": decay}
    )


def families_held_out(held_out):
    """Our recipe, with so many questions held out, drawn by each run's seed, or those that are named."""
    if isinstance(held_out, str):
        asked = [f"{person} {relationship}" for person, relationship in questions()]
        held_out = [asked.index(question) for question in held_out.split(", ")]
    return families_experiment(held_out, measures=[questions_right], **OURS)


def those_of_fig_8():
    """All sets of four questions whose answers are Andrew, Victoria, Lucia and Lucia (Hinton, CogSci 1986, Fig. 8)."""
    asking = {
        name: [" ".join(asked) for asked, answers in questions().items() if answers == (name,)] for name in PEOPLE
    }
    pairs = product(asking["Andrew"], asking["Victoria"], combinations(asking["Lucia"], 2))
    return [", ".join([first, second, *two]) for first, second, two in pairs]


def questions_right(runs):
    """Questions answered right, by Hinton's criterion and with the right people ahead of all others."""
    held_out, found = np.broadcast_to(runs.task.held_out, (len(runs.seeds), runs.task.cases)), {}
    for by in ("half", "largest"):
        answered = right(runs.net, runs.fit.weights, runs.task, by)
        found[f"trained right by {by}"] = np.count_nonzero(answered & ~held_out, axis=1)
        found[f"held out right by {by}"] = np.count_nonzero(answered & held_out, axis=1)
    return found


def twins(runs):
    """Mean activity of the right people, of their twins and of all others; how often a twin leads the other tree.

    Means are rounded to six digits, as all here that NumPy or BLAS adds up: in which order differs between machines.
    """
    y = runs.net.forward(runs.fit.weights, runs.task.inputs)["person 2"]
    d = runs.task.targets["person 2"] == 1
    twin = d[TWINS]
    own = d.reshape(2, 12, -1).any(axis=1).repeat(12, axis=0)  # the tree that the answer is in
    leads = np.where(twin, y, np.inf).min(axis=1) > np.where(own | twin, -np.inf, y).max(axis=1)
    held_out, found = np.broadcast_to(runs.task.held_out, leads.shape), {}
    for name, cases in (("trained", ~held_out), ("held out", held_out)):
        for who, units in (("right", d), ("twin", twin), ("own tree", own & ~d), ("other tree", ~own & ~twin)):
            found[f"{name} y {who}"] = y.mean(axis=(1, 2), where=units & cases[:, None]).round(6)
        found[f"{name} twin leads"] = np.count_nonzero(leads & cases, axis=1)
    return found


def forces(runs, sweeps=200):
    """What ∂E/∂w adds to each weight and what decay takes, in each sweep that follows: two `(sweeps, runs, size)`.

    At rest a sweep changes a weight by Δw = -ε ∂E/∂w / (1 - α), (9), and decay takes it back: decay (w + Δw) = Δw.
    """
    last = {name: value for name, value in runs.experiment.recipe[-1].items() if name != "sweeps"}
    counts = np.arange(sweeps) + runs.fit.sweeps
    on = train(runs.net, runs.fit, runs.task, sweeps, snapshots=counts, record=0, progress=False, **last)
    slopes = np.array([runs.net.gradient(w, runs.task, last["error"])[1] for w in on.snapshots])
    growth = -last["epsilon"] / (1 - last["alpha"]) * slopes
    return growth, last["decay"] / (1 - last["decay"]) * on.snapshots


def balance(runs, sweeps=200):
    """Is decay balanced by ∂E/∂w? At the end, and on average over the next 200 sweeps: over all weights of a run, r
    of one with the other, and the median of what is left over, as a share of the median decay.
    """
    (growth, loss), found = forces(runs, sweeps), {}
    if not runs.experiment.recipe[-1]["decay"]:
        loss = np.full_like(loss, np.nan)
    for when, gain, lost in (("at the end", growth[0], loss[0]), ("on average", growth.mean(0), loss.mean(0))):
        left = np.median(np.abs(gain - lost), axis=1) / np.median(np.abs(lost), axis=1)
        found |= {f"balance r {when}": correlation(gain, lost).round(6), f"imbalance {when}": left.round(6)}
    return found


def usefulness(runs):
    """Spearman's ρ between a weight's magnitude and the rise of E when it is taken away, over all weights of a run."""
    net, error, found = runs.net, runs.experiment.recipe[-1]["error"], []
    weights = np.flatnonzero(
        np.repeat(["->" in name for name in net.shapes], [np.prod(s) for s in net.shapes.values()])
    )
    for run, w in enumerate(runs.fit.weights):
        task = runs.task.of_runs([run])
        without = w[None].repeat(len(weights) + 1, axis=0)
        without[np.arange(len(weights)), weights] = 0
        held_out = None if task.held_out is None else task.held_out.reshape(-1)
        E, _ = net.gradient(without, Task(task.inputs, task.targets, held_out), error)
        found.append(stats.spearmanr(np.abs(w[weights]), E[:-1] - E[-1]).statistic)
    return {"usefulness": np.round(found, 6)}


def all_weights(runs):
    """All weights and biases, in the order of the flat vector, to four digits: a forward pass gives the same to two."""
    return {f"w{k}": values for k, values in enumerate(runs.fit.weights.T.round(4))}


def codes(runs):
    """The weights to the second layer, to three digits: "3 Colin" from Colin's unit to unit 3, "3 bias"; "3 aunt"."""
    parts, found = runs.net.matrices(runs.fit.weights), {}
    for group, names in (("person", PEOPLE), ("relationship", RELATIONSHIPS)):
        (W,) = (part for link, part in parts.items() if link.endswith(f"->{group} code"))
        for unit in range(6):
            found |= {f"{unit + 1} {name}": W[:, unit, k].round(3) for k, name in enumerate(names)}
            found[f"{unit + 1} {group} bias"] = parts[f"{group} code"][:, unit].round(3)
    return found


def colin(runs):
    """The states of the output units for Fig. 3's question, Colin's aunts, to four digits: "y Jennifer"."""
    case = case_of("Colin", "aunt")
    y = runs.net.forward(runs.fit.weights, runs.task.of_case(case).inputs)["person 2"][..., 0]
    return {f"y {name}": y[:, k].round(4) for k, name in enumerate(PEOPLE)}


# ---------------------------------------------------------------- iterative nets

PRINTED_SPLIT = "AD BE CA DB EC"  # the strings that PDP holds out
# all splits like it, with each letter once in front and once behind
SPLITS = [" ".join(map("".join, zip("ABCDE", second, strict=True))) for second in permutations("ABCDE")]
SEQUENCES = {"epsilon": 0.02, "alpha": 0.9, "error": hinge(0.2), "tolerance": [0.5, 0.25]}  # PDP vol. 1, p. 359


def sequences_experiment(split=PRINTED_SPLIT, sweeps=1000):
    """Sequence completion as printed in PDP, with the strings of a split held out."""
    net, task = sequences()
    held_out = [STRINGS.index(string) for string in split.split()]
    recipe = SEQUENCES | {"sweeps": sweeps, "snapshots": [260]}
    return Experiment(net, task.hold_out(held_out), recipe, [strings_right])


def timed_sequences_experiment(epsilon):
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
