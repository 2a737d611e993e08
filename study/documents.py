"""README.md and CLAIMS.md: between markers stands what is made from the notebooks and from CITATION.cff."""

import yaml

from . import claims
from .files import REPOSITORY

PLACEHOLDER = "https://github.com/OWNER/REPO"  # in CITATION.cff, until the repository has an address
COMMANDS = """\
```
git clone {address} backprop
cd backprop
make lab          # opens the notebooks in a browser
make reproduce    # runs all notebooks and redraws all figures, in five minutes on two cores
make test         # checks the code, the stored runs and the output of every notebook
```
"""


def notebooks():
    return {path.stem: path for path in sorted((REPOSITORY / "notebooks").glob("*.ipynb"))}


def home():
    """Where the repository lives, by CITATION.cff; None while the file has a placeholder."""
    address = citation_file()["repository-code"]
    return None if address == PLACEHOLDER else address


def citation_file():
    return yaml.safe_load((REPOSITORY / "CITATION.cff").read_text(encoding="utf-8"))


def badges():
    """Links to the tests and to notebooks that run elsewhere: none while nobody can follow them."""
    if not home():
        return ""
    binder = home().replace("https://github.com", "https://mybinder.org/v2/gh")
    in_colab = home().replace("https://github.com", "https://colab.research.google.com/github")
    first = "notebooks/0_overview.ipynb"
    return (
        f"[![tests]({home()}/actions/workflows/test.yml/badge.svg)]({home()}/actions/workflows/test.yml)\n"
        f"[![Binder](https://mybinder.org/badge_logo.svg)]({binder}/HEAD?labpath={first})\n"
        f"[![Colab](https://colab.research.google.com/assets/colab-badge.svg)]({in_colab}/blob/HEAD/{first})\n"
    )


def commands():
    return COMMANDS.format(address=home() or "<address of this repository>")


def citation():
    """How to cite the reproduction, and the paper."""
    ours = citation_file()
    (paper,) = ours["references"]
    authors = " and ".join(author["name"] for author in ours["authors"])
    address = f", {home()}" if home() else ""
    names = [f"{author['family-names']}, {author['given-names']}" for author in paper["authors"]]
    return (
        f"> {authors}. *{ours['title']}*, version {ours['version']}{address}.\n>\n"
        f"> {'; '.join(names)} ({paper['year']}). {paper['title']}. *{paper['journal']}* **{paper['volume']}**, "
        f"{paper['start']}–{paper['end']}. https://doi.org/{paper['doi']}\n"
    )


def texts():
    """README.md and CLAIMS.md as they should be: document -> text."""
    paths = notebooks()
    reports = {name: found for name, path in paths.items() if (found := claims.reported(path))}
    by, verdicts = "tools/reproduce.py", claims.counts(reports)
    return {
        "README.md": filled(
            "README.md", by, badges=badges(), commands=commands(), verdicts=verdicts, citation=citation()
        ),
        "CLAIMS.md": filled("CLAIMS.md", by, claims=claims.sections(reports)),
    }


def filled(document, by, **parts):
    """The text of a document with each part between its markers, which name the program that it is written `by`."""
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    for name, part in parts.items():
        begin, end = f"<!-- {name}: written by {by} -->\n", f"<!-- end of {name} -->"
        head, _, rest = text.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise ValueError(f"{document} has no place for its {name}; expected {begin.strip()} ... {end}")
        text = head + begin + part + end + tail
    return text
