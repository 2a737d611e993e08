"""What the search for a training procedure of the family trees found: tables and pictures of notebook 7."""

from math import log2

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from bp.families import case_of

from . import draw
from .family_trees import FAMILIES, at_random
from .interpretations import EPSILONS, HINTED, OPEN
from .statistics import share

SIZES = {  # by which factor the number differs from print, the largest if it differs by layer
    **{
        "no half": 2,
        "mean over cases": 100,
        "4 y (1 - y)": 256,
        "none at the outputs": 6.25,
        "0.2%, in the gradient": 10,
    },
    **{
        "±0.1": 3,
        "±0.5": 5 / 3,
        "±1": 10 / 3,
        "±2": 20 / 3,
        "±2 / √fan-in": 2 / 6**0.5 / 0.3,
        "±1 above the codes": 10 / 3,
    },
    **{
        "24 / fan-in": 4,
        "6 / fan-in": 4,
        "2 logistic - 1": 2,
        "tanh": 4,
        "gain 2": 2,
        "gain 3": 3,
        "gain 4": 4,
        "0 / 3": 3,
    },
}


def texts(labels):
    """What the texts say of a combination: its least supported departure decides."""
    named = set(labels) - {"0.2%"}
    if named <= HINTED:
        return "hinted" if named else "printed"
    return "open" if named <= HINTED | OPEN else "contradicted"


def distance(labels):
    """How far a combination is from print: the number of departures, then their size in factors of two (1 for what is
    not a number)."""
    named = [label for label in labels if label != "0.2%"]
    return len(named), sum(log2(SIZES.get(label, 2)) for label in named)


def in_words(labels):
    """A combination by its labels, with the kinds of those that do not speak for themselves."""
    plain = {"range": "", "rates": "rates ", "inputs": "inputs ", "biases": "biases ", "connections": "connections "}
    plain |= {"decay": "decay ", "slope": "slope ", "update": "update "}
    found = [plain.get(kind, "") + str(label) for kind, label in labels.items() if label != "0.2%"]
    return ", ".join(found) or "as printed"


def table_of(combinations, rows):
    """The rows of a search with each combination in words, its distance from print and what the texts say of it."""
    found = pd.DataFrame(
        {
            "departures": [in_words(one) for one in combinations],
            "number": [distance(one.values())[0] for one in combinations],
            "size": [round(distance(one.values())[1], 1) for one in combinations],
            "texts": [texts(one.values()) for one in combinations],
        }
    )
    return pd.concat([found, rows.drop(columns="seed")], axis=1)


def sensitivity(found):
    """Share of runs that learn, of one departure and an ε: a row each, with decay on the left and without."""
    names = list(dict.fromkeys(found.departures))
    figure, axes = plt.subplots(1, 2, figsize=(10, 0.24 * len(names) + 1), sharey=True, layout="constrained")
    for ax, (decay, of) in zip(axes, found.groupby("decay", sort=False), strict=True):
        grid = of.pivot_table(index="departures", columns="epsilon", values="share").loc[names]
        ax.imshow(grid, cmap="Blues", vmin=0, vmax=1, aspect="auto")
        for (y, x), value in np.ndenumerate(grid.to_numpy()):
            if value:
                ax.text(
                    x, y, f"{value:.0%}", ha="center", va="center", fontsize=7, color="w" if value > 0.6 else draw.INK
                )
        at = EPSILONS.index(0.01)
        ax.add_patch(plt.Rectangle((at - 0.5, -0.5), 1, len(names), fill=False, ec=draw.ORANGE, lw=1.6, clip_on=False))
        ax.set(title=f"decay {decay}" if decay != "none" else "without decay", xlabel="ε")
        ax.set_xticks(range(len(EPSILONS)), [f"{epsilon:g}" for epsilon in EPSILONS])
        ax.set_yticks(range(len(names)), names, fontsize=8)
    alt = (
        "Two shaded tables of percentages, departures by ε, with decay and without. Most of what trains has an ε of "
        "0.05 to 0.2; at the printed ε, which is framed, with decay only few fields are shaded."
    )
    return figure, alt


# ---------------------------------------------------------------- the two printed numbers

NEGLIGIBLE, ACTIVITIES, READ_TO = 573, (0.713, 0.631), 0.03  # Hinton, p. 12; Fig. 3, read off the scan to ± 0.03


def mean_activity(table):
    """The mean state of Colin's two aunts, NaN in runs that held this question out."""
    away = at_random(FAMILIES, 4)(table.seed.tolist()).held_out[:, case_of("Colin", "aunt")]
    return ((table["y Jennifer"] + table["y Margaret"]) / 2).where(~away)


def against_gain(table):
    """Three panels over the gain of the logistic function: who learns, when E is negligible, and Fig. 3's activity."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 3.4), layout="constrained")
    names = {0.002: ("decay 0.2%", draw.BLUE), 0.0: ("without decay", draw.ORANGE)}
    for (decay, gain), of in table.groupby(["decay", "gain"]):
        color = names[decay][1]
        found = share(of.learned)
        error = [[found.value - found.low], [found.high - found.value]]
        axes[0].errorbar(gain, found.value, error, fmt="o", color=color, ms=4)
        if decay == 0:
            times = of["negligible at"].where(of["negligible at"] >= 0, np.inf).quantile([0.05, 0.5, 0.95], "nearest")
            if np.isfinite(times[0.5]):
                axes[1].plot([gain] * 2, times.clip(upper=1500)[[0.05, 0.95]], color=color, lw=1)
                axes[1].plot(gain, times[0.5], "o", color=color, ms=4)
        elif found.value > 0.05:
            low, middle, high = mean_activity(of[of.learned]).quantile([0.05, 0.5, 0.95])
            axes[2].plot([gain] * 2, [low, high], color=color, lw=1)
            axes[2].plot(gain, middle, "o", color=color, ms=4)
    for name, color in names.values():
        axes[0].plot([], [], "o", color=color, label=name)
    axes[0].legend()
    axes[0].set(ylabel="share of runs that learn", ylim=(-0.03, 1.03))
    axes[1].axhline(NEGLIGIBLE, color=draw.INK, lw=1)
    axes[1].set(ylabel="sweeps until E is negligible", ylim=(0, 1550))
    axes[2].axhspan(np.mean(ACTIVITIES) - READ_TO, np.mean(ACTIVITIES) + READ_TO, color=draw.GREY, alpha=0.4)
    axes[2].set(ylabel="activity of Colin's aunts")
    for ax in axes:
        ax.set(xlabel="gain", xlim=(0.7, 5.3))
    alt = (
        "Three panels over the gain. The share of runs that learn rises from none at 1 to most near 3, and falls again "
        "with decay. Sweeps fall, and meet the line of 573. The activity of the aunts rises above the printed band."
    )
    return figure, alt
