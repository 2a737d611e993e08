"""The cases, against the words that describe them."""

import numpy as np
import pytest

import bp


@pytest.mark.parametrize("units", [1, 2, 3, 5, 6, 8])
def test_symmetry_is_to_read_the_same_backwards(units):
    task = bp.symmetry(units)
    cases = ["".join(str(int(bit)) for bit in case) for case in task.inputs["input"].T]
    assert cases == [f"{number:0{units}b}" for number in range(2**units)]
    assert task.targets["output"].tolist() == [[float(case == case[::-1]) for case in cases]]


def test_symmetry_of_the_letter():
    task = bp.symmetry()
    assert task.inputs["input"].shape == (6, 64)
    assert task.targets["output"].shape == (1, 64)
    assert task.targets["output"].sum() == 8
    assert (task.cases, task.runs, task.held_out) == (64, None, None)
    bp.layered(6, 2, 1).forward(np.zeros((1, 17)), task.inputs)


def test_symmetry_with_other_targets():
    soft, hard = bp.symmetry(6, 0.1, 0.9), bp.symmetry(6)
    assert np.array_equal(soft.targets["output"], np.where(hard.targets["output"] == 1, 0.9, 0.1))
    assert np.array_equal(soft.inputs["input"], hard.inputs["input"])


def test_family_network_is_that_of_fig_3():
    net = bp.family_network()
    assert net.units == {
        "person 1": 24,
        "relationship": 12,
        "person code": 6,
        "relationship code": 6,
        "central": 12,
        "penultimate": 6,
        "person 2": 24,
    }
    assert [layer.name for layer in net.input_layers] == ["person 1", "relationship"]
    assert net.size == (24 * 6 + 12 * 6 + 6 * 12 + 6 * 12 + 12 * 6 + 6 * 24) + (6 + 6 + 12 + 6 + 24) == 630
    assert {layer.activation for layer in net.layers} == {bp.logistic}
    y = net.forward(np.zeros((2, 630)), {"person 1": np.eye(24)[:, :5], "relationship": np.eye(12)[:, :5]})
    assert y["person 2"].shape == (2, 24, 5)


def test_hold_out_marks_cases_and_leaves_the_task_alone():
    task = bp.symmetry(2)
    some = task.hold_out([3, 0])
    assert some.held_out.tolist() == [True, False, False, True]
    assert some.hold_out([1]).held_out.tolist() == [True, True, False, True]
    by_run = some.hold_out([[1], [2]])
    assert by_run.held_out.tolist() == [[True, True, False, True], [True, False, True, True]]
    assert (task.held_out, task.runs, some.runs, by_run.runs) == (None, None, None, 2)
    assert some.counts().tolist() == [False, True, True, False]


def test_parts_of_a_task():
    """Of some runs, of one case, and which cases count."""
    inputs, held_out = np.arange(24.0).reshape(3, 2, 4), np.eye(3, 4, dtype=bool)
    task = bp.Task({"in": inputs}, {"out": [[0, 1, 0, np.nan]]}, held_out)
    assert (task.runs, task.cases) == (3, 4)
    assert task.counts().tolist() == [
        [False, True, True, False],
        [True, False, True, False],
        [True, True, False, False],
    ]
    last = task.of_runs(slice(2, 3)).of_case(1)
    assert (last.runs, last.cases) == (1, 1)
    assert last.inputs["in"].tolist() == [[[17], [21]]]
    assert (last.targets["out"].tolist(), last.held_out.tolist()) == ([[1]], [[False]])
    shared = bp.symmetry(2)
    assert shared.of_runs([0, 1]).inputs["input"].shape == (2, 4)


def test_a_case_counts_if_any_layer_has_a_target_for_it():
    task = bp.Task({"in": [[0, 1, 2]]}, {"a": [[np.nan, np.nan, 0]], "b": [[np.nan, 1, np.nan]]})
    assert task.counts().tolist() == [False, True, True]


def test_right_by_hand():
    """Two output units and a third with a target in one case only; one above 0.5 and one ahead are not the same."""
    layers = [bp.Layer("in", 3), bp.Layer("out", 3, bp.linear, bias=None)]
    net = bp.Network(layers, [bp.Link("in", "out")])
    w = np.eye(3).reshape(1, 9)  # what goes in comes out
    states = np.array([[0.9, 0.9, 0.4, 0.5, 0.6], [0.1, 0.6, 0.3, 0.1, 0.6], [0.7, 0.0, 0.0, 0.0, 0.0]])
    targets = np.array([[1, 1, 1, 1, 1], [0, 0, 0, 0, 0], [np.nan, 0, np.nan, np.nan, np.nan]])
    task = bp.Task({"in": states}, {"out": targets})
    assert bp.right(net, w, task).tolist() == [[True, False, False, False, False]]
    assert bp.right(net, w, task, by="largest").tolist() == [[True, True, True, True, False]]
    two = bp.Task({"in": [[0.6], [0.7], [0.65]]}, {"out": [[1], [1], [0]]})
    assert not bp.right(net, w, two, by="largest").any() and not bp.right(net, w, two).any()


def test_right_looks_at_all_layers_and_at_held_out_cases():
    net, task = bp.shift_register(2)
    w = np.array([[0.0, 9, 9, 0, -4, -4]])  # a register of two
    assert bp.right(net, w, task.hold_out([0, 1])).all()
    both = bp.Task(task.inputs, task.targets | {"state 1": task.inputs["state 0"]})
    assert bp.right(net, w, both).tolist() == [[True, False, False, True]]


def test_parity_addition_and_encoder_in_words():
    xor = bp.parity()
    assert xor.inputs["input"].T.tolist() == [[0, 0], [0, 1], [1, 0], [1, 1]]
    assert xor.targets["output"].tolist() == [[0, 1, 1, 0]]
    four = bp.parity(4, 0.1, 0.9)
    for case, d in zip(four.inputs["input"].T, four.targets["output"][0], strict=True):
        assert d == (0.9 if list(case).count(1) in (1, 3) else 0.1)
    sums = bp.addition(2)
    for case, d in zip(sums.inputs["input"].T.astype(int), sums.targets["output"].T.astype(int), strict=True):
        text = "".join(map(str, case))
        assert int("".join(map(str, d)), 2) == int(text[:2], 2) + int(text[2:], 2)
    assert sums.cases == 16 and sums.targets["output"].shape == (3, 16)
    assert np.array_equal(bp.encoder(8).targets["output"], np.eye(8))
