"""Broken copies of the key lines: the tests that a mutant names must catch it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from checkout import copy_compiled

pytestmark = pytest.mark.slow  # every mutant of the kernel is compiled

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
        {"dE_dy.get(link.source, 0) + contribution": "0 * contribution"},
        READ,
    ),
    "equations: shared weights overwritten": ("bp/equations.py", {"[:] += dE_dx @": "[:] = dE_dx @"}, SHARED),
    "equations: shared biases overwritten": ("bp/equations.py", {"[:] += dE_dx.sum": "[:] = dE_dx.sum"}, SHARED),
    "equations: error at hidden layers overwritten": (
        "bp/equations.py",
        {"dE_dy.get(link.source, 0) + contribution": "contribution"},
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
    "y (1 - y) missing": (
        "bp/kernel.py",
        {"at(dE_dx, c) * (gain * (at(y, c) * (1.0 - at(y, c))))": "at(dE_dx, c)"},
        HAND,
    ),
    "d - y in (4)": ("bp/kernel.py", {"at(y, k) - at(aim, d))  # (4)": "at(aim, d) - at(y, k))"}, HAND),
    "no half in (3)": ("bp/kernel.py", {"return 0.5 * squares": "return squares"}, HAND),
    "no bias in (1)": ("bp/kernel.py", {"at(w, layer.biases + j) if layer.biases >= 0 else 0.0": "0.0"}, HAND),
    "no gradient of biases": ("bp/kernel.py", {"at(dE_db, j) + total(s)": "0.0"}, HAND),
    "(7) dropped": ("bp/kernel.py", {"if link.computed:": "if False:"}, HAND),
    "gradient of shared biases overwritten": ("bp/kernel.py", {"at(dE_db, j) + total(s)": "total(s)"}, AUTOGRAD),
    "gradient of shared narrow weights overwritten": (
        "bp/kernel.py",
        {"at(weights, k) + _dot(": "_dot("},
        AUTOGRAD,
    ),
    "a row of four is that beside it": (
        "bp/kernel.py",
        {"s3 = fma(spread(at(A, 3 * A_apart))": "s3 = fma(spread(at(A, 2 * A_apart))"},
        SIZES,
    ),
    "terms left over": ("bp/kernel.py", {"range(terms - terms % 4, terms)": "range(0)"}, SIZES),
    "columns left over": ("bp/kernel.py", {"range(wide, width, WIDTH)": "range(0)"}, SIZES),
    "(7) along w_ij": (
        "bp/kernel.py",
        {"ahead(w, link.weights), ONE, stride, dE_dx": "ahead(w, link.weights), stride, ONE, dE_dx"},
        SIZES,
    ),
    "held-out cases carry error": (
        "bp/kernel.py",
        {"at(counts, c) == 0.0": "False"},
        AUTOGRAD,
    ),
    "no momentum": (
        "bp/kernel.py",
        {"fma(at(alpha, k), at(velocity, k), ": "fma(0.0, at(velocity, k), "},
        "test_descent.py::test_equation_9_is_a_decaying_sum_of_gradients",
    ),
    "epsilon at the change, not in the velocity": (
        "bp/kernel.py",
        {
            "-(at(epsilon, k) * at(dE_dw, k))": "-at(dE_dw, k)",
            "at(w, k) + at(velocity, k)": "at(w, k) + at(epsilon, k) * at(velocity, k)",
        },
        "test_descent.py::test_other_parameters_go_on_from_the_velocity",
    ),
    "decay before the change": (
        "bp/kernel.py",
        {"(at(w, k) + at(velocity, k)) * (1.0 - at(decay, k))": "at(w, k) * (1.0 - at(decay, k)) + at(velocity, k)"},
        "test_descent.py::test_decay_by_hand",
    ),
    "solved at the tolerance itself": (
        "bp/kernel.py",
        {">= tolerance": "> tolerance"},
        "test_descent.py::test_tolerance_is_strict",
    ),
    "a held-out case makes a step": (
        "bp/kernel.py",
        {"if active and at(whole.counts, case) != 0.0:": "if active:"},
        "test_descent.py::test_a_held_out_case_makes_no_step",
    ),
    "a tolerance passed over": (
        "bp/kernel.py",
        {"before + t\n                met += 1": "before + t\n                met += 2"},
        "test_descent.py::test_several_tolerances_met_at_one_sweep",
    ),
    "an exponential of a few digits": (
        "bp/kernel.py",
        {"r = fma(k, -1.42860682030941723212e-6, ": "r = fma(k, -1.4e-6, "},
        "test_network.py::test_activations_are_exact_to_the_last_digits",
    ),
    "a case by itself beside its neighbour": (
        "bp/kernel.py",
        {"ahead(_of_run(cases.inputs, run), first)": "ahead(_of_run(cases.inputs, run), first + (count == 1))"},
        "test_descent.py::test_order_is_a_plain_loop_over_the_cases",
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

BOOT = """
import sys, bp, hypothesis, pytest
print(bp.__file__)
hypothesis.settings.register_profile(
    "mutants", max_examples=100, phases=["explicit", "generate"]  # no time for the smallest example
)
hypothesis.settings.load_profile("mutants")
sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The packages and their tests, to be broken: one copy for all mutants."""
    folder = tmp_path_factory.mktemp("copy").resolve()
    for name in "bp", "study", "tests":
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    copy_compiled(folder)
    return folder


def run(tests, copy, compiled=None):
    """Run tests on the copy; what Numba compiles goes to the folder `compiled`, or is there already."""
    env = os.environ | {"PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    env |= {"PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    env["NUMBA_CACHE_DIR"] = str(compiled or "")
    done = subprocess.run(
        [sys.executable, "-c", BOOT, *(f"tests/{test}" for test in tests)],
        cwd=copy, env=env, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.stdout.startswith(f"{copy / 'bp' / '__init__.py'}\n"), done.stdout + done.stderr
    return done


def test_the_unbroken_copy_passes(copy):
    done = run(sorted({test for _, _, test in MUTANTS.values()}), copy)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_copy_fails(mutant, copy, tmp_path):
    file, changes, test = MUTANTS[mutant]
    text = (ROOT / file).read_text("utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times: the mutant breaks one line"
        text = text.replace(old, new)
    try:
        (copy / file).write_text(text, "utf-8")
        done = run([test], copy, tmp_path if file == "bp/kernel.py" else None)
    finally:
        shutil.copy2(ROOT / file, copy / file)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1], done.stdout
