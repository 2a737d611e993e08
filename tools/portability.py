"""Every notebook's output, compared on other kernels and Pythons: last bits may differ, printed text may not.

Runs `pytest --nbval` and the tests of bit-identity under each of OpenBLAS's kernels, with NumPy's AVX-512 switched off,
and under every Python from 3.11 to 3.13 that the machine has, in virtual environments made from the lock.
"""

import json
import os
import shutil
import subprocess
import sys
from glob import glob

from reproduce import AVX512, REPOSITORY, avx2
from tqdm import tqdm

KERNELS = ("Haswell", "SkylakeX", "Sandybridge", "Nehalem")
PYTHONS = ("3.11", "3.12", "3.13")
PROBE = """
import hashlib, json, platform, numpy as np
from threadpoolctl import threadpool_info
kernels = {pool.get("architecture") for pool in threadpool_info() if pool["internal_api"] == "openblas"}
bits = hashlib.sha256(np.exp(np.linspace(-5, 5, 10007)).tobytes()).hexdigest()
print(json.dumps({"kernels": sorted(kernels), "exp": bits, "python": platform.python_version()}))
"""


def probe(python, settings):
    """What an interpreter computes with under these settings."""
    run = subprocess.run([python, "-W", "error", "-c", PROBE], env=own() | settings, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{python} with {settings}: {run.stderr}")
    return json.loads(run.stdout)


def own():
    """This environment without settings of its own that would interfere."""
    return {k: v for k, v in os.environ.items() if k not in ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")}


def environment_of(version):
    """The Python of a virtual environment made from the lock, or None if the machine has no such Python."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    candidates = [shutil.which(f"python{version}")]
    if shutil.which("pyenv"):  # whose Pythons do not start from PATH unless they are selected
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True).stdout.strip()
        candidates += sorted(glob(f"{root}/versions/{version}.*/bin/python"))
    works = [c for c in candidates if c and subprocess.run([c, "--version"], capture_output=True).returncode == 0]
    if not works:
        return None
    folder = f".venv-{version}"
    subprocess.run(["make", "--silent", f"{folder}/ready", f"PYTHON={works[0]}"], cwd=REPOSITORY, check=True)
    return str(REPOSITORY / folder / "bin" / "python")


def kernels_to_try():
    """Pairs of a name and (python, environment), or a reason why it cannot be tried here."""
    plain = probe(sys.executable, {})
    for kernel in KERNELS:
        if not avx2() or (kernel == "SkylakeX" and not AVX512):
            yield f"OpenBLAS {kernel}", "this processor cannot run it"
            continue
        settings = {"OPENBLAS_CORETYPE": kernel}
        found = probe(sys.executable, settings)["kernels"]
        assert found == [kernel], f"asked for OpenBLAS's {kernel}, got {found}"
        yield f"OpenBLAS {kernel}", (sys.executable, settings)
    if AVX512:
        settings = {"NPY_DISABLE_CPU_FEATURES": " ".join(AVX512)}
        assert probe(sys.executable, settings)["exp"] != plain["exp"], (
            "AVX-512 off, and exp has the same bits as before"
        )
        yield "NumPy without AVX-512", (sys.executable, settings)
    else:
        yield "NumPy without AVX-512", "this processor has none"


def pythons_to_try():
    """The same, for the Pythons that this machine has."""
    for version in PYTHONS:
        python = environment_of(version)
        yield f"Python {version}", (python, {}) if python else "not on this machine"


def main():
    notebooks = sorted(str(path) for path in (REPOSITORY / "notebooks").glob("*.ipynb"))
    tests = [["--nbval", *notebooks], ["tests/test_descent.py", "-k", "bit or batch or alone"]]
    outcome = {}
    for name, what in (bar := tqdm([*kernels_to_try(), *pythons_to_try()])):
        bar.set_description(name)
        if isinstance(what, str):
            outcome[name] = f"not tried: {what}"
            continue
        python, settings = what
        runs = [
            subprocess.run(
                [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *test],
                cwd=REPOSITORY,
                env=own() | settings,
                capture_output=True,
                text=True,
            )
            for test in tests
        ]
        failed = [run.stdout[-6000:] for run in runs if run.returncode]
        outcome[name] = "FAILED" if failed else "agrees"
        for text in failed:
            tqdm.write(f"\n{name}\n{text}")
    print("\n".join(f"{name:24} {said}" for name, said in outcome.items()))
    raise SystemExit("FAILED" in outcome.values())


if __name__ == "__main__":
    main()
