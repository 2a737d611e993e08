"""What notebook 2 shows of the family trees: other ways to answer a held-out question, and its pictures, each with
its words."""

from itertools import chain, combinations

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import scipy  # its stats at first use: see statistics.py

from bp.families import ENGLISH, ITALIAN, PEOPLE, RELATIONSHIPS, TREES, questions

from . import draw
from .statistics import quantile, share

ASKED = questions()
ASKED_OF = [(PEOPLE.index(person), RELATIONSHIPS.index(relationship)) for person, relationship in ASKED]
ANSWERS = np.full((24, 12), -1)  # the number of the right answer, of those that some question has; -1: nothing is asked
ANSWERS[tuple(np.transpose(ASKED_OF))] = [sorted(set(ASKED.values())).index(answers) for answers in ASKED.values()]
SWEEPS = "sweeps (one update of all weights each)"


def same_answer():
    """Which questions, `(104,)`, have the answer that the same question has when it is asked of somebody else."""
    asked = [(relationship, answers) for (_, relationship), answers in ASKED.items()]
    return np.array([asked.count(one) > 1 for one in asked])


def nearest_neighbour(held_out):
    """The chance of a right answer to each of the questions held out, by number, from the most similar person.

    It is the person who is taught an answer to the same relationship, and who shares the most answers with the one
    that the question is about, by relationships taught of both. Of several, one is drawn; if there is none, no answer.
    """
    taught, chances = ANSWERS.copy(), []
    taught[tuple(np.transpose([ASKED_OF[case] for case in held_out]))] = -1
    for case in held_out:
        person, relationship = ASKED_OF[case]
        shared = np.count_nonzero((taught == taught[person]) & (taught >= 0), axis=1)
        others = np.flatnonzero(taught[:, relationship] >= 0)
        nearest = others[shared[others] == shared[others].max(initial=0)]
        right = taught[nearest, relationship] == ANSWERS[person, relationship]
        chances.append(right.sum() / max(1, right.size))
    return np.array(chances)


def answers_in_the_other_tree(person, relationship):
    """Who of the other tree is ever the answer to this relationship, as a set of names."""
    tree = ITALIAN if person in ENGLISH else ENGLISH
    of_tree = (answers for (one, has), answers in ASKED.items() if has == relationship and one in tree)
    return set(chain.from_iterable(of_tree))


def guesses():
    """The chance of each question, `(104,)`, if as many are guessed as there are answers: of the six who are of the
    right tree and sex."""
    return np.array([1 / 6 if len(answers) == 1 else 1 / 15 for answers in ASKED.values()])


def four_and_three(right):
    """The share of pairs of runs of which one has four answers right and the other three or four; `right` `(runs,)`."""
    return np.mean([min(pair) >= 3 and max(pair) == 4 for pair in combinations(right, 2)])


def independent(right):
    """The same for two runs that have nothing in common."""
    three, four = np.mean(np.equal(right, 3)), np.mean(np.equal(right, 4))
    return four**2 + 2 * three * four


def when(solved_at, by, horizon=1500):
    """How soon runs came somewhere, as a row of a table; `solved_at` `(runs,)`, -1: not within the horizon."""
    took = np.where(np.asarray(solved_at) < 0, np.inf, solved_at)

    def sweeps(number):
        return f"{number:,.0f}" if number < np.inf else f"> {horizon:,}"

    median = [sweeps(number) for number in quantile(took, 0.5)]
    ends = [sweeps(number) for number in np.quantile(took, [0.05, 0.95], method="inverted_cdf")]
    return {
        f"within {horizon:,} sweeps": f"{share(np.isfinite(took)):.1%}",
        "median": median[0] if len(set(median)) == 1 else f"{median[0]} [{median[1]}, {median[2]}]",
        "nine runs in ten": ends[0] if len(set(ends)) == 1 else f"{ends[0]} to {ends[1]}",
        f"by {by}": f"{share(took <= by):.1%}",
    }


def mean(values):
    """The mean of `values`, `(runs,)`, and its 95% bootstrap interval: value, low, high."""
    found = scipy.stats.bootstrap((np.asarray(values, float),), np.mean, rng=0, n_resamples=999, method="percentile")
    return np.mean(values), *found.confidence_interval


def said(values, digits=2):
    """The mean of `values` with its interval, as text."""
    value, low, high = (draw.number(x, digits) for x in mean(values))
    return f"{value} [{low}, {high}]"


# ---------------------------------------------------------------- pictures


def trees():
    """Fig. 2."""
    figure, axes = plt.subplots(2, 1, figsize=(9, 5))
    for ax, people, marriages in zip(axes, (ENGLISH, ITALIAN), TREES.values(), strict=True):
        draw.family_tree(ax, people, marriages)
    alt = (
        "Two family trees of the same shape, the English above the Italian: two couples, each with a son and a "
        "daughter; all four are married, a daughter of one couple to the son of the other, and these two have a son "
        "and a daughter."
    )
    return figure, alt


def network(net):
    """The five layers."""
    figure, ax = plt.subplots(figsize=(9, 4))
    draw.layered_net(ax, net, {"person 2": "the answer"})
    alt = (
        "Rows of circles, joined by bands with the number of weights. From the bottom: person 1 and the relationship, "
        "side by side; a smaller code above each; a central layer, where the two meet; a narrower one; on top the "
        "answer."
    )
    return figure, alt


def learning(fits):
    """E against sweeps: (name, color) -> a fit whose E is recorded, a line for each run."""
    figure, ax = plt.subplots(figsize=(8, 4.2), layout="constrained")
    for (name, color), fit in fits.items():
        for run, E in enumerate(fit.error.T):
            ax.plot(fit.recorded_at + 1, E, color=color, lw=0.8, label=None if run else name)
    ax.axvline(1500, color=draw.GREY, lw=1, ls="--")
    ax.annotate("1,500 sweeps", (1500, 60), (-4, -2), textcoords="offset points", ha="right", va="top", fontsize=8)
    ax.set(xscale="log", yscale="log", xlabel=SWEEPS, ylabel="total error E", ylim=(0.01, 70), xlim=(1, None))
    ax.set_xticks([1, 21, 101, 1001, 10_001], ["0", "20", "100", "1,000", "10,000"])
    ax.minorticks_off()
    ax.legend(loc="lower left")
    alt = (
        "E against sweeps, on log axes, a line for each run. As printed all lines stay level beyond 1,500 sweeps, with "
        "decay to the very end, without it they fall at last; by our training procedure all fall early, farther "
        "without decay than with it."
    )
    return figure, alt


def sweeps_to(curves, horizon=1500):
    """The share of runs that have come so far, against sweeps: (name, color, dashed) -> sweeps `(runs,)`, -1: never."""
    figure, ax = plt.subplots(figsize=(8, 4), layout="constrained")
    never = []
    for (name, color, dashed), took in curves.items():
        if (np.asarray(took) < 0).all():
            never.append(name)
            continue
        draw.finished(ax, np.asarray(took), horizon, name)
        line, band = ax.lines[-1], ax.collections[-1]
        line.set(color=color, linestyle="--" if dashed else "-")
        band.set(facecolor=color)
    ax.axvline(573, color=draw.GREY, lw=1)
    ax.annotate("573, printed", (573, 1), (-4, 0), textcoords="offset points", ha="right", va="top", fontsize=9)
    ax.set(xlim=(250, horizon), xlabel=SWEEPS, ylabel="share of runs")
    ax.set_xticks([300, 400, 573, 800, 1000, horizon], ["300", "400", "573", "800", "1,000", f"{horizon:,}"])
    ax.minorticks_off()
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1), fontsize=9, title="no decay, unless dashed", alignment="left")
    if never:
        told = "never within 1,500 sweeps:\n" + "\n".join(never)
        ax.annotate(told, (1.03, 0.02), xycoords="axes fraction", va="bottom", fontsize=9)
    alt = (
        "Share of runs against sweeps. The curves without decay rise one after another: E below 1% and all outputs on "
        "the right side first, about the line at 573, then E below 0.1%, then all outputs close; the dashed curve, "
        "with decay, rises later."
    )
    return figure, alt


def held_out_right(scores, columns):
    """How many of four are right, a bar for each: table with `columns`, name -> column; Hinton's two runs marked."""
    figure, ax = plt.subplots(figsize=(6.4, 3.4), layout="constrained")
    for (name, column), color, shift in zip(columns.items(), (draw.BLUE, draw.ORANGE), (-0.2, 0.2), strict=True):
        found = [share(scores[column] == k) for k in range(5)]
        reach = np.abs([[one.value - one.low, one.high - one.value] for one in found]).T
        ax.bar(np.arange(5) + shift, [one.value for one in found], 0.38, yerr=reach, color=color, label=name, capsize=2)
    ax.plot([3, 4], [0.4, 0.4], "v", color=draw.INK, ms=6)
    ax.annotate("Hinton's two runs", (3.5, 0.42), ha="center", va="bottom", fontsize=9)
    ax.set(xlabel="right, of 4 held out", ylabel="share of runs", ylim=(0, 0.46))
    ax.legend(loc="upper left", fontsize=9)
    alt = (
        "Bars for 0 to 4 right answers of four held out, by two measures: most runs have one to three right. Hinton's "
        "two runs are marked at 3 and 4."
    )
    return figure, alt


def ways_to_answer(ours, others, reports):
    """The share of held-out questions that are right: a curve of ours by their number, and other ways with four.

    `ours` maps the number held out to the shares `(runs,)`, `others` names to a share, `reports` names to a printed
    share, or to the two ends of a range.
    """
    figure, (left, right) = plt.subplots(1, 2, figsize=(10, 3.6), width_ratios=(1, 1.3), layout="constrained")
    middle = np.array([mean(of) for of in ours.values()])
    left.plot(list(ours), middle[:, 0], "o-", color=draw.BLUE, label="right, by Hinton's criterion")
    left.fill_between(list(ours), middle[:, 1], middle[:, 2], color=draw.BLUE, alpha=0.25, lw=0)
    left.set(xlabel="held out, of 104", ylabel="share of them right", xticks=list(ours), ylim=(0, 1))
    left.legend(loc="upper right", fontsize=9)
    for y, (name, value) in enumerate((others | reports).items()):
        low, high = np.broadcast_to(value, 2)
        color = draw.INK if name in reports else draw.BLUE
        right.barh(y, low, 0.6, color=color)
        right.barh(y, high - low, 0.6, low, color=color, alpha=0.35)
        text = f"{low:.0%}" if low == high else f"{low:.0%} to {high:.0%}"
        right.annotate(text, (high, y), (4, 0), textcoords="offset points", va="center", fontsize=9)
    right.set_yticks(range(y + 1), [*others, *reports], fontsize=9)
    right.set(xlabel="share right, 4 held out (black: printed)", xlim=(0, 1.15))
    right.invert_yaxis()
    alt = (
        "Left, the share of held-out questions that are right falls the more are held out. Right, bars for several "
        "ways to answer, four held out: guessing lowest, the net and the nearest neighbour about one half, printed "
        "scores above."
    )
    return figure, alt


def by_question(shares):
    """The share of runs that have each question right, `(104,)`, by person and relationship."""
    figure, ax = plt.subplots(figsize=(10, 3.6), layout="constrained")
    table = pd.Series(shares, index=pd.MultiIndex.from_tuples(ASKED)).unstack()
    shown = ax.imshow(table.loc[list(PEOPLE), list(RELATIONSHIPS)].T, cmap="cividis", vmin=0, vmax=1, aspect="auto")
    ax.set_xticks(range(24), PEOPLE, rotation=90, fontsize=8)
    ax.set_yticks(range(12), RELATIONSHIPS, fontsize=8)
    ax.axvline(11.5, color=draw.INK, lw=1)
    figure.colorbar(shown, label="share of runs that have it right", pad=0.01)
    alt = (
        "Colored grid, relationships by people, blank where nothing can be asked. Spouses and siblings are dark, "
        "seldom right; uncles, aunts, nephews and nieces are bright, mostly right; the Italian half resembles the "
        "English one."
    )
    return figure, alt


def second_tree(scores):
    """The mean of the held-out English questions that are right in each arm: arm -> name -> `(runs,)`, of four."""
    figure, ax = plt.subplots(figsize=(8, 3.2), layout="constrained")
    colors = (draw.BLUE, draw.ORANGE, draw.GREEN)
    for y, of_arm in enumerate(scores.values()):
        for shift, color, (name, right) in zip((-0.2, 0, 0.2), colors, of_arm.items(), strict=False):
            value, low, high = mean(right)
            ax.errorbar(value, y + shift, xerr=[[value - low], [high - value]], fmt="o", color=color, capsize=3, ms=5)
            ax.plot([], [], "o", color=color, label=None if y else name)
    ax.set_yticks(range(len(scores)), list(scores))
    ax.set(xlabel="held-out English questions right, of 4", xlim=(0, 2.5), ylim=(len(scores) - 0.5, -0.5))
    ax.legend(loc="upper left", fontsize=9)
    alt = (
        "Five arms, one below the other, with the mean number of held-out English questions right, of four, and its "
        "interval: English tree alone, both trees, and both without the counterparts lie apart from the two arms with "
        "an Italian tree that does not match."
    )
    return figure, alt
