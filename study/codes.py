"""What the units of a family-tree net encode (Fig. 4), and how alike two nets are."""

import numpy as np
from scipy.optimize import linear_sum_assignment

FEATURES = {  # what there is to know of PEOPLE, and of RELATIONSHIPS; NaN: both or neither
    "nationality": np.repeat([1.0, -1.0], 12),  # English, Italian
    "generation": np.tile([1.0, 1, 0, 0, 0, -1], 4),  # grandparents, parents, children
    "branch": np.tile([1.0, -1, 1, -1, -1, np.nan, 1, -1, 1, -1, 1, np.nan], 2),  # Christopher's, Andrew's
    "sex": np.tile(np.repeat([1.0, -1.0], 6), 2),  # men, women
    "sex of person 2": np.tile([1.0, -1.0], 6),  # husband, wife, ...
}


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
    of all the units: by places in the tree, twins together, if the feature is the same for them, for twins are no
    independent evidence.
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
