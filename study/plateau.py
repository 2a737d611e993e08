"""The plateau on which the family-tree net starts: the law of its length, with decay and without, and its pictures.

A signal on the plateau passes N matrices of size a, and the gradient at each of them goes with the product of the
others: da/dt = k a^(N - 1) - d a, with the share d that decay takes in a sweep. Then b = a^-(N - 2) obeys a linear
equation, db/dt = -(N - 2) (k - d b), and the plateau ends where b = 0.
"""

import matplotlib.pyplot as plt
import numpy as np

from . import draw
from .statistics import share


def sweeps_with_decay(T0, decay, depth=4):
    """T = -ln(1 - (N - 2) d T0) / ((N - 2) d), or infinite from (N - 2) d T0 = 1 on; T0 is the length without decay."""
    rate = (depth - 2) * np.asarray(decay, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(rate * T0 < 1, -np.log1p(-np.minimum(rate * T0, 1)) / rate, np.inf)


def offset_and_constant(limits, times, depth):
    """The T_b and c of T = T_b + c / limit^(N - 2), by least squares of the relative deviations."""
    limits, times = np.asarray(limits, float), np.asarray(times, float)
    columns = np.column_stack([np.ones_like(limits), limits ** (2.0 - depth)])
    return np.linalg.lstsq(columns / times[:, None], np.ones_like(times), rcond=None)[0]


def pure_power(limits, times, depth):
    """The c of T = c / limit^(N - 2), likewise."""
    column = np.asarray(limits, float) ** (2.0 - depth) / np.asarray(times, float)
    return column.sum() / (column**2).sum()


def half_leave(x, left):
    """Where half of the runs leave, by a logistic regression of whether a run left on ln x."""
    x, left = np.log(np.asarray(x, float)), np.asarray(left, bool)

    def loss(at, scale):
        return np.logaddexp(0, np.where(left, 1, -1) * (x - at) / scale).sum()

    grid = [(loss(at, scale), at) for at in np.linspace(-0.5, 1.5, 201) for scale in np.geomspace(0.02, 1, 40)]
    return float(np.exp(min(grid)[1]))


def with_and_without(table):
    """Runs with decay beside the same run (ε, range, seed) without: T0, x = 2 d T0, the predicted length."""
    free, decayed = table[table.decay == 0], table[table.decay > 0]
    pairs = decayed.merge(free[["depth", "epsilon", "limit", "seed", "left"]].rename(columns={"left": "T0"}))
    return pairs.assign(x=2 * pairs.decay * pairs["T0"], predicted=sweeps_with_decay(pairs["T0"], pairs.decay))


def lengths(T0):
    """T0 by depth and range at one ε: dots, the law with an offset, and the pure power."""
    figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
    for depth, color in zip((2, 3, 4, 5), ("C5", "C2", draw.BLUE, draw.ORANGE), strict=True):
        times = T0[depth][np.isfinite(T0[depth])]
        ax.plot(times.index, times, "o", color=color, label=f"{depth} matrices")
        if depth > 2:
            along = np.geomspace(times.index.min(), times.index.max(), 50)
            offset, constant = offset_and_constant(times.index, times, depth)
            ax.plot(along, offset + constant * along ** (2.0 - depth), color=color, lw=1.2)
            ax.plot(along, pure_power(times.index, times, depth) * along ** (2.0 - depth), color=color, lw=0.8, ls=":")
    ticks = sorted({limit for of in T0.values() for limit in of.index})
    ax.set(xscale="log", yscale="log", xlabel="range of the initial weights (± a)", ylabel="sweeps on the plateau")
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.xaxis.minorticks_off()
    named = "lines: $T_b + c\\,/\\,a^{N-2}$\ndotted: $c\\,/\\,a^{N-2}$"
    figure.legend(title=named, fontsize=9, title_fontsize=9, loc="outside right center")
    alt = (
        "Sweeps on the plateau against the range of the initial weights, on log axes, for two to five matrices. Solid "
        "lines, the law with an offset, pass through all points; dotted lines, the pure power, are too steep."
    )
    return figure, alt


def measured_and_predicted(pairs):
    """Left, each run that leaves: its length with decay against the prediction; right, the share that leaves."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    both = pairs[np.isfinite(pairs.predicted) & np.isfinite(pairs.left)]
    ends = (30, 2500)
    left.plot(ends, ends, color=draw.INK, lw=1)
    edges = np.geomspace(0.25, 4, 9)
    for number, (epsilon, of) in enumerate(pairs.groupby("epsilon")):
        some = both[both.epsilon == epsilon]
        left.plot(some.predicted, some.left, "o", ms=3, alpha=0.5, color=f"C{number}", label=f"ε = {epsilon:g}")
        for k, part in of.groupby(np.digitize(of.x, edges)):
            if 0 < k < len(edges) and len(part) > 4:
                found, at = share(np.isfinite(part.left)), np.sqrt(edges[k - 1] * edges[k]) * 1.03 ** (number - 1.5)
                error = [[found.value - found.low], [found.high - found.value]]
                right.errorbar(at, found.value, error, fmt="o", ms=4, lw=1, color=f"C{number}")
    left.set(xscale="log", yscale="log", xlim=ends, ylim=ends, xlabel="predicted sweeps", ylabel="measured sweeps")
    left.legend()
    right.axvline(1, color=draw.INK, lw=1)
    right.set(xscale="log", xlabel="2 d T₀ of the run", ylabel="share of runs that leave the plateau")
    right.set_xticks([0.25, 0.5, 1, 2, 4], ["0.25", "0.5", "1", "2", "4"])
    right.minorticks_off()
    alt = (
        "Left, measured against predicted lengths of the plateau with decay: most points lie a little below the "
        "diagonal. Right, the share of runs that leave against 2 d T₀: all below 1, and next to none far above 2."
    )
    return figure, alt


def deviations(pairs):
    """Measured over predicted lengths of the runs that leave and should: median, 5% and 95% quantile."""
    both = pairs[np.isfinite(pairs.predicted) & np.isfinite(pairs.left)]
    return (both.left / both.predicted).quantile([0.5, 0.05, 0.95]).tolist()
