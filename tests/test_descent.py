"""The walk through weight space: equations (8) and (9), and that a run comes out the same in any company."""

import threading
from dataclasses import replace
from functools import partial

import joblib
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from strategies import of_run, problems

import bp

deterministic = settings(deadline=None, derandomize=True)


def and_task(low=0.0, high=1.0):
    """Cases that a net without hidden units learns in a few dozen sweeps."""
    return bp.Task({"input": [[0, 0, 1, 1], [0, 1, 0, 1]]}, {"output": [[low, low, low, high]]})


def same(fit, expected, but=()):
    """Equal to the last bit, NaN included."""
    for name in "weights", "velocity", "sweeps", "recorded_at", "error", "solved_at", "snapshots":
        ours, theirs = np.asarray(getattr(fit, name)), np.asarray(getattr(expected, name))
        if name not in but:
            assert (ours.dtype, ours.shape) == (theirs.dtype, theirs.shape), name
            assert ours.tobytes() == theirs.tobytes(), name


def furthest(net, w, task):
    """The largest |y - d| of each run, of the targets that are neither missing nor held out."""
    y, furthest = net.forward(w, task.inputs), np.zeros(len(w))
    for name, d in task.targets.items():
        gap = np.abs(y[name] - d)
        if task.held_out is not None:
            gap = np.where(task.held_out[..., None, :], np.nan, gap)
        furthest = np.fmax(furthest, np.nan_to_num(gap, nan=0).max(axis=(1, 2)))
    return furthest


# ---------------------------------------------------------------- the step


@pytest.mark.parametrize("alpha", [0, 0.5, 0.9])
@pytest.mark.parametrize("epsilon", [0.2, np.array([[0.1], [0.2], [0.3]]), np.linspace(0.1, 0.9, 9)])
def test_equation_9_is_a_decaying_sum_of_gradients(alpha, epsilon):
    """Δw(t) = -ε Σ_k α^(t-k) ∂E/∂w(k), with the gradients at the points that the run came through; (8) if α is 0."""
    net, task, sweeps = bp.layered(2, 2, 1), and_task(), 12
    fit = bp.train(net, net.initial_weights(range(3)), task, sweeps, epsilon, alpha, snapshots=range(sweeps + 1))
    points = fit.snapshots
    slopes = [net.gradient(w, task)[1] for w in points]
    for t in range(sweeps):
        step = -epsilon * sum(alpha ** (t - k) * slopes[k] for k in range(t + 1))
        np.testing.assert_allclose(points[t + 1], points[t] + step, rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(fit.velocity, step, rtol=1e-12, atol=1e-15)


@deterministic
@given(problems(), st.floats(0, 0.99), st.floats(0, 0.1))
def test_training_is_a_plain_loop(problem, alpha, decay):
    """The weights shrink after the change, and the velocity does not."""
    net, w, v = problem.net, problem.w, 0
    fit = bp.train(net, w, problem.task, 4, 0.1, alpha, decay, error=problem.rule, tolerance=1e-6)
    for t in range(4):
        E, dE_dw = net.gradient(w, problem.task, problem.rule)
        np.testing.assert_allclose(fit.error[t], E, rtol=1e-9, atol=1e-12)
        v = alpha * v - 0.1 * dE_dw
        w = (w + v) * (1 - decay)
    np.testing.assert_allclose(fit.weights, w, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.velocity, v, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(fit.error[4], net.gradient(w, problem.task, problem.rule)[0], rtol=1e-9, atol=1e-12)


def test_decay_by_hand():
    """Without a slope the velocity takes the weight 1, 0.5, 0.25 further, and each time it then shrinks by a tenth."""
    net = bp.Network([bp.Layer("in", 1), bp.Layer("out", 1, bp.linear, None)], [bp.Link("in", "out")])
    task = bp.Task({"in": [[0.0]]}, {"out": [[1.0]]})
    fit = replace(bp.train(net, np.array([[2.0]]), task, 0, 1), velocity=np.array([[2.0]]))
    fit = bp.train(net, fit, task, 3, 1, alpha=0.5, decay=0.1, snapshots=[1, 2, 3])
    np.testing.assert_allclose(fit.snapshots.ravel(), [3 * 0.9, 3.2 * 0.9, 3.13 * 0.9], rtol=1e-15)
    assert fit.velocity == 0.25


def test_epsilon_zero_freezes_and_decay_zero_exempts():
    net, task = bp.layered(2, 2, 1), and_task()
    w = net.initial_weights(range(4))
    epsilon, decay = np.full((1, net.size), 0.5), np.full((1, net.size), 0.002)
    net.matrices(epsilon)["input->hidden"][:] = 0
    net.matrices(decay)["hidden"][:] = 0
    fit = bp.train(net, w, task, 10, epsilon, 0.9)
    moved = fit.weights != w
    assert not moved[:, :4].any()
    assert moved[:, 4:].all()
    fit = bp.train(net, w, task, 1, 0.5, 0.9, decay)
    expected = w - 0.5 * net.gradient(w, task)[1]
    expected[:, [0, 1, 2, 3, 4, 5, 8]] *= 1 - 0.002
    np.testing.assert_allclose(fit.weights, expected, rtol=1e-14)


# ---------------------------------------------------------------- the kernel, and the equations in its place


def by_equations(monkeypatch):
    """From here on, nets are trained as those with a user's own functions are."""
    monkeypatch.setattr(bp.layout, "knows", lambda net, error: False)


@deterministic
@given(problems(own=False), st.booleans(), st.booleans(), st.sampled_from([0, 1, 3]), st.floats(0, 0.95))
def test_the_equations_train_as_the_kernel_does(problem, stop, by_case, record, alpha):
    net, task = problem.net, problem.task
    order = range(task.cases)[::-1] if by_case else None
    more = {"error": problem.rule, "tolerance": 1e-6, "order": order, "stop": stop, "record": record}
    fit = bp.train(net, problem.w, task, 7, 0.05, alpha, 0.01, snapshots=[0, 3], **more)
    with pytest.MonkeyPatch.context() as patch:
        by_equations(patch)
        expected = bp.train(net, problem.w, task, 7, 0.05, alpha, 0.01, snapshots=[0, 3], **more)
    for name in ("weights", "velocity", "error", "snapshots"):
        np.testing.assert_allclose(getattr(fit, name), getattr(expected, name), rtol=1e-8, atol=1e-11)
    assert np.array_equal(fit.solved_at, expected.solved_at)
    assert np.array_equal(fit.recorded_at, expected.recorded_at)


@pytest.mark.parametrize("net, task, more", [
    (bp.layered(6, 2, 1), bp.symmetry(), {"sweeps": 700, "epsilon": 0.1, "alpha": 0.9}),
    (bp.family_network(), bp.family_trees().hold_out([3, 50]), {
        "sweeps": 150, "epsilon": 0.1, "alpha": 0.9, "decay": 0.002, "error": bp.hinge(0.2),
    }),
    (bp.family_network(), bp.family_trees(), {
        "sweeps": 60, "epsilon": 0.05, "alpha": 0.5, "error": bp.dead_zone(0.2, whole_cases=True),
    }),
    (*bp.sequences(), {"sweeps": 150, "epsilon": 0.02, "alpha": 0.9, "error": bp.hinge(0.2)}),
], ids=["symmetry", "family trees", "whole cases", "sequences"])  # fmt: skip
def test_the_equations_train_the_letters_nets_as_the_kernel_does(monkeypatch, net, task, more):
    w = net.initial_weights(range(5))
    fit = bp.train(net, w, task, **more)
    by_equations(monkeypatch)
    expected = bp.train(net, w, task, **more)
    np.testing.assert_allclose(fit.error, expected.error, rtol=1e-8)
    np.testing.assert_allclose(fit.weights, expected.weights, rtol=1e-6, atol=1e-8)
    assert np.array_equal(fit.solved_at, expected.solved_at)


# ---------------------------------------------------------------- a step after each case


def case_by_case(net, w, task, rule, order, sweeps, epsilon, alpha, decay):
    """The updates after each case of one run, as a plain loop."""
    v = np.zeros_like(w)
    for c in list(order) * sweeps:
        case = bp.Task(
            {name: y[:, [c]] for name, y in task.inputs.items()},
            {name: d[:, [c]] for name, d in task.targets.items()},
        )
        counts = any(not np.isnan(d).all() for d in case.targets.values())
        if counts and not (task.held_out is not None and task.held_out[c]):
            v = alpha * v - epsilon * net.gradient(w, case, rule)[1]
            w = (w + v) * (1 - decay)
    return w, v


@deterministic
@given(problems(), st.data())
def test_order_is_a_plain_loop_over_the_cases(problem, data):
    """A case that is held out, or whose targets are all missing, makes no step: no momentum, no decay."""
    net, task, rule = problem.net, problem.task, problem.rule
    order = data.draw(st.permutations(range(task.cases)))
    fit = bp.train(net, problem.w, task, 2, 0.1, 0.5, 0.01, error=rule, tolerance=1e-6, order=order)
    for run in range(len(problem.w)):
        one = problem.w[run : run + 1], of_run(run, task)
        w, v = case_by_case(net, *one, rule, order, sweeps=2, epsilon=0.1, alpha=0.5, decay=0.01)
        np.testing.assert_allclose(fit.weights[run], w[0], rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(fit.velocity[run], v[0], rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("held_out", [[1], [[1], [1], [1]], [[1], [0], [3]]])
def test_a_held_out_case_makes_no_step(held_out):
    net, task, order = bp.layered(2, 2, 1), and_task().hold_out(held_out), [3, 1, 0, 2]
    w = net.initial_weights(range(3))
    fit = bp.train(net, w, task, 5, 0.5, 0.9, 0.01, order=order)
    for run, out in enumerate(np.broadcast_to(held_out, (3, 1))[:, 0]):
        rest = [c for c in order if c != out]
        expected, _ = case_by_case(net, w[[run]], and_task(), bp.squared, rest, 5, epsilon=0.5, alpha=0.9, decay=0.01)
        np.testing.assert_allclose(fit.weights[run], expected[0], rtol=1e-12)


def test_error_by_case_is_that_of_all_cases_before_the_sweep():
    net, task = bp.layered(2, 1), and_task()
    fit = bp.train(net, net.initial_weights(range(3)), task, 4, 0.5, order=[2, 0, 3, 1], snapshots=range(5))
    assert np.array_equal(fit.error, [net.gradient(w, task)[0] for w in fit.snapshots])


# ---------------------------------------------------------------- a run is the same in any company

RUNS = 50


def symmetry(**more):
    net = bp.layered(6, 2, 1)
    return net, bp.symmetry(), {"epsilon": 0.1, "alpha": 0.9, **more}


def families(task_of=lambda task, rng: task, **more):
    """Questions as the family trees have, with one to three right answers."""
    rng = np.random.default_rng(0)
    one_hot = lambda units: np.eye(units)[:, rng.integers(units, size=30)]  # noqa: E731
    answers = np.maximum(one_hot(24), one_hot(24))
    task = bp.Task({"person 1": one_hot(24), "relationship": one_hot(12)}, {"person 2": answers})
    more = {"epsilon": 0.05, "alpha": 0.9, "decay": 0.002, "error": bp.hinge(0.2), **more}
    return bp.family_network(), task_of(task, rng), more


def held_out_by_run(task, rng, cases=4):
    return task.hold_out(np.array([rng.permutation(task.cases)[:cases] for _ in range(RUNS)]))


def cases_by_run(task, rng):
    """Each run sees the questions with noise of its own."""
    inputs = {name: y + rng.normal(0, 0.1, (RUNS, *y.shape)) for name, y in task.inputs.items()}
    return bp.Task(inputs, task.targets)


def rates(low, high):
    return np.linspace(low, high, RUNS)[:, None]


SETTINGS = {
    "symmetry": lambda: symmetry(sweeps=30),
    "symmetry, stop": lambda: symmetry(sweeps=700, stop=True, record=50),
    "symmetry, rates by run": lambda: symmetry(sweeps=30, epsilon=rates(0.05, 0.5)),
    "symmetry, case by case": lambda: symmetry(sweeps=3, order=range(63, -1, -1)),
    "families": lambda: families(sweeps=20),
    "families, held out by run": lambda: families(held_out_by_run, sweeps=20),
    "families, cases by run": lambda: families(cases_by_run, sweeps=20),
    "families, case by case": lambda: families(held_out_by_run, sweeps=2, order=range(30)),
    "families, stop": lambda: families(
        partial(held_out_by_run, cases=28), sweeps=300, stop=True, record=7, epsilon=rates(0.01, 0.3), decay=0.0
    ),
}


@pytest.fixture(params=SETTINGS, scope="module")
def company(request):
    """How to train some of 50 runs, and the fit of all of them in one batch."""
    net, task, more = SETTINGS[request.param]()
    more["snapshots"] = [0, more["sweeps"] // 2, more["sweeps"]]
    w = net.initial_weights(range(RUNS))

    def train(rows=slice(None)):
        by_run = {name: value[rows] if np.ndim(value) == 2 else value for name, value in more.items()}
        return bp.train(net, w[rows], task.of_runs(rows), **by_run, progress=False)

    fit = train()
    assert np.isfinite(fit.weights).all()
    if "stop" in more:
        assert 0 < (fit.solved_at >= 0).mean() < 1  # some neighbours retire
    return train, fit


@pytest.mark.parametrize("run", [0, 17, 49])
def test_a_run_alone_is_the_run_in_a_batch(company, run):
    train, fit = company
    same(train(slice(run, run + 1)), fit[run])


@pytest.mark.parametrize("work", [0, np.inf])
def test_threads_or_none_give_the_same_fit(company, monkeypatch, work):
    train, fit = company
    monkeypatch.setattr(bp.descent, "SHORT", work)
    same(train(), fit)


def test_two_workers_give_the_same_fit(company):
    train, fit = company
    with joblib.parallel_config(n_jobs=2):
        same(train(), fit)


def binary(problem):
    """The problem with targets of 0 and 1 throughout."""
    targets = {name: np.where(np.isnan(d), d, d > 0) for name, d in problem.task.targets.items()}
    return replace(problem, task=bp.Task(problem.task.inputs, targets, problem.task.held_out))


@deterministic
@given(problems().map(binary), st.booleans())
def test_any_net_is_the_same_alone(problem, by_case):
    net, w, task = problem.net, problem.w, problem.task
    more = {"error": problem.rule, "order": range(task.cases) if by_case else None}
    fit = bp.train(net, w, task, 5, 0.1, 0.9, 0.01, **more)
    for run in range(len(w)):
        rows = slice(run, run + 1)
        same(bp.train(net, w[rows], task.of_runs(rows), 5, 0.1, 0.9, 0.01, **more), fit[run])


@pytest.mark.parametrize(("jobs", "threads"), [(None, 1), (1, 1), (2, 2), (3, 3)])
def test_as_many_threads_as_joblib_is_told_of(monkeypatch, jobs, threads):
    net, task, seen = bp.layered(2, 1), and_task(), set()
    trained = bp.layout.train

    def train(*arguments):
        seen.add(threading.get_ident())
        barrier.wait()
        trained(*arguments)

    barrier = threading.Barrier(threads, timeout=30)  # broken unless so many work at once
    monkeypatch.setattr(bp.layout, "train", train)
    with joblib.parallel_config(backend="loky", n_jobs=jobs):
        fit = bp.train(net, net.initial_weights(range(threads * 8)), task, 1, 0.5)
    assert len(seen) == threads
    same(fit, bp.train(net, net.initial_weights(range(threads * 8)), task, 1, 0.5)) if jobs in (None, 1) else None


def test_a_layer_may_miss_all_its_targets():
    net, task = bp.layered(2, 2, 1), and_task()
    both = bp.Task(task.inputs, {**task.targets, "hidden": np.full((2, 4), np.nan)})
    w = net.initial_weights(range(3))
    same(bp.train(net, w, both, 5, 0.5), bp.train(net, w, task, 5, 0.5))


# ---------------------------------------------------------------- schedules


@pytest.mark.parametrize("stop", [False, True])
@pytest.mark.parametrize("order", [None, [2, 0, 3, 1]])
@pytest.mark.parametrize("first", [0, 1, 13, 30])
def test_two_calls_are_one(first, order, stop):
    net, task = bp.layered(2, 1), and_task()
    w, epsilon = net.initial_weights(range(8)), np.linspace(0.1, 0.8, 8)[:, None]
    more = {"epsilon": epsilon, "alpha": 0.5, "decay": 0.001, "order": order, "stop": stop}
    once = bp.train(net, w, task, 30, **more, snapshots=[5, 20])
    assert 0 < (once.solved_at >= 0).mean() < 1
    half = bp.train(net, w, task, first, **more, snapshots=[t for t in (5, 20) if t <= first])
    for array in half.weights, half.velocity, half.solved_at, half.error, half.snapshots:
        array.flags.writeable = False  # what one goes on from is left as it is
    fit = bp.train(net, half, task, 30 - first, **more, snapshots=[t for t in (5, 20) if t > first])
    same(fit, once, but=["error", "recorded_at", "snapshots"])
    assert np.array_equal(np.concatenate([half.snapshots, fit.snapshots]), once.snapshots)
    assert half.recorded_at.tolist() + fit.recorded_at.tolist() == [*range(first + 1), *range(first, 31)]
    joined = np.concatenate([half.error, fit.error[1:]])
    assert np.array_equal(joined, once.error, equal_nan=True)
    assert np.array_equal(half.error[-1], fit.error[0], equal_nan=True) or stop


def test_other_parameters_go_on_from_the_velocity():
    """The paper's schedule: Δw(t-1) is the last change of the first part."""
    net, task = bp.layered(2, 2, 1), and_task()
    half = bp.train(net, net.initial_weights(range(3)), task, sweeps=20, epsilon=0.005, alpha=0.5)
    fit = bp.train(net, half, task, sweeps=1, epsilon=0.01, alpha=0.9)
    expected = -0.01 * net.gradient(half.weights, task)[1] + 0.9 * half.velocity
    np.testing.assert_allclose(fit.velocity, expected, rtol=1e-13)
    np.testing.assert_allclose(fit.weights, half.weights + expected, rtol=1e-13)


@pytest.mark.parametrize("rows", [2, -1, [0, 3], slice(1, 3), [False, True, True, False]])
def test_some_runs_of_a_fit_go_on_by_themselves(rows):
    net, task = bp.layered(2, 1), and_task()
    fit = bp.train(net, net.initial_weights(range(4)), task, 10, 0.5, 0.9, snapshots=[3])
    same(bp.train(net, fit[rows], task, 10, 0.5, 0.9), bp.train(net, fit, task, 10, 0.5, 0.9)[rows])
    assert np.array_equal(fit[rows].snapshots[0], np.atleast_2d(fit.snapshots[0][rows]))
    assert len(fit[rows]) == fit[rows].error.shape[1] == len(np.atleast_2d(fit.weights[rows]))


# ---------------------------------------------------------------- solved, retired, recorded


@pytest.mark.parametrize("low, high, tolerance", [(0, 1, 0.5), (0, 1, 0.2), (0.1, 0.9, 0.4), (0.2, 0.8, 0.3)])
@pytest.mark.parametrize("change", ["none", "held out", "held out by run", "missing"])
def test_solved_at_is_the_first_sweep_below_the_tolerance(low, high, tolerance, change):
    net, task, sweeps = bp.layered(2, 1), and_task(low, high), 40
    if change == "held out":
        task = task.hold_out([3])
    elif change == "held out by run":
        task = task.hold_out(np.arange(20)[:, None] % 4)
    elif change == "missing":
        task = bp.Task(task.inputs, {"output": [[low, np.nan, low, high]]})
    fit = bp.train(
        net, net.initial_weights(range(20)), task, sweeps, 0.5, 0.9, tolerance=tolerance, snapshots=range(sweeps + 1)
    )
    solved = np.array([furthest(net, w, task) < tolerance for w in fit.snapshots])
    assert np.array_equal(fit.solved_at, np.where(solved.any(axis=0), solved.argmax(axis=0), -1))
    assert (fit.solved_at >= 0).any()


@deterministic
@given(problems().map(binary))
def test_all_layers_with_targets_are_to_be_solved(problem):
    net, task, sweeps = problem.net, problem.task, 10
    fit = bp.train(net, problem.w, task, sweeps, 0.1, error=problem.rule, snapshots=range(sweeps + 1))
    assume(not fit.diverged.any())
    solved = np.array([furthest(net, w, task) < 0.5 for w in fit.snapshots])
    assert np.array_equal(fit.solved_at, np.where(solved.any(axis=0), solved.argmax(axis=0), -1))


def test_symmetry_is_solved_when_the_letter_would_say_so():
    net, task, sweeps = bp.layered(6, 2, 1), bp.symmetry(), 700
    fit = bp.train(net, net.initial_weights(range(12)), task, sweeps, 0.1, 0.9, snapshots=range(sweeps + 1))
    on = net.forward(fit.snapshots.reshape(-1, net.size), task.inputs)["output"] > 0.5
    right = (on == (task.targets["output"] == 1)).all(axis=(1, 2)).reshape(sweeps + 1, 12)
    assert np.array_equal(fit.solved_at, np.where(right.any(axis=0), right.argmax(axis=0), -1))
    assert 0 < (fit.solved_at >= 0).sum() < 12


def test_solved_before_the_first_sweep_or_never():
    net, task = bp.layered(2, 1), and_task()
    w = np.array([[10.0, 10, -15], [-10, -10, 15], [0, 0, 0]])  # AND, its opposite, and 0.5 throughout
    for sweeps in 0, 1:
        assert bp.train(net, w, task, sweeps, 1e-6).solved_at.tolist() == [0, -1, -1]
    assert bp.train(net, bp.train(net, w, task, 5, 1e-6), task, 5, 1e-6).solved_at[0] == 0


@pytest.mark.parametrize("stop", [False, True])
def test_several_tolerances_are_each_met_as_if_alone(stop):
    net, task = bp.layered(6, 2, 1), bp.symmetry()
    w, tolerances = net.initial_weights(range(30)), [0.5, 0.2, 0.1]
    recipe = {"sweeps": 1200, "epsilon": 0.1, "alpha": 0.9, "record": 0, "stop": stop}
    fit = bp.train(net, w, task, **recipe, tolerance=tolerances)
    alone = [bp.train(net, w, task, **recipe, tolerance=tolerance) for tolerance in tolerances]
    assert np.array_equal(fit.solved_at, [one.solved_at for one in alone])
    assert np.array_equal(fit.weights, alone[-1].weights)  # the last one decides who retires
    assert 0 < np.count_nonzero(fit.solved_at[2] >= 0) < np.count_nonzero(fit.solved_at[0] >= 0)
    part = bp.train(net, w, task, **(recipe | {"sweeps": 700}), tolerance=tolerances)
    on = bp.train(net, part[::-1], task, **(recipe | {"sweeps": 500}), tolerance=tolerances)
    assert np.array_equal(on.solved_at[:, ::-1], fit.solved_at)


def test_several_tolerances_met_at_one_sweep():
    net = bp.layered(1, 1)
    w = np.array([[0.0, 0.5]])  # an output of 0.62
    task = bp.Task({"input": [[0.0]]}, {"output": [[0.6]]})
    assert bp.train(net, w, task, 0, 1, tolerance=[0.5, 0.1, 0.001]).solved_at.tolist() == [[0], [0], [-1]]


def test_tolerance_is_strict():
    """A distance of exactly the tolerance, here 0.5 and 0.25, is not below it."""
    net = bp.Network([bp.Layer("in", 1), bp.Layer("out", 1, bp.linear, None)], [bp.Link("in", "out")])
    task = bp.Task({"in": [[0.0, 1.0]]}, {"out": [[0.0, 1.0]]})
    w = np.array([[0.5], [np.nextafter(0.5, 1)], [0.75], [np.nextafter(0.75, 1)]])
    assert bp.train(net, w, task, 0, 1).solved_at.tolist() == [-1, 0, 0, 0]
    assert bp.train(net, w, task, 0, 1, tolerance=0.25).solved_at.tolist() == [-1, -1, -1, 0]


@pytest.mark.parametrize("order", [None, [2, 0, 3, 1]])
def test_a_retired_run_keeps_the_weights_that_solved_it(order):
    net, task, sweeps = bp.layered(2, 1), and_task(), 40
    w = net.initial_weights(range(20))
    epsilon = np.linspace(0.05, 0.5, 20)[:, None]
    more = {"epsilon": epsilon, "alpha": 0.5, "order": order, "snapshots": range(sweeps + 1)}
    fit, free = bp.train(net, w, task, sweeps, **more, stop=True), bp.train(net, w, task, sweeps, **more)
    assert np.array_equal(fit.solved_at, free.solved_at)
    assert 0 < (fit.solved_at >= 0).mean() < 1
    for run, solved_at in enumerate(fit.solved_at):
        last = solved_at if solved_at >= 0 else sweeps
        assert np.array_equal(fit.weights[run], free.snapshots[last, run])
        assert np.array_equal(fit.velocity[run], bp.train(net, w, task, last, epsilon, 0.5, order=order).velocity[run])
        assert np.array_equal(fit.error[: last + 1, run], free.error[: last + 1, run])
        assert np.isnan(fit.error[last + 1 :, run]).all()
        assert np.array_equal(fit.snapshots[: last + 1, run], free.snapshots[: last + 1, run])
        assert (fit.snapshots[last:, run] == fit.weights[run]).all()


def test_training_ends_when_all_have_retired():
    net, task = bp.layered(2, 1), and_task()
    w = np.array([[10.0, 10, -15], [9, 9, -14]])
    fit = bp.train(net, w, task, 10**9, 0.1, stop=True, record=0, snapshots=[0, 10**9])
    assert fit.solved_at.tolist() == [0, 0]
    assert np.array_equal(fit.weights, w)
    assert np.array_equal(fit.snapshots, [w, w])
    again = bp.train(net, fit, task, 10**9, 0.1, stop=True, record=0)
    assert np.array_equal(again.weights, w)
    assert np.isnan(again.error).all()
    assert (again.sweeps, again.solved_at.tolist()) == (2 * 10**9, [0, 0])


@pytest.mark.parametrize(
    ("record", "at"),
    [(1, range(8)), (2, [0, 2, 4, 6, 7]), (3, [0, 3, 6, 7]), (7, [0, 7]), (100, [0, 7]), (0, [7])],
)
def test_record(record, at):
    net, task, at = bp.layered(2, 1), and_task(), [*at]
    half = bp.train(net, net.initial_weights(range(3)), task, 5, 0.5)
    fit, every = bp.train(net, half, task, 7, 0.5, record=record), bp.train(net, half, task, 7, 0.5)
    assert fit.recorded_at.tolist() == [5 + t for t in at]
    assert np.array_equal(fit.error, every.error[at])
    assert every.error.shape == (8, 3)
    assert np.array_equal(fit.weights, every.weights)


def test_snapshots_count_over_all_calls():
    net, task = bp.layered(2, 1), and_task()
    w = net.initial_weights(range(3))
    after = lambda sweeps: bp.train(net, w, task, sweeps, 0.5, 0.9).weights  # noqa: E731
    half = bp.train(net, w, task, 5, 0.5, 0.9, snapshots=[0, 5])
    assert np.array_equal(half.snapshots, [w, half.weights])
    fit = bp.train(net, half, task, 7, 0.5, 0.9, snapshots=[5, 6, 12])
    assert np.array_equal(fit.snapshots, [half.weights, after(6), after(12)])
    assert bp.train(net, w, task, 1, 0.5).snapshots.shape == (0, 3, net.size)


def test_no_sweeps_record_where_the_runs_are():
    net, task = bp.layered(2, 1), and_task()
    w = net.initial_weights(range(3))
    fit = bp.train(net, w, task, 0, 0.5)
    assert np.array_equal(fit.weights, w)
    assert not fit.velocity.any()
    assert np.array_equal(fit.error, [net.gradient(w, task)[0]])


# ---------------------------------------------------------------- runs that diverge


@pytest.mark.parametrize("huge", [1e200, 1e308])
@pytest.mark.parametrize("order", [None, [2, 0, 3, 1]])
def test_a_run_that_diverges_leaves_its_neighbours_alone(huge, order):
    net = bp.Network([bp.Layer("input", 2), bp.Layer("output", 1, bp.linear)], [bp.Link("input", "output")])
    task = and_task()
    w, epsilon = net.initial_weights(range(3)), np.array([[0.1], [huge], [0.2]])
    more = {"alpha": 0.5, "decay": 0.001, "order": order, "snapshots": [10, 20]}
    fit = bp.train(net, w, task, 20, epsilon, **more)
    assert fit.diverged.tolist() == [False, True, False]
    same(fit[[0, 2]], bp.train(net, w[[0, 2]], task, 20, epsilon[[0, 2]], **more))
    assert fit.error[0, 1] == net.gradient(w, task)[0][1]
    assert not np.isfinite(fit.error[-1, 1])

    more["snapshots"] = []
    on = bp.train(net, fit, task, 20, 0.1, **more)
    assert on.diverged.tolist() == [False, True, False]
    same(on[[0, 2]], bp.train(net, fit[[0, 2]], task, 20, 0.1, **more))


# ---------------------------------------------------------------- the bar


@pytest.mark.slow
def test_a_bar_only_where_it_takes_long_and_is_wanted(capsys, monkeypatch):
    net, task = bp.layered(6, 2, 1), bp.symmetry()
    w = net.initial_weights(range(100))
    monkeypatch.setattr(bp.descent, "tqdm", partial(bp.descent.tqdm, disable=False))  # whatever TQDM_DISABLE says
    wait = bp.descent.wait
    monkeypatch.setattr(bp.descent, "wait", lambda started, _, how: wait(started, None, how))  # done before a second
    bp.train(net, w, task, 2000, 0.5, record=0)
    monkeypatch.setattr(bp.descent, "wait", lambda started, _, how: wait(started, 0.01, how))  # a second is over soon
    bp.train(net, w, task, 20_000, 0.5, progress=False, record=0)
    assert capsys.readouterr() == ("", "")
    bp.train(net, w, task, 20_000, 0.5, record=0)
    assert "training" in capsys.readouterr().err


def test_ctrl_c_ends_the_threads(monkeypatch):
    """The sweeps that were asked for would take half an hour."""
    net, task = bp.layered(6, 2, 1), bp.symmetry()

    def interrupted(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(bp.descent, "_watch", interrupted)
    with pytest.raises(KeyboardInterrupt):
        bp.train(net, net.initial_weights(range(2)), task, 10**9, 0.1, record=0)


def test_no_runs_are_no_trouble():
    """None left to go on with: what a survey's last call may find."""
    net, task = bp.layered(2, 1), and_task()
    fit = bp.train(net, net.initial_weights(range(2)), task, 500, 1.0, stop=True)
    assert (fit.solved_at >= 0).all()
    rest = bp.train(net, fit[fit.solved_at < 0], task, 10, 1.0, snapshots=[505])
    assert len(rest) == 0 and rest.sweeps == 510
    assert rest.error.shape == (11, 0) and rest.snapshots.shape == (1, 0, net.size)


def test_a_run_that_diverges_does_not_keep_a_training_that_stops_from_ending():
    """And its neighbour is as it is alone."""
    net, task = bp.layered(2, 1), and_task()
    w, epsilon = net.initial_weights(range(2)), np.array([[1.0], [1e308]])
    both = bp.train(net, w, task, 10**9, epsilon, 0.9, record=0, stop=True, progress=False)
    alone = bp.train(net, w[:1], task, 10**9, 1.0, 0.9, record=0, stop=True, progress=False)
    assert both.diverged.tolist() == [False, True] and both.solved_at[1] == -1
    same(both[0], alone)
