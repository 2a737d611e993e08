"""What notebook 0 shows: the five figures of the paper in one picture, and findings of the other notebooks."""

import re
from functools import cache

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from IPython.display import Markdown

from bp import Layer, Link, family_trees, layered, symmetry, train, unfold
from bp.families import ENGLISH, ITALIAN, PEOPLE, TREES, case_of

from . import claims, draw
from .codes import FEATURES, correlation, in_order
from .files import REPOSITORY, data
from .frames import FAMILY_NET, stored_runs
from .survey import read_survey
from .symmetry import of_kind

FINDINGS = {  # a few of each figure; data/claims.csv has all claims
    "Fig. 1": ("fig1_printed", "fig1_antisymmetric", "fig1_ratio"),
    "Fig. 2": ("fig2_triples", "fig4_generalises"),
    "Fig. 3": ("fig3_answers",),
    "Fig. 4": ("fig4_nationality", "fig4_generation", "fig4_branch"),
    "Fig. 5": ("fig5_equivalent", "fig5_average", "fig5_sequences"),
}


@cache
def reports():
    """What all notebooks report: claim -> what was measured, in words."""
    found = {}
    for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb")):
        found |= {claim: ours for claim, (ours, *_) in claims.reported(path).items()}
    return found


def share(claim):
    """The first percentage that is reported of a claim."""
    return float(re.search(r"([\d.]+)%", reports()[claim])[1]) / 100


def findings():
    """The table *figure | what the paper says | what our runs show*."""
    known, found = claims.claims(), reports()
    rows = ["| | the paper says | our runs show |", "|---|---|---|"]
    for name, chosen in FINDINGS.items():
        name = name.replace(" ", "\N{NO-BREAK SPACE}")
        for claim in chosen:
            rows.append(f"| {name} | {known.paraphrase[claim]} | {found[claim]} |")
            name = ""
    return Markdown("\n".join(rows))


def ratios():
    """How many of the stored solved runs of the symmetry net have weights 1 : 2 : 4, 2 : 3 : 4 and others, to 10%."""
    table = read_survey(REPOSITORY / "data" / "surveys" / "symmetry.csv")
    w = table[table["solved_at"] >= 0].filter(regex=r"^w\d+$").to_numpy()
    one_two_four, two_three_four = of_kind(w, 2, 4).sum(), of_kind(w, 3 / 2, 2).sum()
    return one_two_four, two_three_four, len(w) - one_two_four - two_three_four


def reached():
    """The share of fresh runs with ε = 0.65 and α = 0.3 that pass within 2% of all printed weights of Fig. 1."""
    table = read_survey(REPOSITORY / "data" / "surveys" / "symmetry_found.csv")
    return np.mean(table.query("epsilon == 0.65 and alpha == 0.3")["Nature distance"] < 0.02)


def solved_symmetry(seed, after=500):
    """The matrices of a symmetry net so many sweeps after its run solved the task, and how many sweeps that makes."""
    net, how = layered(6, 2, 1), {"epsilon": 0.1, "alpha": 0.9, "record": 0, "progress": False}
    fit = train(net, net.initial_weights([seed]), symmetry(), 60_000, stop=True, **how)
    if fit.solved_at[0] < 0:
        raise ValueError(f"the run of seed {seed} has not solved symmetry in 60,000 sweeps; expected one that does")
    fit = train(net, fit, symmetry(), after, **how)
    return net.matrices(fit.weights), int(fit.solved_at[0]) + after


def units_in_order(W):
    """The weights `(6, 24)` to the units for people in the places of Fig. 4, and the feature that each tells best.

    Hidden units come in any order, and with either sign: each is put where the printed one is that it resembles most.
    """
    printed = pd.read_csv(data("paper_fig4_weights.csv")).relative_weight.to_numpy().reshape(6, 24)
    fields, _ = in_order(W, printed)
    names = ("nationality", "generation", "branch")
    r = np.array([correlation(fields, FEATURES[name]) for name in names])  # (3, 6)
    best = np.abs(r).argmax(axis=0)
    notes = [f"{names[k]}, r = {draw.number(r[k, unit], 1)}" for unit, k in enumerate(best)]
    return fields, notes


def chain_history(steps=3, seed=0):
    """States `(steps + 1, 3)` of the chain of Fig. 5 with random weights, at first with only the middle unit on."""
    units = [Layer(name, 1, bias=None) for name in ("left", "middle", "right")]
    links = [Link(units[source].name, units[target].name, f"w{k}") for source, target, k in draw.CHAIN]
    net = unfold(units, links, steps)
    start = {"left 0": [[0]], "middle 0": [[1]], "right 0": [[0]]}
    y = net.forward(net.initial_weights([seed], limit=4), start)
    return np.array([[y[f"{unit.name} {t}"][0, 0, 0] for unit in units] for t in range(steps + 1)])


def five_figures(symmetry_seed, family_seed, person, relationship):
    """The five figures drawn by our nets, and what they show in words."""
    matrices, sweeps = solved_symmetry(symmetry_seed)
    net, w = FAMILY_NET, stored_runs()[[family_seed]]
    task, case = family_trees(), case_of(person, relationship)
    states = {name: y[0, :, 0] for name, y in net.forward(w, task.of_case(case).inputs).items()}
    right = np.flatnonzero(task.targets["person 2"][:, case])
    tints = {person: draw.ASKED} | {PEOPLE[k]: "#fbd9c4" for k in np.flatnonzero(states["person 2"] > 0.5)}
    fields, notes = units_in_order(net.matrices(w)["person 1->person code"][0])

    figure = plt.figure(figsize=(11, 11))
    first = figure.add_axes([0, 0.43, 0.44, 0.52])
    draw.symmetry_net(first, matrices)
    for text in first.texts:
        text.set_fontsize(8)
    for bottom, people, marriages in zip((0.845, 0.715), (ENGLISH, ITALIAN), TREES.values(), strict=True):
        draw.family_tree(figure.add_axes([0.45, bottom, 0.55, 0.115]), people, marriages, tints)
    _levels(figure.add_axes([0.47, 0.42, 0.5, 0.225]), states, right, person, relationship)
    places = [(left, bottom, 0.25, 0.05) for bottom in (0.225, 0.135, 0.045) for left in (0.03, 0.31)]
    draw.receptive_fields([figure.add_axes(place) for place in places], fields, ENGLISH, notes)
    draw.iterative_chain(figure.add_axes([0.59, 0.08, 0.16, 0.2]))
    draw.layered_chain(figure.add_axes([0.795, 0.03, 0.205, 0.3]), 3, chain_history())
    for title, x, y in (
        (f"Fig. 1  Symmetry: seed {symmetry_seed}, {sweeps:,} sweeps", 0.22, 0.975),
        ("Fig. 2  Two family trees", 0.725, 0.975),
        (f"Fig. 3  Activity levels: seed {family_seed}", 0.725, 0.665),
        (f"Fig. 4  Weights from people to six units: seed {family_seed}", 0.3, 0.365),
        ("Fig. 5  Iterative net, layered net", 0.8, 0.365),
    ):
        figure.text(x, y, title, ha="center", fontsize=11, fontweight="bold")
    alt = (
        "Five panels: the symmetry net and its weights; two family trees; the states of the five-layer net for one "
        "question, as white squares; the weights to six of its units, white and black; a chain of three units and its "
        "layers."
    )
    return figure, alt


def _levels(ax, states, right, person, relationship):
    """Fig. 3 with the words of its question and its answers, in a column for each pair of counterparts."""
    draw.activity_levels(ax, states, right)
    write = {"fontsize": 9, "ha": "center"}
    ax.text(6, -0.3, f"right: {' and '.join(PEOPLE[k] for k in right)}", va="bottom", **write)
    ax.text(12.4, 1, "person 2", va="center", fontsize=9)
    ax.text(PEOPLE.index(person) % 12 + 0.5, 7.3, person, va="top", **write)
    ax.text(17, 7.3, f"has-{relationship}", va="top", **write)
    ax.set(xlim=(-0.2, 20.6), ylim=(8.1, -1.1))
