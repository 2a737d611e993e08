"""Render the README, the notebooks and the other documents, as they are committed, into site/: pages to read without
installing anything.

A page is one file that loads nothing: its pictures are in it, its formulas are MathML, and it has no scripts.

Sphinx with MyST-NB would also make such pages. It was tried (Sphinx 9.0, MyST-NB 1.4, Furo). It would add a search, and
take extensions of our own for what is needed here: the notebooks' alternative texts, folded code, formulas without a
script from another host, and links to files that are no pages.
"""

import mimetypes
import re
import shutil
from base64 import b64encode
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

import nbformat
from bs4 import BeautifulSoup
from latex2mathml.converter import convert
from nbconvert import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from pygments.formatters import HtmlFormatter
from tqdm import tqdm
from traitlets.config import Config

from .documents import home, notebooks
from .files import REPOSITORY

DOCUMENTS = {REPOSITORY / "CLAIMS.md": "claims"}
DOCUMENTS |= {path: path.stem for path in sorted((REPOSITORY / "docs").glob("*.md"))}
DOCUMENTS |= {
    REPOSITORY / "CONTRIBUTING.md": "contributing",
    REPOSITORY / "data" / "README.md": "data",
    REPOSITORY / "notebooks" / "assignments" / "README.md": "assignments",
}
PAGES = {REPOSITORY / "README.md": "index"} | {path: name for name, path in notebooks().items()} | DOCUMENTS
# What of an output is shown, first come. No widgets: they need the scripts of others, and have a picture beside them.
KINDS = ["text/html", "text/markdown", "image/png", "image/jpeg", "text/plain"]
NO_WORDS = ("", "No description has been provided for this image")  # what nbconvert fills in
STYLES = {"light": "default", "dark": "github-dark"}  # Pygments' colors of code


class Renderer(IPythonRenderer):
    """Markdown of a file in `folder` as HTML of the site. What it cannot find it leaves to `check` to complain of."""

    def __init__(self, folder):
        super().__init__(escape=False)
        self.folder = folder

    def link(self, text, url, title=None):
        path, fragment = self.meant(url)
        if path in PAGES:
            url = f"{PAGES[path]}.html{fragment}"
        elif path and not home():
            return text
        elif path:
            kind = "tree" if path.is_dir() else "blob"
            url = f"{home()}/{kind}/HEAD/{quote(path.relative_to(REPOSITORY).as_posix())}{fragment}"
        return super().link(text, url, title)

    def image(self, text, url, title=None):
        path, _ = self.meant(url)
        if path:
            url = f"data:{mimetypes.guess_type(path)[0]};base64,{b64encode(path.read_bytes()).decode()}"
        elif urlsplit(url).netloc:
            return text  # a badge, which another host would draw
        return super().image(text, url, title)

    def inline_math(self, body):
        return convert(body)

    def block_math(self, body):
        return convert(body, display="block")

    def meant(self, url):
        """The file or folder of the repository that an address means, or None; and the address's #fragment."""
        scheme, _, name, _, fragment = urlsplit(url)
        path = (self.folder / unquote(name)).resolve()
        ours = name and not scheme and path.is_relative_to(REPOSITORY) and path.exists()
        return path if ours else None, fragment and f"#{fragment}"


def read(path):
    """A notebook; another document is one of a single cell."""
    if path.suffix == ".ipynb":
        return nbformat.read(path, as_version=4)
    text = path.read_text(encoding="utf-8")
    cell = nbformat.v4.new_markdown_cell(text, id="text")  # an id that is not given is random
    return nbformat.v4.new_notebook(cells=[cell])


def title(notebook):
    return notebook.cells[0].source.partition("\n")[0].removeprefix("# ")


@cache
def exporter(folder):
    """Makes pages of notebooks whose links are relative to `folder`."""
    return HTMLExporter(
        template_name="basic",
        template_file=str(Path(__file__).with_name("website.html.j2")),
        filters={"markdown2html": lambda source: MarkdownWithMath(Renderer(folder)).render(source)},
        config=Config(NbConvertBase={"display_data_priority": KINDS}),
        exclude_input_prompt=True,
        exclude_output_prompt=True,
    )


def html(notebook, folder, resources):
    """The page of a notebook whose links are relative to `folder`."""
    return exporter(folder).from_notebook_node(notebook, resources)[0]


def build(site):
    """Write all pages into the folder `site`, in place of what is there: all that pass the check, or none."""
    part = site.with_name(f".{site.name}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    sources = {path: read(path) for path in PAGES}
    pages = [(name, title(sources[path])) for path, name in PAGES.items()]
    last = len(pages) - len(DOCUMENTS) - 1  # the number of the last notebook's page; the README's is 0
    colors = {of: HtmlFormatter(style=style).get_style_defs(".highlight") for of, style in STYLES.items()}
    for number, (path, notebook) in enumerate(tqdm(sources.items(), "site", unit="page")):
        page = html(notebook, path.parent, {"pages": pages, "last": last, "number": number, "colors": colors})
        (part / f"{PAGES[path]}.html").write_text(page, encoding="utf-8", newline="\n")
    if wrong := check(part):
        raise SystemExit("\n".join([f"{site.name}/ stays as it was, for in .{site.name}/", *wrong]))
    shutil.rmtree(site, ignore_errors=True)
    part.rename(site)


def check(folder):
    """What is wrong with the pages in a folder, a line each: links that lead nowhere, images without words, loading."""
    pages = {path.name: BeautifulSoup(path.read_bytes(), "html.parser") for path in sorted(folder.glob("*.html"))}
    anchors = {name: {""} | {tag["id"] for tag in page(id=True)} for name, page in pages.items()}
    return [f"{name}: {wrong}" for name, page in pages.items() for wrong in complaints(name, page, anchors, folder)]


def complaints(name, page, anchors, folder):
    for link in page("a", href=True):
        scheme, host, path, _, fragment = urlsplit(link["href"])
        if not (scheme or host) and not {fragment, unquote(fragment)} & anchors.get(unquote(path) or name, set()):
            yield f"nothing is at {link['href']}"
    for number, image in enumerate(page("img"), start=1):
        if image.get("alt", "").strip() in NO_WORDS:
            yield f"image {number} has no alt text"
    if page("script"):
        yield "there is a script"
    for url in loaded(page):
        scheme, host, path, *_ = urlsplit(url)
        if scheme != "data" and (scheme or host):
            yield f"{url} is loaded from elsewhere"
        elif scheme != "data" and not (folder / unquote(path)).is_file():
            yield f"nothing is at {url}"


def loaded(page):
    """The addresses of what a browser loads together with a page."""
    for tag in page(True):
        yield from (tag[attribute] for attribute in ("src", "srcset", "poster", "data") if tag.has_attr(attribute))
        if tag.name == "link":
            yield tag["href"]
        style = tag.text if tag.name == "style" else tag.get("style", "")
        yield from re.findall(r"(?:url\(|@import)\s*['\"]?([^'\")\s]+)", style)
