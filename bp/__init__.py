"""The learning procedure of Rumelhart, Hinton & Williams (1986): networks, back-propagation, momentum."""

from .descent import Fit, train
from .families import family_network, family_trees
from .iterative import unfold
from .network import Layer, Link, Network, Task, layered
from .tasks import addition, encoder, parity, right, sequences, shift_register, symmetry, xor
from .units import Activation, ErrorRule, dead_zone, hinge, linear, logistic, rectified, softsign, squared, tanh

__all__ = [name for name, one in vars().items() if getattr(one, "__module__", "").startswith("bp.")]  # no modules
