"""Let the virtual environment that runs this import the repository's packages.

Python is told where the repository is as seen from the environment in it. Copied or moved together, they stay together,
which they would not after `pip install --editable`, which notes an absolute path.
"""

import os
from pathlib import Path
from sysconfig import get_path

packages = get_path("purelib")
repository = Path(os.path.abspath(__file__)).parent.parent  # links are left as they are, in both
Path(packages, "repository.pth").write_text(f"{os.path.relpath(repository, packages)}\n", encoding="utf-8")
