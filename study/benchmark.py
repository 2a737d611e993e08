"""How fast `bp.train` is, beside PyTorch, JAX, and what this core could do at most.

Everything that is compared is measured in turns (A B C A B C ...) in one process on one core, and ratios are medians
over the turns, so that a machine that is busy with other things slows all sides alike. All do the same work in float64:
same initial weights, E of every sweep and run, and the first sweep that solves each run. That they compute the same is
asserted before anything is timed. The contestants:

- bp: the public call, `bp.train`.
- PyTorch: eager, all runs at once with `torch.bmm`, autograd, `torch.optim.SGD`.
- JAX: all runs at once with `vmap`, the whole training one compiled `fori_loop`. Compilation is measured apart.
- floor: nobody. The multiply-adds of (1), (6) and (7) at the rate of this machine's fastest, and the logistic of (2)
  at the speed that the kernel's own has here: what a sweep would take if all the rest took no time and every vector
  were full.

Goals that are missed are reported and fail nothing.
"""

import os
import platform
import re
import subprocess
import sys
from dataclasses import dataclass
from functools import partial, reduce
from importlib.metadata import version
from importlib.util import find_spec
from operator import add
from pathlib import Path
from time import perf_counter, sleep

import joblib
import numpy as np
from numba import njit
from tqdm import tqdm

import bp
from bp import kernel, layout

from .files import REPOSITORY

ALPHA = 0.9
TOLERANCE = 0.5


@dataclass(frozen=True)
class Problem:
    """A net with its task, and how long to train so many runs in one turn of the comparison."""

    name: str
    net: bp.Network
    task: bp.Task
    epsilon: float
    sweeps: dict[int, int]  # by number of runs


def random_questions(cases=104):
    """A stand-in of the family trees' shape: one person and one relationship on, one answer. Speed is the same."""
    rng = np.random.default_rng(0)
    one_hot = lambda units: np.eye(units)[:, rng.integers(units, size=cases)]  # noqa: E731
    return bp.Task({"person 1": one_hot(24), "relationship": one_hot(12)}, {"person 2": one_hot(24)})


SYMMETRY = Problem("symmetry", bp.layered(6, 2, 1), bp.symmetry(), 0.1, {1: 1500, 32: 1500, 1024: 300})
FAMILY = Problem("family trees", bp.family_network(), random_questions(), 0.01, {1: 1500, 32: 300, 1024: 60})

SEQUENCES = Problem("sequences", *bp.sequences(), 0.02, {1: 300, 32: 300, 200: 100})
PROBLEMS = {problem.name: problem for problem in (SYMMETRY, FAMILY, SEQUENCES)}

AHEAD = {"PyTorch": 5, "JAX": 1, "JAX compiling": 1, "one core": 1.9}  # of whom -> at least so many times as fast
JAX_MEDIAN = 1.4  # of the nine cells

# ---------------------------------------------------------------- contestants: each prepares a training to be timed


def ours(problem, runs, sweeps):
    w = problem.net.initial_weights(range(runs))

    def train():
        fit = bp.train(problem.net, w, problem.task, sweeps, problem.epsilon, ALPHA, progress=False)
        return fit.error, fit.solved_at

    return train


def pytorch(problem, runs, sweeps):
    import torch  # only here: `report` says so if it is missing

    torch.set_num_threads(1)
    net, w = problem.net, problem.net.initial_weights(range(runs))
    inputs = {name: torch.tensor(y).expand(runs, -1, -1) for name, y in problem.task.inputs.items()}
    d = torch.tensor(np.concatenate([*problem.task.targets.values()]))

    def train():
        W = {name: torch.tensor(values, requires_grad=True) for name, values in net.matrices(w).items()}
        descent = torch.optim.SGD(W.values(), lr=problem.epsilon, momentum=ALPHA)
        errors = torch.empty((sweeps + 1, runs), dtype=d.dtype)
        solved_at = torch.full((runs,), -1)
        for t in range(sweeps + 1):
            gap = output(problem, W, inputs, torch.bmm, torch.sigmoid, torch.cat) - d
            E = 0.5 * gap.square().sum((1, 2))
            with torch.no_grad():
                errors[t] = E
                if (unsolved := solved_at < 0).any():
                    solved_at[unsolved & (gap.abs().amax((1, 2)) < TOLERANCE)] = t
            if t < sweeps:
                descent.zero_grad()
                E.sum().backward()
                descent.step()
        return errors.numpy(), solved_at.numpy()

    return train


def with_jax(problem, runs, sweeps):
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    net, w = problem.net, problem.net.initial_weights(range(runs))
    inputs = {name: jnp.asarray(y) for name, y in problem.task.inputs.items()}
    d = jnp.concatenate([*problem.task.targets.values()])

    def error(W):
        gap = output(problem, W, inputs, jnp.matmul, jax.nn.sigmoid, jnp.concatenate) - d
        return 0.5 * jnp.sum(gap**2), jnp.max(jnp.abs(gap))

    def watch(t, E, furthest, errors, solved_at):
        return errors.at[t].set(E), jnp.where((solved_at < 0) & (furthest < TOLERANCE), t, solved_at)

    def sweep(t, state):
        W, velocity, *seen = state
        (E, furthest), dE_dW = jax.vmap(jax.value_and_grad(error, has_aux=True))(W)
        velocity = jax.tree.map(lambda v, g: ALPHA * v - problem.epsilon * g, velocity, dE_dW)
        return jax.tree.map(jnp.add, W, velocity), velocity, *watch(t, E, furthest, *seen)

    @jax.jit
    def compiled(W):
        rest = jax.tree.map(jnp.zeros_like, W)
        state = W, rest, jnp.zeros((sweeps + 1, runs)), jnp.full(runs, -1)
        W, _, *seen = jax.lax.fori_loop(0, sweeps, sweep, state)
        return watch(sweeps, *jax.vmap(error)(W), *seen)

    return lambda: [np.asarray(result) for result in compiled(dict(net.matrices(w)))]


def with_jax_anew(problem, runs, sweeps):
    """JAX including compilation, at every call."""
    import jax

    def train():
        jax.clear_caches()
        return with_jax(problem, runs, sweeps)()

    return train


def output(problem, W, inputs, matmul, logistic, join):
    """States of the layers that have targets, one below the other, equations (1) and (2), in any library's arrays."""
    y = dict(inputs)
    for layer, links in problem.net.computed:
        x = reduce(add, (matmul(W[link.weights], y[link.source]) for link in links))
        y[layer.name] = logistic(x + W[problem.net.biases[layer.name]][..., None])
    outputs = [y[name] for name in problem.task.targets]
    return outputs[0] if len(outputs) == 1 else join(outputs, -2)


@njit
def multiply_adds(count):
    """So many times five vectors of multiply-adds, none of which waits for another."""
    s0 = s1 = s2 = s3 = s4 = kernel.spread(1.0)
    w = kernel.spread(0.999)
    for _ in range(count):
        s0, s1, s2 = kernel.fma(w, s0, w), kernel.fma(w, s1, w), kernel.fma(w, s2, w)
        s3, s4 = kernel.fma(w, s3, w), kernel.fma(w, s4, w)
    return kernel.total(kernel.add(kernel.add(kernel.add(s0, s1), kernel.add(s2, s3)), s4))


@njit
def logistics(x, count):
    """So many times the logistic of all x."""
    for _ in range(count):
        kernel._activate(kernel.pointer(x), len(x), 0, 1.0)


def work(problem):
    """Multiply-adds and logistics of a sweep, of the layers that targets depend on."""
    graph, _ = layout.graph_of(problem.net, problem.task)
    layers, links = graph.layers, graph.links
    weights = sum(
        layer["units"] * link["units"] * (2 + link["computed"])
        for layer in layers
        for link in links[layer["links"] : layer["end"]]
    )  # (1), (6), and (7) where the source is computed
    return weights * problem.task.cases, layers["units"].sum() * problem.task.cases


# ---------------------------------------------------------------- measurements


def agree(problem, runs, sweeps, some_solved=False):
    """Assert that all contestants walk the same way: the same E at every sweep, and solutions in the same sweeps."""
    (E, solved_at), *others = [prepare(problem, runs, sweeps)() for prepare in (ours, pytorch, with_jax)]
    for their_E, their_solved_at in others:
        assert np.allclose(their_E, E, rtol=1e-10, atol=0), problem.name
        assert np.array_equal(their_solved_at, solved_at), problem.name
    assert (solved_at >= 0).any() or not some_solved, problem.name


def seconds(call):
    sleep(0.02)  # JAX's thread gives memory back a little after the results are there: not in the next one's time
    start = perf_counter()
    call()
    return perf_counter() - start


def in_turns(calls, rounds, title):
    """Seconds of each call, `(rounds, calls)`, and of the first one of each, not counted among them: `(calls,)`."""
    first = [seconds(call) for call in calls]
    turns = tqdm(range(rounds), title, leave=False)
    return np.array([[seconds(call) for call in calls] for _ in turns]), first


def compare(problem, runs, sweeps, rounds):
    """µs per run and sweep of ours, PyTorch, JAX and floor; theirs in ours; JAX's first call in seconds."""
    calls = [prepare(problem, runs, sweeps) for prepare in (ours, pytorch, with_jax)]
    x = np.linspace(-3, 3, 4096)
    calls += [partial(multiply_adds, 100_000), partial(logistics, x, 100)]
    times, first = in_turns(calls, rounds, f"{problem.name}, runs: {runs}")
    sums, states = work(problem)
    floor = times[:, 3] * sums / (100_000 * 5 * kernel.WIDTH) + times[:, 4] * states / (100 * len(x))
    per_sweep = 1e6 * np.column_stack([times[:, :3] / (runs * sweeps), floor])
    return np.median(per_sweep, axis=0), np.median(times[:, 1:3] / times[:, :1], axis=0), first[2]


def single(problem, sweeps, rounds):
    """Seconds of one run for ours, PyTorch and JAX including compilation; theirs in ours."""
    calls = [prepare(problem, 1, sweeps) for prepare in (ours, pytorch, with_jax_anew)]
    times, _ = in_turns(calls, rounds, f"{problem.name}, a single run")
    return np.median(times, axis=0), np.median(times[:, 1:] / times[:, :1], axis=0)


def two_cores(problem, runs, sweeps, rounds):
    """Seconds on one core and on two, and how many times as fast two are."""
    train = ours(problem, runs, sweeps)

    def on(cores):
        with joblib.parallel_config(n_jobs=cores):
            train()

    times, _ = in_turns([partial(on, 1), partial(on, 2)], rounds, f"{problem.name}, two cores")
    return np.median(times, axis=0), np.median(times[:, 0] / times[:, 1])


def memory(runs, sweeps):
    """Bytes that training symmetry nets takes at its peak, and bytes of what it returns: in a process with bp alone."""
    command = [sys.executable, REPOSITORY / "tools" / "memory.py", str(runs), str(sweeps)]
    return map(int, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split())


# ---------------------------------------------------------------- report


def table(*head):
    """Begin a Markdown table; returns the function that prints a row."""

    def row(*cells):
        print("|", *(f"{cell if isinstance(cell, str) else format(cell, '.3g')} |" for cell in cells), flush=True)

    print()
    row(*head)
    row(":--", *["--:"] * (len(head) - 1))
    return row


def machine():
    """The processor, and the versions of everything."""
    try:
        processor = re.search(r"model name\s*: (.*)", Path("/proc/cpuinfo").read_text())[1]
    except (OSError, TypeError):  # not Linux, or a processor without a name
        processor = platform.processor() or platform.machine()
    versions = [f"{name} {version(name.lower())}" for name in ("NumPy", "Numba", "torch", "JAX")]
    return ", ".join([processor, f"Python {platform.python_version()}", *versions])


def report(quick, only=None):
    """Print Markdown: all measurements, or those of one net, `only`. If `quick`, in half a minute: they mean little."""
    for library in ("torch", "jax"):
        if find_spec(library) is None:
            sys.exit(f"{library} is missing; the contestants come with: pip install -e .[bench]")
    problems = [problem for name, problem in PROBLEMS.items() if only in (None, name)]
    rounds, length = (2, lambda sweeps: sweeps // 20) if quick else (9, lambda sweeps: sweeps)
    cores = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count())
    print(f"{machine()}. Float64; medians of {rounds} turns{', too short to mean much' if quick else ''}.")
    if Path("/proc/self/status").exists() and SYMMETRY in problems:
        row = table("memory, MB: symmetry", "peak", "results", "beyond results")
        for runs in (1000, 4000, 16000):
            peak, results = memory(runs, length(200))
            row(f"{runs:,} runs", peak / 1e6, results / 1e6, (peak - results) / 1e6)

    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(cores)})
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    for problem in problems:
        agree(problem, runs=4, sweeps=100)
    if SYMMETRY in problems:
        agree(SYMMETRY, runs=32, sweeps=800, some_solved=True)

    measured = {}  # as the goals: how many times as fast
    head = ["µs per run and sweep", "runs", "bp", "PyTorch", "JAX", "floor", "PyTorch / bp", "JAX / bp"]
    row = table(*head, "JAX's first call, s")
    for problem in problems:
        for runs, sweeps in problem.sweeps.items():
            times, (torch, jax), first = compare(problem, runs, length(sweeps), rounds)
            row(problem.name, f"{runs:,}", *times, torch, jax, first)
            what = "1 run" if runs == 1 else f"{runs:,} runs"
            measured |= {(problem.name, what, "PyTorch"): torch, (problem.name, what, "JAX"): jax}

    row = table("one run of 1,500 sweeps, s", "bp", "PyTorch", "JAX compiling", "PyTorch / bp", "JAX / bp")
    for problem in problems:
        times, (torch, jax) = single(problem, length(1500), rounds)
        row(problem.name, *times, torch, jax)
        measured[problem.name, "1,500 sweeps", "PyTorch"] = torch
        measured[problem.name, "1,500 sweeps", "JAX compiling"] = jax

    if len(cores) > 1:
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, cores)
        row = table("two cores, s", "runs", "sweeps", "one core", "two cores", "speed-up")
        for problem, runs, sweeps in ((SYMMETRY, 4000, 2000), (FAMILY, 1024, 400), (SEQUENCES, 200, 300)):
            if problem not in problems:
                continue
            times, speed_up = two_cores(problem, runs, length(sweeps), min(rounds, 5))
            row(problem.name, f"{runs:,}", str(length(sweeps)), *times, speed_up)
            measured[problem.name, "two cores", "one core"] = speed_up

    row = table("goal", "measured", "reached?")
    for (net, what, rival), ratio in measured.items():
        least = AHEAD[rival]
        row(f"{net}, {what}: {least:g} × the speed of {rival}", ratio, "yes" if ratio >= least else "no")
    median = np.median([ratio for (*_, rival), ratio in measured.items() if rival == "JAX"])
    row(f"median of all: {JAX_MEDIAN} × the speed of JAX", median, "yes" if median >= JAX_MEDIAN else "no")
