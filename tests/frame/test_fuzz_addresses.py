"""Whatever stands in an address, a page opens with valid settings and says what it ignored."""

from unittest import mock
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

import param
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jntk_viz import frame
from jntk_viz.datasets.tables import shortened
from jntk_viz.frame import address
from jntk_viz.frame.presets import check, setting_names
from jntk_viz.frame.registry import part_of

PAGES = [entry.name for entry in frame.pages()]
SCRIPT = "<script>window.__pwned = 1</script><img src=x onerror='window.__pwned = 1'>"
NASTY = (
    *(
        "",
        " ",
        "nan",
        "inf",
        "-inf",
        "1e400",
        "-1e400",
        "1e-400",
        "1000000000",
        "-1",
        "0x10",
        "1_0",
    ),
    *(
        "٣",
        "²",
        "½",
        "1,5",
        "None",
        "null",
        "true",
        "TRUE",
        "[]",
        "{}",
        '{"a": [1]}',
        "[" * 100_000,
    ),
    *(
        "9" * 4_000,
        "9" * 6_000,
        "1" * 1_000_000,
        "a" * 1_000_000,
        "é\u202e\u0000\ufffd",
        "\r\nX: 1",
    ),
    *(
        SCRIPT,
        "'\"`;--",
        "../../etc/passwd",
        "{0.__class__}",
        "%s%n",
        "${7*7}",
        "=cmd|' /C calc'!A0",
    ),
    *("own-0000000000000000", "own-", "iris ", "__class__", "javascript:alert(1)"),
)
TEXTS = st.one_of(
    st.sampled_from(NASTY),
    st.text(max_size=40),
    st.integers().map(str),
    st.floats().map(str),
)
STRANGE = st.sampled_from(["nonsense", "name", "param", "__class__", "../x", "lam ", SCRIPT]) | (
    st.text(min_size=1, max_size=30)
)


def values_of(parameter):
    """Texts of values that the parameter takes, among them its largest and smallest."""
    if isinstance(parameter, param.Selector):
        return st.sampled_from([address._text(v) for v in parameter.get_range().values()])
    if isinstance(parameter, param.Boolean):
        return st.sampled_from(["true", "false"])
    if isinstance(parameter, param.Number):
        whole = isinstance(parameter, param.Integer)
        strategy = st.integers if whole else st.floats
        return strategy(*parameter.bounds).map(str) | st.sampled_from(
            list(map(str, parameter.bounds))
        )
    return st.sampled_from(["", "90:1.2:v;180:0:s", "90:1e99:v", ";;;", "0:1:v;" * 1000])


def queries(state):
    known = st.one_of([
        st.tuples(st.just(name), TEXTS | values_of(state.param[name]))
        for name in setting_names(state)
    ])  # fmt: skip
    return st.lists(known | st.tuples(STRANGE, TEXTS), max_size=12).map(dict)


@pytest.mark.parametrize("page", PAGES)
def test_any_query_leaves_valid_settings_and_is_accounted_for(page, state_types):
    """400 queries of up to 12 settings for each page."""
    make = state_types[page]

    @settings(max_examples=400)
    @given(queries(make()))
    def holds(query):
        state = make()
        ignored = address.read_query(state, query)
        for name in setting_names(state):
            value = check(state, name, getattr(state, name))  # raises where it is not valid
            assert isinstance(state.param[name], param.Selector) or value == value, name
        for name, text in query.items():
            named = any(sentence.startswith(shortened(name)) for sentence in ignored)
            assert named or taken(state, name, text), name
        assert all(sentence.isprintable() and len(sentence) < 300 for sentence in ignored)
        assert len(address.listed(ignored)) < 1600

    holds()


def taken(state, name, text):
    """Whether the setting has the value that the text stands for."""
    return address.parse(state.param[name], text) == getattr(state, name)


class Other(param.Parameterized):
    """Kinds of settings that no page has yet."""

    numbers = param.List([], item_type=(int, float), bounds=(0, 5))
    table = param.Dict({})
    pair = param.NumericTuple((0, 0))


@settings(max_examples=300)
@given(st.dictionaries(st.sampled_from(["numbers", "table", "pair"]), TEXTS))
def test_settings_written_as_json_are_read_or_named(query):
    state = Other()
    ignored = address.read_query(state, query)
    assert len(ignored) <= len(query)
    for name in query:
        check(state, name, getattr(state, name))


def test_what_was_ignored_is_said_in_few_words():
    many = {f"key{i}": "x" * 10_000 for i in range(1000)}
    ignored = address.read_query(Other(), many)
    assert len(ignored) == 1000
    assert address.listed(ignored).endswith("key4: no such setting; and 995 more")


@pytest.mark.parametrize("page", ["", *PAGES])
def test_the_server_answers_nonsense_with_a_page(page, running_server):
    """Everything at once: as many bad settings as an address may hold."""
    pairs = [("nonsense", SCRIPT), ("seed", "x"), ("seed", "1e400"), ("depth", "9" * 4_500)]
    pairs += [("data", "own-0000000000000000"), ("preset", SCRIPT), ("dark", "../"), ("lam", "nan")]
    query = urlencode(pairs) + "&width=%ff%fe&%80=%80&view=&=1&&&;"
    seen = len(running_server.log())
    with urlopen(f"{running_server.url}/{page}?{query}", timeout=60) as answer:
        body = answer.read().decode()
    assert answer.status == 200
    assert "Traceback" not in body
    assert "<script>window.__pwned" not in body
    assert "onerror=" not in body
    assert "Traceback" not in running_server.log()[seen:]


@pytest.mark.parametrize(("length", "status"), [(9_000, 414), (70_000, None)])
def test_a_very_long_address_is_refused(length, status, server):
    """Beyond 64 kB Tornado hangs up before it is read."""
    with pytest.raises((HTTPError, ConnectionError, OSError)) as refused:
        urlopen(f"{server}/index?x={'a' * length}", timeout=60)
    assert status is None or refused.value.code == status


def test_a_visitor_reads_what_was_ignored_and_no_script_runs(watch_page):
    query = urlencode({"lam": "1e400", "width": SCRIPT, SCRIPT: "1", "preset": SCRIPT, "dark": "x"})
    page = watch_page(f"gp_convergence?{query}&seed=1&seed=2&depth={'9' * 3000}")
    message = page.get_by_role("alert").inner_text()
    assert message.startswith("Ignored in the address: ")
    assert "seed: given 2 times" in message
    assert "and " in message.split(";")[-1]
    assert len(message) < 1000
    page.wait_for_function("() => location.search.includes('seed=2')")
    assert "depth=2" in page.url
    assert page.evaluate("window.__pwned") is None


def test_the_settings_of_an_address_are_drawn_together():
    """On the way to the last of them there are states that nobody has asked for."""
    frame.use_theme()
    shown = []
    asked = {"depth": "1", "points": "8", "steps": "30", "view": "kernel", "moment": "10"}
    with (
        mock.patch.object(address, "arguments_of_page", return_value=asked),
        mock.patch.object(frame.Controller, "show", lambda self: shown.append(self)),
        mock.patch.object(frame.Controller, "start"),
    ):
        page = part_of("jntk_constancy", "page").app()
    assert page.state.view == "kernel"
    assert len(shown) == 2  # once the address has been read, and once the page stands
