"""The cases that the nets learn."""

import numpy as np

from . import checks
from .network import Layer, Link, Network, Task


def symmetry(units=6, low=0.0, high=1.0):
    """All 2**units binary inputs, and whether each reads the same from both ends (Fig. 1): 64 cases, 8 symmetric.

    Case c has the bits of c as its inputs, the highest bit on top. Targets are `high` for symmetric inputs and `low`
    for the others. Raises `ValueError` unless units >= 1 and low < high.
    """
    units = checks.count("units", units, 1)
    low = checks.number("low", low, -np.inf, checks.number("high", high, -np.inf, np.inf))
    inputs = np.arange(2**units) >> np.arange(units)[::-1, None] & 1
    symmetric = (inputs == inputs[::-1]).all(axis=0, keepdims=True)
    return Task({"input": inputs}, {"output": np.where(symmetric, high, low)})


def family_network():
    """The five-layer net of Fig. 3: 24 people + 12 relationships -> 6 + 6 -> 12 -> 6 -> 24 people."""
    layers = [
        Layer("person 1", 24),
        Layer("relationship", 12),
        Layer("person code", 6),
        Layer("relationship code", 6),
        Layer("central", 12),
        Layer("penultimate", 6),
        Layer("person 2", 24),
    ]
    links = [
        Link("person 1", "person code"),
        Link("relationship", "relationship code"),
        Link("person code", "central"),
        Link("relationship code", "central"),
        Link("central", "penultimate"),
        Link("penultimate", "person 2"),
    ]
    return Network(layers, links)
