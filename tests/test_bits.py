"""The same bits everywhere: trainings by code that was compiled for other processors, in processes of their own."""

import json
import os
import platform
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

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


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """What each target gives, or what it printed when it failed; two at a time, since compiling takes long."""

    def hashes(target):
        cache = tmp_path_factory.mktemp("numba")
        environment = os.environ | TARGETS[target] | {"NUMBA_CACHE_DIR": str(cache)}
        command = [sys.executable, str(ROOT / "tools" / "bits.py")]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
        return json.loads(done.stdout) if done.returncode == 0 else done.stderr

    targets = [target for target in TARGETS if runs_here(target)]
    with ThreadPoolExecutor(2) as threads:
        return dict(zip(targets, threads.map(hashes, targets), strict=True))


@pytest.mark.parametrize("target", TARGETS)
def test_the_bits_are_those_that_are_stored(found, target):
    if not runs_here(target):
        pytest.skip(f"this processor cannot run code for {target}: no {NEEDS[target]}")
    assert found[target] == STORED


def test_enough_targets_are_tried(found):
    """At least five processors, wherever this runs, and two levels of optimisation."""
    assert len(found) >= 7
