"""The page that a student gets: the notebook as it was run, with the marks, and nothing in it that could run again."""

import functools
import re
from importlib.util import find_spec
from pathlib import Path
from threading import Lock

import nbformat
from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from nbconvert.preprocessors import CSSHTMLHeaderPreprocessor
from nbconvert.preprocessors.sanitize import SanitizeHTML
from traitlets.config import Config

LONGEST, ALL = 20_000, 1_000_000  # characters kept of a text, and of all texts of a page
SAFE = ("text/plain", "text/html", "image/png", "image/jpeg")
IMAGE = ("image/png", "image/jpeg", "image/gif", "image/webp")
EMBEDDED = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=]+")
STYLE = re.compile(r"<style\b.*?</style\s*>", re.IGNORECASE | re.DOTALL)  # comes with each table of pandas
CLEANER = SanitizeHTML(
    tags=[
        *(
            "a",
            "abbr",
            "b",
            "blockquote",
            "br",
            "code",
            "del",
            "dd",
            "div",
            "dl",
            "dt",
            "em",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
        ),
        *("h6", "hr", "i", "img", "li", "ol", "p", "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td"),
        *("th", "thead", "tr", "u", "ul"),
    ],
    attributes={
        "*": ["class", "title"],
        "a": ["href"],
        "img": ["src", "alt", "width", "height"],
        "td": ["colspan", "rowspan"],
        "th": ["colspan", "rowspan"],
    },
)


def cleaned(html):
    """HTML without anything that could run, by nbconvert; pictures that stand in it stay."""
    pictures = []

    def name(match):  # the cleaning would drop them
        pictures.append(match[0])
        return f"picture-{len(pictures)}-of-the-answer"

    html = CLEANER.sanitize_html_tags(EMBEDDED.sub(name, STYLE.sub("", html)))
    for number, picture in enumerate(pictures, 1):
        html = html.replace(f"picture-{number}-of-the-answer", picture)
    return html


class Page(HTMLExporter):
    """nbgrader's page, with the HTML of answers and outputs cleaned."""

    @pass_context
    def markdown2html(self, context, source):
        return cleaned(super().markdown2html(context, source))

    def default_filters(self):
        yield from super().default_filters()
        yield "clean_html", cleaned


ONE = Lock()  # notebook at a time


@functools.cache
def exporter():
    """What makes pages; its templates take a second to be read."""
    templates = Path(find_spec("nbgrader").origin).parent / "server_extensions" / "formgrader"
    config = Config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [str(templates / "templates")]
    css = templates / "static" / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(css)]
    made = Page(config=config, sanitize_html=True)
    made.register_preprocessor(CSSHTMLHeaderPreprocessor(), enabled=True)
    return made


def page(cells, title, marks):
    """HTML of a notebook that has been marked. marks: {cell: (score, points)}, of the cells that are."""
    cells = [shortened(cell, room) for cell, room in with_room(cells)]
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") in marks:
            cell.metadata.nbgrader.score, cell.metadata.nbgrader.points = marks[cell.metadata.nbgrader.grade_id]
    score, most = (float(sum(mark[k] for mark in marks.values())) for k in (0, 1))
    of = {"notebook": title, "score": score, "max_score": most, "late_penalty": 0}
    python = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata=python)
    with ONE:
        return exporter().from_notebook_node(notebook, resources={"nbgrader": of})[0]


def with_room(cells):
    """The cells, each with the characters that may still be shown."""
    room = ALL
    for cell in cells:
        yield cell, room
        room -= len(cell.source[:LONGEST])
        room -= sum(len(str(part)[:LONGEST]) for output in cell.get("outputs", ()) for part in output.values())


def shortened(cell, room):
    """A copy of a cell with what a page needs, cut short."""
    if room <= 0 and "nbgrader" not in cell.metadata:
        cell = nbformat.from_dict({**cell, "source": "... the page is cut short here ...", "outputs": []})
    source = cut(cell.source)
    if cell.cell_type == "code":
        outputs = [kept(output) for output in cell.outputs[:50]]
        new = nbformat.v4.new_code_cell(source, execution_count=cell.execution_count, outputs=outputs)
    else:
        new = nbformat.v4.new_markdown_cell(source)
        files = {name: files for name, files in cell.get("attachments", {}).items() if set(files) <= set(IMAGE)}
        new.attachments = {
            name: files
            for name, files in files.items()
            if all(re.fullmatch(r"[A-Za-z0-9+/=]+", f) for f in files.values())
        }
        for name in new.attachments:
            if f"attachment:{name}" not in source:  # or it would not be seen
                new.source += f"\n\n![{name}](attachment:{name})"
    if "student" in cell.metadata and new.cell_type == "markdown":
        new.source = f"*Written {cell.metadata.student}:*\n\n{new.source}"
    if "nbgrader" in cell.metadata:
        new.metadata.nbgrader = dict(cell.metadata.nbgrader)
    return new


def kept(output):
    """An output without what could run, and cut short."""
    if output.output_type == "stream":
        return nbformat.v4.new_output("stream", text=cut(output.text))
    if output.output_type == "error":
        lines = [cut(line) for line in output.traceback[-30:]]
        return nbformat.v4.new_output("error", ename=output.ename, evalue=cut(output.evalue), traceback=lines)
    data = {kind: cut(output.data[kind]) for kind in SAFE if kind in output.data and kind not in IMAGE}
    data |= {kind: output.data[kind] for kind in IMAGE if re.fullmatch(r"[A-Za-z0-9+/=\s]+", output.data.get(kind, ""))}
    if len(output.data.get("text/html", "")) > LONGEST:
        data.pop("text/html")  # half of a table or a tag is none
        data.setdefault("text/plain", "... output truncated ...")
    return nbformat.v4.new_output("display_data", data=data)


def cut(text):
    return text if len(text) <= LONGEST else text[:LONGEST] + "\n... output truncated ...\n"
