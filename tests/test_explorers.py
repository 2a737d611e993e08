"""What there is to play with: the numbers under the pictures against the core, and by hand; the controls."""

import inspect
import re
from itertools import pairwise

import numpy as np
import pytest

import bp
import study
from bp.families import PEOPLE, RELATIONSHIPS, questions
from study import explorers, family_trees, frames

EXPLORERS = [
    explorers.symmetry,
    explorers.one_pass,
    explorers.family_trees,
    explorers.codes,
    explorers.receptive_fields,
    explorers.training_procedure,
    explorers.time,
    explorers.sequences,
    explorers.minima,
]
OTHER = {  # two values of each that are not those at first
    explorers.symmetry: {"pattern": (True,) * 6, "targets": "0.1 / 0.9"},
    explorers.one_pass: {"weights": (0.5,) * 9, "step": 4},
    explorers.family_trees: {"person": "Gina", "seed": 2},
    explorers.codes: {"code": (0.5,) * 6, "relationship": "father"},
    explorers.receptive_fields: {"sweep": 100, "decay": False},
    explorers.training_procedure: {"epsilon": 0.1, "limit": 1.0},
    explorers.time: {"start": (0.5, 0.5, 0.5), "view": ("forward", 2)},
    explorers.sequences: {"letters": ("C", "A"), "sweep": 100},
    explorers.minima: {"hidden": 3, "skips": True},
}
each = pytest.mark.parametrize("make", EXPLORERS, ids=lambda make: make.__name__)


def plain(html):
    return re.sub(r"<[^>]+>", "", html.replace("<br>", "\n")).replace("\N{MINUS SIGN}", "-")


def test_all_explorers_are_here():
    made_here = [f for name, f in vars(explorers).items() if inspect.isfunction(f) and not name.startswith("_")]
    helpers = {"slider", "whole", "player", "switch", "box", "button", "escape", "perf_counter"}
    assert {f.__name__ for f in made_here} - helpers == {make.__name__ for make in EXPLORERS}


@each
def test_where_no_widget_is_shown_there_is_its_picture(make):
    data, metadata = make()._repr_mimebundle_()
    assert data["image/png"].startswith("iVBOR")  # \x89PNG in base64
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == metadata["image/png"]["alt"] and len(data["text/plain"]) > 40


@each
def test_a_picture_is_a_function_of_its_values(make):
    explorer = make()
    one, other = (explorer.picture(**explorer.values()) for _ in range(2))
    assert one[1:] == other[1:] and one[0] is not other[0]


@each
def test_moving_a_control_draws_once_and_so_does_set(make):
    explorer, drawn = make(), []
    picture = explorer.picture
    explorer.picture = lambda **values: drawn.append(values) or picture(**values)
    name = "relationship" if make is explorers.family_trees else "seed" if "seed" in explorer.controls else None
    if name is None:
        control, value = next(iter(explorer.controls.values()))[0], 0.25
    else:
        control, value = explorer.controls[name], "uncle" if name == "relationship" else 3
    before = explorer.image.value, explorer.numbers.value
    control.value = value
    assert (explorer.image.value, explorer.numbers.value) != before
    assert len(drawn) == 1
    drawn.clear()
    now = explorer.values()
    explorer.set(**OTHER[make])
    assert len(drawn) == 1 and explorer.values() == now | OTHER[make]


def test_an_explorer_survives_a_wrong_value():
    explorer = explorers.one_pass()
    with pytest.raises(ValueError):
        explorer.set(weights=(1, 2))
    before = explorer.numbers.value
    explorer.controls["step"].value = 3
    assert explorer.numbers.value != before


def test_symmetry_shows_what_the_core_computes():
    pattern = (1, 0, 0, 0, 0, 1)
    net, task = bp.layered(6, 3, 1), bp.symmetry()
    fit = bp.train(net, net.initial_weights([4]), task, 200, 0.2, 0.8)
    _, alt, told = frames.symmetry(pattern, 0.2, 0.8, 4, 3, 200)
    parts = net.matrices(fit.weights)
    x = [float(parts["input->hidden"][0, k] @ pattern + parts["hidden"][0, k]) for k in range(3)]
    y = [1 / (1 + np.exp(-value)) for value in x]
    for k in range(3):
        assert f"hidden {k + 1}{x[k]:.2f}{y[k]:.2f}" in plain(told)
    assert f"After 200, E = {fit.error[-1, 0]:.2f}" in plain(told) and "100001" in alt
    right = (net.forward(fit.weights, task.inputs)["output"][0] > 0.5) == (task.targets["output"] == 1)
    assert f"Of all 64 patterns it has {right.sum()} right" in told


@pytest.mark.parametrize(("hidden", "names"), [(1, ["hidden 1"]), (2, ["left hidden unit", "right hidden unit"])])
def test_symmetry_names_its_hidden_units_as_the_picture_does(hidden, names):
    net = bp.layered(6, hidden, 1)
    parts = net.matrices(bp.train(net, net.initial_weights([4]), bp.symmetry(), 200, 0.2, 0.8).weights)
    x = parts["input->hidden"][0] @ (1, 0, 0, 0, 0, 1) + parts["hidden"][0]
    told = plain(frames.symmetry((1, 0, 0, 0, 0, 1), 0.2, 0.8, 4, hidden, 200)[2])
    for name, net_input in zip(names, x, strict=True):
        assert f"{name}{net_input:.2f}" in told


def test_symmetry_is_trained_towards_either_targets():
    task = bp.symmetry(low=0.1, high=0.9)
    net = bp.layered(6, 2, 1)
    fit = bp.train(net, net.initial_weights([0]), task, 3000, 0.1, 0.9, tolerance=0.4)
    _, _, told = frames.symmetry((0,) * 6, 0.1, 0.9, 0, 2, 3000, "0.1 / 0.9")
    assert f"solved after {fit.solved_at[0]:,} sweeps. After 3,000, E = {fit.error[-1, 0]:.2f}" in plain(told)


def test_one_pass_agrees_with_central_differences():
    weights, case, h = np.array([0.5, -0.4, 0.1, -0.3, 0.8, 0.2, 0.6, -0.7, -0.2]), 2, 1e-5

    def E(values):
        y1, y2, d = 1.0, 0.0, 1.0
        f = lambda x: 1 / (1 + np.exp(-x))  # noqa: E731
        w31, w32, b3, w41, w42, b4, w53, w54, b5 = values
        y3, y4 = f(w31 * y1 + w32 * y2 + b3), f(w41 * y1 + w42 * y2 + b4)
        return (f(w53 * y3 + w54 * y4 + b5) - d) ** 2 / 2

    slopes = [(E(weights + move) - E(weights - move)) / (2 * h) for move in h * np.eye(9)]
    told = plain(frames.one_pass(tuple(weights), case, 2.0, len(frames.STEPS) - 1)[2])
    for name, slope in zip(frames.NAMES, slopes, strict=True):
        if name[0] == "w":
            found = re.search(rf"∂E/∂{name} = .* = (-?[\d.]+)", told)[1]
        else:
            found = re.search(rf"= (-?[\d.]+), and so is ∂E/∂{name}", told)[1]
        assert float(found) == pytest.approx(slope, abs=6e-5), name
    assert f"E = ½ (y5 - d)² = {E(weights):.4f}" in told
    assert f"from E = {E(weights):.4f} to {E(weights - 2 * np.array(slopes)):.4f}" in told
    assert frames.descended(tuple(weights), case, 2.0) == pytest.approx(weights - 2 * np.array(slopes), abs=1e-6)


def test_one_pass_tells_only_what_is_reached():
    told = [frames.one_pass((0.1,) * 9, 1, 1.0, step)[2] for step in range(len(frames.STEPS))]
    plainly = [plain(one) for one in told]
    assert all(later.startswith(before) for before, later in pairwise(plainly))
    assert [len(re.findall(r"\(\d\)", one)) for one in plainly] == [
        1,
        3,
        5,
        7,
        9,
        12,
        16,
        20,
        21,
    ]  # E of all cases is (3)


def test_the_family_trees_judge_as_the_core_does():
    """By Hinton's criterion, all 104 questions of a run, and those that it was never taught."""
    task, seed = bp.family_trees(), 3
    known = bp.right(frames.FAMILY_NET, frames.stored_runs()[[seed]], task)[0]
    for k, (person, relationship) in enumerate(list(questions())[::7]):
        told = plain(frames.family_trees(person, relationship, seed)[2])
        assert ("that is right" in told.lower()) == known[7 * k]
        assert ("held out" in told) == ((person, relationship) in frames.held_out(seed))
        assert f"Should be: {' and '.join(questions()[person, relationship])}." in told
    assert "never asked" in frames.family_trees("Colin", "wife", seed)[2]


def test_a_stored_run_was_not_taught_what_it_is_said_not_to_have_been():
    """The survey's own count of right answers among the held-out ones says the same."""
    table = study.read_survey(frames.REPOSITORY / "data" / "surveys" / "families_weights.csv")
    for seed in range(0, 100, 9):
        away = [list(questions()).index(asked) for asked in frames.held_out(seed)]
        known = bp.right(frames.FAMILY_NET, frames.stored_runs()[[seed]], bp.family_trees())[0]
        assert known[away].sum() == table["held out right by half"][seed]


def test_a_code_set_to_somebodys_is_that_somebody():
    for person in PEOPLE[::5]:
        code = frames.person_codes(7)[PEOPLE.index(person)]
        y = frames.states_of(7, person, RELATIONSHIPS[5])["person 2"]
        told = plain(frames.codes(tuple(code), RELATIONSHIPS[5], 7)[2])
        assert told.startswith(f"The code is nearest to that of {person}")
        assert f"The net says: {PEOPLE[y.argmax()]} {y.max():.2f}" in told


def test_family_run_is_the_surveys_run():
    """The same recipe and the same held-out questions: the last weights are those of the experiment."""

    ours = family_trees.OURS
    _, E, moments = frames.family_run(ours["epsilon"], ours["limit"], ours["decay"], 5)
    runs = family_trees.experiment(**ours).run([5])
    assert np.array_equal(moments[-1], runs.fit.weights) and len(E) == 1501
    assert len(moments) == 1 + 1500 // frames.EVERY
    assert np.array_equal(moments[0], runs.initial)


def test_slopes_through_time_agree_with_central_differences():
    weights, start, wanted, steps, h = np.array([4.0, 3.0, -3.0, 2.0]), (1.0, 0.0, 0.5), 0.3, 3, 1e-6

    def E(w):
        f, (a, b, c) = lambda x: 1 / (1 + np.exp(-x)), start
        for _ in range(steps):
            a, b, c = f(w[0] * b), f(w[1] * a + w[2] * c), f(w[3] * b)
        return (a - wanted) ** 2 / 2

    told = plain(frames.time(tuple(weights), start, wanted, steps, ("backward", 1))[2])
    for k, move in enumerate(h * np.eye(4), 1):
        slope = (E(weights + move) - E(weights - move)) / (2 * h)
        assert float(re.search(rf"∂E/∂w{k} = (-?[\d.]+[0-9])", told)[1]) == pytest.approx(slope, abs=6e-5)
    assert f"E = {E(weights):.4f}" in told
    slopes = np.array([(E(weights + move) - E(weights - move)) / (2 * h) for move in h * np.eye(4)])
    assert frames.learned(tuple(weights), start, wanted, steps, 2.0, 1) == pytest.approx(weights - 2 * slopes, abs=1e-6)


def click(explorer, label):
    rows = [child for child in explorer.children if hasattr(child, "children")]
    (one,) = (child for row in rows for child in row.children if getattr(child, "description", "") == label)
    one.click()


def test_one_pass_can_learn_xor_by_hand():
    """The same as by `bp.train`, to the four digits that the boxes show."""
    explorer = explorers.one_pass()
    begin, epsilon = explorer.values()["weights"], explorer.values()["epsilon"]
    fit = bp.train(frames.HAND, frames.hand_weights(begin), bp.parity(2), 500, epsilon)
    click(explorer, "a sweep over all cases")
    assert f"{fit.error[1, 0]:.4f}" in plain(explorer.numbers.value)
    assert "XOR is learned" not in plain(explorer.numbers.value)
    click(explorer, "start again")
    assert explorer.values()["weights"] == begin
    for _ in range(5):
        click(explorer, "100 sweeps")
    assert 400 < fit.solved_at[0] < 500 and "XOR is learned" in plain(explorer.numbers.value)
    assert explorer.values()["weights"] == pytest.approx(frames.hand_values(fit.weights), abs=0.02)


@pytest.mark.slow
def test_more_time_steps_do_not_lose_the_view():
    explorer = explorers.time()
    view, steps = explorer.controls["view"], explorer.controls["steps"]
    for before, longer in ((("backward", 1), ("backward", 1)), (("forward", 4), ("forward", 8)), (("forward", 2),) * 2):
        view.value = before
        steps.value = 8
        assert view.value == longer and len(view.options) == 17
        steps.value = 4
        assert view.value == before and len(view.options) == 9
    view.value = ("backward", 4)
    steps.value = 2
    assert view.value == ("backward", 2)


def test_a_step_of_learning_lowers_the_error_through_time():
    explorer, errors = explorers.time(), []
    for _ in range(3):
        errors.append(float(re.search(r"E = ([\d.]+\d)", plain(explorer.numbers.value))[1]))
        click(explorer, "20 steps")
    assert errors[0] > errors[1] > errors[2]


def test_sequences_are_those_of_the_survey():
    """Which has the seed's held-out and training strings right at the 260th sweep."""
    table = study.read_survey(frames.REPOSITORY / "data" / "surveys" / "sequences.csv").set_index("seed")
    told = plain(frames.sequences(("A", "D"), 260, 5)[2])
    row = table.loc[5]
    assert f"{row['trained right at 260']} of the 20 training strings are right" in told
    assert f"{row['held out right at 260']} of the 5 others" in told and told.startswith("AD (held out)")


def test_minima_tell_when_a_run_was_solved():
    net, task = bp.layered(2, 3, 1, skips=[(0, 2)]), bp.parity(2)
    fit = bp.train(net, net.initial_weights([6]), task, frames.SWEEPS, 0.7, 0.9)
    told = plain(frames.minima(3, True, 0.7, 0.9, 6, 1000)[2])
    assert f"solved after {fit.solved_at[0]:,} sweeps" in told and f"E = {fit.error[1000, 0]:.3f}" in told


def test_numbers_have_no_negative_zero():
    assert [frames.number(x) for x in (-0.001, 0.0, -0.01, 1)] == ["0.00", "0.00", "\N{MINUS SIGN}0.01", "1.00"]
