"""Fig. 5: an iterative net, run for some steps, is a layered net whose layers are its moments."""

from collections.abc import Iterable
from dataclasses import replace

from . import checks
from .network import Layer, Link, Network


def unfold(layers: Iterable[Layer], links: Iterable[Link], steps: int):
    """The layered `Network` that is equivalent to an iterative one, run for a number of `steps`.

    A link leads from its source at one moment to its target at the next, so it may lead anywhere, to its own layer
    too. Layer "a" becomes "a 0", "a 1", ..., "a {steps}", and every moment uses the same weights and biases, under the
    names that they have in `links` and `layers`: `net.matrices(w)` has each once, `net.copies` how often it is used.
    The gradient is the sum over copies (PDP vol. 1, p. 356); for the paper's mean (p. 535), divide ε by `net.copies`.

    Inputs of the layered net are the states at time 0 of all layers, and those of layers without incoming links, which
    are external input, at every later moment but the last, which nothing could see. Targets may be given for any
    other layer and moment. `net.forward` returns the history of states. Raises `ValueError` for steps below 1, for
    names that repeat or are unknown, and for links into no layer.
    """
    layers, links = checks.instances("layers", layers, Layer), checks.instances("links", links, Link)
    names, targets, moments = [layer.name for layer in layers], {link.target for link in links}, []
    for link in links:
        checks.one_of("the source of a link", link.source, names)
        checks.one_of("the target of a link", link.target, names)
    for t in range(checks.count("steps", steps, 1, 10_000) + 1):
        for layer in layers:
            if t == 0 or (layer.name not in targets and t < steps):
                moments.append(Layer(f"{layer.name} {t}", layer.units))
            elif layer.name in targets:
                bias = layer.name if layer.bias is ... else layer.bias
                moments.append(replace(layer, name=f"{layer.name} {t}", bias=bias))
    through_time = [
        replace(link, source=f"{link.source} {t}", target=f"{link.target} {t + 1}")
        for t in range(steps)
        for link in links
    ]
    return Network(moments, through_time)
