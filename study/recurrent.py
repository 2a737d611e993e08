"""The pictures of the notebooks on Fig. 5 and its successors, each with its words; how numbers are printed."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from bp.tasks import STRINGS

from . import draw
from .files import data
from .sequences import PRINTED_SPLIT, due
from .surveys import check_rows


def below(x, bound):
    """ "below 1e-12", or the number itself where it is not: rounding errors differ from one machine to the next."""
    return f"below {bound:.0e}" if x < bound else f"{x:.0e}"


def trained_again(name, runs, seeds):
    """Train some rows of a stored survey anew, and have them compared; says what was done."""
    if "file" not in runs.attrs:
        return "all runs were trained here"
    again = check_rows(data("surveys") / f"{name}.csv", seeds)
    return f"seeds {', '.join(map(str, again.seed[: len(seeds)]))} were trained again and agree with the stored rows"


def figure_5(steps):
    """Fig. 5, with any number of time steps."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(9, 4.6), width_ratios=(1, 1.5))
    draw.iterative_chain(left)
    draw.layered_chain(right, steps, mark=True)
    left.set_title("iterative net")
    right.set_title(f"layered net, {steps} iterations", x=2 / 3)  # above its units
    alt = (
        f"Left, three circles in a chain, with arrows both ways between neighbours. Right, {steps + 1} rows of three "
        "circles, the same four arrows leading from each row to the next one above; a box points to all copies of one "
        "weight."
    )
    return figure, alt


def pass_frame(ax, k, y, dE_dy):
    """Picture k of the two passes: states up to time step k, then derivatives back; each `(steps + 1, 3)`."""
    ax.clear()
    steps = len(y) - 1
    t, back = np.arange(steps + 1)[:, None], k - steps - 1
    slopes = np.where(t >= steps - back, dE_dy, 0) if back >= 0 else np.zeros_like(y)
    draw.layered_chain(ax, steps, np.where(t <= k, y, np.nan), slopes, names=False, largest=np.abs(dE_dy).max())
    ax.set_title("forward: the states" if back < 0 else "backward: the derivatives", fontsize=10)


def two_passes(y, dE_dy):
    """Both passes at their ends, with their numbers."""
    figure, axes = plt.subplots(1, 2, figsize=(9, 4.4), layout="constrained")
    steps = len(y) - 1
    for ax, k, numbers, digits in zip(axes, (steps, 2 * steps + 1), (y, dE_dy), (2, 3), strict=True):
        pass_frame(ax, k, y, dE_dy)
        for (at, unit), x in np.ndenumerate(numbers):
            ax.text(unit + 0.2, at, draw.number(x, digits), ha="left", va="center", fontsize=9)
        ax.set_xlim(-0.5, 2.8)
    axes[0].set_xlabel("shade: the state, from white (0) to blue (1)")
    axes[1].set_xlabel("ring: ∂E/∂y, orange line if positive, green dashes if negative")
    alt = (
        f"The layers of the chain, twice, over {steps} time steps. Left, all units are shaded by their states; right, "
        "rings are added for the derivatives, lines in orange for positive and dashes in green for negative ones."
    )
    return figure, alt


def vanishing(shrinking):
    """Range of the weights -> median |∂E/∂y| of each time step, against the steps that it has come back."""
    figure, ax = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
    for limit, size in shrinking.items():
        back = np.arange(len(size))
        ax.semilogy(back, size[::-1])
        ax.annotate(f"weights ±{limit:g}", (back[-1], size[0]), (5, 0), textcoords="offset points", va="center")
    ax.set(
        xlabel="time steps back from the target",
        ylabel="largest |∂E/∂y|, median of nets",
        xlim=(0, back[-1] * 1.25),
        xticks=range(0, len(back), 5),
    )
    alt = (
        "Three falling lines on a logarithmic axis, for small, medium and large random weights: the largest derivative "
        "of a time step against how many steps lie between it and the target."
    )
    return figure, alt


def learning(fit):
    """E of some runs of the sequence net against sweeps."""
    figure, ax = plt.subplots(figsize=(6.4, 2.8), layout="constrained")
    draw.learning_curve(ax, fit.recorded_at, fit.error)
    ax.axvline(260, color=draw.GREY, lw=1, ls="--")
    ax.annotate(
        "PDP: 260", (260, 0.95), (4, 0), xycoords=("data", "axes fraction"), textcoords="offset points", va="top"
    )
    alt = (
        f"Learning curves of {fit.error.shape[1]} runs of the sequence net: the error falls steadily, and is close to "
        "zero from 350 sweeps on in every run."
    )
    return figure, alt


def table_11(ours, seed):
    """PDP's Table 11 as shades, and below it ours: outputs `(units, times, strings)` of the five held-out strings."""
    printed = pd.read_csv(data("pdp8_table11.csv")).set_index(["letters", "output_unit"])
    figure, axes = plt.subplots(2, 5, figsize=(11, 3.6), layout="constrained")
    for (above, below_it), string in zip(axes.T, PRINTED_SPLIT.split(), strict=True):
        digits, where = due(string)
        title = f"{string} → {''.join(map(str, digits))}"
        draw.activity(above, printed.loc[string, "time1":"time6"].to_numpy(), title, where)
        image = draw.activity(below_it, ours[:, :, STRINGS.index(string)], targets=where)
    axes[0, 0].set_ylabel("PDP\noutput unit")
    axes[1, 0].set_ylabel(f"ours, seed {seed}\noutput unit")
    figure.supxlabel("time step; a dot marks the unit that should be on", fontsize=10)
    figure.colorbar(image, ax=axes, label="output", ticks=[0, 0.5, 1])
    alt = (
        "Grids of shades, output units by time, a pair for each held-out string, printed above ours. From time 3 on "
        "one square of each column is marked, that of the digit that is due, and it is mostly the dark one."
    )
    return figure, alt


def letters_over_time(first, second):
    """Shares of the hidden units' variance that each letter explains, `(runs, units, times)`, as two lines."""
    figure, ax = plt.subplots(figsize=(6.4, 3), layout="constrained")
    times = np.arange(1, first.shape[2] + 1)
    for name, told in (("first letter", first), ("second letter", second)):
        mean = told.mean(axis=1)  # (runs, times)
        (line,) = ax.plot(times[1:], mean.mean(axis=0)[1:], "o-")
        ax.fill_between(times[1:], mean.min(axis=0)[1:], mean.max(axis=0)[1:], color=line.get_color(), alpha=0.2, lw=0)
        ax.annotate(name, (times[-1], mean[:, -1].mean()), (8, 0), textcoords="offset points", va="center")
    ax.set(xlabel="time step", ylabel="share of variance", xticks=times[1:], xlim=(1.9, 6), ylim=(0, 1.02))
    alt = (
        "Two lines over time steps 2 to 5: the share of the hidden units' variance that the first letter explains "
        "falls from one, and the share that the second letter explains rises from zero and overtakes it at step 3."
    )
    return figure, alt


def restored(names, new, states, times, cases):
    """Corrupted letters and what one net makes of them: a row for each case, a column for each time step."""
    figure, axes = plt.subplots(len(names), len(times), figsize=(7, 6.2), layout="constrained")
    for row, name, case in zip(axes, names, cases, strict=True):
        for ax, t in zip(row, times, strict=True):
            y = states[f"visible {t}"][0, :, case] if t else new[:, case]
            image = ax.imshow(y.reshape(5, 5), cmap="Blues", vmin=0, vmax=1)
            ax.set(xticks=[], yticks=[])
            ax.set_title(f"step {t}" if name == names[0] else "", fontsize=9)
        row[0].set_ylabel(name, rotation=0, labelpad=12, va="center", fontsize=12)
    key = figure.colorbar(image, ax=axes, ticks=[0, 0.5, 1], shrink=0.5)
    key.ax.set_yticklabels(["off", "unknown", "on"])
    alt = (
        f"Rows of pictures of 5 × 5 points, for the letters {', '.join(names)}, time steps from left to right. At step "
        "0 many points have the shade of unknown ones; after a few steps each letter is complete."
    )
    return figure, alt
