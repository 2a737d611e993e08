"""The same bits everywhere: trainings by code that was compiled for other processors, in processes of their own."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import bits
import numba
import pytest

ROOT = Path(__file__).resolve().parent.parent
STORED = json.loads((ROOT / "data" / "bits.json").read_text(encoding="utf-8"))
# With vectors of 8, of 4 and of 2 numbers; with fused multiply-adds in hardware and without.
PROCESSORS = {
    "x86_64": ["x86-64", "nehalem", "sandybridge", "haswell", "znver3", "skylake-avx512"],
    "AMD64": ["x86-64", "nehalem", "sandybridge", "haswell", "znver3", "skylake-avx512"],
    "arm64": ["generic", "apple-m1", "cortex-a53", "cortex-a72", "cortex-a76"],
    "aarch64": ["generic", "cortex-a53", "cortex-a57", "cortex-a72", "cortex-a76"],
}
NEEDS = {"sandybridge": "avx", "haswell": "avx2", "znver3": "avx2", "skylake-avx512": "avx512f"}  # to run it here
TARGETS = {
    **{name: {"NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": ""} for name in PROCESSORS.get(platform.machine(), [])},
    "this processor, little optimised": {"NUMBA_OPT": "1"},
    "this processor, without vectors of several sums": {"NUMBA_SLP_VECTORIZE": "0", "NUMBA_LOOP_VECTORIZE": "0"},
}


def runs_here(name):
    features = numba.core.codegen.get_host_cpu_features()
    return name not in NEEDS or f"+{NEEDS[name]}" in features.split(",")


def test_this_installation_gives_the_bits_that_are_stored():
    assert bits.hashes() == STORED


@pytest.mark.slow  # each compiles the kernel
@pytest.mark.parametrize("target", TARGETS)
def test_the_bits_are_those_that_are_stored(target, tmp_path):
    if not runs_here(target):
        pytest.skip(f"this processor cannot run code for {target}: no {NEEDS[target]}")
    environment = os.environ | TARGETS[target] | {"NUMBA_CACHE_DIR": str(tmp_path)}
    command = [sys.executable, str(ROOT / "tools" / "bits.py")]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == STORED


def test_enough_targets_are_tried():
    """At least five processors, wherever this runs, and two levels of optimisation."""
    assert sum(map(runs_here, TARGETS)) >= 7
