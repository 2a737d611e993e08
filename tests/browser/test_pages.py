"""What `make site` makes, as a browser shows it: whole, without a request to any other place."""

import pytest

from study import website


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site") / "site"
    website.build(folder)
    return folder


@pytest.mark.parametrize("name", website.PAGES.values())
def test_a_page_is_whole_and_asks_for_nothing_else(page, site, name):
    asked = []
    page.on("request", lambda request: None if request.url.startswith("data:") else asked.append(request.url))
    page.goto((site / f"{name}.html").as_uri())
    page.wait_for_load_state("networkidle")
    assert asked == [(site / f"{name}.html").as_uri()]
    shown = page.evaluate("[...document.images].map(i => i.complete && i.naturalWidth > 0)")
    assert all(shown) and (shown or not name[0].isdigit())  # every notebook has pictures; documents need none


def test_from_the_index_to_every_notebook_and_back(page, site):
    page.goto((site / "index.html").as_uri())
    for path, name in website.PAGES.items():
        if name != "index":
            page.locator(f"main a[href='{name}.html'], a[href='{name}.html']").first.click()
            page.wait_for_url(f"**/{name}.html")
            assert page.locator("h1").first.inner_text().rstrip("¶") == website.title(website.read(path))
            page.go_back()
