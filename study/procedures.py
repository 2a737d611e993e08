"""What the search for a training procedure of the family trees found: tables and pictures of notebook 7."""

from math import log2

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd

from bp.families import case_of

from . import draw
from .family_trees import FAMILIES, at_random
from .interpretations import FINALISTS, HINTED, OPEN
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


NO_DEPARTURE = {"0.2%", "none"}  # decay as printed, and a search without it


def texts(labels):
    """What the texts say of a combination: its least supported departure decides."""
    named = set(labels) - NO_DEPARTURE
    if named <= HINTED:
        return "hinted" if named else "printed"
    return "open" if named <= HINTED | OPEN else "contradicted"


def distance(labels):
    """How far a combination is from print: the number of departures, then their size in factors of two (1 for what is
    not a number)."""
    named = [label for label in labels if label not in NO_DEPARTURE]
    return len(named), sum(log2(SIZES.get(label, 2)) for label in named)


def in_words(labels):
    """A combination by its labels, with the kinds of those that do not speak for themselves."""
    plain = {"range": "", "rates": "rates ", "inputs": "inputs ", "biases": "biases ", "connections": "connections "}
    plain |= {"decay": "decay ", "slope": "slope ", "update": "update "}
    found = [plain.get(kind, "") + str(label) for kind, label in labels.items() if label not in NO_DEPARTURE]
    return ", ".join(found) or "as printed"


def table_of(combinations, rows):
    """The rows of a search with each combination in words, its distance from print and what the texts say of it."""
    found = pd.DataFrame(
        {
            "departures": [in_words(one) for one in combinations],
            "labels": [[in_words({kind: label}) for kind, label in one.items()] for one in combinations],
            "number": [distance(one.values())[0] for one in combinations],
            "size": [round(distance(one.values())[1], 1) for one in combinations],
            "texts": [texts(one.values()) for one in combinations],
        }
    )
    return pd.concat([found, rows.drop(columns="seed")], axis=1)


def by_departure(rows, least=0.1):
    """Of each departure: the combinations that have it, and in how many of them most runs learn. The departures that a
    share `least` of these have."""
    learn = rows.learned > rows.runs / 2
    each = rows.assign(learn=learn).explode("labels").groupby("labels").learn
    table = pd.DataFrame({"combinations": each.size(), "most runs learn": each.sum()})
    table["share"] = [f"{part:.0%}" for part in table["most runs learn"] / table["combinations"]]
    often = table["most runs learn"] > least * learn.sum()
    return table[often].sort_values("most runs learn", ascending=False).rename_axis("departure")


def best(rows, most=3):
    """The rows that learn most often: so many of each number of departures and each word of the texts, the nearest to
    print first where they are alike; and where none learns, the one with most questions right."""
    chosen = []
    for _, of in rows[rows.number > 0].groupby(["number", "texts"]):
        order = of.sort_values(["learned", "right", "size"], ascending=[False, False, True])
        learn = order[order.learned > 0].head(most)
        chosen += [*learn.index] if len(learn) else [*order[order.most > 90].head(1).index]
    return rows.loc[chosen].sort_values(["number", "size"])


def finalists(table):
    """What trains, judged on fresh seeds, with ours: a row for each combination, the nearest to print first."""
    rows = []
    for number, of in table.groupby("number"):
        labels = FINALISTS[number]
        learned = of["trained right by half"] == 100
        best = " ".join(f"{of[f'r {name}'].median():.2f}" for name in ("nationality", "generation", "branch"))
        count, size = distance(labels.values())
        rows.append(
            {
                "departures from print": in_words(labels),
                "number, size": f"{count}, {size:.1f}",
                "the texts": texts(labels.values()),
                "all 100 right": f"{share(learned):.0%}",
                "median right": f"{of['trained right by half'].median():.0f}",
                "held out right, of 4": f"{of['held out right by half'].mean():.1f}",
                "aunts lead": f"{of['aunts lead'].mean():.0%}",
                "r of units": best,
            }
        )
    return pd.DataFrame(rows)


def counted(rows):
    """How many combinations were tried, and in how many some runs, or most, learn: by departures and by the texts."""
    found = rows.assign(some=rows.learned > 0, most=rows.learned > rows.runs / 2, near=rows.most > 90)
    by = found.groupby(["number", "texts"])
    names = {"runs": "combinations", "near": "best run above 90", "some": "some run learns", "most": "most runs learn"}
    table = by.agg(runs=("runs", "size"), near=("near", "sum"), some=("some", "sum"), most=("most", "sum"))
    return table.rename(columns=names).rename_axis(["departures", "the texts"])


# ---------------------------------------------------------------- the two printed numbers

NEGLIGIBLE, ACTIVITIES, READ_TO = 573, (0.713, 0.631), 0.03  # Hinton, p. 12; Fig. 3, read off the scan to ± 0.03
QUANTILES = [0.05, 0.5, 0.95]


def mean_activity(table):
    """The mean state of Colin's two aunts, NaN in runs that held this question out."""
    away = at_random(FAMILIES, 4)(table.seed.tolist()).held_out[:, case_of("Colin", "aunt")]
    return ((table["y Jennifer"] + table["y Margaret"]) / 2).where(~away)


def until_negligible(table):
    """The sweeps after which E is negligible, infinite where it never is."""
    return table["negligible at"].where(table["negligible at"] >= 0, np.inf)


def times_and_activity(table):
    """Of runs that differ by decay and seed: the sweeps to a negligible E without decay, and the aunts' activity with
    it, of those runs whose plateau is behind them."""
    free, decayed = table[table.decay == 0], table[table.decay > 0]
    return until_negligible(free), mean_activity(decayed)[decayed["aunts lead"]].dropna()


def spread(ax, x, quantiles, color):
    """A dot at the median, and a line from the 5% to the 95% quantile."""
    low, middle, high = quantiles
    ax.plot([x, x], [low, high], color=color, lw=1)
    ax.plot(x, middle, "o", color=color, ms=4)


def by_gain(table):
    """Against the gain: who learns, the sweeps to a negligible E without decay, and the aunts' activity with it.

    Brackets have the 5% and 95% quantiles of the runs; the activity is that of runs whose plateau is behind them.
    """
    rows = {}
    for gain, of in table.groupby("gain"):
        times, activity = times_and_activity(of)
        early, middle, late = (
            f"{at:,.0f}" if np.isfinite(at) else "never" for at in times.quantile(QUANTILES, "nearest")
        )
        low, mean, high = activity.quantile(QUANTILES) if len(activity) > 50 else (np.nan,) * 3
        rows[f"{gain:g}"] = {
            "learn, decay 0.2%": f"{share(of.learned[of.decay > 0]):.0%}",
            "learn, no decay": f"{share(of.learned[of.decay == 0]):.0%}",
            "E negligible, no decay": f"{middle} [{early}, {late}]",
            "aunts' activity, decay 0.2%": f"{mean:.2f} [{low:.2f}, {high:.2f}]" if len(activity) > 50 else "",
        }
    return pd.DataFrame(rows).T.rename_axis("gain")


def agreement(table):
    """By gain, whether each printed number lies between the 5% and the 95% quantile, and in how many of the runs whose
    plateau is behind them the aunts are no more active than printed. Gains with up to 50 such runs are left out."""
    rows = {}
    for gain, of in table.groupby("gain"):
        times, activity = times_and_activity(of)
        (early, _, late), (low, _, high) = times.quantile(QUANTILES, "nearest"), activity.quantile(QUANTILES)
        if len(activity) > 50:
            rows[gain] = {
                "573 ordinary": early <= NEGLIGIBLE <= late,
                "0.67 ordinary": low <= np.mean(ACTIVITIES) <= high,
                "aunts at most 0.67": (activity <= np.mean(ACTIVITIES)).sum(),
                "runs": len(activity),
            }
    return pd.DataFrame(rows.values(), rows).rename_axis("gain")


def over_region(table):
    """By ε and range, with units as printed: who learns with decay; the quantiles of the sweeps to a negligible E
    without it, and of the aunts' activity with it; and whether the two printed numbers lie between the outer ones.

    The activity is that of runs in which the aunts lead, if most do.
    """
    rows = []
    for (epsilon, limit), of in table.groupby(["epsilon", "limit"]):
        times, activity = times_and_activity(of)
        decayed = of[of.decay > 0]
        most_lead = decayed["aunts lead"].mean() > 0.5
        levels = activity.quantile(QUANTILES) if most_lead else [np.nan] * 3
        read = np.mean(ACTIVITIES)
        rows.append(
            {
                "epsilon": epsilon,
                "limit": limit,
                "learn": decayed.learned.mean(),
                **dict(zip(("early", "sweeps", "late"), times.quantile(QUANTILES, "nearest"), strict=True)),
                **dict(zip(("low", "activity", "high"), levels, strict=True)),
            }
        )
    found = pd.DataFrame(rows).set_index(["epsilon", "limit"])
    found["fits 573"] = (found.early <= NEGLIGIBLE) & (found.late >= NEGLIGIBLE)
    found["fits Fig. 3"] = (found.low <= read + READ_TO) & (found.high >= read - READ_TO)
    return found


def region_map(found):
    """Three maps over ε and the range: who learns, the sweeps without decay, the activity with it. Frames: it fits."""
    figure, axes = plt.subplots(1, 3, figsize=(11, 4), layout="constrained")
    maps = (
        ("learn", "share that learns, decay 0.2%", 0, 1, None, "{:.0%}"),
        ("sweeps", "sweeps until E is negligible, no decay", 0, 1500, "fits 573", "{:,.0f}"),
        ("activity", "activity of Colin's aunts, decay 0.2%", 0.5, 0.8, "fits Fig. 3", "{:.2f}"),
    )
    for ax, (name, title, low, high, fits, form) in zip(axes, maps, strict=True):
        values, framed = (found[column].unstack("epsilon") for column in (name, fits or name))
        shown = values.where(np.isfinite(values))
        ax.imshow(shown, cmap="Blues", vmin=low, vmax=high * 1.4 - low * 0.4, aspect="auto", origin="lower")
        for row, column in np.ndindex(values.shape):
            value = values.iloc[row, column]
            text = form.format(value) if np.isfinite(value) else "never" if name == "sweeps" else ""
            ax.text(column, row, text, ha="center", va="center", fontsize=8)
            if fits and framed.iloc[row, column]:
                box = plt.Rectangle((column - 0.46, row - 0.46), 0.92, 0.92, fill=False, ec=draw.ORANGE, lw=1.5)
                ax.add_patch(box)
        ax.set_xticks(range(values.shape[1]), [f"{x:g}" for x in values.columns])
        ax.set_yticks(range(values.shape[0]), [f"±{x:g}" for x in values.index])
        ax.set(title=title, xlabel="ε")
    axes[0].set_ylabel("initial weights")
    alt = (
        "Three maps over ε and the range of the initial weights: the share of runs that learns with decay, the sweeps "
        "until E is negligible without decay, and the activity of the aunts with decay. Frames mark the cells that "
        "agree with a printed number."
    )
    return figure, alt


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
            times = until_negligible(of)
            spread(axes[1], gain, times.quantile(QUANTILES, "nearest").clip(upper=1600), color)
        elif of["aunts lead"].mean() > 0.5:
            spread(axes[2], gain, mean_activity(of)[of["aunts lead"]].quantile(QUANTILES), color)
    for name, color in names.values():
        axes[0].plot([], [], "o", color=color, label=name)
    axes[0].legend()
    axes[0].set(ylabel="share of runs that learn", ylim=(-0.03, 1.03))
    axes[1].axhline(NEGLIGIBLE, color=draw.INK, lw=1)
    axes[1].set(ylabel="sweeps until E is negligible", ylim=(0, 1500))
    axes[2].axhspan(np.mean(ACTIVITIES) - READ_TO, np.mean(ACTIVITIES) + READ_TO, color=draw.GREY, alpha=0.4)
    axes[2].set(ylabel="activity of Colin's aunts")
    for ax in axes:
        ax.set(xlabel="gain", xlim=(0.7, 5.3))
    alt = (
        "Three panels over the gain. The share of runs that learn rises from none at 1 to most near 3, and falls again "
        "with decay. Sweeps fall, and meet the line of 573. The activity of the aunts rises above the printed band."
    )
    return figure, alt
