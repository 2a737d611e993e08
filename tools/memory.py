"""Print the bytes that training symmetry nets takes at its peak, and the bytes of what it returns.

The benchmark runs this in a process of its own, which imports only bp. It needs Linux.
"""

import argparse
import re
from pathlib import Path

import plain  # noqa: F401  the code of this repository comes first

import numpy as np

import bp


def resident(what):  # not by getrusage, whose peak begins, on Linux, at that of the process which started this one
    return 1024 * int(re.search(rf"{what}:\s+(\d+)", Path("/proc/self/status").read_text())[1])


def main(runs, sweeps):
    net, task = bp.layered(6, 2, 1), bp.symmetry()  # as in the benchmark
    w = np.repeat(net.initial_weights([0]), runs, axis=0)
    bp.train(net, w[:1], task, sweeps, 0.1, 0.9, record=0, progress=False)  # what the first training takes, once
    before = resident("VmRSS")
    fit = bp.train(net, w, task, sweeps, 0.1, 0.9, record=0, progress=False)
    print(resident("VmHWM") - before, sum(getattr(value, "nbytes", 0) for value in vars(fit).values()))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("runs", type=int)
    arguments.add_argument("sweeps", type=int)
    main(**vars(arguments.parse_args()))
