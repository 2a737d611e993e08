"""The interpretations of the training procedure do what their labels say, one thing at a time; the search is whole."""

from dataclasses import replace
from itertools import combinations
from math import log, prod

import numpy as np
import pandas as pd
import pytest

import bp
import study
from study import family_trees, interpretations, procedures
from study.identity import describe
from study.interpretations import FIRST, INTERPRETATIONS, SEARCHED, Search, procedure

LABELS = [(kind, label) for kind, labels in INTERPRETATIONS.items() for label in labels if label != FIRST[kind]]


def told(experiment):
    """What an experiment is, as a survey's header tells it, in pieces that can be compared."""
    described = {name: describe(getattr(experiment, name)) for name in ("net", "recipe", "limit")}
    return described | {"task of seed 0": describe(experiment.cases([0]))}


def test_the_first_of_each_kind_is_printed():
    experiment, printed = procedure(), family_trees.experiment(**family_trees.PRINTED)
    for phase, expected in zip(experiment.recipe, printed.recipe, strict=True):
        assert {key: phase[key] for key in ("sweeps", "epsilon", "alpha", "decay")} == {
            key: expected[key] for key in ("sweeps", "epsilon", "alpha", "decay")
        }
        assert phase["order"] is None and repr(phase["error"]) == "hinge(0.2)"
    seeds = [0, 7]
    assert np.array_equal(experiment.run(seeds).initial, printed.run(seeds).initial)
    assert np.array_equal(experiment.cases(seeds).held_out, printed.cases(seeds).held_out)
    assert told(experiment)["net"] == told(printed)["net"]


CHANGES = {  # what each kind of interpretation may change
    "error": {"recipe", "task of seed 0"},
    "cases": {"task of seed 0"},
    "biases": {"limit", "net"},
    "inputs": {"task of seed 0"},
    "units": {"net"},
    "connections": {"net", "limit"},
    "range": {"limit"},
}


@pytest.mark.parametrize(("kind", "label"), LABELS)
def test_a_departure_changes_one_thing(kind, label):
    before, after = told(procedure()), told(procedure(**{kind: label}))
    changed = {key for key in before if before[key] != after[key]}
    assert changed and changed <= CHANGES.get(kind, {"recipe"})


def phases(**labels):
    return procedure(**labels).recipe


def parts(experiment, what):
    return experiment.net.matrices(np.broadcast_to(what, (1, experiment.net.size)))


def test_what_the_labels_of_the_phases_say():
    assert [phase["epsilon"] for phase in phases(gradient="no half")] == [0.01, 0.02]
    assert phases(gradient="mean over cases")[1]["epsilon"] == pytest.approx(1e-4)
    assert phases(update="each case")[1]["order"] == list(range(104))
    assert phases(update="each case")[1]["decay"] == 0.002
    a_sweep = (1 - phases(update="each case, decay each sweep")[1]["decay"]) ** 100
    assert a_sweep == pytest.approx(0.998)
    assert phases(update="each case", cases="112 triples")[1]["order"] == list(range(112))
    assert [phase["sweeps"] for phase in phases(start="no smaller sweeps")] == [1500]
    assert phases(decay="0.2%, in the gradient")[1]["decay"] == pytest.approx(0.002 / (1 - 0.9))
    late = phases(decay="0.2%, after 573 sweeps")
    assert [(phase["sweeps"], phase["decay"]) for phase in late] == [(20, 0), (553, 0), (927, 0.002)]
    only = procedure(decay="0.2%, weights only")
    for name, part in parts(only, only.recipe[1]["decay"]).items():
        assert (part == (0.002 if "->" in name else 0)).all()
    rates = parts(procedure(), phases(rates="24 / fan-in")[1]["epsilon"])
    assert (rates["person 1->person code"] == 0.01).all() and (rates["person 2"] == 0.04).all()
    assert (rates["person code->central"] == 0.02).all()  # twelve units come together there
    soft = procedure(error="squared, 0.1 / 0.9")
    assert set(np.unique(soft.cases([0]).targets["person 2"])) == {0.1, 0.9}
    assert soft.recipe[1]["tolerance"] == pytest.approx([0.4, 0.21]) and soft.recipe[1]["error"] is bp.squared


def test_what_the_labels_of_the_net_say():
    absent = procedure(biases="absent").net
    assert not absent.biases and absent.size == 576
    net = bp.family_network()

    def start(**labels):
        return net.matrices(replace(procedure(**labels), recipe=phases(**labels)[:1]).run([0, 1, 2]).initial)

    def biases(label):
        return np.hstack([start(biases=label)[name] for name in net.biases])

    assert not biases("zero").any() and -0.3 <= biases("negative").min() < biases("negative").max() <= 0
    assert biases("as weights").max() > 0.2
    rate = bp.family_trees().targets["person 2"].mean()
    assert 1 / (1 + np.exp(-start(biases="outputs at the base rate")["person 2"])) == pytest.approx(rate)
    by_fan_in, above = start(range="±2 / √fan-in"), start(range="±1 above the codes")
    assert 0.38 < np.abs(by_fan_in["person 1->person code"]).max() <= 2 / 24**0.5
    assert 0.75 < np.abs(by_fan_in["penultimate->person 2"]).max() <= 2 / 6**0.5
    assert np.abs(above["person 1->person code"]).max() <= 0.3 < 0.9 < np.abs(above["person code->central"]).max()
    crossed = procedure(connections="to all twelve").net
    assert crossed.size == 630 + 24 * 6 + 12 * 6
    hidden = {layer.name: repr(layer.activation) for layer in procedure(units="tanh").net.layers}
    assert {hidden.pop(name) for name in ("person 2",)} == {"logistic"}
    assert all(hidden[name] == "tanh" for name in ("person code", "relationship code", "central", "penultimate"))
    steep = procedure(units="gain 3").net
    assert {repr(layer.activation) for layer, _ in steep.computed} == {"logistic, gain 3"}
    assert set(np.unique(procedure(inputs="-1 / 1").cases([0]).inputs["relationship"])) == {-1, 1}
    assert set(np.unique(procedure(inputs="0 / 3").cases([0]).inputs["relationship"])) == {0, 3}


def test_triples():
    """One right answer each; the other one, of the 16 triples that have one, does not count; those of four questions
    are held out."""
    task, questions = procedure(cases="112 triples").cases([0, 1]), procedure().cases([0, 1])
    d = task.targets["person 2"]
    assert d.shape == (24, 112) and (np.nansum(d, axis=0) == 1).all() and np.isnan(d).sum() == 16
    asked = [tuple(np.flatnonzero(one)) for one in np.vstack(list(task.inputs.values())).T]
    four = [tuple(np.flatnonzero(one)) for one in np.vstack(list(questions.inputs.values())).T]
    for run in (0, 1):
        away = {question for question, out in zip(four, questions.held_out[run], strict=True) if out}
        assert [one in away for one in asked] == task.held_out[run].tolist()


def test_two_sided_units():
    x = np.linspace(-4, 4, 33)
    unit = interpretations.two_sided
    y = unit.function(unit.gain * x)
    assert y == pytest.approx(2 / (1 + np.exp(-x)) - 1)
    slope = (unit.function(unit.gain * (x + 1e-6)) - unit.function(unit.gain * (x - 1e-6))) / 2e-6
    assert unit.gain * unit.slope(y) == pytest.approx(slope, abs=1e-8)


def test_without_the_slope_of_the_outputs_the_gradient_is_that_of_the_cross_entropy():
    """Central differences of -d ln y - (1 - d) ln (1 - y), whose derivative by x is y - d."""
    net, task = bp.layered(3, 2, 2), bp.Task(np.eye(3), np.array([[1, 0, 1], [0, 0, 1]]))
    (w,) = net.initial_weights([0], 1)

    def cross_entropy(w):
        y, d = net.forward(w[None], task)["output"][0], task.targets["output"]
        return -np.sum(d * np.log(y) + (1 - d) * np.log(1 - y))

    steps = 1e-6 * np.eye(net.size)
    expected = [(cross_entropy(w + step) - cross_entropy(w - step)) / 2e-6 for step in steps]
    _, (found,) = net.gradient(w[None], task, interpretations.without_slope(bp.squared))
    assert found == pytest.approx(np.array(expected), abs=1e-7)


def test_steeper_slopes_are_larger_rates():
    """4 y (1 - y) in place of y (1 - y) at every unit, layer by layer: what each matrix and bias is moved by."""
    net, task = bp.family_network(), bp.family_trees()
    w = net.initial_weights([0], 1)
    W, y, slopes = net.matrices(w), net.forward(w, task), net.matrices(np.zeros((1, net.size)))
    dE_dy = {"person 2": bp.hinge(0.2).derivative(task.targets["person 2"])(y["person 2"], np.empty((1, 24, 104)))}
    for layer, links in reversed(net.computed):
        dE_dx = dE_dy[layer.name] * 4 * y[layer.name] * (1 - y[layer.name])
        slopes[layer.name][:] = dE_dx.sum(axis=2)
        for link in links:
            slopes[link.weights][:] = dE_dx @ y[link.source].swapaxes(1, 2)
            dE_dy[link.source] = W[link.weights].swapaxes(1, 2) @ dE_dx
    rates = parts(procedure(), phases(slope="4 y (1 - y)")[1]["epsilon"])
    plain = net.matrices(net.gradient(w, task, bp.hinge(0.2))[1])
    for name, part in slopes.items():
        assert rates[name] * plain[name] == pytest.approx(0.01 * part)


# ---------------------------------------------------------------- what is the same in other units


@pytest.mark.parametrize("gain", [2, 4])
def test_a_gain_is_a_larger_epsilon_and_larger_weights(gain):
    """To the last bit for powers of two: g times the weights, after g times the initial ones and g² times ε; the decay
    is the same, and so are the outputs."""
    steep = interpretations.region(gain=gain, decay=0.002).run([0, 1])
    plain = interpretations.region(0.01 * gain**2, 0.3 * gain, decay=0.002).run([0, 1])
    assert np.array_equal(gain * steep.fit.weights, plain.fit.weights)
    assert np.array_equal(steep.fit.error, plain.fit.error) and np.array_equal(steep.fit.solved_at, plain.fit.solved_at)


def test_a_mean_over_cases_is_a_smaller_epsilon():
    mean, total = procedure(1.0, gradient="mean over cases"), procedure(0.01)
    assert [phase["epsilon"] for phase in mean.recipe] == [phase["epsilon"] for phase in total.recipe]


def test_decay_before_the_change_is_a_slightly_larger_epsilon():
    """w ← (1 - d) w + Δw, by hand."""
    net, task, rule, decay = bp.family_network(), bp.family_trees(), bp.hinge(0.2), 0.002
    first = net.initial_weights([0], 1)
    w, velocity = first, 0
    for _ in range(30):
        velocity = -0.1 * net.gradient(w, task, rule)[1] + 0.9 * velocity
        w = (1 - decay) * w + velocity
    fit = bp.train(net, first, task, 30, 0.1 / (1 - decay), 0.9, decay, error=rule)
    assert fit.weights == pytest.approx(w, rel=1e-9)


def test_the_velocity_is_lost_where_it_says():
    """As if the fit after 20 sweeps had none."""
    lost = procedure(0.1, 40, start="velocity lost at sweep 20").run([0])
    first, then = procedure(0.1, 40).recipe
    fit = bp.train(lost.net, lost.initial, lost.task, **first)
    fit = bp.train(lost.net, replace(fit, velocity=np.zeros_like(fit.velocity)), lost.task, **then)
    assert np.array_equal(lost.fit.weights, fit.weights)


# ---------------------------------------------------------------- the search


def sums_of_products(number, *counts):
    """In how many ways so many departures of different kinds can be chosen, from the numbers of labels."""
    return sum(prod(some) for some in combinations(counts, number))


def test_every_combination_of_up_to_three_departures_is_there_once():
    """Counted by hand, from the numbers of labels. Biases that are absent need no exemption from decay."""
    free = [7, 1, 2, 1, 6, 4, 2, 5, 2, 1, 2]  # error, cases, gradient, slope, range, ... without the three slow ones
    fast = [*free, 3]  # decay
    found = {name: list(tried) for name, (tried, _) in SEARCHED.items()}
    assert len(found["search"]) == 1 + sum(fast) + sums_of_products(2, *fast) - 1
    assert len(found["search_slow"]) == 3
    assert len(found["search_triples"]) == sums_of_products(3, *fast) - (sum(fast) - 3 - 4)
    assert len(found["search_undecayed"]) == 1 + sum(free) + sums_of_products(2, *free)
    together = [tuple(one.items()) for tried in found.values() for one in tried]
    assert len(set(together)) == len(together)
    assert {item for one in found["search"] + found["search_slow"] for item in one.items()} == set(LABELS) - {
        ("decay", "none")
    }
    assert all(one["decay"] == "none" for one in found["search_undecayed"])
    # two departures besides the best triple that contradicts no text: of error, cases, decay, biases, and of one more
    alone = [2, 1, 2, 4, 1]
    assert len(found["search_beyond"]) == sum(alone) + sums_of_products(2, *alone) - 1


def test_what_is_searched_is_what_is_trained(monkeypatch):
    """Against the same runs, trained in one go."""
    monkeypatch.setattr(interpretations, "TRIED", range(5))

    def search(**how):
        return Search(bp.family_network(), bp.family_trees(), phases(), **how)

    labels = {"units": "gain 3", "inputs": "-1 / 1"}
    runs = procedure(**labels).run(range(5))
    d, y = family_trees.FAMILIES.targets["person 2"], runs.net.forward(runs.fit, runs.task.inputs)["person 2"]
    good = (((y > 0.5) == (d == 1)).all(axis=1) & ~runs.task.held_out).sum(axis=1)
    expected = [5, 5, (good == 100).sum(), 0, int(np.median(good)), good.max()]
    assert (good == 100).any() and list(search().tried(labels).values()) == expected
    assert list(search(ended=True).tried(labels).values()) == expected
    dead = {"biases": "zero", "inputs": "0 / 3", "connections": "to all twelve"}
    assert list(search(ended=True).tried(dead).values()) == [5, 0, 0, 0, 0, 0]
    table = search(combinations=({}, {}, labels, dead)).rows([2, 3])
    assert table.seed.tolist() == [2, 3] and table.runs.tolist() == [5, 5] and table.attrs["bound"] == []
    monkeypatch.setattr(interpretations, "TRIED", range(1))
    own = search(combinations=({}, {"slope": "none at the outputs"}))
    assert own.bound() and own.rows([0]).attrs["bound"] == [] and own.rows([1]).attrs["bound"] == list(table)[1:]


def test_a_stored_search_has_a_row_for_each_combination():
    for name, survey in study.SURVEYS.items():
        if isinstance(survey.experiment, Search):
            table = study.read_survey(study.files.data(f"surveys/{name}.csv"))
            assert table.seed.tolist() == list(range(len(survey.experiment.combinations)))
            assert (table.learned <= table.begun + table["learned late"]).all() and (table.runs == 20).all()


def test_a_schedule_in_two_parts():
    whole = [{"sweeps": 20, "x": 1}, {"sweeps": 30, "x": 2}]
    assert interpretations.parted(whole, 0) == ([], whole) and interpretations.parted(whole, 50) == (whole, [])
    assert interpretations.parted(whole, 25) == ([whole[0], {"sweeps": 5, "x": 2}], [{"sweeps": 25, "x": 2}])


def test_scores_do_not_depend_on_how_cases_are_coded():
    """Right and held out are counted from the desired answers, whatever the targets, inputs and cases are."""
    for labels in ({"error": "squared, 0.2 / 0.8"}, {"inputs": "-1 / 1"}, {"cases": "112 triples"}):
        runs = procedure(0.05, 300, range="±1", **labels).run([0, 1])
        found = interpretations.scores(runs) | interpretations.aunts(runs)
        inputs = {name: np.where(on, *((1, -1) if "inputs" in labels else (1, 0))) for name, on in INPUTS.items()}
        y = runs.net.forward(runs.fit.weights, inputs)["person 2"]
        good = ((y > 0.5) == (family_trees.FAMILIES.targets["person 2"] == 1)).all(axis=1)
        held_out = procedure().cases([0, 1]).held_out
        assert found["trained right by half"].tolist() == (good & ~held_out).sum(axis=1).tolist()
        assert found["held out right by half"].tolist() == (good & held_out).sum(axis=1).tolist()
        W = runs.net.matrices(runs.fit.weights)["person 1->person code"]
        nationality = np.repeat([1, -1], 12)
        expected = [max(abs(np.corrcoef(unit, nationality)[0, 1]) for unit in run) for run in W]
        assert found["r nationality"] == pytest.approx(np.array(expected), abs=6e-4)
        case = bp.families.case_of("Colin", "aunt")
        order = np.argsort(-y[:, :, case], axis=1)
        assert found["aunts lead"].tolist() == [set(one[:2]) == {9, 10} for one in order.tolist()]
        assert found["y Margaret"] == pytest.approx(y[:, 10, case], abs=6e-5)


INPUTS = bp.family_trees().inputs


# ---------------------------------------------------------------- the two printed numbers


def test_when_the_error_is_negligible():
    """Below a hundredth of what it is when all outputs are 0.2, the most that the hinge allows those that are off."""
    runs = interpretations.region(0.1, 1.0, 0.0).run([0, 1])
    (at, never) = (
        interpretations.negligible_at(one)["negligible at"] for one in (runs, interpretations.region().run([0]))
    )
    flat = np.full((24, 104), 0.2)
    d = bp.family_trees().targets["person 2"]
    on_plateau = 0.5 * (bp.hinge(0.2).derivative(d)(flat, np.empty_like(flat)) ** 2).sum()
    for run, sweep in enumerate(at):
        place = np.searchsorted(runs.fit.recorded_at, sweep)
        assert runs.fit.error[place, run] < 0.01 * on_plateau <= runs.fit.error[place - 1, run]
    assert never.tolist() == [-1]
    assert interpretations.learned(runs)["learned"].all()


def test_the_base_rate():
    assert INTERPRETATIONS["biases"]["outputs at the base rate"][2] == log(112 / (24 * 104 - 112))


# ---------------------------------------------------------------- the plateau


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


# ---------------------------------------------------------------- what was found


def test_the_best_of_each_distance_and_word_of_the_texts():
    rows = pd.DataFrame(
        [
            ["a", 0, 0.0, "printed", 0, 0, 0],
            ["b", 1, 1.0, "open", 0, 3, 95],
            ["c", 1, 2.0, "open", 0, 5, 91],
            ["d", 1, 1.0, "hinted", 0, 5, 90],
            ["e", 2, 3.0, "open", 2, 90, 100],
            ["f", 2, 2.0, "open", 2, 90, 100],
            ["g", 2, 1.0, "open", 1, 99, 100],
            ["h", 2, 1.0, "open", 7, 0, 100],
        ],
        columns=["departures", "number", "size", "texts", "learned", "right", "most"],
    )
    assert procedures.best(rows).departures.tolist() == ["c", "h", "f", "e"]
    assert procedures.best(rows, most=1).departures.tolist() == ["c", "h"]


def test_which_departures_are_in_what_learns():
    tried = [{"units": "gain 3"}, {"units": "gain 3", "range": "±2"}, {"range": "±2"}, {"inputs": "0 / 3"}]
    rows = pd.DataFrame({"seed": range(4), "runs": 20, "learned": [11, 20, 10, 0], "right": 0, "most": 0})
    found = procedures.by_departure(procedures.table_of(tried, rows))
    assert found.index.tolist() == ["gain 3", "±2"] and found["combinations"].tolist() == [2, 2]
    assert found["most runs learn"].tolist() == [2, 1] and found.share.tolist() == ["100%", "50%"]


def test_the_finalists_are_the_best_that_were_found():
    found = [
        procedures.table_of(tried, study.read_survey(study.files.data(f"surveys/{name}.csv")))
        for name, (tried, _) in SEARCHED.items()
        if name != "search_undecayed"
    ]
    best = procedures.best(pd.concat(found, ignore_index=True))
    assert best.departures.tolist() == [procedures.in_words(labels) for labels in interpretations.FINALISTS]


def test_where_two_printed_numbers_fit():
    """Four runs of each; the last held the question of Colin's aunts out, so it does not count for the activity."""
    away = study.family_trees.at_random(family_trees.FAMILIES, 4)(range(200)).held_out
    asked = np.flatnonzero(~away[:, bp.families.case_of("Colin", "aunt")])[:3].tolist()
    out = np.flatnonzero(away[:, bp.families.case_of("Colin", "aunt")])[:1].tolist()
    rows = [
        {"epsilon": 0.1, "limit": 1.0, "decay": decay, "seed": seed, "learned": k < 2, "aunts lead": k != 2}
        | {"negligible at": (600, 580, -1, 550)[k], "y Jennifer": (0.6, 0.5, 0.1, 0.9)[k], "y Margaret": 0.7}
        for decay in (0.002, 0.0)
        for k, seed in enumerate(asked + out)
    ]
    found = procedures.over_region(pd.DataFrame(rows)).loc[0.1, 1.0]
    assert found.learn == 0.5 and (found.early, found.sweeps, found.late) == (550, 600, np.inf)
    assert (found.low, found.high) == pytest.approx((0.6 + 0.05 * 0.05, 0.65 - 0.05 * 0.05))
    assert found["fits 573"] and found["fits Fig. 3"]
