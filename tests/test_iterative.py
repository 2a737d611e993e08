"""An unfolded net is the iterative one: against a plain loop over moments, autograd through it, central differences."""

from dataclasses import replace

import autograd
import autograd.numpy as anp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import bp
from bp.tasks import DIGITS, STRINGS

FUNCTIONS = {bp.logistic: lambda x: 1 / (1 + anp.exp(-x)), bp.tanh: anp.tanh, bp.linear: lambda x: x}


def iterate(w, net, layers, links, inputs, steps):
    """The history of an iterative net in one run, by a loop that knows no layered net: list of layer -> states."""
    parts, start = {}, 0
    for name, shape in net.shapes.items():
        end = start + int(np.prod(shape))
        parts[name], start = anp.reshape(w[start:end], shape), end
    state = {layer.name: inputs[f"{layer.name} 0"] for layer in layers}
    history = [state]
    for t in range(1, steps + 1):
        before, state = state, {}
        for layer in layers:
            incoming = [link for link in links if link.target == layer.name]
            if incoming:
                x = sum(parts[link.weights] @ before[link.source] for link in incoming)
                if layer.bias is not None:
                    x = x + parts[layer.name if layer.bias is ... else layer.bias][:, None]
                state[layer.name] = FUNCTIONS[layer.activation](x)
            elif t < steps:
                state[layer.name] = inputs[f"{layer.name} {t}"]
        history.append(state)
    return history


@st.composite
def iterative_nets(draw):
    """Layers of one to three units that link anywhere, with biases or none, masks, weights in common; cases; steps."""
    sizes = draw(st.lists(st.integers(1, 3), min_size=1, max_size=3))
    names, steps, cases = "abc"[: len(sizes)], draw(st.integers(1, 4)), draw(st.integers(1, 3))
    layers = []
    for name, units in zip(names, sizes, strict=True):
        bias = draw(st.sampled_from([{}, {"bias": None}, {"bias": f"biases of {units}"}]))
        layers.append(bp.Layer(name, units, draw(st.sampled_from([*FUNCTIONS])), **bias))
    ends = draw(st.sets(st.tuples(st.sampled_from(names), st.sampled_from(names)), min_size=1))
    links, masks = [], {}
    for source, target in sorted(ends):
        shape = (sizes[names.index(target)], sizes[names.index(source)])
        weights = draw(st.sampled_from([f"weights {shape}", f"{source} to {target}"]))
        if weights not in masks:
            masks[weights] = draw(st.none() | arrays(bool, shape))
        links.append(bp.Link(source, target, weights, masks[weights]))
    targets = {link.target for link in links}
    layers = [layer if layer.name in targets else bp.Layer(layer.name, layer.units) for layer in layers]
    net = bp.unfold(layers, links, steps)
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    inputs = {layer.name: rng.uniform(-1, 1, (layer.units, cases)) for layer in net.input_layers}
    moments = [layer.name for layer, _ in net.computed]
    at = draw(st.sets(st.sampled_from(moments), min_size=1))  # targets at any moments
    task = bp.Task(inputs, {name: rng.uniform(0, 1, (net.units[name], cases)) for name in sorted(at)})
    w = net.initial_weights([draw(st.integers(0, 99)), 7], 1.0)
    return layers, links, steps, net, w, task


@given(iterative_nets())
def test_the_history_of_states_is_the_loops(problem):
    layers, links, steps, net, w, task = problem
    states = net.forward(w, task.inputs)
    for run in range(len(w)):
        for t, moment in enumerate(iterate(w[run], net, layers, links, task.inputs, steps)):
            for name, y in moment.items():
                assert states[f"{name} {t}"][run] == pytest.approx(y, rel=1e-12, abs=1e-14)


@given(iterative_nets())
def test_the_gradient_is_autograds_through_the_loop(problem):
    layers, links, steps, net, w, task = problem

    def E(w):
        history = iterate(w, net, layers, links, task.inputs, steps)
        return sum(
            anp.sum((history[int(name.split()[1])][name.split()[0]] - d) ** 2) / 2 for name, d in task.targets.items()
        )

    found, dE_dw = net.gradient(w, task)
    for run in range(len(w)):
        assert found[run] == pytest.approx(E(w[run]))
        assert dE_dw[run] == pytest.approx(autograd.grad(E)(w[run]) * net.mask[0], rel=1e-9, abs=1e-12)
        direction = np.random.default_rng(0).normal(size=net.size) * net.mask[0]
        difference = (E(w[run] + 1e-5 * direction) - E(w[run] - 1e-5 * direction)) / 2e-5
        assert dE_dw[run] @ direction == pytest.approx(difference, rel=1e-5, abs=1e-7)


@given(iterative_nets())
def test_copies_of_a_weight_get_its_gradient_between_them(problem):
    """The paper's sets of corresponding weights: their gradients add up to that of the weight that they share."""
    *_, net, w, task = problem

    def own(layer):
        computed = layer not in net.input_layers and layer.bias is not None
        return replace(layer, bias=f"{layer.bias} of {layer.name}") if computed else layer

    links = [replace(link, weights=f"{link.weights} of {link.source} and {link.target}") for link in net.links]
    apart = bp.Network(map(own, net.layers), links)
    w_apart = np.zeros((len(w), apart.size))
    sum_of = np.zeros((net.size, apart.size))  # which copies belong to which weight
    shared, whole = net.matrices(np.arange(net.size)[None]), apart.matrices(np.arange(apart.size)[None])
    for name, places in whole.items():
        sum_of[shared[name.rsplit(" of ", 1)[0]], places] = 1
    w_apart[:] = w @ sum_of
    _, dE_dw = apart.gradient(w_apart, task)
    assert dE_dw @ sum_of.T == pytest.approx(net.gradient(w, task)[1], rel=1e-9, abs=1e-12)
    assert sum_of.sum(axis=1).astype(int).tolist() == net.copies.tolist()


def test_fig_5():
    """Three units in a chain, four weights, three iterations: 12 units in four layers, three copies of each weight."""
    units = [bp.Layer(name, 1, bias=None) for name in ("left", "middle", "right")]
    links = [
        bp.Link(*ends) for ends in (("middle", "left"), ("left", "middle"), ("right", "middle"), ("middle", "right"))
    ]
    net = bp.unfold(units, links, 3)
    assert len(net.layers) == 12 and net.size == 4 and net.copies.tolist() == [3] * 4
    assert [layer.name for layer in net.input_layers] == ["left 0", "middle 0", "right 0"]
    assert list(net.shapes) == ["middle->left", "left->middle", "right->middle", "middle->right"]


def test_external_input_comes_at_every_moment_but_the_last():
    net = bp.unfold([bp.Layer("in", 2), bp.Layer("out", 1)], [bp.Link("in", "out"), bp.Link("out", "out")], 3)
    assert [layer.name for layer in net.input_layers] == ["in 0", "out 0", "in 1", "in 2"]
    assert [layer.name for layer, _ in net.computed] == ["out 1", "out 2", "out 3"]
    assert net.shapes == {"in->out": (1, 2), "out->out": (1, 1), "out": (1,)}


# ---------------------------------------------------------------- the tasks


def test_sequences_by_hand():
    """CB is completed by 3123 (PDP vol. 1, p. 358)."""
    net, task = bp.sequences()
    assert net.shapes["input->hidden"] == (30, 5) and net.shapes["output->output"] == (3, 3)
    assert task.cases == len(STRINGS) == 25 and list(task.targets) == [f"output {k}" for k in (2, 3, 4, 5)]
    case = STRINGS.index("CB")
    assert task.inputs["input 0"][:, case].tolist() == [0, 0, 1, 0, 0]
    assert task.inputs["input 1"][:, case].tolist() == [0, 1, 0, 0, 0]
    assert not any(task.inputs[f"input {k}"].any() for k in (2, 3, 4))
    assert [int(d[:, case].argmax()) + 1 for d in task.targets.values()] == [3, 1, 2, 3]
    assert all((d.sum(axis=0) == 1).all() for d in task.targets.values())
    assert (task.inputs["hidden 0"] == 0.2).all() and (task.inputs["output 0"] == 0.2).all()
    assert len(set(DIGITS.values())) == 5


def test_outputs_at_time_2_cannot_depend_on_the_letters():
    net, task = bp.sequences()
    states = net.forward(net.initial_weights([0]), task.inputs)
    assert np.ptp(states["output 1"], axis=2).max() == 0 < np.ptp(states["output 2"], axis=2).min()


def test_sequences_at_varying_times():
    net, task = bp.sequences(60, [(1, 2), (2, 4)], links=0.5, seed=3)
    assert task.cases == 50 and net.units["hidden 3"] == 60
    late = 25 + STRINGS.index("AE")
    assert task.inputs["input 1"][0, late] == 1 and task.inputs["input 3"][4, late] == 1
    assert sum(task.inputs[f"input {k}"][:, late].sum() for k in range(7)) == 2
    due = {name: d[:, late] for name, d in task.targets.items() if not np.isnan(d[0, late])}
    assert {name: int(d.argmax()) + 1 for name, d in due.items()} == {
        f"output {k + 4}": v for k, v in enumerate((1, 2, 1, 3))
    }
    parts = net.matrices(net.mask)
    assert all(0.3 < parts[name].mean() < 0.7 for name in ("input->hidden", "hidden->hidden", "hidden->output"))
    again, _ = bp.sequences(60, [(1, 2), (2, 4)], links=0.5, seed=3)
    assert np.array_equal(again.mask, net.mask)
    assert not np.array_equal(bp.sequences(60, [(1, 2), (2, 4)], links=0.5, seed=4)[0].mask, net.mask)


def test_the_shift_register_moves_two_places_left():
    net, task = bp.shift_register(5)
    assert task.cases == 32 and net.shapes == {"state->state": (5, 5), "state": (5,)}
    case = 0b10010
    assert task.inputs["state 0"][:, case].tolist() == [1, 0, 0, 1, 0]
    assert task.targets["state 2"][:, case].tolist() == [0, 1, 0, 1, 0]
    # a register by hand: unit j copies its right-hand neighbour
    w = np.zeros((1, net.size))
    parts = net.matrices(w)
    parts["state->state"][0] = 20 * np.roll(np.eye(5), 1, axis=1)
    parts["state"][0] = -10
    states = net.forward(w, task.inputs)
    assert np.array_equal(states["state 1"][0] > 0.5, np.roll(task.inputs["state 0"], -1, axis=0) == 1)
    assert np.array_equal(states["state 2"][0] > 0.5, task.targets["state 2"] == 1)
