"""The readings of the recipe do what their labels say, one thing at a time."""

import numpy as np
import pytest

import bp
import study
from study import family_trees, interpretations, sequences
from study.identity import describe
from study.interpretations import READINGS, families_read, sequences_read


def told(experiment):
    """What an experiment is, as a survey's header tells it, in pieces that can be compared."""
    described = experiment.described() | {"task of seed 0": describe(experiment.cases([0]))}
    return {key: described[key] for key in ("net", "task", "recipe", "limit", "task of seed 0")}


def test_the_first_of_each_kind_is_printed():
    experiment, printed = families_read(), family_trees.experiment(**family_trees.PRINTED)
    for phase, expected in zip(experiment.recipe, printed.recipe, strict=True):
        assert {key: phase[key] for key in ("sweeps", "epsilon", "alpha", "decay")} == {
            key: expected[key] for key in ("sweeps", "epsilon", "alpha", "decay")
        }
        assert phase["order"] is None and repr(phase["error"]) == "hinge(0.2)"
    seeds = [0, 7]
    assert np.array_equal(experiment.run(seeds).initial, printed.run(seeds).initial)
    assert np.array_equal(experiment.cases(seeds).held_out, printed.cases(seeds).held_out)
    assert told(experiment)["net"] == told(printed)["net"]


CHANGES = {  # what each kind of reading may change
    "rule": {"recipe", "task", "task of seed 0"},
    "gradient": {"recipe"},
    "update": {"recipe"},
    "decay": {"recipe"},
    "range": {"limit"},
    "biases": {"limit", "net"},
    "steps": {"recipe"},
    "hidden": {"net"},
    "inputs": {"task", "task of seed 0"},
    "links": {"net", "limit"},
    "start": {"recipe"},
}


@pytest.mark.parametrize(("kind", "label"), [(kind, label) for kind in READINGS for label in list(READINGS[kind])[1:]])
def test_a_departure_changes_one_thing(kind, label):
    before, after = told(families_read()), told(families_read(**{kind: label}))
    changed = {key for key in before if before[key] != after[key]}
    assert changed and changed <= CHANGES[kind]


def phases(**readings):
    return families_read(**readings).recipe


def parts(experiment, what):
    return experiment.net.matrices(np.broadcast_to(what, (1, experiment.net.size)))


def test_what_the_labels_of_the_recipe_say():
    assert [phase["epsilon"] for phase in phases(gradient="no half")] == [0.01, 0.02]
    assert phases(gradient="mean over cases")[1]["epsilon"] == pytest.approx(1e-4)
    assert phases(gradient="mean over cases and units")[1]["epsilon"] == pytest.approx(0.01 / 100 / 24)
    assert phases(update="each case")[1]["order"] == list(range(104))
    assert [phase["sweeps"] for phase in phases(start="none")] == [1500]
    assert phases(decay="0.2% of ε")[1]["decay"] == pytest.approx(0.002 * 0.01)
    assert phases(decay="0.2%, in the gradient")[1]["decay"] == pytest.approx(0.002 / (1 - 0.9))
    only = families_read(decay="0.2%, weights only")
    for name, part in parts(only, only.recipe[1]["decay"]).items():
        assert (part == (0.002 if "->" in name else 0)).all()
    steps = families_read(steps="24 / fan-in")
    rates = parts(steps, steps.recipe[1]["epsilon"])
    assert (rates["person 1->person code"] == 0.01).all() and (rates["person 2"] == 0.04).all()
    assert (rates["person code->central"] == 0.02).all()  # twelve units come together there
    soft = families_read(rule="squared, 0.1 / 0.9")
    assert set(np.unique(soft.cases([0]).targets["person 2"])) == {0.1, 0.9}
    assert soft.recipe[1]["tolerance"] == pytest.approx(0.4) and soft.recipe[1]["error"] is bp.squared


def test_what_the_labels_of_the_net_say():
    absent = families_read(biases="absent").net
    assert not absent.biases and absent.size == 576
    starts = {label: families_read(biases=label).run([0, 1, 2]).initial for label in ("as weights", "zero", "negative")}
    net = bp.family_network()
    biases = {label: np.hstack([net.matrices(w)[name] for name in net.biases]) for label, w in starts.items()}
    assert not biases["zero"].any() and -0.3 <= biases["negative"].min() < biases["negative"].max() <= 0
    assert biases["as weights"].max() > 0.2
    crossed = families_read(links="to all twelve").net
    assert crossed.size == 630 + 24 * 6 + 12 * 6
    hidden = {layer.name: repr(layer.activation) for layer in families_read(hidden="tanh").net.layers}
    assert {hidden.pop(name) for name in ("person 2",)} == {"logistic"}
    assert all(hidden[name] == "tanh" for name in ("person code", "relationship code", "central", "penultimate"))
    assert set(np.unique(families_read(inputs="-1 / 1").cases([0]).inputs["relationship"])) == {-1, 1}


def test_two_sided_units():
    x = np.linspace(-4, 4, 33)
    unit = interpretations.two_sided
    y = unit.function(unit.gain * x)
    assert y == pytest.approx(2 / (1 + np.exp(-x)) - 1)
    slope = (unit.function(unit.gain * (x + 1e-6)) - unit.function(unit.gain * (x - 1e-6))) / 2e-6
    assert unit.gain * unit.slope(y) == pytest.approx(slope, abs=1e-8)


def test_scores_do_not_depend_on_how_cases_are_coded():
    """Right and held out are counted from the desired answers, whatever the targets and the inputs are."""
    runs = families_read(0.05, rule="squared, 0.2 / 0.8", range="±1").run([0, 1])
    found = interpretations.scores(runs)
    y = runs.net.forward(runs.fit.weights, runs.task.inputs)["person 2"]
    good = ((y > 0.5) == (family_trees.FAMILIES.targets["person 2"] == 1)).all(axis=1)
    held_out = runs.task.held_out
    assert found["trained right by half"].tolist() == (good & ~held_out).sum(axis=1).tolist()
    assert found["held out right by half"].tolist() == (good & held_out).sum(axis=1).tolist()
    W = runs.net.matrices(runs.fit.weights)["person 1->person code"]
    nationality = np.repeat([1, -1], 12)
    expected = [max(abs(np.corrcoef(unit, nationality)[0, 1]) for unit in run) for run in W]
    assert found["r nationality"] == pytest.approx(np.array(expected), abs=6e-4)
    order = np.argsort(-y[:, :, bp.families.case_of("Colin", "aunt")], axis=1)
    assert found["aunts lead"].tolist() == [set(one[:2]) == {9, 10} for one in order.tolist()]


def test_the_control_is_printed_where_nothing_departs():
    ours, printed = sequences_read(), sequences.experiment(sweeps=500)
    (phase,) = ours.recipe
    assert (phase["sweeps"], phase["epsilon"], phase["alpha"], phase["decay"]) == (500, 0.02, 0.9, 0)
    assert np.array_equal(ours.task.held_out, printed.task.held_out)
    assert np.array_equal(ours.run([0]).fit.solved_at, printed.run([0]).fit.solved_at[0])
    shifted = sequences_read(rule="squared, 0.2 / 0.8").task.targets
    for name, d in ours.task.targets.items():
        assert np.array_equal(shifted[name], np.where(np.isnan(d), np.nan, np.where(d == 1, 0.8, 0.2)), equal_nan=True)


def test_the_search_covers_what_it_says():
    steps = study.SURVEYS["recipe_steps"].cells
    printed = {kind: next(iter(labels)) for kind, labels in READINGS.items()}
    for cell in steps:
        assert {kind for kind in READINGS if cell[kind] != printed[kind]} <= {"decay"} | set(READINGS)
        assert sum(cell[kind] != printed[kind] for kind in READINGS if kind != "decay") <= 1
    assert {(kind, cell[kind]) for cell in steps for kind in READINGS} == {
        (kind, label) for kind, labels in READINGS.items() for label in labels
    }
    random = study.SURVEYS["recipe_random"].cells
    assert len(random) == len({tuple(cell.values()) for cell in random}) == 300
    for kind in set(READINGS) - {"update"}:
        counts = [sum(cell[kind] == label for cell in random) for label in READINGS[kind]]
        assert min(counts) > 300 / len(READINGS[kind]) * 0.6


def test_nets_of_other_depths():
    """So many matrices on every way from a person to the answer; the units of the printed net, and twelve more."""
    for depth in (2, 3, 4, 5):
        net = interpretations.net_of_depth(depth)
        above = {link.source: link.target for link in net.links}
        for name in ("person 1", "relationship"):
            steps = 0
            while name != "person 2":
                name, steps = above[name], steps + 1
            assert steps == depth
        known = bp.family_network().units | {"second central": 12}
        assert all(known[name] == units for name, units in net.units.items())
    assert interpretations.net_of_depth(4).shapes == bp.family_network().shapes


def test_the_plateau_is_left_when_the_error_falls():
    runs = interpretations.plateau_experiment(2, 0.05, 0.3, 0.0).run([0, 1, 2])
    found = interpretations.left_at(runs)["left at"]
    fit = runs.net.initial_weights([0, 1, 2])
    E = []
    for phase in runs.experiment.recipe:
        fit = bp.train(runs.net, fit, runs.task, **phase | {"record": 1})
        E.append(fit.error[:-1])
    E = np.concatenate(E)
    assert E.shape == (20 + 1200, 3)
    for run, at in enumerate(found):
        assert at >= 20 and E[at, run] < 0.9 * 0.18 * 112 and (E[20 : at - 9 : 10, run] >= 0.9 * 0.18 * 112).all()
    decayed = interpretations.plateau_experiment(4, 0.01, 0.2, 0.004)
    assert interpretations.left_at(decayed.run([0]))["left at"].tolist() == [-1]
