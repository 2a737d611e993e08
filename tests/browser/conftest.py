"""JupyterLab on loopback, over a copy of the notebooks, and a browser that looks at it."""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import nbformat
import pytest
from nbstripout import strip_output
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = Path(os.environ.get("BP_SCREENSHOTS") or REPOSITORY / "runs" / "screenshots")
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
]
SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},  # no pop-up over the page
    "notebook-extension/tracker": {"windowingMode": "none"},  # all cells are there, not only those on the screen
}


@pytest.fixture(scope="session")
def browser():
    """Debian's Chromium, or the one that CHROMIUM in the environment names."""
    found = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
    if not found:
        raise RuntimeError("there is no Chromium; expected `chromium` on the PATH, or its place in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=QUIET)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def home(tmp_path_factory):
    """A folder with copies of the notebooks: as published, and fresh ones, without any output."""
    home = tmp_path_factory.mktemp("home")
    (home / "data").symlink_to(REPOSITORY / "data")
    shutil.copytree(REPOSITORY / "figures", home / "figures")  # films, which Jupyter does not serve through a link
    for folder in ("notebooks", "fresh", "play"):
        (home / folder).mkdir()
    for path in (REPOSITORY / "notebooks").glob("*.ipynb"):
        shutil.copy(path, home / "notebooks")
        nbformat.write(
            strip_output(nbformat.read(path, as_version=4), keep_output=False, keep_count=False, keep_id=True),
            home / "fresh" / path.name,
        )
    for name, values in SETTINGS.items():
        file = home / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values), encoding="utf-8")
    return home


@pytest.fixture
def play(home, request):
    """Writes a notebook of one cell, which shows an explorer; returns its path, without the ending.

    Each test has a notebook of its own: the kernel of one that was closed is about to end.
    """

    def write(name):
        cells = [nbformat.v4.new_code_cell(f"from study import explorers\nexplorers.{name}()")]
        python = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
        path = f"play/{request.node.name}"
        nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=python), home / f"{path}.ipynb")
        return path

    return write


@pytest.fixture(scope="session")
def lab(home):
    """The address of a JupyterLab that has these files."""
    with server(home, "lab") as address:
        yield address


@pytest.fixture
def classic(home):
    """The address of a Notebook 7 that has them."""
    with server(home, "notebook") as address:
        yield address


@pytest.fixture(scope="session")
def lab_with_nbgrader(home):
    """The address of a JupyterLab whose menus for grading are on, as students and instructors have it."""
    on = {kind: {"@jupyter/nbgrader": False} for kind in ("disabledExtensions", "lockedExtensions")}
    file = home / "teaching" / "labconfig" / "page_config.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(on), encoding="utf-8")
    with server(home, "lab", JUPYTER_CONFIG_PATH=home / "teaching") as address:
        yield address


@contextmanager
def server(home, kind, **rest):
    """A Jupyter server of some kind that has its files, settings and runtime in `home`; stopped at the end."""
    port = free_port()
    rest |= {"JUPYTERLAB_SETTINGS_DIR": home / "settings", "JUPYTER_RUNTIME_DIR": home / "runtime"}
    rest |= {"JUPYTER_CONFIG_DIR": home / "config", "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces"}
    options = [f"--port={port}", "--no-browser", "--allow-root", f"--ServerApp.root_dir={home}"]
    options += ["--ServerApp.ip=127.0.0.1", "--IdentityProvider.token=", "--ServerApp.port_retries=0"]
    # kernels whose page is closed are not wanted any more
    options += ["--MappingKernelManager.cull_idle_timeout=10", "--MappingKernelManager.cull_interval=5"]
    command = [sys.executable, "-m", "jupyter", kind, *options]
    with (home / f"{kind}.log").open("w") as log:
        process = subprocess.Popen(
            command, env=os.environ | {k: str(v) for k, v in rest.items()}, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        wait_for(address, process, home / f"{kind}.log")
        yield address
    finally:
        process.terminate()
        process.wait(30)


def free_port():
    """A port that nothing listens to."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(address, process, log, seconds=60):
    """Until the server answers."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/api"):
                return
        except (URLError, ConnectionError):
            time.sleep(0.2)
    raise RuntimeError(f"Jupyter did not start:\n{log.read_text(encoding='utf-8')}")


@pytest.fixture
def page(browser, request):
    """A page that fails its test if the console has an error, other than `page.theirs`, and leaves a screenshot."""
    page = browser.new_page(viewport={"width": 1300, "height": 1100})
    page.set_default_timeout(60_000)
    errors, page.theirs = [], []
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{request.node.name.replace('/', '_')}.png")
    page.close()
    assert not set(errors) - set(page.theirs)
