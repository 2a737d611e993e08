"""What the units of a family-tree net encode (Figs 3 and 4), and how alike two nets are.

The counterpart of a person is whoever has the same place in the other tree.
"""

import numpy as np
import pandas as pd
from scipy.optimize import linear_sum_assignment

import bp
from bp.families import PEOPLE, RELATIONSHIPS, TWINS, questions

from .files import data

FEATURES = {  # what there is to know of PEOPLE, and of RELATIONSHIPS; NaN: both or neither
    "nationality": np.repeat([1.0, -1.0], 12),  # English, Italian
    "generation": np.tile([1.0, 1, 0, 0, 0, -1], 4),  # grandparents, parents, children
    "branch": np.tile([1.0, -1, 1, -1, -1, np.nan, 1, -1, 1, -1, 1, np.nan], 2),  # Christopher's, Andrew's
    "sex": np.tile(np.repeat([1.0, -1.0], 6), 2),  # men, women
    "sex of person 2": np.tile([1.0, -1.0], 6),  # husband, wife, ...
}
CAPTION = ("nationality", "generation", "branch")  # what Fig. 4's caption names
GROUPS = {"person": PEOPLE, "relationship": RELATIONSHIPS}


def printed_states():
    """The squares of Fig. 3, as areas: layer name -> `(units,)`, without the two groups of inputs."""
    table = pd.read_csv(data("paper_fig3_activity.csv")).set_index("layer").relative_area
    names = {"person": "person code", "relationship": "relationship code", "output": "person 2"}
    return {names.get(layer, layer): table[layer].to_numpy() for layer in table.index.unique()}


def printed_weights(figure="fig4"):
    """The weights read off Nature's "fig4", `(6, 24)`, or off "families_fig7" (Hinton, CogSci 1986), `(6, 12)`."""
    return pd.read_csv(data(f"paper_{figure}_weights.csv")).relative_weight.to_numpy().reshape(6, -1)


def weights_to(table, group="person"):
    """The weights of the rows of a survey to the six units of a group: `(runs, 6, names)`."""
    columns = [f"{unit} {name}" for unit in range(1, 7) for name in GROUPS[group]]
    return table[columns].to_numpy().reshape(len(table), 6, -1)


def codes_of(table, group="person"):
    """The states of the six units of a group for each of its names: `(runs, 6, names)`."""
    biases = table[[f"{unit} {group} bias" for unit in range(1, 7)]].to_numpy()
    return bp.logistic.function(weights_to(table, group) + biases[:, :, None])


def correlation(weights, feature):
    """Pearson's r of weights `(..., people)` with a feature of the people; who has none, NaN, does not count."""
    known = ~np.isnan(feature)
    feature = np.where(known, feature, 0)
    of = lambda x: np.where(known, x - x.sum(-1, keepdims=True, where=known) / known.sum(-1, keepdims=True), 0)  # noqa: E731
    with np.errstate(invalid="ignore"):  # of what does not vary there is no r: NaN
        a, b = of(weights), of(feature)
        return np.vecdot(a, b) / np.sqrt(np.vecdot(a, a) * np.vecdot(b, b))


def encoded(weights, feature, resamples=999):
    """Which unit encodes a feature best, and is it more than chance? `(unit, r, p)`, each `(runs,)`.

    `weights`, `(runs, units, names)`, lead to the units from those that the feature, `(names,)`, tells apart. The unit
    is the one whose weights correlate best with it, up to sign. p is how often shuffled features do as well at the best
    of all the units: by places in the tree, counterparts together, if the feature is the same for them, for
    counterparts are no independent evidence.
    """
    rng = np.random.default_rng(0)
    rows = feature.reshape(-1, 12)
    if all(np.array_equal(row, rows[0], equal_nan=True) for row in rows):
        shuffled = np.array([rows[:, rng.permutation(12)].ravel() for _ in range(resamples)])
    else:
        shuffled = np.array([rng.permutation(feature) for _ in range(resamples)])
    r = correlation(weights, feature)
    unit = np.abs(r).argmax(axis=1)
    best = np.take_along_axis(r, unit[:, None], axis=1)[:, 0]
    chance = np.array([np.abs(correlation(weights, one)).max(axis=1) for one in shuffled])
    return unit, best, (1 + np.count_nonzero(chance >= np.abs(best) - 1e-12, axis=0)) / (resamples + 1)


def match(a, b):
    """How alike two nets are, by the weights `(..., units, names)` that lead to their units: one number a pair.

    The mean |r| between paired units, for the pairing with the largest: units have no names, and one that is on where
    another is off says the same.
    """
    r = np.abs(standard(a) @ standard(b).swapaxes(-1, -2))
    pairs = [one[linear_sum_assignment(one, maximize=True)].mean() for one in r.reshape(-1, *r.shape[-2:])]
    return np.reshape(pairs, r.shape[:-2])


def in_order(weights, model):
    """The units `(units, names)` of a net, paired with a model's and in their order, white where those are white; and
    |r| of each pair, `(units,)`."""
    r = standard(model) @ standard(weights).T
    units, order = linear_sum_assignment(np.abs(r), maximize=True)
    r = r[units, order]
    return weights[order] * np.sign(r)[:, None], np.abs(r)


def standard(weights):
    """Each unit's weights with mean 0 and length 1: their products are r."""
    weights = weights - weights.mean(axis=-1, keepdims=True)
    return weights / np.linalg.norm(weights, axis=-1, keepdims=True)


def explained(weights, feature):
    """r² of each unit's weights `(runs, 6, names)` with a feature, the largest first: `(runs, 6)`."""
    return -np.sort(-(correlation(weights, feature) ** 2), axis=1)


def in_between(weights, unit):
    """Whether the middle generation's mean weight to that unit lies between the other two's: `(runs,)`."""
    own = weights[np.arange(len(weights)), unit]
    old, middle, young = (own[:, FEATURES["generation"] == k].mean(axis=1) for k in (1, 0, -1))
    return (old - middle) * (middle - young) > 0


def nearer(codes):
    """How many of the other tree's 12 are nearer to a person than the counterpart is: `(runs, people)`.

    By the distance of what `(runs, units, people)` has for them, weights or states. By chance it is 0 for one in 12.
    """
    codes = codes.swapaxes(1, 2)
    apart = np.linalg.norm(codes[:, :, None] - codes[:, None], axis=-1)  # (runs, people, people)
    other = np.arange(24)[:, None] // 12 != np.arange(24) // 12
    return np.count_nonzero(other & (apart < apart[:, range(24), TWINS][..., None]), axis=2)


def several(codes, threshold=0.5):
    """Whether the codes `(runs, units, names)` are distributed: `(runs,)`.

    Most names have at least two units on, and every unit is on for at least two names.
    """
    on = codes > threshold
    return (np.mean(on.sum(axis=1) >= 2, axis=1) > 0.5) & (on.sum(axis=2) >= 2).all(axis=1)


def needed(w, group):
    """Which units the answers about a name need: bool, `(runs, units, names)`.

    A unit stays at its mean over the names; is any question with that name, right before, answered wrongly now?
    """
    net, task = bp.family_network(), bp.family_trees()
    layer, names = f"{group} code", GROUPS[group]
    of = np.array([names.index(question[group == "relationship"]) for question in questions()])
    first = [list(of).index(k) for k in range(len(names))]  # a case of each name
    means = net.forward(w, task.inputs)[layer][:, :, first].mean(axis=2)  # (runs, units)
    before, found = bp.right(net, w, task), []
    link = next(name for name in net.shapes if name.endswith(f"->{layer}"))
    for unit in range(means.shape[1]):
        parts = net.matrices(held := np.array(w))
        parts[link][:, unit] = 0
        parts[layer][:, unit] = np.log(means[:, unit] / (1 - means[:, unit]))
        lost = before & ~bp.right(net, held, task)
        found.append(np.stack([lost[:, of == k].any(axis=1) for k in range(len(names))], axis=1))
    return np.stack(found, axis=1)


def readability(weights):
    """The largest |r| of each unit `(runs, 6, people)` with one of the caption's features, averaged over units."""
    r = np.abs(np.stack([correlation(weights, FEATURES[name]) for name in CAPTION]))
    return r.max(axis=0).mean(axis=1)


def shared(weights):
    """How many of the caption's features explain more than half the variance of two units or more: `(runs,)`."""
    return np.sum([explained(weights, FEATURES[name])[:, 1] > 0.5 for name in CAPTION], axis=0)
