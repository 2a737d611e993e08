"""Equations (1)-(9) in plain NumPy, to be read beside the paper (Nature 323, 533-536).

Arrays lead with the runs: unit states y are `(runs, units, cases)`, and W[:, j, i] is the paper's w_ji. The compiled
kernel, which trains, is tested against these lines; they train nets with a user's own activation or error rule.
"""

import numpy as np


def forward(net, w, inputs):
    """States y of all units, layer name -> `(runs, units, cases)`, bottom layer first: equations (1) and (2)."""
    W, y = net.matrices(w), dict(inputs)
    for layer, links in net.computed:
        x = sum(W[link.weights] @ y[link.source] for link in links)  # (1)
        if layer.name in net.biases:
            x = x + W[net.biases[layer.name]][:, :, None]  # the weight of an input that "always has a value of 1"
        y[layer.name] = layer.activation.function(layer.activation.gain * x)  # (2)
    return y


def backward(net, w, task, error, y):
    """E, `(runs,)`, and ∂E/∂w, `(runs, size)`, for the states y of the forward pass: equations (3)-(7)."""
    W, dE_dw = net.matrices(w), np.zeros_like(w)
    dE_dW, dE_dy, E = net.matrices(dE_dw), {}, np.zeros(len(w))
    for name in task.targets:
        d = task.desired(name)
        # (4): y - d for the paper's squared error, of which (3) is half the sum of squares
        dE_dy[name] = np.where(np.isnan(d), 0, error.derivative(d)(y[name], np.empty_like(y[name])))
        E = E + 0.5 * (dE_dy[name] ** 2).sum(axis=(1, 2))  # (3)
    for layer, links in reversed(net.computed):
        if layer.name not in dE_dy:
            continue  # nothing that has a target depends on this layer
        dE_dx = dE_dy[layer.name] * layer.activation.gain * layer.activation.slope(y[layer.name])  # (5): y (1 - y)
        if layer.name in net.biases:
            dE_dW[net.biases[layer.name]][:] += dE_dx.sum(axis=2)  # (6), y_i being 1
        for link in links:
            dE_dW[link.weights][:] += dE_dx @ y[link.source].swapaxes(-1, -2)  # (6), summed over the cases
            dE_dy[link.source] = dE_dy.get(link.source, 0) + W[link.weights].swapaxes(-1, -2) @ dE_dx  # (7)
    return E, dE_dw * net.mask  # nothing for connections that do not exist


def step(w, velocity, dE_dw, epsilon, alpha=0.0, decay=0.0):
    """The weights and the velocity Δw after one change: equation (9), which is (8) if α is 0; then the decay."""
    velocity = -epsilon * dE_dw + alpha * velocity  # (9)
    return (w + velocity) * (1 - decay), velocity  # Fig. 4: decay comes after the change; the velocity never sees it
