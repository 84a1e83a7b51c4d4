"""A site opened from a folder with the network cut: links, search, predictions, presentation."""

import re

import pytest
from conftest import Watch
from links import broken
from tiny_site import ARGUMENTS, only_ours, write_lesson

from jntk_viz.export import pages, site
from jntk_viz.site.building import build_site


@pytest.fixture(scope="module", autouse=True)
def small_presets():
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PANEL_INLINE", "1")
        patch.setattr(pages, "presets_of", only_ours)
        yield


@pytest.fixture(scope="module")
def tiny(tmp_path_factory, small_presets):
    """(folder, what `build_site` returned, what it told)."""
    told, out = [], tmp_path_factory.mktemp("site")
    notebooks = write_lesson(tmp_path_factory.mktemp("lessons"))
    made = build_site(out, notebooks=notebooks, **ARGUMENTS | {"tell": told.append})
    return out, made, told


@pytest.fixture
def look(chromium, tiny):
    """Open a file of the site with the network cut; whatever goes wrong fails the test."""
    contexts, watches = [], []

    def open_file(address, *, ready=True, **options):
        options.setdefault("viewport", {"width": 1280, "height": 720})
        context = chromium.new_context(**options)
        context.set_offline(True)
        context.set_default_timeout(120_000)
        contexts.append(context)
        page = context.new_page()
        watches.append(Watch(page))
        page.goto(f"{tiny[0].as_uri()}/{address}")
        if ready:
            page.wait_for_function("document.documentElement.dataset.ready", timeout=120_000)
        return page

    yield open_file
    for context in contexts:
        context.close()
    assert [problem for watch in watches for problem in watch.problems] == []


def test_no_link_is_broken_or_leads_out(tiny):
    out, made, _ = tiny
    assert made.problems == []
    assert broken(out) == []
    assert made.count == len([file for file in out.rglob("*") if file.is_file()])


def test_a_broken_link_is_found(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html"></a><a href="https://example.org"></a><a href="a.html#no"></a>'
    )
    assert len(broken(tmp_path)) == 3


def test_what_is_told_says_what_remains(tiny):
    told = tiny[2]
    assert told[0] == "Part 1 of 3: lessons, slides and handouts"
    assert any(re.fullmatch(r"Part 1 of 3 took .*; to come: pages, documents", t) for t in told)


def test_a_second_run_keeps_what_is_there(tiny, tmp_path, monkeypatch):
    out = tiny[0]
    kept = [file for file in out.rglob("*.html") if "docs" not in file.parts]
    before = {file: file.stat().st_ino for file in kept if file.name != "index.html"}
    before |= {out / "index.html": (out / "index.html").stat().st_ino}

    def fail(*_arguments, **_options):
        raise AssertionError("recorded again")

    monkeypatch.setattr(site.files, "record", fail)
    monkeypatch.setattr("jntk_viz.site.documents.build_documents", lambda *_, **__: [])
    build_site(out, notebooks=write_lesson(tmp_path), **ARGUMENTS)
    assert {file: file.stat().st_ino for file in before} == before


def test_the_start_page_has_the_playground_and_leads_on(look):
    page = look("index.html")
    assert page.get_by_role("slider").count() == 2
    headline = page.locator("#headline").inner_text()
    page.get_by_role("slider", name="Training time t").press("ArrowRight")
    assert page.locator("#headline").inner_text() != headline
    page.get_by_role("link", name="What does a random network look like?").click()
    page.wait_for_url("**/gp_convergence.html")
    page.wait_for_function("document.documentElement.dataset.ready")
    page.get_by_role("link", name="Lessons", exact=True).click()
    page.wait_for_url("**/lessons/index.html")
    page.get_by_role("link", name="A tiny lesson").first.wait_for()
    page.get_by_role("link", name="Start", exact=True).click()
    page.wait_for_url("**/index.html")
    page.wait_for_function("document.documentElement.dataset.ready")


def test_search_finds_pages_lessons_and_functions(look):
    page = look("index.html")
    page.get_by_role("searchbox").fill("kernel")
    page.get_by_role("button", name="Search").click()
    page.wait_for_url("**/docs/search.html?q=kernel")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    page.get_by_text("Search finished").wait_for()
    found = "\n".join(results.evaluate_all("all => all.map(a => a.getAttribute('href'))"))
    for part in ("../gp_convergence.html", "../lessons/00_tiny.html", "kernels.html"):
        assert part in found


def test_a_page_is_read_as_on_the_server(look):
    page = look("playground.html#t=100&lam=0.1")
    bar = page.get_by_role("toolbar", name="Page")
    undo = bar.get_by_role("button", name="Undo")
    time = page.get_by_role("slider", name="Training time t")
    assert time.get_attribute("aria-valuetext") == "100"
    assert undo.is_disabled()
    time.press("ArrowLeft")
    assert page.url.endswith("#t=10&lam=0.1")
    undo.click()
    assert time.get_attribute("aria-valuetext") == "100"
    bar.get_by_role("button", name="Dark").click()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    colour = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(colour) == "rgb(18, 18, 18)"
    page.reload()
    page.wait_for_function("document.documentElement.dataset.ready")
    assert page.evaluate(colour) == "rgb(18, 18, 18)", "the choice is kept"
    bar.get_by_role("button", name="Present").click()
    assert page.url.endswith("&present=true")
    assert not page.get_by_role("navigation").first.is_visible()
    page.keyboard.press("Escape")
    assert page.get_by_role("navigation").first.is_visible()


def test_a_guess_comes_before_the_answer(look):
    page = look("playground.html#predict=true")
    visible = """() => Bokeh.documents[0].roots().filter(m => m.type == "Figure")
        .flatMap(f => f.renderers).filter(r => r.visible).length"""
    assert page.get_by_role("heading", level=1).inner_text() == "Two caps"
    assert page.evaluate(visible) == 0
    assert not page.locator("#headline").is_visible()
    page.get_by_role("button", name="fewer").click()
    said = page.locator("#prediction [role=status]").inner_text()
    assert said.startswith("You said “fewer”")
    assert said.endswith("It flattens f.")
    assert "Without the penalty" in said
    assert page.evaluate(visible) > 0
    assert page.get_by_role("heading", level=1).inner_text() == "Tiny"


def test_a_link_to_what_is_seen_is_copied(chromium, tiny):
    context = chromium.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    page.goto((tiny[0] / "playground.html").as_uri())
    page.wait_for_function("document.documentElement.dataset.ready")
    page.get_by_role("button", name="Copy link").click()
    page.get_by_text("Link copied").wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    context.close()


@pytest.mark.parametrize("file", ["index.html", "playground.html", "docs/kernels.html"])
def test_a_phone_has_room_for_everything(look, file):
    phone = look(file, ready="docs" not in file, viewport={"width": 360, "height": 740})
    assert phone.evaluate("document.documentElement.scrollWidth") <= 360


def test_formulas_are_set_in_the_reference(look):
    page = look("docs/kernels.html", ready=False)
    page.locator(".formula mjx-container").first.wait_for()
    assert page.locator("mjx-container [data-mml-node=merror]").count() == 0
    assert page.locator('[id="jntk_viz.jntk"]').count() == 1
    page.locator(".formula").first.locator("xpath=preceding::a[1]").click()
    page.wait_for_url("**/docs/formulas.html#*")
