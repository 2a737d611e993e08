"""What surveys measure, against brute force."""

import numpy as np
import pytest

import bp
from bp import experiments

NET, TASK = bp.layered(6, 2, 1), bp.symmetry()


def test_what_is_alike_does_the_same():
    """96 nets with one error, on a task that is itself symmetric, and on no other."""
    forms = experiments.alike()
    assert forms.shape == (96, 17) and len(np.unique(forms, axis=0)) == 96
    assert (np.sort(forms, axis=1) == np.arange(17)).all()
    w = NET.initial_weights([0], 3.0)[0]
    E, _ = NET.gradient(w[forms], TASK)
    assert pytest.approx(E[0]) == E
    first = bp.Task(TASK.inputs, {"output": TASK.inputs["input"][:1]})  # the first input alone
    E, _ = NET.gradient(w[forms], first)
    assert len(np.unique(E.round(9))) > 1


def test_the_order_is_the_same_for_all_that_is_alike():
    w = NET.initial_weights(range(50), 3.0)
    one_way = experiments.in_order(w)
    for form in experiments.alike()[:48]:  # the hidden units in their order
        assert np.array_equal(experiments.in_order(w[:, form]), one_way)
    difference = one_way[:, :3] - one_way[:, 5:2:-1]
    assert (difference > 0).all() and (np.diff(difference, axis=1) < 0).all()


@pytest.mark.parametrize("paper", ["Nature", "PDP"])
def test_distance_is_the_least_over_all_forms(paper):
    printed, rng = experiments.printed_nets()[paper], np.random.default_rng(0)
    w = printed * rng.uniform(0.75, 1.25, (500, 17))
    w = np.take_along_axis(w, experiments.alike()[rng.integers(0, 96, 500)], axis=1)
    least = np.abs(w[:, None] / printed[experiments.alike()] - 1).max(axis=2).min(axis=1)
    assert least.max() < 1 / 3
    assert experiments.distance(w, printed) == pytest.approx(least)
    assert experiments.distance(w.reshape(50, 10, 17), printed).shape == (50, 10)
    assert experiments.distance(printed, printed) == 0


def test_doubles_are_the_nearest_of_all_sweeps():
    experiment = experiments.symmetry_experiment(low=0.1, high=0.9, horizon=1500)
    runs = experiment.run([0, 1, 2, 3, 4, 5])
    found = experiments.doubles(runs, after=120, chunk=50)
    assert 0 < np.count_nonzero(runs.fit.solved_at >= 0) < 6
    for seed, solved_at in enumerate(runs.fit.solved_at):
        if solved_at < 0:
            assert np.isnan(found["PDP distance"][seed]) and found["PDP sweep"][seed] == -1
            continue
        end = solved_at + 120
        fit = bp.train(NET, runs.initial[[seed]], runs.task, end, 0.1, 0.9, tolerance=0.4, snapshots=range(end + 1))
        for paper, printed in experiments.printed_nets().items():
            far = experiments.distance(fit.snapshots[:, 0], printed)
            assert (found[f"{paper} distance"][seed], found[f"{paper} sweep"][seed]) == (far.min(), far.argmin())


def test_the_printed_nets_are_those_of_the_papers():
    W = NET.matrices(experiments.printed_nets()["PDP"][None])
    assert sorted(np.abs(W["input->hidden"][0, 0])) == [3.17, 3.17, 6.33, 6.33, 12.56, 12.56]
    assert (W["input->hidden"] == -W["input->hidden"][:, :, ::-1]).all()
    for w in experiments.printed_nets().values():
        y = NET.forward(w[None], TASK.inputs)["output"][0]
        assert ((y > 0.5) == TASK.targets["output"]).all()


def test_the_declared_surveys_are_those_that_were_asked_for():
    """By the printed recipe unless said otherwise: Fig. 1, caption."""
    main = bp.SURVEYS["symmetry"].experiment
    first, then = main.recipe
    assert list(bp.SURVEYS["symmetry"].seeds) == list(range(10_000)) and main.limit == 0.3
    assert (first["sweeps"], first["epsilon"], first["alpha"], first["stop"]) == (60_000, 0.1, 0.9, True)
    assert (then["sweeps"], then["epsilon"], then["alpha"]) == (500, 0.1, 0.9)
    widths = bp.SURVEYS["symmetry_widths"]
    assert len(widths) == 20_000 and {cell["hidden"] for cell in widths.cells} == {2, 3, 4, 6, 8}
    assert [widths.at(cell).recipe[0]["epsilon"] for cell in widths.cells[:4]] == [0.1, 0.05, 0.02, 0.01]
    # the mean of squares over 64 cases is 2 / 64 of half their sum
    assert bp.SURVEYS["symmetry_mean"].experiment.recipe[0]["epsilon"] == pytest.approx(0.1 * 2 / 64)
    readings = bp.SURVEYS["symmetry_readings"]
    assert {tuple(np.unique(readings.at(cell).task.targets["output"])) for cell in readings.cells} == {
        (0, 1),
        (0.1, 0.9),
    }
