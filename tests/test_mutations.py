"""Broken copies of the key lines: the tests that a mutant names must catch it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HAND = "test_network.py::test_gradient_worked_out_by_hand"
AUTOGRAD = "test_network.py::test_gradient_is_autograds"

MUTANTS = {  # what is broken: the file, what stands there, what the mutant has there, the test that catches it
    "y (1 - y) missing": (
        "network.py",
        {"np.multiply(y, slope, slope)": "np.copyto(slope, 1)"},
        HAND,
    ),
    "y (1 + y)": (
        "network.py",
        {"slope = np.subtract(_ONE[y.dtype], y, out)": "slope = np.add(_ONE[y.dtype], y, out)"},
        HAND,
    ),
    "d - y in (4)": (
        "network.py",
        {"np.subtract(y, d, out))  # (3) (4)": "np.subtract(d, y, out))"},
        HAND,
    ),
    "no half in (3)": (
        "network.py",
        {"return 0.5 * reduce(": "return 1.0 * reduce("},
        HAND,
    ),
    "no bias in (1)": (
        "network.py",
        {"forward.step(np.add, x, W[net.biases[layer.name]][:, :, None], x)": "pass"},
        HAND,
    ),
    "no gradient of biases": (
        "network.py",
        {"backward.sum(dE_dx, one, dE_dW[net.biases[layer.name]])": "pass"},
        HAND,
    ),
    "(7) dropped": (
        "network.py",
        {"backward.sum(transposed(W[link.weights]), dE_dx, dE_dy[link.source])": "pass"},
        HAND,
    ),
    "(7) along w_ij where that fits": (
        "network.py",
        {
            "transposed(W[link.weights])": "(transposed(W[link.weights]) "
            "if layer.units != net.units[link.source] else W[link.weights])"
        },
        AUTOGRAD,
    ),
    "gradient of shared weights overwritten": (
        "network.py",
        {"backward.sum(dE_dx, transposed(": "backward.step(np.matmul, dE_dx, transposed("},
        AUTOGRAD,
    ),
    "gradient of shared biases overwritten": (
        "network.py",
        {"backward.sum(dE_dx, one,": "backward.step(np.matmul, dE_dx, one,"},
        AUTOGRAD,
    ),
    "error at hidden layers overwritten": (
        "network.py",
        {"backward.begun |= compare.begun": "pass"},
        AUTOGRAD,
    ),
    "held-out cases carry error": (
        "network.py",
        {"present & ~self.held_out[..., None, :]": "present"},
        AUTOGRAD,
    ),
    "epsilon at the change, not in the velocity": (
        "descent.py",
        {
            "np.multiply(dE_dw, epsilon, dE_dw)": "pass",
            "np.add(w, velocity, w, where=where)": "np.add(w, epsilon * velocity, w, where=where)",
        },
        "test_descent.py::test_other_parameters_go_on_from_the_velocity",
    ),
    "no momentum": (
        "descent.py",
        {"np.multiply(velocity, alpha, velocity, where=where)": "velocity *= 0"},
        "test_descent.py::test_equation_9_is_a_decaying_sum_of_gradients",
    ),
    "decay before the change": (
        "descent.py",
        {
            "np.add(w, velocity, w, where=where)": "np.add(w * (1 - decay), velocity, w, where=where)",
            "np.multiply(w, 1 - decay, w, where=where)": "pass",
        },
        "test_descent.py::test_decay_by_hand",
    ),
    "decay of the velocity": (
        "descent.py",
        {"np.multiply(w, 1 - decay, w, where=where)": "w *= 1 - decay; velocity *= 1 - decay"},
        "test_descent.py::test_decay_by_hand",
    ),
    "solved at the tolerance itself": (
        "network.py",
        {"gap.take(at) < tolerance": "gap.take(at) <= tolerance", ">= tolerance)": "> tolerance)"},
        "test_descent.py::test_tolerance_is_strict",
    ),
    "a held-out case makes a step": (
        "descent.py",
        {"np.broadcast_to(task.counts(), (len(w), task.cases))": "np.ones((len(w), task.cases), bool)"},
        "test_descent.py::test_a_held_out_case_makes_no_step",
    ),
    "the rows in their place before the header": (
        "survey.py",
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
        "survey.py",
        {'if begun.exists() or any(parts.glob("*.csv")):': "if begun.exists():"},
        "test_survey.py::test_parts_without_a_header_are_refused",
    ),
    "rows compared roughly": (
        "survey.py",
        {"if column in allowed:": "allowed = {'error': 1e-12}\n            if column in allowed:"},
        "test_survey.py::test_rows_agree_to_the_last_digit",
    ),
    "rows taken from any worker": (
        "survey.py",
        {"checks.same_platform(platform_there, where)": "pass"},
        "test_survey.py::test_a_worker_on_another_platform_is_named",
    ),
    "a tolerance passed over": (
        "descent.py",
        {"level[now] += 1": "level[now] += 2"},
        "test_descent.py::test_several_tolerances_met_at_one_sweep",
    ),
    "the velocity lost between phases": (
        "survey.py",
        {"fit = train(self.net, fit, task, **": "fit = train(self.net, getattr(fit, 'weights', fit), task, **"},
        "test_survey.py::test_rows_are_those_of_runs_trained_by_hand",
    ),
    "an iterative net whose weights change with time": (
        "iterative.py",
        {'target=f"{link.target} {t + 1}")': 'target=f"{link.target} {t + 1}", weights=f"{link.weights} {t}")'},
        "test_iterative.py::test_fig_5",
    ),
    "an iterative net that looks two moments back": (
        "iterative.py",
        {'source=f"{link.source} {t}"': 'source=f"{link.source} {max(t - 1, 0)}"'},
        "test_iterative.py::test_the_history_of_states_is_the_loops",
    ),
}

BOOT = """
import sys, bp, hypothesis, pytest
print(bp.__file__)
hypothesis.settings.register_profile("mutants", phases=["explicit", "generate"])  # no time for the smallest example
hypothesis.settings.load_profile("mutants")
sys.exit(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *sys.argv[1:]]))
"""


def run(tests, copy, file="network.py", changes=()):
    """Run tests on a copy of the package, with some of its text replaced."""
    for name in "bp", "tests":
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    text = (copy / "bp" / file).read_text("utf-8")
    for old, new in dict(changes).items():
        assert text.count(old) == 1, (
            f"{file} has {old!r} {text.count(old)} times: the mutant needs another line to break"
        )
        text = text.replace(old, new)
    (copy / "bp" / file).write_text(text, "utf-8")
    env = {**os.environ, "PYTHONPATH": str(copy), "PYTEST_ADDOPTS": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    done = subprocess.run(
        [sys.executable, "-c", BOOT, *(f"tests/{test}" for test in tests)],
        cwd=copy, env=env, capture_output=True, text=True, encoding="utf-8",
    )  # fmt: skip
    assert done.stdout.startswith(f"{copy / 'bp' / '__init__.py'}\n"), done.stdout + done.stderr
    return done


def test_the_unbroken_copy_passes(tmp_path):
    done = run(sorted({test for _, _, test in MUTANTS.values()}), tmp_path.resolve())
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("mutant", MUTANTS)
def test_a_broken_copy_fails(mutant, tmp_path):
    file, changes, test = MUTANTS[mutant]
    done = run([test], tmp_path.resolve(), file, changes)
    assert done.returncode == 1, done.stdout
    assert "1 failed" in done.stdout.splitlines()[-1], done.stdout
