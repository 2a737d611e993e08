"""`make site`: all that is committed is on its pages, which load nothing and come out the same each time."""

import os
import re
import shutil
import subprocess
import sys
from base64 import b64encode
from pathlib import Path
from urllib.parse import unquote

import nbformat
import pytest
from bs4 import BeautifulSoup
from checkout import listed

from study import documents, website
from study.files import REPOSITORY

NOTEBOOKS = sorted((REPOSITORY / "notebooks").glob("*.ipynb"))

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder, built once; it would not be there if `check` had complaints."""
    folder = tmp_path_factory.mktemp("site") / "site"
    website.build(folder)
    return folder


@pytest.fixture(scope="module")
def pages(site):
    return {path.stem: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(site.iterdir())}


@pytest.fixture(scope="module")
def light(site, tmp_path_factory):
    """The pages with their pictures cut short, which are read sooner."""
    folder = tmp_path_factory.mktemp("light")
    for path in site.iterdir():
        text = re.sub(r"(;base64,)[\w+/=]+", r"\1", path.read_text(encoding="utf-8"))
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def outputs(path):
    return [
        output
        for cell in nbformat.read(path, as_version=4).cells
        for output in cell.get("outputs", [])
        if output.output_type in ("stream", "display_data", "execute_result")
    ]


def spaceless(text):
    return "".join(text.split())


def test_there_is_a_page_for_every_notebook_and_document_and_nothing_else(site):
    names = {"index", "claims", "contributing", "data", "assignments"}
    names |= {path.stem for path in [*NOTEBOOKS, *(REPOSITORY / "docs").iterdir()]}
    assert {path.name for path in site.iterdir()} == {f"{name}.html" for name in names}
    assert [path.name for path in site.parent.iterdir()] == ["site"]


def test_twice_the_same_bytes(site, tmp_path):
    """In another process, whose sets have another order."""
    build = "import pathlib, sys; from study import website; website.build(pathlib.Path(sys.argv[1]))"
    environment = os.environ | {"PYTHONHASHSEED": "7"}
    subprocess.run([sys.executable, "-c", build, tmp_path / "site"], cwd=REPOSITORY, env=environment, check=True)
    first, second = (
        {path.name: path.read_bytes() for path in folder.iterdir()} for folder in (site, tmp_path / "site")
    )
    assert second.keys() == first.keys()
    assert [name for name in first if second[name] != first[name]] == []


def test_the_index_lists_all_pages_by_their_titles_the_notebooks_first(pages):
    listed = {link["href"].removesuffix(".html"): link.text for link in pages["index"].nav("a")}
    names = [path.stem for path in NOTEBOOKS]
    assert [link["href"] for link in pages["index"].nav.ol("a")] == [f"{name}.html" for name in names]
    assert list(listed)[: len(names)] == names and listed.keys() == pages.keys() - {"index"}
    assert listed == {name: pages[name].title.text for name in listed}


def test_a_page_has_the_title_of_its_heading_and_a_language(pages):
    for page in pages.values():
        assert page.html["lang"] == "en"
        (heading,) = page("h1")
        assert heading.text.removesuffix("¶") == page.title.text != ""


def test_from_the_first_notebook_to_the_last_and_back(pages):
    names = [path.stem for path in NOTEBOOKS]
    for relation, walk in (("next", names), ("prev", names[::-1])):
        for name, following in zip(walk, [*walk[1:], None], strict=True):
            found = pages[name].nav.find("a", rel=relation)
            assert (found and found["href"]) == (following and f"{following}.html")
    assert all(page.nav.a["href"] == "index.html" for name, page in pages.items() if name != "index")
    assert all(len(page.nav("a")) == 1 for name, page in pages.items() if name not in [*names, "index"])


def test_every_page_lists_all_pages_and_marks_its_own(pages):
    for name, page in pages.items():
        links = page("nav")[-1]("a")
        assert {link["href"].removesuffix(".html") for link in links} == pages.keys() - {"index"}
        assert [link["href"] for link in links if link.get("aria-current")] == [f"{name}.html"] * (name != "index")


@each
def test_code_that_a_notebook_hides_is_folded(path, pages):
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    hidden = [cell.source for cell in cells if cell.metadata.get("jupyter", {}).get("source_hidden")]
    folded = [spaceless(part.text.removeprefix("code")) for part in pages[path.stem].main("details")]
    assert folded == [spaceless(source) for source in hidden]


@each
def test_everything_that_is_committed_is_on_the_page(path, pages):
    text = spaceless(pages[path.stem].main.text)
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "code":
            assert spaceless(cell.source) in text
    for output in outputs(path):
        assert spaceless(output.get("text", "")) in text
    shown = {image["alt"]: spaceless(image["src"].partition("base64,")[2]) for image in pages[path.stem]("img")}
    for output in outputs(path):
        if "image/png" in output.get("data", {}):
            assert shown.pop(output.metadata["image/png"]["alt"]) == spaceless(output.data["image/png"])
    for cell in nbformat.read(path, as_version=4).cells:
        for alt, name in re.findall(r"!\[(.+?)\]\((.+?)\)", cell.source) if cell.cell_type == "markdown" else ():
            assert shown.pop(alt) == b64encode((path.parent / name).read_bytes()).decode()  # a film
    assert not shown


def test_the_readme_has_its_pictures(pages):
    text, page = (REPOSITORY / "README.md").read_text(encoding="utf-8"), pages["index"]
    pictures = re.findall(r"^!\[(.+?)\]\((.+?)\)", text, re.M)
    assert [image["alt"] for image in page("img")] == [alt for alt, _ in pictures]
    assert [image["src"] for image in page("img")] == [
        f"data:image/{name[-3:]};base64,{b64encode((REPOSITORY / name).read_bytes()).decode()}" for _, name in pictures
    ]


def test_a_badge_is_a_word(monkeypatch):
    """Its picture would be loaded from elsewhere."""
    monkeypatch.setattr(documents, "home", lambda: "https://github.com/us/ours")
    links = BeautifulSoup(rendered(documents.badges(), REPOSITORY), "html.parser")("a")
    assert [link.text for link in links] == ["tests", "Binder", "Colab"]
    assert not [link for link in links if link("img") or "us/ours" not in link["href"]]


def rendered(text, folder):
    return website.MarkdownWithMath(website.Renderer(folder)).render(text)


def test_formulas_are_mathml(pages):
    for path in NOTEBOOKS:
        cells = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
        formulas = [found for source in cells for found in re.findall(r"(\${1,2})[^$]+\1", source)]
        page = pages[path.stem]
        assert [len(math.parent.find_all("math")) and math["display"] for math in page("math")] == [
            "block" if dollars == "$$" else "inline" for dollars in formulas
        ]
        assert not [text for text in page.main(string=re.compile(r"\$")) if not text.find_parent(("pre", "code"))]
    made = BeautifulSoup(website.Renderer(REPOSITORY).inline_math(r"x_j = \sum_i y_i w_{ji}"), "html.parser")
    assert made.math.text == "xj=∑iyiwji"


@pytest.fixture
def home(monkeypatch):
    """The address of the repository, once it has one."""
    monkeypatch.setattr(website, "home", lambda: "https://github.com/us/ours")
    return website.home()


def test_links_to_files_of_the_repository_lead_to_files_that_are_there(home):
    files = set(listed())
    there = {"blob": files, "tree": {str(parent) for name in files for parent in Path(name).parents}}
    links = []
    for path in website.PAGES:
        text = "\n\n".join(cell.source for cell in website.read(path).cells if cell.cell_type == "markdown")
        links += [a["href"] for a in BeautifulSoup(rendered(text, path.parent), "html.parser")("a", href=True)]
    ours = [link.removeprefix(home).split("/", 3) for link in links if link.startswith(home)]
    assert ["", "blob", "HEAD", "Makefile"] in ours and ["", "tree", "HEAD", "data/surveys"] in ours
    assert [rest for _, kind, _, rest in ours if kind in there and unquote(rest) not in there[kind]] == []
    assert [link for link in links if ".ipynb" in link and not link.startswith("https://")] == []


def test_without_an_address_files_are_named_and_pages_are_linked(monkeypatch):
    monkeypatch.setattr(website, "home", lambda: None)
    assert rendered("[a](Makefile), [b](data/surveys), [c](CLAIMS.md)", REPOSITORY).strip() == (
        '<p>a, b, <a href="claims.html">c</a></p>'
    )


def test_addresses_are_rewritten_as_they_are_meant(home):
    from_notebooks, from_readme = (website.Renderer(folder) for folder in (REPOSITORY / "notebooks", REPOSITORY))
    for renderer, address, expected in (
        (from_readme, "notebooks/1_symmetry.ipynb", "1_symmetry.html"),
        (from_notebooks, "1_symmetry.ipynb#The-net", "1_symmetry.html#The-net"),
        (from_notebooks, "../README.md", "index.html"),
        (from_readme, "CLAIMS.md#1_symmetry", "claims.html#1_symmetry"),
        (from_notebooks, "../docs/surveys.md", "surveys.html"),
        (from_notebooks, "../bp/network.py#L7", f"{home}/blob/HEAD/bp/network.py#L7"),
        (from_readme, "notebooks", f"{home}/tree/HEAD/notebooks"),
        (from_readme, "#two", "#two"),
        (from_readme, "https://example.org/README.md", "https://example.org/README.md"),
        (from_readme, "//example.org/README.md", "//example.org/README.md"),
        (from_readme, "mailto:README.md", "mailto:README.md"),
        (from_readme, "no/such/file", "no/such/file"),
        (from_readme, "..", ".."),
    ):
        assert renderer.link("here", address) == f'<a href="{expected}">here</a>'


def test_a_widget_that_is_left_over_is_shown_as_its_picture():
    data = {
        "application/vnd.jupyter.widget-view+json": {"model_id": "1", "version_major": 2, "version_minor": 0},
        "image/png": "iVBORw0KGgo=",
        "text/plain": "Explorer()",
    }
    output = nbformat.v4.new_output("display_data", data, metadata={"image/png": {"alt": 'a < b, "c"'}})
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("play()", outputs=[output])])
    # with the state of its widgets, too, as JupyterLab may save it
    notebook.metadata["widgets"] = {"application/vnd.jupyter.widget-state+json": {"state": {"1": {}}}}
    resources = {"pages": [("index", "t")], "last": 0, "number": 0, "colors": {}}
    page = BeautifulSoup(website.html(notebook, REPOSITORY, resources), "html.parser")
    assert page.img["src"] == "data:image/png;base64,iVBORw0KGgo=" and page.img["alt"] == 'a < b, "c"'
    assert not page("script") and "Explorer()" not in page.text


def test_a_sound_site_has_no_complaints(light):
    assert website.check(light) == []


@pytest.mark.parametrize(
    ("put", "complaints"),
    [
        ('<a href="https://example.org">', []),
        ('<a href="3_gone.html">', ["nothing is at 3_gone.html"]),
        ('<a href="#gone">', ["nothing is at #gone"]),
        ('<a href="1_symmetry.html#gone">', ["nothing is at 1_symmetry.html#gone"]),
        ('<a href="1_symmetry.html#A-heading">', []),
        ('<img alt="words" src="gone.png">', ["nothing is at gone.png"]),
        ('<img alt="words" src="https://example.org/a.png">', ["https://example.org/a.png is loaded from elsewhere"]),
        ('<img alt="words" src="//example.org/a.png">', ["//example.org/a.png is loaded from elsewhere"]),
        ('<img src="data:,">', ["image 1 has no alt text"]),
        ('<img alt=" " src="data:,">', ["image 1 has no alt text"]),
        ('<img alt="No description has been provided for this image" src="data:,">', ["image 1 has no alt text"]),
        (
            '<script src="https://example.org/a.js"></script>',
            ["there is a script", "https://example.org/a.js is loaded from elsewhere"],
        ),
        ("<script>fetch('//example.org')</script>", ["there is a script"]),
        ('<iframe src="https://example.org"></iframe>', ["https://example.org is loaded from elsewhere"]),
        (
            '<link rel="stylesheet" href="https://example.org/a.css">',
            ["https://example.org/a.css is loaded from elsewhere"],
        ),
        ("<style>@import 'https://example.org/a.css';</style>", ["https://example.org/a.css is loaded from elsewhere"]),
        ('<p style="background: url(https://example.org/a)">', ["https://example.org/a is loaded from elsewhere"]),
    ],
)
def test_check_finds_what_is_broken(put, complaints, light, tmp_path):
    page = (light / "0_overview.html").read_text(encoding="utf-8").replace("<main>", f"<main>{put}")
    (tmp_path / "0_overview.html").write_text(page, encoding="utf-8")
    for path in light.glob("[!0]*.html"):  # what it links to
        (tmp_path / path.name).write_text('<h2 id="A-heading">', encoding="utf-8")
    assert website.check(tmp_path) == [f"0_overview.html: {complaint}" for complaint in complaints]


def test_all_or_nothing(light, tmp_path, monkeypatch):
    """What fails its check, or midway, leaves what was there before."""
    folder = shutil.copytree(light, tmp_path / "site")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    monkeypatch.setattr(website, "html", lambda *_: '<a href="gone.html">')
    with pytest.raises(SystemExit, match=r"site/ stays as it was(.|\n)*8_sequences.html: nothing is at gone.html"):
        website.build(folder)
    monkeypatch.setattr(website, "html", lambda *rest: 1 / (rest[2]["number"] - 3) and "<p>")
    with pytest.raises(ZeroDivisionError):
        website.build(folder)
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == before
    monkeypatch.setattr(website, "html", lambda *_: "<p>")
    website.build(folder)
    assert {path.read_text(encoding="utf-8") for path in folder.iterdir()} == {"<p>"}
    assert [path.name for path in tmp_path.iterdir()] == ["site"]
