"""This repository's own code, and an environment without a user's settings, for all tools and tests.

Whoever imports this module gets `bp` and `study` from the folder that it is in, whatever is installed.
"""

import os
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

REPOSITORY = str(Path(__file__).resolve().parent.parent)
sys.path.insert(0, REPOSITORY)
# jsonschema, which comes with nbformat, would take seconds to build a grammar of addresses, which nothing here checks.
sys.modules.setdefault("rfc3987_syntax", None)

DECIDE = ("PYTHON", "JUPYTER", "IPYTHON", "NBGRADER", "MPL", "MATPLOTLIB", "NUMBA_")  # how names of settings begin
HARMLESS = ("PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE", "PYTHONIOENCODING", "PYTHONUTF8")
HARMLESS += ("PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "NUMBA_CACHE_DIR", "MPLCONFIGDIR")


def environment(folder):
    """`os.environ` without settings that change what is computed, drawn or printed.

    IPython and Jupyter look for settings in `folder`, where nothing is, and write there what they write while they run.
    """
    kept = {name: value for name, value in os.environ.items() if name in HARMLESS or not name.startswith(DECIDE)}
    matplotlib = Path(find_spec("matplotlib").origin).parent  # found, not imported: importing it reads the settings
    return kept | {
        "PYTHONPATH": os.pathsep.join(filter(None, [REPOSITORY, os.environ.get("PYTHONPATH")])),
        **dict.fromkeys(("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR"), str(folder)),
        "JUPYTER_RUNTIME_DIR": str(Path(folder) / "runtime"),
        "MATPLOTLIBRC": str(matplotlib / "mpl-data" / "matplotlibrc"),
    }


def adopt(environment):
    """Make it the environment of this process, and of those that it starts."""
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]
    os.environ.update(environment)


def begin_anew(environment):
    """Run this program from its beginning in that environment, in place of this process."""
    command = [sys.executable, *sys.orig_argv[1:]]
    if os.name == "nt":  # where `execve` would hand the console back while the program runs
        raise SystemExit(subprocess.call(command, env=environment))
    os.execve(sys.executable, command, environment)
