"""Every picture: functions that draw on the axes they are given. Notebooks put them together and save them."""

import io
import os
import warnings
from base64 import b64encode
from functools import partial
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from IPython.core.interactiveshell import InteractiveShell
from IPython.display import display
from matplotlib.collections import PolyCollection
from PIL import Image

from bp.files import write_whole

from .files import REPOSITORY
from .statistics import kaplan_meier

# Okabe & Ito: told apart by every eye
INK, BLUE, ORANGE, GREEN, GREY = "#222222", "#0072b2", "#d55e00", "#009e73", "#999999"

MINUS = "\N{MINUS SIGN}"

STYLE = {
    "figure.dpi": 100,
    "savefig.dpi": 150,
    "figure.facecolor": "white",  # readable in dark themes, too
    "font.size": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.prop_cycle": plt.cycler(color=[BLUE, ORANGE, "#009e73", "#cc79a7", "#e69f00", "#56b4e9"]),
    "legend.frameon": False,
    "svg.hashsalt": "bp",  # the same picture gives the same file
}


def show(figure, name, alt):
    """Write `figure` as `name`.png and `name`.svg into `figures/`, or where BP_FIGURES in the environment says; in
    Jupyter, display it as the output of a cell, with what it shows in words for those who do not see it: `alt`."""
    part_shown = arranged(figure)
    for kind, metadata in (("png", {"Software": None}), ("svg", {"Date": None, "Creator": None})):
        write = partial(figure.savefig, format=kind, metadata=metadata, bbox_inches=part_shown)
        write_whole(_folder() / f"{name}.{kind}", write)
    data, metadata = output(figure, alt, part_shown)
    plt.close(figure)
    if InteractiveShell.initialized():  # elsewhere `display` prints all bytes of the picture
        display(data, metadata=metadata, raw=True)


def arranged(figure):
    """Arrange a figure, once for all that is made of it; returns the part of it that has something in it, in inches."""
    figure.draw_without_rendering()
    figure.set_layout_engine(None)
    # The last bits of an arrangement depend on where in memory its variables are; in SVG they would be seen.
    for subfigure in figure.subfigs:
        subfigure.bbox_relative.set_points(subfigure.bbox_relative.get_points().round(6))
    for ax in figure.axes:
        ax.set_position(np.round(ax.get_position(original=True).bounds, 6))
    return figure.get_tightbbox().padded(plt.rcParams["savefig.pad_inches"])


def _folder():
    folder = Path(os.environ.get("BP_FIGURES") or REPOSITORY / "figures")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def output(figure, alt, part_shown=None):
    """A picture and its words as Jupyter keeps them: data and metadata."""
    file, part_shown = io.BytesIO(), part_shown or arranged(figure)
    figure.savefig(file, format="png", dpi=100, bbox_inches=part_shown, metadata={"Software": None})
    return {"image/png": b64encode(file.getvalue()).decode(), "text/plain": alt}, {"image/png": {"alt": alt}}


def animate(figure, frame, frames, name, seconds, pause=0.0):
    """Write an animation as `name`.gif into the folder that `show` writes to: `frame(k)` draws number k of `frames`.

    It takes so many `seconds`, and shows its last picture for a `pause` of so many seconds more. The first picture
    decides where the axes are.
    """
    figure.set_dpi(80)
    pictures = []
    for k in range(frames):
        frame(k)
        if not k:
            arranged(figure)  # once: to arrange each picture takes longer than to draw it
        figure.canvas.draw()
        pictures.append(Image.fromarray(np.array(figure.canvas.buffer_rgba())).convert("RGB"))
    times = [round(1000 * seconds / frames)] * (frames - 1) + [round(1000 * (seconds / frames + pause))]
    more = {"format": "gif", "save_all": True, "append_images": pictures[1:], "duration": times, "loop": 0}
    write_whole(_folder() / f"{name}.gif", lambda part: pictures[0].save(part, **more))


def number(x, digits=2):
    """x as it is printed, with a minus sign and not a hyphen, and none before zero."""
    return f"{round(float(x), digits) + 0.0:.{digits}f}".replace("-", MINUS)


def never(ax, place, axis="y"):
    """A rail at `place` on an axis of times, for those that are infinite. Returns a function that puts them there."""
    line = ax.axhline if axis == "y" else ax.axvline
    line(place, color=GREY, lw=1, ls=":", zorder=0)
    if axis == "x":
        ax.annotate("never", (place, 0.99), xycoords=("data", "axes fraction"), color=INK, fontsize=8, va="top")
    elif ax.yaxis.get_tick_params().get("labelleft", True):  # beside the axis, where the ticks have their numbers
        at = {"xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center", "ha": "right"}
        ax.annotate("never", (0, place), (-7, 0), color=INK, fontsize=8, **at)
    return lambda values: np.where(np.isfinite(values), values, place)


def plain_ticks(ax, ticks):
    """A log axis of x with these ticks, written as plain numbers, and no others."""
    ax.set_xscale("log")
    ax.minorticks_off()
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])


def or_never(text):
    """Times as they are printed, `never` for infinity."""
    return text.replace("inf [inf, inf]", "never").replace("inf", "never")


def shaded(y):
    """The color of a unit whose state is `y`: nearly white at 0, and at 1 a blue on which black can be read."""
    return plt.cm.Blues(0.6 * y)


def symmetry_net(ax, matrices, run=0, states=None):
    """A net with one column of inputs and some hidden units as Fig. 1 draws it: weights on arcs, biases in nodes.

    `matrices` is `net.matrices(w)` of `layered(inputs, hidden, 1)`, `run` the row of `w` to draw. `states`, layer name
    -> `(units,)`, shade the units, the darker the more active. Of more than two hidden units, the odd ones stand left.
    """
    W, V = matrices["input->hidden"][run], matrices["hidden->output"][run, 0]
    b, c = matrices["hidden"][run], matrices["output"][run, 0]
    if W.shape[1] % 2:
        raise ValueError(f"the net has {W.shape[1]} inputs; expected an even number")
    inputs, radius, column = W.shape[1], 0.4, 3.3
    arrow = {"arrowstyle": "->", "color": INK, "lw": 1.1, "shrinkA": 0, "shrinkB": 0}
    heights = (inputs - 1) / 2 - np.arange(inputs)
    top = heights[0] + 2.0

    def node(x, y, layer, unit, text=""):
        shade = "white" if states is None else shaded(states[layer][unit])
        ax.add_patch(plt.Circle((x, y), radius, facecolor=shade, edgecolor=INK, lw=1.6, zorder=3))
        ax.text(x, y, text, ha="center", va="center", zorder=4, fontsize=9 if len(W) < 5 else 6)

    def arc(*corners):
        ax.plot(*zip(*corners[:-1], strict=True), color=INK, lw=1.1, zorder=1, solid_joinstyle="miter")
        ax.annotate("", corners[-1], corners[-2], arrowprops=arrow)

    node(0, top, "output", 0, number(c, 1))
    ax.text(0, top - 0.66, "Output unit", ha="center", va="center")
    ax.text(0, heights[-1] - 0.7, "Input units", ha="center", va="center")
    ax.plot([-1, 1], [0, 0], color=INK, lw=1.6, dashes=(5, 4))  # the midpoint
    for unit, y in enumerate(heights):
        node(0, y, "input", unit)
    for unit, (weights, v, bias) in enumerate(zip(W, V, b, strict=True)):
        side, out = (-1, 1)[unit % 2], column + 3.6 * (unit // 2)
        node(side * out, 0, "hidden", unit, number(bias, 1))
        ax.text(side * (out + 1.0), -0.15, "hidden\nunit" if len(W) < 3 else f"{unit + 1}", ha="center", va="center")
        arc((side * out, 0), (side * (out + 0.75), 0.6), (side * (out + 0.75), top), (side * radius, top))
        ax.text(side * (out - column + 1.3), top + 0.08, number(v, 1), ha="center", va="bottom")
        for y, weight in zip(heights, weights, strict=True):
            x = side * (out + 0.27 * (1 - 2 * (heights[0] - abs(y)) / max(inputs // 2 - 1, 1)))  # outermost outside
            end = np.sign(y) * np.sqrt(max(radius**2 - (abs(x) - out) ** 2, 0))
            arc((side * radius, y), (x, y), (x, end))
            ax.text(side * (out - column + 1.75), y + 0.06, number(weight, 1), ha="center", va="bottom")
    column += 3.6 * ((len(W) - 1) // 2)
    ax.set_xlim(-column - 1.6, column + 1.6)
    ax.set_ylim(heights[-1] - 0.95, top + 0.55)
    ax.set_aspect("equal")
    ax.axis("off")


def by_hand(ax, weights, states, slopes, lit=()):
    """A net of units 1 and 2, hidden units 3 and 4, and unit 5, with its numbers, as far as they are known.

    `weights` maps "w31", ..., "b5" to numbers, `states` units to y, `slopes` units to dE/dx; units of `lit` are ringed.
    """
    place = {1: (0, 0), 2: (3, 0), 3: (0, 2), 4: (3, 2), 5: (1.5, 4)}

    def beside(unit, up, text, **look):
        x, y = place[unit]
        side, ha = (-1, "right") if unit == 3 else (1, "left")
        ax.text(x + 0.45 * side, y + up, text, va="center", ha=ha, **look)

    for name, weight in weights.items():
        target, *sources = map(int, name[1:])
        text = f"${name[0]}_{{{name[1:]}}}$ = {number(weight)}"
        if not sources:
            beside(target, 0.22, text)
        for source in sources:
            (x, y), (x_from, y_from) = place[target], place[source]
            line = {"lw": 0.8 + min(abs(weight), 8) / 2, "ls": "-" if weight >= 0 else "--"}
            ax.plot([x_from, x], [y_from, y], color=GREY, zorder=1, **line)
            at = 0.3 if abs(x - x_from) > 2 else 0.5  # crossing lines have their labels apart
            spot = (x + at * (x_from - x), y + at * (y_from - y))
            box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
            ax.text(*spot, text, ha="center", va="center", fontsize=9, bbox=box, zorder=2)
    for unit, (x, y) in place.items():
        shade = shaded(states[unit]) if unit in states else "white"
        ring = {"edgecolor": ORANGE, "lw": 3.5} if unit in lit else {"edgecolor": INK, "lw": 1.4}
        ax.add_patch(plt.Circle((x, y), 0.36, facecolor=shade, zorder=3, **ring))
        ax.text(x, y, f"{states[unit]:.2f}" if unit in states else "", ha="center", va="center", zorder=4)
        ax.text(x, y - 0.5, f"unit {unit}", ha="center", va="center", fontsize=8, zorder=4)
        if unit in slopes:
            beside(unit, -0.18, f"$\\partial E/\\partial x_{unit}$ = {number(slopes[unit], 4)}", color=ORANGE)
    ax.set(xlim=(-2.4, 5.4), ylim=(-0.8, 4.6), aspect="equal")
    ax.axis("off")


def receptive_fields(axes, weights, people, notes=(), largest=None):
    """Fig. 4: the weights `(6, 24)` to each of six units, on 3 x 2 axes: the English above their counterparts.

    `people` names the columns, above the two upper units; `notes` has what to write below each.
    """
    largest = np.abs(weights).max() if largest is None else largest
    for ax, unit in zip(np.ravel(axes), (4, 1, 5, 2, 6, 3), strict=True):
        hinton(ax, weights[unit - 1].reshape(2, 12), None, people if unit in (4, 1) else None, largest)
        ax.text(-1 if unit > 3 else 12, 0.5, unit, ha="center", va="center", fontsize=12)
        if len(notes):
            ax.set_xlabel(notes[unit - 1], fontsize=8)


def relationship_units(axes, weights, names, notes=()):
    """Fig. 7 of Hinton, CogSci 1986: the weights `(6, 12)` to each of six units, on 2 x 3 axes, two rows of six."""
    largest = np.abs(weights).max()
    for place, ax in enumerate(np.ravel(axes)):
        hinton(ax, weights[place].reshape(2, 6), None, names[:6] if place == 2 else None, largest)
        if place == 5:
            ax.set_xticks(range(6), names[6:], rotation=90, fontsize=8)
            ax.tick_params(labeltop=False, labelbottom=True)
        if len(notes):
            (ax.set_title if place == 5 else ax.set_xlabel)(notes[place], fontsize=8)


def learning_curve(ax, sweeps, error, marks=()):
    """E against sweeps, `error` being `(recordings,)` or `(recordings, runs)`; `marks` are pairs of (sweep, label)."""
    ax.plot(sweeps, error, lw=1.4)
    for sweep, label in marks:
        ax.axvline(sweep, color=GREY, lw=1, ls="--")
        ax.annotate(
            label, (sweep, 1), (4, -2), xycoords=("data", "axes fraction"), textcoords="offset points", va="top"
        )
    ax.set(xlabel="sweeps", ylabel="total error E", ylim=(0, None))


def sweeps_to_solution(ax, solved_at, horizon, printed=()):
    """Histogram of sweeps to solution on a log axis. Runs that have not solved by `horizon` stand apart, on the right.

    `solved_at` is a `Fit`'s (-1: never), `printed` pairs of (sweeps, label) from the papers. The median of all runs is
    a dashed line, if it is finite.
    """
    solved = solved_at[solved_at >= 0]
    edges = np.geomspace(max(solved.min(initial=horizon), 1), horizon, 33)
    counts, _, _ = ax.hist(solved, edges, color=BLUE, edgecolor="white", lw=0.6)
    never = np.count_nonzero(solved_at < 0)
    ax.bar(horizon * 1.25, never, horizon * 0.25, color=GREY, align="edge")
    ax.annotate(f"{never:,} not\nsolved", (horizon * 1.37, never), (0, 3), textcoords="offset points", ha="center")
    median = np.quantile(np.where(solved_at < 0, np.inf, solved_at), 0.5, method="inverted_cdf")
    if np.isfinite(median):
        ax.axvline(median, ymax=0.92, color=INK, lw=1.2, ls="--")  # below the labels
    for (sweeps, label), side in zip(printed, ("right", "left"), strict=False):  # of their lines
        ax.axvline(sweeps, color=ORANGE, lw=1.2)
        ax.annotate(
            label,
            (sweeps, 1),
            (5 if side == "left" else -5, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            color=ORANGE,
            ha=side,
            va="top",
        )
    ax.set_xscale("log")
    ticks = [
        tick for tick in (100, 200, 500, 1000, 2000, 5000, 10000, 20000, 50000, 100000) if edges[0] <= tick <= horizon
    ]
    ax.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    ax.minorticks_off()
    ax.set(xlabel="sweeps to solution", ylabel="runs", ylim=(0, 1.2 * max(counts.max(), never)))


def finished(ax, solved_at, horizon, label=None):
    """The share of runs that have solved their task, against sweeps (Kaplan-Meier), with its 95% band."""
    curve = kaplan_meier(solved_at, horizon)
    with warnings.catch_warnings(action="ignore"):  # no interval where all have finished: no band is drawn there
        band = curve.confidence_interval()
    sweeps = np.geomspace(max(curve.quantiles[0] * 0.9, 1), horizon, 300)
    (line,) = ax.plot(sweeps, curve.evaluate(sweeps), label=label)
    low, high = band.low.evaluate(sweeps), band.high.evaluate(sweeps)
    ax.fill_between(sweeps, low, high, color=line.get_color(), alpha=0.2, lw=0)
    ax.set(xscale="log", xlabel="sweeps", ylabel="share of runs that have solved it", ylim=(0, 1.02))


def iterative_chain(ax):
    """The synchronous iterative net of Fig. 5, left: three units in a chain, four weights."""
    node = {"s": 620, "facecolor": "white", "edgecolor": INK, "lw": 1.4, "zorder": 3}
    ax.scatter([0, 1, 2], [0, 0, 0], **node)
    for source, target, name in CHAIN:
        bend = {"arrowstyle": "->", "color": INK, "connectionstyle": "arc3,rad=-0.45", "shrinkA": 14, "shrinkB": 14}
        ax.annotate("", (target, 0), (source, 0), arrowprops=bend)
        ax.text((source + target) / 2, 0.45 if target > source else -0.45, f"$w_{name}$", ha="center", va="center")
    ax.set(xlim=(-0.5, 2.5), ylim=(-1, 1), aspect="equal")
    ax.axis("off")


def layered_chain(ax, steps=3, states=None, derivatives=None, names=True, mark=False, largest=None):
    """The layered net of Fig. 5, right: a layer for each time step, the first at the bottom.

    `states`, `(steps + 1, 3)`, shade the units in blue; `derivatives`, of that shape, ring them, in an orange line if
    positive and in green dashes if negative, the wider the larger: a derivative of `largest`, by default the largest of
    these, has the widest ring. NaN leaves a unit blank. `names` writes the weights' names, `mark` points to a set of
    corresponding ones.
    """
    for t in range(steps):
        for source, target, name in CHAIN:
            arrow = {"arrowstyle": "->", "color": INK, "lw": 1, "shrinkA": 13, "shrinkB": 13}
            ax.annotate("", (target, t + 1), (source, t), arrowprops=arrow, zorder=1)
            if names:  # as in the scan: below each arrowhead, on the side away from the crossing
                out = -0.19 if target < source else 0.19
                ax.text(target - 0.36 * (target - source) + out, t + 0.64, f"$w_{name}$", va="center", ha="center")
        if mark:
            begin = (-0.78, steps / 2 + 0.22 * (t - (steps - 1) / 2))
            ax.annotate("", (0.02, t + 0.64), begin, arrowprops={"arrowstyle": "->", "color": GREY})
    if mark:
        box = {"facecolor": "white", "edgecolor": GREY, "boxstyle": "round,pad=0.4"}
        words = "A set of\ncorresponding\nweights"
        ax.text(-1.3, steps / 2, words, ha="center", va="center", fontsize=9, bbox=box, zorder=5)
    states = np.full((steps + 1, 3), np.nan) if states is None else states
    derivatives = np.zeros((steps + 1, 3)) if derivatives is None else np.nan_to_num(derivatives)
    largest = max(np.abs(derivatives).max(), 1e-12) if largest is None else largest
    for (t, unit), y in np.ndenumerate(states):
        slope = derivatives[t, unit]
        shade = "white" if np.isnan(y) else shaded(y)
        edge = INK if slope == 0 else ORANGE if slope > 0 else GREEN
        ring = {"lw": 1.4 if slope == 0 else 1.4 + 5 * min(abs(slope) / largest, 1)}
        ring["ls"] = (0, (1.2, 0.5)) if slope < 0 else "-"
        ax.scatter(unit, t, s=620, facecolor=shade, edgecolor=edge, zorder=3, **ring)
    ax.set(xlim=(-2 if mark else -0.5, 2.5), ylim=(-0.45, steps + 0.45), xticks=[], yticks=range(steps + 1))
    ax.set_ylabel("time step")
    for side in ("left", "bottom"):
        ax.spines[side].set_visible(False)


CHAIN = ((1, 0, 1), (0, 1, 2), (2, 1, 3), (1, 2, 4))  # Fig. 5: source, target, number of the weight


def activity(ax, y, title="", targets=None):
    """Activities `(units, times)` as a table of shades, the first unit on top, with the time from 1 below.

    `targets`, of that shape, has a dot where a unit should be on. Returns the image, for a key to its shades.
    """
    image = ax.imshow(y, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    if targets is not None:
        rows, columns = np.nonzero(np.nan_to_num(targets))
        ax.plot(columns, rows, "o", ms=5, color=ORANGE, markeredgecolor="white", lw=0)
    ax.set(title=title, xticks=range(y.shape[1]), yticks=range(len(y)))
    ax.set_xticklabels(range(1, y.shape[1] + 1))
    ax.set_yticklabels(range(1, len(y) + 1) if len(y) <= 6 else [""] * len(y))
    ax.tick_params(length=0)
    return image


def hinton(ax, weights, rows=None, columns=None, largest=None):
    """Weights `(rows, columns)` as squares, white if positive and black if negative, area for magnitude (Fig. 4).

    A weight of `largest`, by default the largest of these, nearly fills its place; a missing one, NaN, leaves it empty.
    """
    weights = np.atleast_2d(weights)
    largest = np.nanmax(np.abs(weights)) if largest is None else largest
    ax.set_facecolor("#8c8c8c")
    places = [(place, w) for place, w in np.ndenumerate(weights) if not np.isnan(w)]
    sides = [0.92 * np.sqrt(min(abs(w) / largest, 1)) for _, w in places]
    corners = [
        [(column + x * side / 2, row + y * side / 2) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        for ((row, column), _), side in zip(places, sides, strict=True)
    ]
    ax.add_collection(PolyCollection(corners, facecolors=["white" if w > 0 else "black" for _, w in places], lw=0))
    ax.set(xlim=(-0.6, weights.shape[1] - 0.4), ylim=(weights.shape[0] - 0.4, -0.6), aspect="equal")
    _names(ax, rows, columns)


def _names(ax, rows, columns):
    """Names of rows on the left and of columns above, upright; without ticks."""
    ax.set_xticks(range(len(columns or ())), columns or (), rotation=90, fontsize=8)
    ax.set_yticks(range(len(rows or ())), rows or (), fontsize=8)
    ax.tick_params(length=0, top=True, labeltop=True, bottom=False, labelbottom=False)
    for spine in ax.spines.values():
        spine.set_visible(False)


# where Fig. 2 has the people, in the order of the figures: two couples, three, two children
_PLACES = np.array([
    *[(2.5, 2), (7.9, 2), (2.4, 1), (7.6, 1), (13, 1), (5.3, 0)],
    *[(5.1, 2), (10.3, 2), (5.2, 1), (10.6, 1), (0, 1), (7.5, 0)],
])  # fmt: skip


ASKED = "#cfe5f5"  # whom a question is about


def answered(activity):
    """The background of somebody whose unit is so active: nearly white at 0, orange at 1."""
    return plt.cm.Oranges(0.5 * activity)


def places(*trees):
    """Where family trees have their people, one tree below the other: name -> (row, column), of 15 columns."""
    return {
        name: (4 * tree + 2 - int(y), int(x))
        for tree, people in enumerate(trees)
        for name, (x, y) in zip(people, _PLACES, strict=True)
    }


def family_tree(ax, people, marriages, colors=None):
    """A family tree as in Fig. 2: `people` in the figures' order, `marriages` as in `bp.families.TREES`.

    `colors` gives some of the people a background: name -> color.
    """
    place = dict(zip(people, _PLACES, strict=True))
    line = {"color": INK, "lw": 1.1, "zorder": 1, "solid_capstyle": "projecting"}
    for husband, wife, sons, daughters in marriages:
        (x, y), (x_wife, _) = place[husband], place[wife]
        ax.text((x + x_wife) / 2, y, "=", ha="center", va="center", fontsize=10)
        if children := [place[child] for child in sons + daughters]:
            middle = (x + x_wife) / 2
            ax.plot([middle, middle], [y - 0.2, y - 0.5], **line)
            ax.plot([min(at[0] for at in children), max(at[0] for at in children)], [y - 0.5] * 2, **line)
            for at in children:
                ax.plot([at[0]] * 2, [y - 0.5, y - 0.78], **line)
    for name, (x, y) in place.items():
        box = {"facecolor": (colors or {}).get(name, "white"), "edgecolor": "none", "pad": 1.5}
        ax.text(x, y, name, ha="center", va="center", fontsize=9, bbox=box, zorder=2)
    ax.set(xlim=(-1.2, 14.2), ylim=(-0.4, 2.4))
    ax.axis("off")


def layered_net(ax, net, notes=()):
    """A layered net, bottom layer first: a row of units for each layer, a band for each link with its weights' number.

    Layers at the same height stand side by side. `notes` maps layer names to what is to be written beside them.
    """
    height = {}
    for layer in net.layers:
        height[layer.name] = 1 + max(
            (height[link.source] for link in net.links if link.target == layer.name), default=-1
        )
    levels = [
        [layer for layer in net.layers if height[layer.name] == level] for level in range(max(height.values()) + 1)
    ]
    span, spot = {}, 0.42
    for y, level in enumerate(levels):
        width = [min(layer.units, 12) for layer in level]
        x = -(sum(width) + 9 * (len(level) - 1)) / 2
        for layer, wide in zip(level, width, strict=True):
            rows = -(-layer.units // 12)
            span[layer.name] = x, x + wide, 3 * y, 3 * y + spot * 2 * rows
            for unit in range(layer.units):
                at = (x + 0.5 + unit % 12, 3 * y + spot * (2 * (rows - unit // 12) - 1))
                ax.add_patch(plt.Circle(at, 0.3, facecolor="white", edgecolor=INK, lw=0.9, zorder=3))
            label = f"{layer.name}: {layer.units}{f', {dict(notes)[layer.name]}' if layer.name in dict(notes) else ''}"
            ax.text(x + wide + 0.35, 3 * y + spot * rows, label, va="center", fontsize=9, zorder=4)
            x += wide + 9
    for link in net.links:
        left, right, _, top = span[link.source]
        to_left, to_right, bottom, _ = span[link.target]
        band = [(left, top), (right, top), (to_right, bottom), (to_left, bottom)]
        ax.add_patch(plt.Polygon(band, facecolor=BLUE, alpha=0.18, lw=0, zorder=1))
        middle = np.mean(band, axis=0)
        count = net.units[link.source] * net.units[link.target]
        ax.text(*middle, f"{count}", ha="center", va="center", fontsize=8, color=BLUE)
    edges = np.array(list(span.values()))
    ax.set(xlim=(edges[:, 0].min() - 0.5, edges[:, 1].max() + 7), ylim=(-0.4, edges[:, 3].max() + 0.4), aspect="equal")
    ax.axis("off")


_GROUPS = {  # Fig. 3: the left, upper corner and the columns of each group of units
    "person 2": (0, 0, 12),
    "penultimate": (6, 2, 6),
    "central": (7, 3, 12),
    "person code": (6, 4, 6),
    "relationship code": (14, 4, 6),
    "person 1": (0, 5, 12),
    "relationship": (14, 5, 6),
}


def activity_levels(ax, states, right=(), people=None, relationships=None):
    """Fig. 3: the states of the five-layer net as white squares, area for activity, black dots on the right answers.

    `states` maps layers to `(units,)`, `right` holds the numbers of the right units. `people` and `relationships`, in
    the order of the units, name them above and below. Groups that `states` lacks are left out: with "person 2" alone
    this is one panel of Fig. 8 in Hinton, CogSci 1986.
    """
    here = {name: group for name, group in _GROUPS.items() if name in states}
    for name, (left, top, columns) in here.items():
        y = np.asarray(states[name], float)
        ax.add_patch(plt.Rectangle((left, top), columns, len(y) / columns, color="black", lw=0))
        for unit, activity in enumerate(y):
            x, row = left + unit % columns + 0.5, top + unit // columns + 0.5
            side = 0.94 * np.sqrt(max(activity, 0))
            ax.add_patch(plt.Rectangle((x - side / 2, row - side / 2), side, side, color="white", lw=0))
            if name == "person 2" and unit in right:  # the rim is seen where the square is small
                ax.add_patch(plt.Circle((x, row), 0.12, facecolor="black", edgecolor="white", lw=0.8))
    write = {"rotation": 90, "fontsize": 8, "ha": "center"}
    if people is not None:
        for k in range(12):
            ax.text(k + 0.5, -0.15, f"{people[k]}, {people[k + 12]}", va="bottom", **write)
    if relationships is not None:
        for k in range(6):
            ax.text(14.5 + k, 7.15, f"{relationships[k]}, {relationships[k + 6]}", va="top", **write)
    width = max(left + columns for left, _, columns in here.values())
    height = max(top + len(states[name]) / columns for name, (_, top, columns) in here.items())
    ax.set(xlim=(-0.2, width + 0.2), ylim=(height + 0.2, -0.2), aspect="equal")
    ax.axis("off")


def activity_key(ax):
    """What the groups of `activity_levels` stand for, where they stand there."""
    words = {
        "person 2": "person 2, the answer\n12 English above 12 Italian",
        "penultimate": "6 units",
        "central": "12 units, the central layer",
        "person code": "6: code of person 1",
        "relationship code": "6: code of the\nrelationship",
        "person 1": "person 1\n12 English above 12 Italian",
        "relationship": "relationship\n2 rows of 6",
    }
    for name, (left, top, columns) in _GROUPS.items():
        height = 2 if name in ("person 2", "person 1", "relationship") else 1
        ax.add_patch(plt.Rectangle((left, top), columns, height, facecolor="#e8e8e8", edgecolor="white", lw=2))
        ax.text(left + columns / 2, top + height / 2, words[name], ha="center", va="center", fontsize=8)
    ax.set(xlim=(-0.2, 20.2), ylim=(7.2, -0.2), aspect="equal")
    ax.axis("off")
