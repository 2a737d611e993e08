"""What a new user writes first: little programs, each of them whole, that are tested as they stand."""

import numpy as np
import pytest

import bp


def flowers():
    """Cases as scikit-learn has them: X, (cases, features), and y, (cases,), of two overlapping kinds."""
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], 60)
    return rng.normal(y[:, None] * 2 - 1, 0.8, (120, 4)), y


def test_learn_xor():
    net, task = bp.layered(2, 2, 1), bp.xor()
    fit = bp.train(net, net.initial_weights(0), task, sweeps=2000, epsilon=0.5, alpha=0.9)
    assert bp.right(net, fit, task).all()
    assert repr(fit).startswith("Fit of 1 runs after 2000 sweeps: 1 solved, E from ")


def test_learn_from_arrays():
    X, y = flowers()
    net, task = bp.layered(4, 3, 1), bp.Task(X.T, y)  # a column is a case
    fit = bp.train(net, net.initial_weights(0), task, sweeps=300, epsilon=0.02, alpha=0.9)
    assert bp.right(net, fit, task).mean() > 0.9
    assert net.forward(fit, X.T)["output"].shape == (1, 1, 120)


def test_try_it_on_cases_that_it_was_not_taught():
    X, y = flowers()
    net, task = bp.layered(4, 3, 1), bp.Task(X.T, y)
    others = np.random.default_rng(1).choice(120, 30, replace=False)
    fit = bp.train(net, net.initial_weights(range(5)), task.hold_out(others), sweeps=300, epsilon=0.02, alpha=0.9)
    accuracy = bp.right(net, fit, task)[:, others].mean(axis=1)
    E, _ = net.gradient(fit, task.of_cases(others))
    assert accuracy.shape == E.shape == (5,)
    assert accuracy.mean() > 0.85


def test_stop_early():
    """Training ends when E of other cases has not fallen for 100 sweeps; the best weights are kept."""
    X, y = flowers()
    net, task = bp.layered(4, 8, 1), bp.Task(X.T, y)
    taught, others = task.of_cases(range(0, 120, 2)), task.of_cases(range(1, 120, 2))
    fit = best = bp.train(net, net.initial_weights(0), taught, sweeps=0, epsilon=0.1)
    while fit.sweeps < 5000 and fit.sweeps - best.sweeps < 100:
        fit = bp.train(net, fit, taught, sweeps=20, epsilon=0.1, alpha=0.9)
        if net.gradient(fit, others)[0] < net.gradient(best, others)[0]:
            best = fit
    assert 0 < best.sweeps < fit.sweeps < 5000
    assert net.gradient(best, others)[0] < net.gradient(fit, others)[0]


def test_learn_in_batches():
    X, y = flowers()
    net, task, rng = bp.layered(4, 3, 1), bp.Task(X.T, y), np.random.default_rng(0)
    fit = net.initial_weights(0)
    for _ in range(30):
        for cases in np.split(rng.permutation(120), 6):
            fit = bp.train(net, fit, task.of_cases(cases), sweeps=1, epsilon=0.1, alpha=0.5)
    assert fit.sweeps == 180
    assert bp.right(net, fit, task).mean() > 0.9


def test_learn_in_batches_each_of_which_may_be_solved():
    X, y = flowers()
    net, task, rng = bp.layered(4, 3, 1), bp.Task(X.T, y), np.random.default_rng(0)
    fit = bp.Fit.of(net.initial_weights(0))
    for _ in range(30):
        for cases in np.split(rng.permutation(120), 6):
            batch, begun = task.of_cases(cases), bp.Fit.of(fit.weights, fit.velocity)
            fit = bp.train(net, begun, batch, sweeps=1, epsilon=0.1, alpha=0.5, stop=True)
    assert (fit.solved_at >= 0) == (abs(net.forward(fit, batch)["output"] - batch.targets["output"]) < 0.5).all()
    assert bp.right(net, fit, task).mean() > 0.9


def test_go_on_with_another_task():
    """What was solved was another task; the velocity counts."""
    net = bp.layered(2, 3, 1)
    fit = bp.train(net, net.initial_weights(range(4), 1), bp.xor(), sweeps=2000, epsilon=0.5, alpha=0.9, stop=True)
    assert (fit.solved_at >= 0).any()
    begun = bp.Fit.of(fit.weights, fit.velocity)
    again = bp.train(net, begun, bp.symmetry(2), sweeps=2000, epsilon=0.5, alpha=0.9, stop=True)
    solved = again.solved_at >= 0
    assert solved.any() and bp.right(net, again, bp.symmetry(2))[solved].all()
    first = bp.train(net, begun, bp.symmetry(2), sweeps=1, epsilon=0.5, alpha=0.9)
    step = 0.9 * fit.velocity - 0.5 * net.gradient(fit, bp.symmetry(2))[1]  # (9)
    assert np.allclose(first.weights, fit.weights + step)


def test_look_at_what_there_is():
    net = bp.layered(2, 3, 1, activation=bp.linear)
    assert repr(net) == "Network of input 2, hidden 3, output 1: 13 weights"
    with np.errstate(all="ignore"):
        lost = bp.train(net, net.initial_weights([0, 1]), bp.xor(), sweeps=500, epsilon=5)
    assert lost.diverged.all() and repr(lost) == "Fit of 2 runs after 500 sweeps: 0 solved, 2 diverged"


def test_go_on_tomorrow(tmp_path):
    net, task = bp.layered(2, 2, 1), bp.xor()
    fit = bp.train(net, net.initial_weights(range(3)), task, sweeps=50, epsilon=0.5, alpha=0.9, snapshots=[10])
    fit.save(tmp_path / "xor.npz")
    np.save(tmp_path / "weights.npy", fit.weights)
    again = bp.train(net, bp.Fit.load(tmp_path / "xor.npz"), task, sweeps=50, epsilon=0.5, alpha=0.9)
    assert np.array_equal(again.weights, bp.train(net, fit, task, sweeps=50, epsilon=0.5, alpha=0.9).weights)
    assert again.sweeps == 100
    at_rest = bp.train(net, np.load(tmp_path / "weights.npy"), task, sweeps=50, epsilon=0.5, alpha=0.9)
    assert at_rest.sweeps == 50 and not np.array_equal(at_rest.weights, again.weights)  # without the velocity
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["weights.npy", "xor.npz"]


def test_draw_the_whole_history():
    """The paper's schedule: other rates after 20 sweeps."""
    net, task = bp.layered(2, 2, 1), bp.xor()
    half = bp.train(net, net.initial_weights(range(3)), task, sweeps=20, epsilon=0.1, alpha=0.5, snapshots=[20])
    fit = half.then(bp.train(net, half, task, sweeps=30, epsilon=0.5, alpha=0.9, snapshots=[20, 50]))
    assert fit.recorded_at.tolist() == [*range(51)] and fit.error.shape == (51, 3)
    assert np.array_equal(fit.error[20], net.gradient(half, task)[0])
    assert np.array_equal(fit.snapshots, [half.weights, half.weights, fit.weights])


def test_look_at_a_gradient():
    net, task = bp.layered(2, 3, 2, 1), bp.xor()
    w = net.initial_weights(0)
    E, dE_dw = net.gradient(w, task)
    slopes = net.matrices(dE_dw)
    assert slopes["hidden1->hidden2"].shape == (1, 2, 3) and slopes["hidden1"].shape == (1, 3)
    net.matrices(w)["hidden1->hidden2"][0, 1, 2] += 1e-6  # w is changed through its view
    assert (net.gradient(w, task)[0] - E) / 1e-6 == pytest.approx(slopes["hidden1->hidden2"][0, 1, 2], rel=1e-3)
    with pytest.raises(KeyError, match=r"there is no 'hidden' among 'input->hidden1', 'hidden1->hidden2', .*'output'"):
        slopes["hidden"]


def test_other_units_and_other_targets():
    """Targets of -1 and 1, which a unit with tanh can have: what is right is for the program to say."""
    net, task = bp.layered(2, 3, 1, activation=bp.tanh), bp.xor(-1, 1)
    fit = bp.train(net, net.initial_weights(range(10)), task, sweeps=1000, epsilon=0.1, alpha=0.9)
    right = np.sign(net.forward(fit, task)["output"]) == task.targets["output"]
    assert right.all(axis=(1, 2)).mean() > 0.5
    mixed = bp.layered(2, 3, 1, activation=[bp.tanh, bp.linear])
    assert [layer.activation for layer in mixed.layers[1:]] == [bp.tanh, bp.linear]


def test_a_function_of_ones_own():
    swing = bp.Activation(np.arctan, lambda y: np.cos(y) ** 2, "arctangent")
    net, task = bp.layered(2, 3, 1, activation=[swing, bp.logistic]), bp.xor()
    fit = bp.train(net, net.initial_weights(range(5)), task, sweeps=500, epsilon=0.5, alpha=0.9)
    assert (fit.solved_at >= 0).any()
    with pytest.raises(ValueError, match=r"the slope is .* at x = .*, as a function of the output y"):
        bp.Activation(np.arctan, lambda x: 1 / (1 + x**2))  # as textbooks have it


# ---------------------------------------------------------------- what is said otherwise elsewhere


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"epochs": 10, "epsilon": 0.1}, "train has no argument 'epochs'; expected sweeps"),
        ({"sweeps": 10, "lr": 0.1}, "train has no argument 'lr'; expected epsilon"),
        ({"sweeps": 1, "epsilon": 0.1, "momentum": 0.9}, "train has no argument 'momentum'; expected alpha"),
        ({"sweeps": 1, "epsilon": 0.1, "batch_size": 32}, "'batch_size'; expected .* task.of_cases"),
        ({"sweeps": 1, "epsilon": 0.1, "foo": 0.9}, "'foo'; expected one of net, w, task, sweeps, epsilon, alpha, "),
    ],
)
def test_arguments_in_other_words(more, message):
    net = bp.layered(2, 2, 1)
    with pytest.raises(TypeError, match=message):
        bp.train(net, net.initial_weights(0), bp.xor(), **more)


def test_other_functions_in_other_words():
    with pytest.raises(TypeError, match="initial_weights has no argument 'seed'; expected seeds"):
        bp.layered(2, 1).initial_weights(seed=0)
    with pytest.raises(
        TypeError, match=r"layered has no argument 'hidden'; expected numbers of units, as in layered\(6, "
    ):
        bp.layered(2, 1, hidden=2)


def test_cases_in_rows_are_noticed():
    X, y = flowers()
    with pytest.raises(
        ValueError, match=r"\[4, 120\] cases; expected the same .*, which is the transpose, X.T, of \(cases"
    ):
        bp.Task(X, y)
    with pytest.raises(ValueError, match=r"\[1, 4\] cases; expected .* X.T"):
        bp.Task(X, y[:, None])
    net, square = bp.layered(3, 1), bp.Task(np.zeros((4, 3)), np.zeros((1, 3)))
    with pytest.raises(
        ValueError, match=r"have the shape \(4, 3\), so 4 units; expected 3, .*: is the transpose meant"
    ):
        net.gradient(net.initial_weights(0), square)


def test_another_tolerance_begins_anew():
    net, task = bp.layered(2, 2, 1), bp.xor()
    fit = bp.train(net, net.initial_weights(0), task, sweeps=5, epsilon=0.5)
    with pytest.raises(
        ValueError, match=r"tolerance is 0.1, and was 0.5 in the call before; expected the same, or fit"
    ):
        bp.train(net, fit, task, sweeps=5, epsilon=0.5, tolerance=0.1)
    assert bp.train(net, fit.weights, task, sweeps=5, epsilon=0.5, tolerance=0.1).sweeps == 5


def test_learn_numbers_all_at_once_and_in_batches():
    """Half the distance between two targets says nothing of a tolerance where targets are many."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(40, 2))
    net, task = bp.layered(2, 4, 1, activation=[bp.tanh, bp.linear]), bp.Task(X.T, 0.3 * X[:, 0])
    fit = bp.train(net, net.initial_weights(range(3)), task, sweeps=300, epsilon=0.01, alpha=0.9)
    assert (fit.error[-1] < 0.05).all()
    for cases in np.split(rng.permutation(40), 10):
        fit = bp.train(net, bp.Fit.of(fit), task.of_cases(cases), sweeps=1, epsilon=0.01)
    assert (net.gradient(fit, task)[0] < 0.05).all()


def test_begin_with_weights_in_any_form():
    net, task = bp.layered(2, 2, 1), bp.xor()
    w = net.initial_weights(0)
    fits = [bp.train(net, bp.Fit.of(one), task, sweeps=5, epsilon=0.5) for one in (w, w[0], w.tolist(), bp.Fit.of(w))]
    assert all(np.array_equal(fit.weights, fits[0].weights) for fit in fits)
    assert fits[0] == fits[0] and fits[0] != fits[1] and task in [task]  # by identity


def test_a_file_is_written_whole_or_not_at_all(tmp_path, monkeypatch):
    net, task = bp.layered(2, 2, 1), bp.xor()
    fit = bp.train(net, net.initial_weights(0), task, sweeps=5, epsilon=0.5)
    fit.save(tmp_path / "fit.npz")
    before = (tmp_path / "fit.npz").read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(OSError, match="no space left"):
            fit.save(tmp_path / "fit.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["fit.npz"]
    assert (tmp_path / "fit.npz").read_bytes() == before
    np.savez(tmp_path / "other.npz", weights=fit.weights)
    np.save(tmp_path / "weights.npy", fit.weights)
    for name in ("other.npz", "weights.npy"):
        with pytest.raises(ValueError, match=f"{name} has no fit; expected a file that Fit.save has written"):
            bp.Fit.load(tmp_path / name)


def test_histories_that_do_not_follow_are_not_joined():
    net, task = bp.layered(2, 2, 1), bp.xor()
    fit = bp.train(net, net.initial_weights(range(2)), task, sweeps=5, epsilon=0.5)
    after = bp.train(net, fit, task, sweeps=5, epsilon=0.5)
    later_still = bp.train(net, after, task, sweeps=5, epsilon=0.5)
    assert fit.then(after).then(later_still).recorded_at.tolist() == [*range(16)]
    at_the_end = bp.train(net, fit, task, sweeps=5, epsilon=0.5, record=0)
    assert fit.then(at_the_end).recorded_at.tolist() == [*range(6), 10]
    for later in (fit, bp.train(net, fit[0], task, sweeps=5, epsilon=0.5), later_still):
        with pytest.raises(ValueError, match=r"Fit of . runs .* does not go on from Fit of 2 runs"):
            fit.then(later)
