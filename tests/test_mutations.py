"""Broken copies of the key lines: the tests that a mutant names must catch it."""

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from checkout import copy_compiled
from mutants import but

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="left out: it needs os.fork, which Windows lacks")

ROOT = Path(__file__).parents[1]
HAND = "test_network.py::test_gradient_worked_out_by_hand"
AUTOGRAD = "test_network.py::test_gradient_is_autograds"
SIZES = "test_network.py::test_the_kernel_is_the_equations_at_any_size"
READ = "test_equations.py::test_both_passes_worked_out_by_hand"
SHARED = "test_equations.py::test_shared_weights_add_up"
STEP = "test_equations.py::test_the_step_by_hand"

MUTANTS = {  # what is broken: the file, what stands there, what the mutant has there, the test that catches it
    "equations: y (1 + y)": (
        "bp/equations.py",
        {"layer.activation.slope(y[layer.name])": "y[layer.name] * (1 + y[layer.name])"},
        READ,
    ),
    "equations: no slope": ("bp/equations.py", {" * layer.activation.slope(y[layer.name])": ""}, READ),
    "equations: d - y in (4)": (
        "bp/units.py",
        {"np.multiply(y - aim, counts, out)": "np.multiply(aim - y, counts, out)"},
        READ,
    ),
    "equations: no half in (3)": ("bp/equations.py", {"0.5 * (dE_dy": "1.0 * (dE_dy"}, READ),
    "equations: no bias in (1)": ("bp/equations.py", {"x = x + W[net.biases[layer.name]][:, :, None]": "pass"}, READ),
    "equations: no gradient of biases": ("bp/equations.py", {"dE_dx.sum(axis=2)": "0"}, READ),
    "equations: (7) dropped": (
        "bp/equations.py",
        {"dE_dy.get(link.source, 0) + W": "0 * W"},
        READ,
    ),
    "equations: shared weights overwritten": ("bp/equations.py", {"[:] += dE_dx @": "[:] = dE_dx @"}, SHARED),
    "equations: shared biases overwritten": ("bp/equations.py", {"[:] += dE_dx.sum": "[:] = dE_dx.sum"}, SHARED),
    "equations: error at hidden layers overwritten": (
        "bp/equations.py",
        {"dE_dy.get(link.source, 0) + W": "W"},
        SHARED,
    ),
    "equations: held-out cases carry error": (
        "bp/network.py",
        {"np.where(self.held_out[..., None, :], np.nan, d)": "d"},
        SHARED,
    ),
    "equations: no momentum": ("bp/equations.py", {" + alpha * velocity": ""}, STEP),
    "equations: decay before the change": (
        "bp/equations.py",
        {"(w + velocity) * (1 - decay)": "w * (1 - decay) + velocity"},
        STEP,
    ),
    "equations: decay of the velocity": (
        "bp/equations.py",
        {"(1 - decay), velocity": "(1 - decay), velocity * (1 - decay)"},
        STEP,
    ),
    "a slope that is not the function's": (
        "bp/checks.py",
        {"for k in np.flatnonzero(wrong):": "for k in []:"},
        "test_everyday.py::test_a_function_of_ones_own",
    ),
    "a fit written in its place": (
        "bp/files.py",
        {'part = path.with_name(f".{path.name}.{os.getpid()}.part")': "part = path"},
        "test_everyday.py::test_a_file_is_written_whole_or_not_at_all",
    ),
    "a recording twice in a joined history": (
        "bp/descent.py",
        {"new = ~np.isin(later.recorded_at, self.recorded_at)": "new = later.recorded_at >= 0"},
        "test_everyday.py::test_draw_the_whole_history",
    ),
    "a tolerance that changes without a word": (
        "bp/descent.py",
        {"np.array_equal(fit.tolerance, tolerance)": "True"},
        "test_everyday.py::test_another_tolerance_begins_anew",
    ),
    "the rows in their place before the header": (
        "study/survey.py",
        {
            """        about.replace(file.with_suffix(".json"))
        whole.replace(file)
""": """        whole.replace(file)
        about.replace(file.with_suffix(".json"))
"""
        },
        "test_survey.py::test_killed_between_any_two_operations_it_ends_in_the_same_file",
    ),
    "parts without a header made into a survey": (
        "study/survey.py",
        {'if begun.exists() or any(parts.glob("*.csv")):': "if begun.exists():"},
        "test_survey.py::test_parts_without_a_header_are_refused",
    ),
    "the velocity lost between phases": (
        "study/survey.py",
        {"fit = train(self.net, fit, task, **": "fit = train(self.net, getattr(fit, 'weights', fit), task, **"},
        "test_survey.py::test_rows_are_those_of_runs_trained_by_hand",
    ),
    "an iterative net whose weights change with time": (
        "bp/iterative.py",
        {'target=f"{link.target} {t + 1}")': 'target=f"{link.target} {t + 1}", weights=f"{link.weights} {t}")'},
        "test_iterative.py::test_fig_5",
    ),
    "an iterative net that looks two moments back": (
        "bp/iterative.py",
        {'source=f"{link.source} {t}"': 'source=f"{link.source} {max(t - 1, 0)}"'},
        "test_iterative.py::test_the_history_of_states_is_the_loops",
    ),
}

# What is broken: {a place in the kernel, with «the expression» to be replaced: the mutant's}, the test that catches it
KERNEL = {
    "y (1 - y) missing": ({"s = «at(y, c) * (1.0 - at(y, c))»": "1.0"}, HAND),
    "d - y in (4)": ({"if good else «at(y, k) - at(aim, d)»": "at(aim, d) - at(y, k)"}, HAND),
    "no half in (3)": ({"return «0.5 * squares»": "squares"}, HAND),
    "no bias in (1)": ({"row, «at(w, layer.biases + j) if layer.biases >= 0 else 0.0»": "0.0"}, HAND),
    "no gradient of biases": ({"«at(dE_db, j) + total(s)»": "0.0"}, HAND),
    "(7) dropped": ({"if «link.computed»:": "False"}, HAND),
    "gradient of shared biases overwritten": ({"«at(dE_db, j) + total(s)»": "total(s)"}, AUTOGRAD),
    "gradient of shared narrow weights overwritten": ({"«at(weights, k)» + _dot(": "0.0"}, AUTOGRAD),
    "a row of four is that beside it": ({"s3 = fma(spread(«at(A, 3 * A_apart)»)": "at(A, 2 * A_apart)"}, SIZES),
    "terms left over": ({"range(«terms - terms % 4», terms)": "terms"}, SIZES),
    "columns left over": ({"range(«wide», width, WIDTH)": "width"}, SIZES),
    "(7) along w_ij": (
        {"link.weights), «ONE», stride, dE_dx": "stride", "«stride», dE_dx, row, units": "ONE"},
        SIZES,
    ),
    "held-out cases carry error": ({"held_out = «at(counts, c) == 0.0»": "False"}, AUTOGRAD),
    "no momentum": (
        {"fma(«at(alpha, k)», at(velocity, k), ": "0.0"},
        "test_descent.py::test_equation_9_is_a_decaying_sum_of_gradients",
    ),
    "decay before the change": (  # before the next one, whose place is inside this one
        {
            "«(at(w, k) + at(velocity, k)) * (1.0 - at(decay, k))»": (
                "at(w, k) * (1.0 - at(decay, k)) + at(velocity, k)"
            )
        },
        "test_descent.py::test_decay_by_hand",
    ),
    "epsilon at the change, not in the velocity": (
        {
            "-(«at(epsilon, k)» * at(dE_dw, k))": "1.0",
            "(at(w, k) + «at(velocity, k)»)": "at(epsilon, k) * at(velocity, k)",
        },
        "test_descent.py::test_other_parameters_go_on_from_the_velocity",
    ),
    "solved at the tolerance itself": (
        {"«abs(at(y, k) - at(desired, d)) >= tolerance»": "abs(at(y, k) - at(desired, d)) > tolerance"},
        "test_descent.py::test_tolerance_is_strict",
    ),
    "a held-out case makes a step": (
        {"if «active and at(whole.counts, case) != 0.0»:": "active"},
        "test_descent.py::test_a_held_out_case_makes_no_step",
    ),
    "a tolerance passed over": (
        {"before + t\n                met += «1»": "2"},
        "test_descent.py::test_several_tolerances_met_at_one_sweep",
    ),
    "an exponential of a few digits": (
        {"r = fma(k, «-1.42860682030941723212e-6», ": "-1.4e-6"},
        "test_network.py::test_activations_are_exact_to_the_last_digits",
    ),
    "a case by itself beside its neighbour": (
        {"ahead(_of_run(cases.inputs, run), «first»)": "first + (count == 1)"},
        "test_descent.py::test_order_is_a_plain_loop_over_the_cases",
    ),
}

# All mutants of the kernel are compiled together, since compiling takes long. A number in memory selects one of them.
SWITCH = """

import ctypes

MUTANT = ctypes.c_int64(-1)
_INT64 = ir.IntType(64)
mutant = _operation(
    lambda: types.int64, lambda b: b.load(_INT64(ctypes.addressof(MUTANT)).inttoptr(_INT64.as_pointer()))
)
"""


def copied(folder):
    """Copy the packages and their tests into a folder."""
    for package in "bp", "study", "tests":
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


@contextmanager
def forks(folder, *kernel):
    """Start `forks.py` in a copy; yields a function that runs tests there: pytest's exit code, and what it prints."""
    env = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": "1", "NUMBA_CACHE_DIR": ""}
    env |= {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    command = [sys.executable, "tests/forks.py", *kernel]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True, "encoding": "utf-8"}
    with subprocess.Popen(command, cwd=folder, env=env, **pipes) as process:

        def run(*tests, mutant=-1):
            print(mutant, *(f"tests/{test}" for test in tests), file=process.stdin, flush=True)
            said = []
            for line in process.stdout:
                if line.startswith("ended "):
                    break
                said.append(line)
            else:
                pytest.fail(f"the process that forks has ended: {''.join(said)}")
            assert said[:1] == [f"{folder / 'bp' / '__init__.py'}\n"], said
            return int(line.split()[1]), "".join(said).rstrip()

        yield run


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy to be broken: one for all mutants."""
    folder = copied(tmp_path_factory.mktemp("copy").resolve())
    copy_compiled(folder)
    return folder


@pytest.fixture(scope="module")
def run(copy):
    """Runs tests on the copy, as it is on disk at that moment."""
    with forks(copy) as run:
        yield run


@pytest.fixture(scope="module")
def run_kernel(tmp_path_factory):
    """Runs tests on a copy whose kernel has all mutants; `mutant` selects one, -1 none."""
    folder = copied(tmp_path_factory.mktemp("kernel").resolve())
    file = folder / "bp" / "kernel.py"
    text = whole = file.read_text("utf-8")
    for number, (mutant, (changes, _)) in enumerate(KERNEL.items()):
        for place, other in changes.items():
            before, own, after = place.replace("»", "«").split("«")
            found = whole.count(before + own + after)
            assert found == 1, f"{mutant}: bp/kernel.py has {place!r} {found} times; expected once"
            text = but(text, before + own + after, f"{before}({other} if mutant() == {number} else {own}){after}")
    file.write_text(text + SWITCH, "utf-8")
    with forks(folder, "kernel") as run:
        yield run


def is_caught(code, said):
    return code == 1 and "1 failed" in said.splitlines()[-1]


def test_the_unbroken_copy_passes(run):
    code, said = run(*sorted({test for _, _, test in MUTANTS.values()}))
    assert code == 0, said


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_copy_fails(mutant, copy, run):
    file, changes, test = MUTANTS[mutant]
    text = (ROOT / file).read_text("utf-8")
    for old, new in changes.items():
        text = but(text, old, new)
    try:
        (copy / file).write_text(text, "utf-8")
        code, said = run(test)
    finally:
        shutil.copy2(ROOT / file, copy / file)
    assert is_caught(code, said), f"ended {code}: {said}"


def test_the_kernel_passes_with_no_mutant_selected(run_kernel):
    code, said = run_kernel(*sorted({test for _, test in KERNEL.values()}))
    assert code == 0, said


@pytest.mark.parametrize("mutant", KERNEL)
def test_a_broken_kernel_fails(mutant, run_kernel):
    code, said = run_kernel(KERNEL[mutant][1], mutant=[*KERNEL].index(mutant))
    assert is_caught(code, said), f"ended {code}: {said}"
