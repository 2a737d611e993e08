"""The equations as they are read, worked out by hand: nothing is compiled here."""

import numpy as np
from strategies import by_hand

import bp
from bp import equations


def test_both_passes_worked_out_by_hand():
    net, (w, task, hidden, output, expected_E, expected) = bp.layered(2, 2, 1), by_hand()
    states = equations.forward(net, w, task.inputs)
    np.testing.assert_allclose(states["hidden"].ravel(), hidden, rtol=1e-15)
    np.testing.assert_allclose(states["output"].ravel(), output, rtol=1e-15)
    E, dE_dw = equations.backward(net, w, task, bp.squared, states)
    np.testing.assert_allclose(E, expected_E, rtol=1e-14)
    np.testing.assert_allclose(dE_dw, expected, rtol=1e-13)


def test_shared_weights_add_up():
    """A chain of linear units, y = w (w x + b) + b, with targets at both; the second case is held out."""
    layers = [bp.Layer("x", 1), bp.Layer("y 1", 1, bp.linear, "b"), bp.Layer("y 2", 1, bp.linear, "b")]
    net = bp.Network(layers, [bp.Link("x", "y 1", "w"), bp.Link("y 1", "y 2", "w")])
    w, b, x, d1, d2 = 0.5, 0.25, 2.0, 1.0, 3.0
    task = bp.Task({"x": [[x, 7.0]]}, {"y 1": [[d1, 7.0]], "y 2": [[d2, 7.0]]}).hold_out([1])
    y1 = w * x + b
    y2 = w * y1 + b
    states = equations.forward(net, np.array([[w, b]]), task.inputs)
    E, dE_dw = equations.backward(net, np.array([[w, b]]), task, bp.squared, states)
    slope = y1 - d1 + (y2 - d2) * w  # of E with y 1
    np.testing.assert_allclose(E, [((y1 - d1) ** 2 + (y2 - d2) ** 2) / 2], rtol=1e-15)
    np.testing.assert_allclose(dE_dw, [[(y2 - d2) * y1 + slope * x, y2 - d2 + slope]], rtol=1e-15)


def test_the_step_by_hand():
    """The weight goes on by 0.1 times the slope and half of the last change, and then shrinks by a fifth."""
    w, velocity = equations.step(np.array([[2.0]]), np.array([[1.0]]), np.array([[3.0]]), 0.1, 0.5, 0.2)
    np.testing.assert_allclose(velocity, [[-0.3 + 0.5]], rtol=1e-15)
    np.testing.assert_allclose(w, [[2.2 * 0.8]], rtol=1e-15)
