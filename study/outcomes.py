"""What became of the runs of the surveys `minima_*` and `activations`, and how it is drawn (notebook 9)."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from . import draw
from .minima import ACTIVATIONS, WIDTHS

OUTCOMES = {  # and how they are drawn
    "solved": "#cfe3f3",
    "slow": "#86b7dd",  # solved by small steps
    "plateau": draw.BLUE,  # solved by Newton's method
    "saturated": draw.GREY,  # the same answer to all inputs
    "stuck": draw.ORANGE,  # in a poor local minimum
    "unclear": "#f3c79b",
}
POOR = ("stuck", "unclear")  # what counts as a poor local minimum


def outcome(table):
    """What became of each run: one of `OUTCOMES`, `(runs,)`.

    Of the runs that neither small steps nor Newton's method bring to a solution, those are saturated that give the same
    answer to all inputs: no output unit differs by more than 0.1 between two of them. (E alone does not tell: on
    symmetry a net with seven patterns wrong by ½ each has the E of the best such answer.) Stuck are those for which
    Newton's method comes to rest, with no slope above 1e-4 and no curvature below -1e-4, at an E at most 5% lower.
    """
    rest = (table["slope"] < 1e-4) & (table["curvature"] > -1e-4) & ~table.diverged
    near = table["E at rest"] >= 0.95 * table["E later"]
    same = table["answers apart"] <= 0.1
    found = [table.solved_at >= 0, table["solved by"] == 1, table["solved by"] == 2, same, rest & near]
    return np.select(found, list(OUTCOMES)[:5], "unclear")


def net(hidden, skips):
    """A net in words."""
    return f"{hidden}, skips" if skips else f"{hidden}"


def problem(task, low):
    """A task in words, with its targets if it has two pairs of them."""
    return f"{task}, targets {low:g} / {1 - low:g}" if task == "symmetry" else task


def shares(table):
    """The share of each outcome, by task, targets, net and ε."""
    place = [table[name] for name in ("task", "low", "hidden", "skips", "epsilon")]
    return pd.get_dummies(table.outcome).reindex(columns=list(OUTCOMES), fill_value=False).groupby(place).mean()


def _panels(found):
    """A figure, and of each task and pair of targets: (its axes, its key, its nets)."""
    keys = [(task, low) for task in WIDTHS for low in found.loc[task].index.unique("low")]
    figure, axes = plt.subplots(2, -(-len(keys) // 2), figsize=(13, 6.4), sharey=True, layout="constrained")
    for ax in axes.flat[len(keys) :]:
        ax.axis("off")
    for ax, key in zip(axes.flat, keys, strict=False):
        ax.set_title(problem(*key))
    return figure, [(ax, key, WIDTHS[key[0]]) for ax, key in zip(axes.flat, keys, strict=False)]


def ends(found):
    """Stacked columns, one for each ε, in a group for each net: what became of its runs."""
    figure, panels = _panels(found)
    for ax, key, nets in panels:
        width = 2 + len(found.loc[(*key, *nets[0])])
        for group, one in enumerate(nets):
            of, bottom = found.loc[(*key, *one)], 0
            for name, color in OUTCOMES.items():
                at = group * width + np.arange(len(of))
                ax.bar(at, of[name], 0.92, bottom, color=color, label=name if group == 0 else None)
                bottom = bottom + of[name].to_numpy()
        names = [net(*one) + ("\njust enough" if one == nets[0] else "") for one in nets]
        ax.set_xticks((width - 3) / 2 + width * np.arange(len(nets)), names)
        ax.add_patch(plt.Rectangle((-0.9, 0), width - 1.2, 1, fill=False, edgecolor=draw.INK, lw=1.6, clip_on=False))
        ax.set(xlim=(-1.5, width * len(nets) - 1.5), ylim=(0, 1), xlabel="hidden units; columns: ε from 0.005 to 0.5")
    for ax, *_ in panels[:: -(-len(panels) // 2)]:
        ax.set_ylabel("share of runs")
    figure.legend(*panels[0][0].get_legend_handles_labels(), loc="outside upper center", ncols=len(OUTCOMES))
    return figure, (
        "A panel for each task and its targets. Columns for seven learning rates stand in a group for each "
        "net, the net of just enough connections in a frame. Colours: how many runs are solved, slow, or stuck."
    )


def sweeps(table):
    """Median sweeps to solution against ε, a line for each net; on top, a rail for medians that are never reached."""
    figure, panels = _panels(shares(table))
    for ax, (task, low), nets in panels:
        for number, (hidden, skips) in enumerate(nets):
            chosen = (table.task == task) & (table.low == low) & (table.hidden == hidden) & (table.skips == skips)
            line(ax, medians(table[chosen]), net(hidden, skips), number, number == 0, "--" if skips else "-")
        rail(ax)
        ax.legend(title="hidden units", loc="lower left", ncols=3, handlelength=1.5, columnspacing=1)
    for ax, *_ in panels[:: -(-len(panels) // 2)]:
        ax.set_ylabel("median sweeps")
    return figure, (
        "A panel for each task and its targets: median sweeps to solution against the learning rate, a line "
        "for each net, that of just enough connections black. Medians on the rail at the top are infinite."
    )


def medians(runs):
    """Median sweeps to solution by ε; infinite where half of the runs or more never get there."""
    return runs.groupby("epsilon").solved_at.agg(
        lambda at: np.quantile(np.where(at < 0, np.inf, at), 0.5, method="inverted_cdf")
    )


NEVER = 1e6  # where the rail is drawn


def line(ax, values, label, number, first=False, style="-"):
    """Sweeps against ε, the infinite ones on the rail."""
    color = draw.INK if first else plt.cm.viridis(0.15 + 0.17 * number)
    heights = np.minimum(values.to_numpy(float), NEVER)
    ax.plot(values.index, heights, "o" + style, color=color, lw=2.4 if first else 1.3, ms=4, label=label)


def rail(ax):
    """Axes of sweeps against ε, with a rail for what is never reached."""
    ax.axhline(NEVER, color=draw.GREY, lw=1, ls=":", zorder=0)
    ax.set(xscale="log", yscale="log", ylim=(3, 2.5 * NEVER), xlabel="ε")
    ax.set_yticks([10, 100, 1000, 10_000, 100_000, NEVER], ["10", "100", "1,000", "10,000", "100,000", "never"])
    ax.minorticks_off()


def functions(table, hidden):
    """Share solved, and median sweeps, against ε, a line for each function: XOR above, symmetry below."""
    figure, axes = plt.subplots(2, 2, figsize=(12, 7), layout="constrained", sharex="row", sharey="col")
    for (left, right), task in zip(axes, ("XOR", "symmetry"), strict=True):
        of = table[(table.problem == task) & (table.hidden == hidden) & (table.alpha == 0.9)]
        for number, (name, runs) in enumerate(of.groupby("function", sort=False)):
            color = {"logistic": draw.INK, "linear": draw.GREY}.get(name, f"C{number}")
            look = {"ls": ("-", "--", ":")[number % 3], "color": color}
            solved = runs.groupby("epsilon").solved_at.agg(lambda at: np.mean(at >= 0))
            left.plot(solved.index, solved, marker="o", ms=4, label=name, **look)
            right.plot(solved.index, np.minimum(medians(runs), NEVER), marker="o", ms=4, **look)
        rail(right)
        left.set(xlabel="ε", ylabel="share of runs solved", ylim=(-0.04, 1.04), title=f"{task}, {hidden} hidden units")
        right.set(ylabel="median sweeps", title=f"{task}, {hidden} hidden units")
    figure.legend(*axes[0, 0].get_legend_handles_labels(), loc="outside upper center", ncols=len(ACTIVATIONS))
    return figure, (
        "Four panels against the learning rate, a line for each input-output function: left the share of runs that "
        "solve XOR and symmetry, right the median sweeps, infinite ones on a rail."
    )
