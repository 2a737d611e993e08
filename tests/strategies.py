"""Random nets and tasks of every kind that `bp` knows, for Hypothesis."""

import math
from dataclasses import dataclass

import numpy as np
from hypothesis import assume
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

import bp

softplus = bp.Activation(lambda x: np.log1p(np.exp(x)), lambda y: 1 - np.exp(-y), "softplus")  # a user's own
ACTIVATIONS = [bp.logistic, bp.tanh, bp.linear, bp.softsign, bp.logistic.with_gain(3), bp.tanh.with_gain(0.5)]
RULES = [bp.squared, bp.hinge(0.2), bp.dead_zone(0.2)]
KINKS = np.array([0.2, 0.8])  # of the last two rules: no derivative there


def by_hand():
    """Both passes of a 2-2-1 net, unit by unit: weights, a task of one case, states of hidden and output, E, ∂E/∂w."""
    f = lambda x: 1 / (1 + math.exp(-x))  # noqa: E731
    a, b, d = 1.0, 0.5, 1.0  # the inputs and the target of the only case
    w11, w12, w21, w22, v1, v2, b1, b2, c = w = 0.1, -0.2, 0.3, 0.4, 0.5, -0.6, 0.7, -0.8, 0.9
    h1, h2 = f(a * w11 + b * w12 + b1), f(a * w21 + b * w22 + b2)
    y = f(h1 * v1 + h2 * v2 + c)
    dx = (y - d) * y * (1 - y)
    dx1, dx2 = dx * v1 * h1 * (1 - h1), dx * v2 * h2 * (1 - h2)
    dE_dw = [dx1 * a, dx1 * b, dx2 * a, dx2 * b, dx * h1, dx * h2, dx1, dx2, dx]
    task = bp.Task({"input": [[a], [b]]}, {"output": [[d]]})
    return np.array([w]), task, [h1, h2], [y], [(y - d) ** 2 / 2], [dE_dw]


@dataclass
class Problem:
    """Runs of a net on a task, all of them random."""

    net: bp.Network
    w: np.ndarray
    task: bp.Task
    rule: bp.ErrorRule


@st.composite
def nets(draw, own=True):
    """Any graph of 1 or 2 input layers and 1 to 3 others, with or without biases, masks and sharing of weights."""
    inputs, computed = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    sizes = draw(st.sampled_from([[2], [1, 2, 3]]))  # layers of one size have more to share
    units = draw(st.lists(st.sampled_from(sizes), min_size=inputs + computed, max_size=inputs + computed))
    layers = [bp.Layer(f"layer {k}", units[k]) for k in range(inputs)]
    links, masks = [], {}
    for k in range(inputs, inputs + computed):
        bias = draw(st.sampled_from([{"bias": f"biases of {units[k]}"}, {}, {"bias": None}]))
        layers.append(bp.Layer(f"layer {k}", units[k], draw(st.sampled_from(ACTIVATIONS + [softplus] * own)), **bias))
        for source in sorted(draw(st.sets(st.integers(0, k - 1), min_size=1))):
            shape = (units[k], units[source])
            name = draw(st.sampled_from([f"weights {shape}", f"{source} to {k}"]))
            if name not in masks:
                masks[name] = draw(st.none() | arrays(bool, shape))
            links.append(bp.Link(f"layer {source}", f"layer {k}", name, masks[name]))
    return bp.Network(layers, draw(st.permutations(links)))


@st.composite
def problems(draw, own=True):
    """With a user's own activations or without.

    Targets at any computed layers, some missing, cases held out, for all runs alike or by run.
    """
    net, rule = draw(nets(own)), draw(st.sampled_from(RULES))
    runs, cases, some = draw(st.integers(1, 3)), draw(st.integers(1, 4)), draw(st.sampled_from([0.3, 0.6, 0]))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))

    def states(name, values):
        shape = (net.units[name], cases)
        return values(shape if draw(st.booleans()) else (runs, *shape))

    def desired(shape):
        d = rng.uniform(-1, 1, shape) if rule is bp.squared else rng.integers(0, 2, shape).astype(float)
        missing = rng.random(shape) < some
        missing[..., 0, 0] = False  # no run without any target
        return np.where(missing, np.nan, d)

    inputs = {layer.name: states(layer.name, lambda shape: rng.uniform(-1, 1, shape)) for layer in net.input_layers}
    at = draw(st.sets(st.sampled_from([layer.name for layer, _ in net.computed]), min_size=1))
    targets = {name: states(name, desired) for name in sorted(at)}
    held_out = draw(st.sampled_from([(cases,), (runs, cases), None]))
    if held_out is not None:
        held_out = rng.random(held_out) < some
        held_out[..., 0] = False
    w = rng.uniform(-1, 1, (runs, net.size)) * net.mask
    problem = Problem(net, w, bp.Task(inputs, targets, held_out), rule)
    if rule is not bp.squared:
        y = net.forward(w, inputs)
        assume(all(np.abs(y[name][..., None] - KINKS).min() > 1e-3 for name in targets))
    return problem


def of_run(run, task):
    """The task as one of the runs has it, without the axis of runs."""
    take = lambda states, shared: states if states.ndim == shared else states[run]  # noqa: E731
    return bp.Task(
        {name: take(y, 2) for name, y in task.inputs.items()},
        {name: take(d, 2) for name, d in task.targets.items()},
        None if task.held_out is None else take(task.held_out, 1),
    )
