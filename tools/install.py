"""Let the virtual environment that runs this import the repository's packages, and Jupyter start sooner.

Python is told where the repository is as seen from the environment in it. Copied or moved together, they stay together,
which they would not after `pip install --editable`, which notes an absolute path.

jsonschema, which comes with Jupyter, takes three seconds to build a grammar of addresses if it finds `rfc3987_syntax`.
Nothing here checks addresses, so Python is told that there is no such module.
"""

import os
from pathlib import Path
from sysconfig import get_path

packages = get_path("purelib")
repository = Path(os.path.abspath(__file__)).parent.parent  # links are left as they are, in both
lines = [os.path.relpath(repository, packages), 'import sys; sys.modules.setdefault("rfc3987_syntax", None)']
Path(packages, "repository.pth").write_text("\n".join([*lines, ""]), encoding="utf-8")
