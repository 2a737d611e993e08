"""What the documents say of files: links lead to files that are there, and data/README.md counts each survey's rows."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
from checkout import listed

REPOSITORY = Path(__file__).resolve().parent.parent
SURVEYS = REPOSITORY / "data" / "surveys"


@pytest.mark.parametrize("name", [name for name in listed() if name.endswith(".md")])
def test_links_lead_to_files_that_are_there(name):
    links = re.findall(r"\]\(([^)\s#:]+)(?:#[^)\s]*)?\)", (REPOSITORY / name).read_text("utf-8"))
    assert [link for link in links if not ((REPOSITORY / name).parent / unquote(link)).exists()] == []


def test_the_programs_for_ones_own_data_print_what_the_page_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    text, names = (REPOSITORY / "docs" / "own_data.md").read_text("utf-8"), {}
    programs = re.findall(r"```python\n(.*?)```\n\n```text\n(.*?)```", text, re.S)
    assert len(programs) == text.count("```python")
    for program, said in programs:
        exec(program, names)
        assert capsys.readouterr().out == said, program


def test_every_survey_is_described_with_its_number_of_runs():
    said, text = {}, (REPOSITORY / "data" / "README.md").read_text("utf-8")
    for files, runs in re.findall(r"^\| (`\w.*?\.csv`.*?) \| ([\d,]+) \|", text, re.M):
        paths = [path for pattern in re.findall(r"`(.+?)`", files) for path in sorted(SURVEYS.glob(pattern))]
        said |= dict.fromkeys(paths)
        assert sum(rows(path) for path in paths) == int(runs.replace(",", "")), files
    assert set(said) == set(SURVEYS.glob("*.csv"))


def rows(path):
    with path.open(encoding="utf-8") as lines:
        return sum(not line.startswith("#") for line in lines) - 1
