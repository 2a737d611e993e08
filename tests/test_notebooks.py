"""What is committed: executed notebooks, claims, README.md, CLAIMS.md, docs/.

`--nbval`, or the fixed point, compares what cells print.
"""

import ast
import re
import symtable
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

import study
from study import claims, documents

REPOSITORY = Path(__file__).resolve().parent.parent
NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))


each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def code(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_there_are_notebooks():
    assert NOTEBOOKS


@each
def test_every_cell_has_run_in_order_without_error(path):
    """nbval compares nothing in a cell without a count, so a stripped notebook would pass it."""
    cells = code(path)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    outputs = [output for cell in cells for output in cell.outputs]
    assert outputs
    assert not [output for output in outputs if output.output_type == "error" or output.get("name") == "stderr"]


@each
def test_no_widget_or_bar_is_left_over(path):
    """Without its kernel it would be an "Error displaying widget" in the place of the picture beside it."""
    kinds = {kind for cell in code(path) for output in cell.outputs for kind in output.get("data", {})}
    assert "application/vnd.jupyter.widget-view+json" not in kinds


@each
def test_every_picture_says_what_it_shows(path):
    """To those who do not see it: in the metadata of the output, and in place of "<Figure size ...>"."""
    pictures = [output for cell in code(path) for output in cell.outputs if "image/png" in output.get("data", {})]
    assert pictures
    for output in pictures:
        alt = output.metadata["image/png"]["alt"]
        assert 40 < len(alt) < 300 and output.data["text/plain"] == alt


@each
def test_every_notebook_ends_with_something_to_play_with(path):
    last = code(path)[-1]
    assert re.fullmatch(r"explorers\.\w+\(\)", last.source)
    assert "image/png" in last.outputs[-1].data


@each
def test_the_first_cell_fetches_the_repository_on_colab_once_it_has_an_address(path, monkeypatch):
    from study import reproduction  # papermill takes a second

    def sources():
        cells = reproduction.with_colab(nbformat.read(path, as_version=4)).cells
        return [cell.source for cell in cells if cell.cell_type == "code"]

    assert sources() == [cell.source for cell in code(path)]
    monkeypatch.setattr(documents, "home", lambda: None)
    without = sources()
    assert not [source for source in without if "colab" in source]
    monkeypatch.setattr(documents, "home", lambda: "https://github.com/us/ours")
    first, *others = sources()
    assert "git clone --quiet --depth 1 https://github.com/us/ours\n    %cd ours/notebooks\n" in first
    assert others == without


@each
def test_nothing_fleeting_is_committed(path):
    notebook = nbformat.read(path, as_version=4)
    assert not {"papermill", "widgets"} & set(notebook.metadata) and "version" not in notebook.metadata.language_info
    assert not [cell.id for cell in notebook.cells if {"papermill", "execution"} & set(cell.metadata)]


@each
def test_no_output_is_exempt_from_comparison(path):
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"(?i)nbval[-_](ignore|skip|raises)|raises-exception", text)


@each
def test_one_annotated_cell_of_parameters(path):
    tagged = [cell for cell in code(path) if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    for statement in ast.parse(tagged[0].source).body:
        assert isinstance(statement, ast.AnnAssign)
    assert all("  # " in line for line in tagged[0].source.splitlines())


def names(source):
    """The names that a cell binds at its top level, and those that it takes from the cells before."""
    plain = "\n".join(line for line in source.splitlines() if not line.lstrip().startswith(("!", "%")))
    bound, taken = set(), set()
    for statement in ast.parse(plain).body:
        whole = symtable.symtable(ast.unparse(statement), "cell", "exec")
        stored = {one.get_name() for one in whole.get_symbols() if one.is_assigned() or one.is_imported()}
        simple = isinstance(statement, ast.Assign | ast.AnnAssign | ast.AugAssign)
        taken |= _read(whole) - bound - (set() if simple else stored)
        if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
            taken |= {statement.target.id} - bound
        bound |= stored
    return bound, taken


def _read(table):
    """The names of the notebook that a scope and those inside it read."""
    here = table.get_type() == "module"
    found = {one.get_name() for one in table.get_symbols() if one.is_referenced() and (here or one.is_global())}
    return found.union(*map(_read, table.get_children()))


def rebound(path):
    """Names that are bound by several cells, and that a cell takes from another: name -> the cells that bind it."""
    cells = [names(cell.source) for cell in code(path) if "colab" not in cell.metadata.get("tags", ())]
    taken = set().union(*(taken for _, taken in cells))
    by = {name: [k for k, (bound, _) in enumerate(cells, 2) if name in bound] for name in taken}
    return {name: places for name, places in by.items() if len(places) > 1}


def test_names_are_told_apart():
    assert names("a, b = 1, [c for c in x]\nfor i in y:\n    e = i\n    z = e") == (set("abeiz"), set("xy"))
    assert names("def f(g):\n    h = g\n    return h + k") == ({"f"}, {"k"})
    assert names("n = n + 1\nm = n") == ({"n", "m"}, {"n"}) and names("n += 1") == ({"n"}, {"n"})
    assert names("import bp\nbp.train(w)") == ({"bp"}, {"w"})


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_no_name_that_other_cells_rely_on_is_bound_anew(path):
    """What was measured under a name would silently become something else."""
    assert rebound(path) == {}


def test_every_claim_is_measured_once_by_its_notebook():
    reports = {path.stem: claims.reported(path) for path in NOTEBOOKS}
    table = claims.claims()
    assert table.index.is_unique
    assert {name: notebook for notebook, found in reports.items() for name in found} == table.notebook.to_dict()
    assert sum(len(found) for found in reports.values()) == len(table)
    assert (table[["place", "paraphrase", "paper", "criterion"]] != "").all(axis=None)


def test_every_claim_has_a_kind_and_says_when_its_criterion_was_fixed():
    table = claims.claims()
    assert table[~table.kind.isin(claims.KINDS)].index.tolist() == []
    assert table[table.fixed == ""].index.tolist() == []


def test_verdicts_are_of_their_kind():
    """Only general statements, properties of one run, and weaker statements that the criterion names are qualified."""
    table = claims.claims()
    found = {name: verdict for path in NOTEBOOKS for name, (*_, verdict) in claims.reported(path).items()}
    for name, verdict in found.items():
        claim = table.loc[name]
        assert (verdict == "not testable") == (claim.kind == "not testable"), name
        if verdict == "holds with a qualification" and claim.kind in ("identity", "existence"):
            assert "qualification" in claim.criterion, name


def committed(document):
    return (REPOSITORY / document).read_text(encoding="utf-8")


def test_readme_and_claims_are_not_stale():
    for document, text in documents.texts().items():
        assert text == committed(document), f"{document} is stale: make reproduce writes it"


def test_another_result_makes_them_stale(monkeypatch):
    """A number counts in CLAIMS.md, a verdict in both."""
    found = {path.stem: claims.reported(path) for path in NOTEBOOKS}
    same, other = (["none", 1, verdict] for verdict in (found["1_symmetry"]["fig1_learns"][2], "not testable"))
    for changed, stale in ((same, {"CLAIMS.md"}), (other, {"README.md", "CLAIMS.md"})):
        altered = found | {"1_symmetry": found["1_symmetry"] | {"fig1_learns": changed}}
        monkeypatch.setattr(claims, "reported", lambda path, altered=altered: altered[path.stem])
        assert {name for name, text in documents.texts().items() if text != committed(name)} == stale


def test_every_claim_and_its_criterion_are_in_claims_md():
    text, table = committed("CLAIMS.md"), claims.claims()
    assert [name for name in table.index if text.count(f"- `{name}` (") != 1] == []
    for part in ("criterion", "fixed"):
        assert [name for name, claim in table.iterrows() if claim[part] not in text] == []
    counted = re.findall(r"^\|\[\w+\]\(CLAIMS\.md#\w+\)\|(.+)\|$", committed("README.md"), re.M)
    assert sum(int(number) for row in counted for number in row.split("|") if number != "–") == len(table)


def test_the_readme_is_short():
    """900 words, tables included."""
    assert len(committed("README.md").split()) <= 900


def test_the_readme_lists_every_notebook_and_document():
    text = committed("README.md")
    paths = [*NOTEBOOKS, *(REPOSITORY / "docs").glob("*.md")]
    missing = [path.name for path in paths if f"({path.relative_to(REPOSITORY).as_posix()})" not in text]
    assert missing == []


def test_addresses_appear_when_there_is_one(monkeypatch):
    """While CITATION.cff has the placeholder, nothing leads to it."""
    stored, address = documents.citation_file(), "https://github.com/us/ours"
    for given in (documents.PLACEHOLDER, address):
        monkeypatch.setattr(documents, "citation_file", lambda given=given: stored | {"repository-code": given})
        text = documents.texts()["README.md"]
        assert text.count("actions/workflows/test.yml/badge.svg") == (given == address)
        assert text.count(f"[![Binder](https://mybinder.org/badge_logo.svg)]({BINDER})") == (given == address)
        assert text.count(f"({COLAB})") == (given == address)
        assert text.count(f"git clone {address} backprop\n") == (given == address)
        assert text.count(f"version {stored['version']}, {address}.\n") == (given == address)
        assert "OWNER/REPO" not in text


BINDER = "https://mybinder.org/v2/gh/us/ours/HEAD?labpath=notebooks/0_overview.ipynb"
COLAB = "https://colab.research.google.com/github/us/ours/blob/HEAD/notebooks/0_overview.ipynb"


@pytest.mark.slow
def test_the_examples_of_docs_run(tmp_path, monkeypatch):
    """Those that need no cluster, as they stand."""
    blocks = re.findall(r"^```python\n(.*?)^```", committed("docs/surveys.md"), re.M | re.S)
    here = [block for block in blocks if "dask" not in block]
    assert len(here) == 2 and len(blocks) == 4
    monkeypatch.chdir(tmp_path)
    for block in here:
        exec(compile(block, "surveys.md", "exec"), names := {})
    assert len(names["table"]) == 600 and names["table"].equals(study.read_survey(tmp_path / "runs" / "widths.csv"))


def test_films_are_small():
    assert all(0 < path.stat().st_size < 1.5e6 for path in (REPOSITORY / "figures").glob("*.gif"))


def test_every_figure_is_made_by_a_notebook():
    source = "".join(cell.source for path in NOTEBOOKS for cell in code(path))
    saved = {f"{name}.{kind}" for name in re.findall(r'draw\.show\(\w+, "(\w+)"', source) for kind in ("png", "svg")}
    saved |= {f"{name}.gif" for name in re.findall(r'draw\.animate\(.*"(\w+)"', source)}
    assert {path.name for path in (REPOSITORY / "figures").iterdir()} == saved


def test_one_place_knows_where_the_repository_lives():
    """All others are made from it."""
    holders = [
        path.name
        for path in [*REPOSITORY.glob("*.*"), *REPOSITORY.glob("docs/*")]
        if path.is_file() and "OWNER/REPO" in path.read_text(encoding="utf-8")
    ]
    assert set(holders) <= {"CITATION.cff"}


def test_a_report_names_what_is_wrong():
    known = claims.claims().index[0]
    with pytest.raises(ValueError, match="no claim is named 'moon'; expected one of"):
        claims.report(moon=("made of cheese", 1, "holds"))
    with pytest.raises(ValueError, match=f"the verdict of {known} is 'true'; expected one of holds, holds with"):
        claims.report(**{known: ("all", 1, "true")})
    with pytest.raises(ValueError, match=f"the number behind {known} is 0; expected a positive integer, or None"):
        claims.report(**{known: ("all", 0, "holds")})


@pytest.mark.parametrize(
    ("rule", "runs", "holds", "qualified"),
    [
        # a Wilson interval lies above p if (share - p)² > z² p (1 - p) / n, with z² = 3.8415
        (claims.general, 1000, 964, 531),  # 0.014² > 0.0001825 > 0.013²; 0.031² > 0.00096 > 0.030²
        (claims.usual, 1000, 531, 64),  # 0.014² > 0.0001825 > 0.013²
        (claims.general, 50, None, 32),  # not even 50 of 50, 0.05² < 0.00365; 0.14² > 0.0192 > 0.12²
    ],
)
def test_verdicts_go_by_the_lower_end_of_the_interval(rule, runs, holds, qualified):
    def verdict(yes):
        return rule(study.share(np.arange(runs) < yes))

    assert holds is None or (verdict(holds), verdict(holds - 1)) == ("holds", "holds with a qualification")
    assert holds is not None or verdict(runs) == "holds with a qualification"
    assert (verdict(qualified), verdict(qualified - 1)) == ("holds with a qualification", "does not hold")


def test_a_number_of_one_run_is_ordinary_within_nine_runs_in_ten():
    """Of 0, 1, ..., 100 these are the runs 5 to 95; runs that never finish come last."""
    runs = np.random.default_rng(0).permutation(101).astype(float)
    verdicts = {value: claims.ordinary(value, runs) for value in (-1, 0, 4, 5, 50, 95, 96, 100, 101)}
    assert [value for value, verdict in verdicts.items() if verdict == "holds"] == [5, 50, 95]
    assert [value for value, verdict in verdicts.items() if verdict == "does not hold"] == [-1, 101]
    never = np.where(runs < 90, runs, np.inf)
    assert claims.ordinary(1000, never) == "holds" and claims.ordinary(4, never) == "holds with a qualification"
    assert claims.ordinary(1000, np.full(9, np.inf)) == "does not hold"


def test_identities_and_existence_are_exact():
    assert (claims.exact(True), claims.exact(False)) == ("holds", "does not hold")


def test_what_was_not_trained_has_no_number_of_runs():
    known = claims.claims().index[0]
    assert "| all | **holds** |" in repr(claims.report(**{known: ("all", None, "holds")}))
    assert "| all (n = 1,000) | **holds** |" in repr(claims.report(**{known: ("all", 1000, "holds")}))


def test_a_claim_reported_twice_is_refused(tmp_path):
    output = nbformat.v4.new_output("display_data", {claims.MIME: {"fig1_sweeps": ["1", 1, "holds"]}})
    cell = nbformat.v4.new_code_cell("", outputs=[output, output])
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "twice.ipynb")
    with pytest.raises(ValueError, match="reports fig1_sweeps twice; expected once"):
        claims.reported(tmp_path / "twice.ipynb")


def test_the_printed_weights_are_those_of_fig_1():
    """Antisymmetric and 4 : 1 : 2, as the paper says of them: numbers copied by hand may hold typing errors."""
    table = pd.read_csv(REPOSITORY / "data" / "paper_fig1_weights.csv").query("paper == 'Nature'")
    table = table.pivot(index="to", columns="from", values="weight")
    left, right = (
        table.loc[f"hidden {side}", [f"input {k}" for k in range(1, 7)]].to_numpy() for side in ("left", "right")
    )
    for weights in (left, right):
        assert weights == pytest.approx(-weights[::-1])
        assert abs(weights[:3] / weights[1]) == pytest.approx([4, 1, 2], abs=0.06)
    assert left == pytest.approx(-right, abs=0.101)
