"""Render the README, the notebooks and the other documents, as they are committed, as web pages: into site/."""

import plain

from study import website
from study.files import REPOSITORY

if __name__ == "__main__":
    plain.adopt(plain.environment(REPOSITORY / ".site" / "settings"))  # no templates of the user
    try:
        website.build(REPOSITORY / "site")
    except OSError as error:
        raise SystemExit(f"a file in {REPOSITORY} cannot be read or written: {error}") from error
    print("written to site/; begin with site/index.html")
