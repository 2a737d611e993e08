"""The paper's claims, and what the notebooks found of them.

`data/claims.csv` has a row for every checkable claim: where it stands, a paraphrase, what the paper prints, its kind,
the criterion, when this was fixed, and the notebook that measures it. There is one rule for the verdicts on each kind
of claim. A notebook's `report` is an output of its own, kept in the committed notebook; CLAIMS.md and the README's
counts are made from these outputs.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd

from .files import REPOSITORY

KINDS = ("one run", "general", "identity", "existence", "not testable")
VERDICTS = ("holds", "holds with a qualification", "does not hold", "not testable")
MIME = "application/vnd.bp.claims+json"


def claims():
    """The table of claims, indexed by name."""
    return pd.read_csv(REPOSITORY / "data" / "claims.csv", index_col="claim", dtype=str, keep_default_na=False)


class report:
    """Report what a notebook measured: `report(name_of_claim=(ours, n, verdict), ...)`, shown as a table.

    `ours` is a short text with its interval, `n` the number of runs behind it, or None if nothing was trained. Raises
    `ValueError` for unknown claims and verdicts.
    """

    def __init__(self, **measured):
        known = claims()
        for name, (_ours, n, verdict) in measured.items():
            if name not in known.index:
                raise ValueError(f"no claim is named {name!r}; expected one of {', '.join(known.index)}")
            if verdict not in VERDICTS:
                raise ValueError(f"the verdict of {name} is {verdict!r}; expected one of {', '.join(VERDICTS)}")
            if n is not None and (isinstance(n, bool) or not isinstance(n, int) or n < 1):
                raise ValueError(f"the number behind {name} is {n!r}; expected a positive integer, or None")
        self.measured = {name: [str(ours), n, verdict] for name, (ours, n, verdict) in measured.items()}

    def __repr__(self):
        return markdown(self.measured)

    def _repr_mimebundle_(self, **_):
        return {"text/plain": repr(self), "text/markdown": repr(self), MIME: self.measured}


def usual(share):
    """The verdict on a property of one run, by the share of runs that have it, an `Estimate`.

    It holds if it is usual (the interval lies above a half), with a qualification if it is seen (above 5%).
    """
    return _by_limits(share.low, 0.5, 0.05)


def ordinary(value, runs):
    """The verdict on a number of one run, by the same number of our `runs`; infinite for those that never get there.

    It holds if it is ordinary (between the 5% and the 95% quantile), with a qualification if it is seen (between the
    least and the largest).
    """
    low, high = np.quantile(runs, [0.05, 0.95], method="nearest")
    return VERDICTS[0] if low <= value <= high else VERDICTS[1] if min(runs) <= value <= max(runs) else VERDICTS[2]


def general(share):
    """The verdict on a general statement, by the share of runs of which it is true, an `Estimate`.

    It holds if the interval lies above 95%, with a qualification if above a half.
    """
    return _by_limits(share.low, 0.95, 0.5)


def exact(true):
    """The verdict on an identity, which holds exactly or not, or on existence, for which one case is enough."""
    return VERDICTS[0] if true else VERDICTS[2]


def _by_limits(low, holds, qualified):
    return VERDICTS[0] if low > holds else VERDICTS[1] if low > qualified else VERDICTS[2]


def reported(notebook):
    """What a committed notebook reports: claim -> [ours, n, verdict]. Raises `ValueError` if it reports one twice."""
    measured = {}
    for cell in json.loads(Path(notebook).read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            for name, found in output.get("data", {}).get(MIME, {}).items():
                if name in measured:
                    raise ValueError(f"{notebook} reports {name} twice; expected once")
                measured[name] = found
    return measured


def markdown(measured):
    """The table *claim | paper | ours (n) | verdict* of claim -> [ours, n, verdict]."""
    known = claims()
    rows = ["| claim | paper | ours (n) | verdict |", "|---|---|---|---|"]
    for name, (ours, n, verdict) in measured.items():
        claim = known.loc[name]
        runs = "" if n is None else f" (n = {n:,})"
        rows.append(f"| {claim.paraphrase} ({claim.place}) | {claim.paper} | {ours}{runs} | **{verdict}** |")
    return "\n".join(rows)


def criterion(claim):
    """A line that says what is asked of a claim, a row of the table; its kind; and when the criterion was fixed."""
    told = f"- `{claim.Index}` (*{claim.paraphrase}*): {claim.criterion}."
    return f"{told} Kind: {claim.kind}. Fixed: {claim.fixed}."


def sections(reports):
    """What all notebooks report, notebook -> (claim -> [ours, n, verdict]): a section each, in the order of the CSV."""
    known = claims()
    parts = []
    for notebook, measured in reports.items():
        ordered = {name: measured[name] for name in known.index if name in measured}
        criteria = "\n".join(map(criterion, known.loc[list(ordered)].itertuples()))
        parts.append(
            f"## {notebook}\n\nThese claims are measured in [{notebook}](notebooks/{notebook}.ipynb).\n\n"
            f"{markdown(ordered)}\n\n"
            f"<details><summary>The criterion of each claim</summary>\n\n{criteria}\n\n</details>\n"
        )
    return "\n".join(parts)


def counts(reports):
    """How many claims of each notebook have which verdict: a table, linked to the sections of CLAIMS.md."""
    rows = ["|".join(["", "notebook", *VERDICTS, ""]), "|---|" + "--:|" * len(VERDICTS)]
    for notebook, measured in reports.items():
        found = [verdict for _, _, verdict in measured.values()]
        numbers = (str(found.count(verdict) or "–") for verdict in VERDICTS)
        rows.append("|".join(["", f"[{notebook}](CLAIMS.md#{notebook})", *numbers, ""]))
    return "\n".join(rows) + "\n"
