"""The same numbers elsewhere: on emulated 64-bit ARM, on other Pythons of this machine, with other BLAS kernels.

arm       tools/bits.py, run by qemu on an arm64 Python with aarch64 wheels from the lock, has to print data/bits.json
pythons   the notebooks' output and the tests of bits under every Python from 3.11 to 3.14, from the lock
kernels   the notebooks' output under other OpenBLAS kernels, which printed statistics still go through

What ARM needs is fetched into .portability/, about 0.7 GB, and kept; nothing is installed into the system. A part that
this machine cannot do is skipped, and it is said why.
"""

import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from glob import glob

from packaging.requirements import Requirement
from tqdm import tqdm

from .files import REPOSITORY
from .reproduction import AVX512, avx2

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
KERNELS = ("Haswell", "SkylakeX", "Sandybridge", "Nehalem")
HOME = REPOSITORY / ".portability"
ARMS = ("generic",)  # processors to compile for: some minutes each, most of which Numba takes
PROBE = """
from threadpoolctl import threadpool_info
import numpy
print(*{pool["architecture"] for pool in threadpool_info() if pool["internal_api"] == "openblas"})
"""
# Whose modules a training by tools/bits.py imports: the fewer, the less is fetched.
IMPORTED = """
import sys, importlib.metadata as m
sys.path.insert(0, "tools")
import bits
next(bits.trainings())
owners = m.packages_distributions()
print(*sorted({owner.lower().replace("_", "-") for name in list(sys.modules) for owner in owners.get(name, [])}))
"""


class Missing(Exception):
    """What this machine lacks, and how to get it."""


def run(*command, lacking=None, **options):
    """What a command prints. If it fails: `Missing`, should the machine lack something, or its last words."""
    done = subprocess.run([str(word) for word in command], cwd=REPOSITORY, capture_output=True, text=True, **options)
    if done.returncode:
        said = (done.stderr or done.stdout).strip()
        raise Missing(f"{lacking} ({said.splitlines()[-1] if said else 'no message'})") if lacking else SystemExit(said)
    return done.stdout


def own():
    """This environment without settings that would interfere."""
    given = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", "PYTHONPATH", "PYTHONHOME")
    return {k: v for k, v in os.environ.items() if k not in given and not k.startswith("NUMBA_")}


def whole(folder, fill):
    """`folder`, made by `fill(folder)` if it is not there: all of it, or, if this is interrupted, nothing."""
    if not folder.exists():
        unfinished = folder.with_name(f"{folder.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(parents=True)
        fill(unfinished)
        unfinished.rename(folder)
    return folder


# ---------------------------------------------------------------- emulated ARM


def apt(program, *words):
    """apt with an arm64 system of its own, in .portability/apt: the machine's own knows nothing of it."""
    state = HOME / "apt"
    for folder in ("lists/partial", "archives/partial"):
        (state / folder).mkdir(parents=True, exist_ok=True)
    (state / "status").touch()
    settings = {
        "APT::Architecture": "arm64",
        "APT::Architectures::": "arm64",
        "APT::Sandbox::User": "root",  # apt's own user may not be let into this folder
        "Dir::State": state,
        "Dir::State::status": state / "status",
        "Dir::Cache": state,
    }
    options = [word for name, value in settings.items() for word in ("-o", f"{name}={value}")]
    return run(program, *options, *words, lacking="Debian's packages for arm64, which apt did not fetch: is it online?")


def arm_python():
    """A folder with the arm64 Python of this machine's Debian and all that it needs, and its version."""
    for version in PYTHONS:
        if (folder := HOME / f"python{version}").exists():
            return folder, version
    tqdm.write("ARM: fetching Debian's Python for arm64, 25 MB")
    apt("apt-get", "update")
    names = apt("apt-cache", "pkgnames", "python3.").split()
    version = next((version for version in PYTHONS if f"python{version}" in names), None)
    if version is None:
        raise Missing("an arm64 Python 3.11 to 3.14 that apt can fetch: is it online, and a Debian from 12 on?")
    apt("apt-get", "install", "--download-only", "--yes", "--no-install-recommends", f"python{version}", "libstdc++6")

    def unpack(folder):
        for package in tqdm(sorted((HOME / "apt" / "archives").glob("*.deb")), desc="unpacking", leave=False):
            run("dpkg", "-x", package, folder)

    return whole(HOME / f"python{version}", unpack), version


def arm_libraries(version):
    """A folder with the aarch64 wheels that tools/bits.py needs, of the versions and hashes in requirements.lock."""
    needed = set(run(sys.executable, "-c", IMPORTED, env=own()).split())
    target = {"python_version": version, "python_full_version": f"{version}.2", "platform_machine": "aarch64"}
    locked = []
    for entry in re.findall(r"^[\w.-]+==(?:.*\\\n)*.*", (REPOSITORY / "requirements.lock").read_text(), re.MULTILINE):
        requirement = Requirement(entry.split(" \\")[0])
        if requirement.name in needed and (not requirement.marker or requirement.marker.evaluate(target)):
            hashes = re.findall(r"--hash=\S+", entry)
            locked.append(" ".join([f"{requirement.name}{requirement.specifier}", *hashes]))
    text = "\n".join(locked) + "\n"
    key = hashlib.sha256(f"{version}\n{text}".encode()).hexdigest()[:12]

    def install(folder):
        tqdm.write(f"ARM: fetching {len(locked)} aarch64 wheels of the lock, a minute or two")
        with tempfile.TemporaryDirectory() as elsewhere:
            lock = f"{elsewhere}/lock.txt"
            with open(lock, "w", encoding="utf-8") as file:
                file.write(text)
            tags = [f"manylinux_2_{minor}_aarch64" for minor in range(17, 37)] + ["manylinux2014_aarch64"]
            platforms = [word for tag in tags for word in ("--platform", tag)]
            options = ["--python-version", version, "--only-binary", ":all:", "--no-deps", "--require-hashes"]
            command = [sys.executable, "-m", "pip", "install", "--target", folder, *platforms, *options, "-r", lock]
            run(*command, lacking="the lock's aarch64 wheels, which pip did not fetch: is it online?", env=own())

    return whole(HOME / f"libraries-{key}", install)


def arm():
    """Compare the bits that ARM computes with those that are stored: processor -> the outcome."""
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        raise Missing(f"Linux on x86-64; this is {platform.system()} on {platform.machine()}")
    for program, package in {"qemu-aarch64-static": "qemu-user-static", "apt-get": "apt", "dpkg": "dpkg"}.items():
        if not shutil.which(program):
            raise Missing(f"{program}: apt-get install {package}, on Debian")
    system, version = arm_python()
    libraries = arm_libraries(version)
    stored = json.loads((REPOSITORY / "data" / "bits.json").read_text(encoding="utf-8"))
    for processor in (bar := tqdm(ARMS, unit="processor")):
        bar.set_description(f"ARM {processor}, some minutes")
        with tempfile.TemporaryDirectory() as cache:
            settings = {
                "PYTHONHOME": str(system / "usr"),
                "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(libraries)]),
                "PYTHONDONTWRITEBYTECODE": "1",
                "NUMBA_CACHE_DIR": cache,
                "NUMBA_CPU_NAME": processor,
                "NUMBA_CPU_FEATURES": "",
            }
            python = ["qemu-aarch64-static", "-L", system, system / "usr" / "bin" / f"python{version}"]
            found = json.loads(run(*python, "tools/bits.py", env=own() | settings))
        differ = [name for name in stored | found if stored.get(name) != found.get(name)]
        yield f"ARM {processor}", f"DIFFERS: {', '.join(differ)}" if differ else f"the same {len(stored)} hashes"


# ---------------------------------------------------------------- other Pythons, other kernels


def notebooks(python, settings, *tests):
    """Whether the notebooks print the same, and the tests pass, by this Python under these settings."""
    pages = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))
    for what in (["--nbval", *pages], *([tests] if tests else [])):
        command = [str(word) for word in (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *what)]
        done = subprocess.run(command, cwd=REPOSITORY, env=own() | settings, capture_output=True, text=True)
        if done.returncode:
            tqdm.write(done.stdout[-6000:])
            return "DIFFERS"
    return "agrees"


def environment_of(version):
    """The Python of a virtual environment made from the lock; `Missing` if the machine has no such Python."""
    if sys.version.startswith(f"{version}."):
        return sys.executable
    candidates = [shutil.which(f"python{version}")]
    if shutil.which("pyenv"):  # whose Pythons do not start from PATH unless they are selected
        candidates += sorted(glob(f"{run('pyenv', 'root').strip()}/versions/{version}.*/bin/python"))
    works = [c for c in candidates if c and subprocess.run([c, "--version"], capture_output=True).returncode == 0]
    if not works:
        raise Missing(f"Python {version}")
    folder = f".venv-{version}"
    subprocess.run(["make", "--silent", f"{folder}/ready", f"PYTHON={works[0]}"], cwd=REPOSITORY, check=True)
    return str(REPOSITORY / folder / "bin" / "python")


def pythons():
    """The notebooks, and the tests of bits, under each Python: its name -> the outcome."""
    for version in (bar := tqdm(PYTHONS)):
        bar.set_description(f"Python {version}")
        try:
            yield f"Python {version}", notebooks(environment_of(version), {}, "tests/test_bits.py")
        except Missing as lack:
            yield f"Python {version}", f"skipped, for want of {lack}"


def kernels_to_try():
    """Pairs of a name and (python, environment), or a reason why it cannot be tried here."""
    for kernel in KERNELS:
        settings = {"OPENBLAS_CORETYPE": kernel}
        if not avx2() or (kernel == "SkylakeX" and not AVX512):
            yield f"OpenBLAS {kernel}", "this processor cannot run it"
            continue
        found = run(sys.executable, "-c", PROBE, env=own() | settings).split()
        assert found == [kernel], f"asked for OpenBLAS's {kernel}, got {found}"
        yield f"OpenBLAS {kernel}", (sys.executable, settings)
    settings = {"NPY_DISABLE_CPU_FEATURES": " ".join(AVX512)}
    yield "NumPy without AVX-512", (sys.executable, settings) if AVX512 else "this processor has none"


def kernels():
    """The notebooks under each kernel: its name -> the outcome."""
    for name, what in (bar := tqdm([*kernels_to_try()])):
        bar.set_description(name)
        yield name, f"skipped: {what}" if isinstance(what, str) else notebooks(*what)


PARTS = {"arm": arm, "pythons": pythons, "kernels": kernels}


def outcomes(names):
    """What was tried, in some of the parts -> what came of it, which begins with DIFFERS if something does."""
    found = {}
    for name in names:
        try:
            found.update(PARTS[name]())
        except Missing as lack:
            found[name] = f"skipped, for want of {lack}"
    return found
