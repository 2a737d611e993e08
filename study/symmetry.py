"""Fig. 1: symmetry, thousands of times, and what is measured of the nets."""

from functools import cache
from itertools import permutations, product

import numpy as np
import pandas as pd

from bp import Fit, hinge, layered, squared, symmetry, train

from .files import data
from .survey import Experiment, outcome


def experiment(
    hidden=2, low=0.0, high=1.0, epsilon=0.1, alpha=0.9, error=squared, limit=0.3, horizon=60_000, after=0, measures=()
):
    """The net of Fig. 1, as printed unless told otherwise: until solved or given up, then `after` sweeps."""
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


READINGS = {  # of what the paper leaves open about Fig. 1
    "0 / 1, hinge at 0.2 / 0.8": {"error": hinge(0.2)},
    "0 / 1, no half in (3)": {"epsilon": 0.2},  # which doubles the gradient
    "0.1 / 0.9": {"low": 0.1, "high": 0.9},
    "0.1 / 0.9, no half in (3)": {"low": 0.1, "high": 0.9, "epsilon": 0.2},
}


def interpretation(reading):
    """The printed procedure for Fig. 1 under one of the readings."""
    return experiment(**READINGS[reading], measures=[doubles])


def width(hidden, epsilon):
    """The symmetry net with more hidden units, and other steps."""
    return experiment(hidden, epsilon=epsilon, measures=[longer])


def width_of_targets(hidden, epsilon):
    """The same with targets of 0.1 and 0.9, given up earlier: most that stay behind are in minima."""
    return experiment(hidden, 0.1, 0.9, epsilon, horizon=20_000, measures=[longer])


# ---------------------------------------------------------------- where the printed net comes from


def followed(
    epsilon=0.1, alpha=0.9, low=0.1, high=0.9, decay=0.0, limit=0.3, error=squared, faster=(), times=1.0, sweeps=3000
):
    """The net of Fig. 1 for some thousand sweeps, solved or not. The weights and biases that are named in `faster` have
    so many times the ε of the others, and decay is all weights', or those that `decay` names: (rate, names)."""
    net = layered(6, 2, 1)
    recipe = {"epsilon": epsilon, "alpha": alpha, "decay": decay, "error": error, "tolerance": (high - low) / 2}
    if faster:
        recipe["epsilon"] = _where(net, faster, epsilon * times, epsilon)
    if isinstance(decay, tuple):
        recipe["decay"] = _where(net, decay[1], decay[0], 0.0)
    return Experiment(net, symmetry(low=low, high=high), recipe | {"sweeps": sweeps}, [passing], limit)


def _where(net, names, one, other):
    rates = np.full((1, net.size), other)
    for name in names:
        net.matrices(rates)[name][:] = one
    return rates


def size(w):
    """The mean magnitude of the largest weights from the inputs, a pair at each hidden unit, of nets `(..., 17)`."""
    return np.abs(in_order(w)[..., [0, 5, 6, 11]]).mean(axis=-1)


def of_kind(w, middle=2.0, large=4.0, within=0.1):
    """Nets `(..., 17)` whose pairs are in the ratio 1 : middle : large at both hidden units, nearly."""
    pairs = np.abs(in_order(w)[..., :12]).reshape(*np.shape(w)[:-1], 2, 6)
    pairs = (pairs[..., :3] + pairs[..., 5:2:-1]) / 2
    ratios = pairs[..., :2] / pairs[..., 2:] / np.array([large, middle])
    return (np.abs(ratios - 1) < within).all(axis=(-1, -2))


def passing(runs, chunk=250, every=5):
    """How near each run, solved or not, passes by the printed nets, and how it is when it is as large as Nature's.

    By every fifth sweep. Of each paper's net: the least distance and the sweep of it. "to the digit": after some sweep
    all 17 numbers are Nature's as printed, to a tenth. "large at": the first sweep at which the largest weights have
    the size of Nature's, 14.2 (-1: never); whether the net is of the kind 1 : 2 : 4 then; its mean hidden bias and
    weight to the output, and the output's bias.
    """
    recipe = {name: value for name, value in runs.experiment.recipe[0].items() if name != "sweeps"}
    rows = np.arange(len(runs.seeds))
    least = {paper: np.full(len(rows), np.inf) for paper in printed_nets()}
    at = {paper: np.full(len(rows), -1) for paper in printed_nets()}
    exact, large_at, large = np.zeros(len(rows), bool), np.full(len(rows), -1), np.full((len(rows), 17), np.nan)
    fit = Fit.of(runs.initial)
    while fit.sweeps < runs.fit.sweeps:
        counts = np.arange(fit.sweeps, fit.sweeps + chunk, every)
        fit = train(runs.net, fit, runs.task, chunk, snapshots=counts, record=0, progress=False, **recipe)
        grown = np.abs(fit.snapshots[..., :12]).max(axis=-1) > 8
        sizes = np.zeros(grown.shape)
        sizes[grown] = size(fit.snapshots[grown])
        for paper, printed in printed_nets().items():
            far = np.full(sizes.shape, np.inf)
            near = np.abs(sizes / size(printed) - 1) < 1 / 3  # no net of another size is within a third
            far[near] = distance(fit.snapshots[near], printed)
            best = far.argmin(axis=0)
            nearer = far[best, rows] < least[paper]
            least[paper][nearer], at[paper][nearer] = far[best, rows][nearer], counts[best][nearer]
            if paper == "Nature":
                tenth = far < 0.05  # a twentieth of the smallest, 1.1, is 0.055
                tenth[tenth] = deviation(fit.snapshots[tenth], printed) <= 0.05
                exact |= tenth.any(axis=0)
        reached = sizes >= size(printed_nets()["Nature"])
        new = reached.any(axis=0) & (large_at < 0)
        first = reached.argmax(axis=0)
        large_at[new], large[new] = counts[first][new], fit.snapshots[first, rows][new]
    parts = runs.net.matrices(large)
    found = {"to the digit": exact.astype(int), "large at": large_at, "1 : 2 : 4": of_kind(large).astype(int)}
    found |= {"hidden bias": parts["hidden"].mean(axis=1).round(4), "output bias": parts["output"][:, 0].round(4)}
    found |= {"to output": parts["hidden->output"].mean(axis=(1, 2)).round(4)}
    for paper, far in least.items():
        found |= {f"{paper} distance": np.where(at[paper] < 0, np.nan, far).round(5), f"{paper} sweep": at[paper]}
    return found


def deviation(w, printed):
    """The largest difference between a weight of nets `(..., 17)` and of a printed one `(17,)`, as `distance`."""
    targets = in_order(printed[alike()[[0, 48]]])
    return np.minimum(*(np.abs(in_order(w) - target).max(axis=-1) for target in targets))


LAYERS = {  # what may have an ε of its own
    "weights from the inputs": ("input->hidden",),
    "hidden layer": ("input->hidden", "hidden"),
    "hidden biases": ("hidden",),
    "weights to the output": ("hidden->output",),
    "output unit": ("hidden->output", "output"),
    "output bias": ("output",),
}
WEIGHTS = ("input->hidden", "hidden->output")
DEPARTURES = {"none": {}} | {  # from ε = 0.1 and α = 0.9 with targets of 0.1 and 0.9
    f"ε of the {name} × {times:g}": {"faster": names, "times": times}
    for name, names in LAYERS.items()
    for times in (0.25, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 1.2, 1.4, 1.5, 1.6, 1.7, 1.8, 2.0, 3.0)
}
DEPARTURES |= {
    f"decay {rate:g}": {"decay": rate}
    for rate in (1e-5, 3e-5, 1e-4, 1.1e-4, 1.2e-4, 1.3e-4, 1.4e-4, 1.5e-4, 1.6e-4, 1.8e-4, 2e-4, 3e-4, 1e-3)
}
DEPARTURES |= {f"decay {rate:g}, no biases": {"decay": (rate, WEIGHTS)} for rate in (1e-4, 1.5e-4, 2e-4, 3e-4, 5e-4)}
DEPARTURES |= {
    f"targets {low:g} / {1 - low:g}": {"low": low, "high": 1 - low}
    for low in (0.0, 0.02, 0.05, 0.08, 0.09, 0.11, 0.12, 0.15, 0.2)
}
DEPARTURES |= {f"hinge at {low:g}": {"low": 0.0, "high": 1.0, "error": hinge(low)} for low in (0.05, 0.1, 0.15)}
DEPARTURES |= {f"initial weights ± {limit:g}": {"limit": limit} for limit in (0.1, 0.5, 1.0)}
DEPARTURES |= {f"ε {epsilon:g}": {"epsilon": epsilon} for epsilon in (0.02, 0.05, 0.2)}


def departure(departure):
    """The printed ε and α with targets of 0.1 and 0.9, but for one thing; 12,000 sweeps, since decay takes long."""
    return followed(**DEPARTURES[departure], sweeps=12_000)
