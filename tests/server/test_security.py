"""What the server refuses and what it forbids browsers: headers, sessions, origins, sizes."""

import asyncio
import json
import re
import socket
import struct
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import pytest
from bokeh.util.token import generate_session_id, get_token_payload
from conftest import RunningServer
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.iostream import StreamClosedError
from tornado.websocket import WebSocketClosedError, websocket_connect

from jntk_viz.cli import build_parser
from jntk_viz.server.security import MOST_MESSAGE, POLICY
from jntk_viz.server.shared_links import SIZE


def policy_of(answer):
    """Directive → what it allows."""
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {words[0]: words[1:] for words in map(str.split, parts)}


@pytest.mark.parametrize(
    "path", ["", "index", "full_rank", "static/js/bokeh.min.js", "favicon.ico"]
)
def test_every_response_has_the_headers(path, server):
    with urlopen(f"{server}/{path}", timeout=60) as answer:
        headers, policy = answer.headers, policy_of(answer)
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert policy["default-src"] == ["'self'"]
    assert policy["object-src"] == ["'none'"]
    # Nothing from other hosts, and no script that was not in the page when it was sent.
    assert not [
        a
        for allowed in policy.values()
        for a in allowed
        if "//" in a or a.endswith(".") or a == "*"
    ]
    assert "'unsafe-inline'" not in policy["script-src"]


def test_errors_have_the_headers_too(server):
    with pytest.raises(HTTPError, match="404") as missing:
        urlopen(f"{server}/nowhere", timeout=60)
    assert missing.value.headers["Content-Security-Policy"]


def test_the_nonce_is_new_each_time_and_on_every_script(server):
    nonces = set()
    for _ in range(2):
        with urlopen(f"{server}/index", timeout=60) as answer:
            body, policy = answer.read().decode(), policy_of(answer)
        assert int(answer.headers["Content-Length"]) == len(body.encode())
        (nonce,) = re.findall("'nonce-(.{22})'", " ".join(policy["script-src"]))
        scripts = re.findall("<script([^>]*)>", body)
        assert len(scripts) > 3
        assert all(f'nonce="{nonce}"' in attributes for attributes in scripts)
        nonces.add(nonce)
    assert len(nonces) == 2


@pytest.mark.parametrize("path", ["", "robust_training?t=10"])
def test_a_shared_link_shows_a_title_a_sentence_and_a_picture(path, server):
    behind = {"Host": "example.org", "X-Forwarded-Proto": "https"}
    for headers in ({}, behind):
        with urlopen(Request(f"{server}/{path}", headers=headers), timeout=60) as answer:
            body = answer.read().decode()
            assert int(answer.headers["Content-Length"]) == len(body.encode())
        tags = dict(re.findall('<meta property="(og:[^"]+)" content="([^"]*)">', body))
        root = "https://example.org" if headers else server
        assert tags["og:url"] == f"{root}/{path.partition('?')[0]}"
        assert tags["og:image"] == f"{root}/share.png"
        assert ("Robust training" in tags["og:title"]) == bool(path)
        assert 40 < len(tags["og:description"]) < 300
        assert body.index("og:title") < body.index("</head>")
    with urlopen(f"{server}/share.png", timeout=60) as picture:
        data = picture.read()
    assert data[:4] == b"\x89PNG"
    assert struct.unpack(">II", data[16:24]) == SIZE


@pytest.mark.slow
def test_saving_works_under_the_policy(watch_page):
    """`watch_page` fails on a violation, which browsers report as an error, and requests to other
    hosts; that every page opens without either stands in test_cli.py."""
    page = watch_page("breakdown")
    page.get_by_role("button", name="Save as a file").click()
    for button, ending in (("Picture (PNG)", ".png"), ("Numbers (CSV)", ".csv")):
        with page.expect_download() as saved:
            page.get_by_role("button", name=button).click()
        assert saved.value.suggested_filename.endswith(ending)


INJECT = """html => {
  const place = document.createElement("div")
  document.body.append(place)
  place.innerHTML = html
  const script = document.createElement("script")
  script.textContent = "window.__pwned = 'inline script'"
  document.body.append(script)
}"""


def test_a_script_that_got_into_a_page_would_not_run(chromium, server):
    """What remains if some text were once not escaped."""
    page = chromium.new_context().new_page()
    page.goto(f"{server}/index")
    page.evaluate(INJECT, "<img src=x onerror=\"window.__pwned = 'handler'\"><b>seen</b>")
    page.get_by_text("seen").wait_for()
    page.wait_for_timeout(500)
    assert page.evaluate("window.__pwned") is None
    page.context.close()


def refused(url, **headers):
    with pytest.raises(HTTPError) as error:
        urlopen(Request(url, headers=headers), timeout=60)
    return error.value.code


def test_nobody_can_choose_the_session_that_another_reader_will_be_in(server):
    """A link with a session's name would let its sender watch what is uploaded there."""
    known = generate_session_id()
    assert refused(f"{server}/full_rank?bokeh-session-id={known}") == 403
    assert refused(f"{server}/full_rank?bokeh-token=x") == 403
    assert refused(f"{server}/full_rank", **{"Bokeh-Session-Id": known}) == 403


def test_an_address_imports_no_module(running_server):
    """`this` would print; others would do what their import does, such as `test.__main__`."""
    assert refused(f"{running_server.url}/components/this/a/css/b") == 404
    assert refused(f"{running_server.url}/components/panel.widgets/Button/css/../../x") in (
        403,
        404,
    )
    assert "Beautiful is better" not in running_server.log()


def token_of(server, path, **headers):
    """What Bokeh puts into the page for its websocket."""
    with urlopen(Request(f"{server}/{path}", headers=headers), timeout=60) as answer:
        return json.loads(re.search(r'"token":("[^"]+")', answer.read().decode())[1])


def test_a_page_does_not_contain_the_cookies_of_a_log_in_before_it(server):
    headers = {"Cookie": "jupyterhub-session=secret", "Authorization": "secret", "User-Agent": "x"}
    known = get_token_payload(token_of(server, "full_rank?seed=3", **headers))
    assert "secret" not in json.dumps(known, default=repr)
    assert known["headers"] == {"User-Agent": "x"}
    assert known["arguments"]["seed"]


def handshake(server, origin):
    connection = HTTPConnection(urlsplit(server).netloc, timeout=60)
    headers = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
               "Sec-WebSocket-Key": "c29tZXRoaW5nIHJhbmRvbQ==", "Origin": origin}  # fmt: skip
    connection.request("GET", "/index/ws", headers=headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_only_the_servers_own_pages_may_open_a_websocket(server):
    port = urlsplit(server).port
    own = [f"http://localhost:{port}", f"http://127.0.0.1:{port}", f"https://localhost:{port}"]
    assert {handshake(server, origin) for origin in own} == {101}
    others = ("null", "", "file://", "http://localhost", f"http://localhost:{port + 1}",
              f"http://evil.localhost:{port}", f"http://localhost.evil.example:{port}",
              f"http://localhost:{port}.evil.example", f"http://localhost@evil.example:{port}",
              f"http://evil.example:{port}", "http://[::1]")  # fmt: skip
    assert {origin: handshake(server, origin) for origin in others} == dict.fromkeys(others, 403)


def test_another_origin_can_be_allowed(tmp_path):
    options = ("--allow-websocket-origin", "class.example", "--prefix", "jntk")
    with RunningServer(tmp_path / "log.txt", *options) as server:
        token = token_of(server.url, "full_rank")
        address = f"ws://{urlsplit(server.url).netloc}/jntk/full_rank/ws"

        async def first_message(origin):
            request = HTTPRequest(address, headers={"Origin": origin})
            socket = await websocket_connect(request, subprotocols=["bokeh", token])
            message = await socket.read_message()
            socket.close()
            return json.loads(message)["msgtype"]

        assert run(first_message("https://class.example")) == "ACK"
        with pytest.raises(HTTPClientError, match="403"):
            run(first_message("https://other.example"))


def run(coroutine):
    """In a thread of its own: in this one Playwright's event loop may run."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


def resident(process):
    return psutil.Process(process.pid).memory_info().rss


PIECE = bytes(1_000_000)


def send_one_message(url, token):
    """A single message of 200 MB, in pieces as a network brings them; was it cut short?"""
    place = urlsplit(url)
    with socket.create_connection((place.hostname, place.port), timeout=60) as connection:
        lines = (f"GET {place.path} HTTP/1.1", f"Host: {place.netloc}", f"Origin: http://{place.netloc}",
                 "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13",
                 "Sec-WebSocket-Key: c29tZXRoaW5nIHJhbmRvbQ==",
                 f"Sec-WebSocket-Protocol: bokeh, {token}")  # fmt: skip
        connection.sendall("\r\n".join((*lines, "", "")).encode())
        assert b" 101 " in connection.recv(4096)
        # Binary, masked, its length in eight bytes, the mask.
        connection.sendall(b"\x82\xff" + (200 * len(PIECE)).to_bytes(8) + bytes(4))
        for sent in range(200):
            try:
                connection.sendall(PIECE)
            except ConnectionError:
                return sent < 100
    return False


def send_many_buffers(url, token):
    """A message of Bokeh's protocol that announces a billion buffers, and 200 of them of 1 MB; was
    it refused for its size?"""

    async def send():
        origin = url.replace("ws://", "http://").removesuffix("/full_rank/ws")
        request = HTTPRequest(url, headers={"Origin": origin})
        connection = await websocket_connect(request, subprotocols=["bokeh", token])
        await connection.read_message()  # ACK
        for start in (
            {"msgid": "1", "msgtype": "PATCH-DOC", "num_buffers": 10**9},
            {},
            {"events": []},
        ):
            await connection.write_message(json.dumps(start))
        for sent in range(200):
            try:
                await connection.write_message(json.dumps({"id": str(sent)}))
                await connection.write_message(PIECE, binary=True)
            except (StreamClosedError, WebSocketClosedError):
                break
        while await asyncio.wait_for(connection.read_message(), 30) is not None:
            pass
        return connection.close_code == 1009

    return run(send())


@pytest.fixture(scope="module")
def unused_server(tmp_path_factory):
    """A server of which nobody has asked anything that it may still grow by."""
    with RunningServer(tmp_path_factory.mktemp("unused") / "log.txt") as server:
        yield server


@pytest.mark.parametrize("send", [send_one_message, send_many_buffers])
def test_a_visitor_who_sends_200_mb_is_dropped_and_memory_stays_bounded(send, unused_server):
    token = token_of(unused_server.url, "full_rank")
    url = unused_server.url.replace("http://", "ws://") + "/full_rank/ws"
    before = resident(unused_server.process)
    assert send(url, token)
    assert resident(unused_server.process) - before < 60e6
    with urlopen(f"{unused_server.url}/full_rank", timeout=60) as answer:
        assert answer.status == 200


def test_the_server_listens_on_this_machine_unless_asked():
    assert build_parser().parse_args(["serve"]).address == "127.0.0.1"


def test_the_largest_table_fits_into_a_message():
    from jntk_viz.datasets.uploads import MOST_BYTES

    assert MOST_MESSAGE >= 1.4 * MOST_BYTES  # if a browser sends it as base64
    assert "unsafe-inline" not in POLICY.split("style-src")[0]


def test_a_hostile_file_is_shown_as_text_and_used(watch_page):
    """File name, header and cells are script; the page draws the table all the same."""
    script = "<img src=x onerror='window.__pwned=1'>"
    rows = "".join(f"{i % 7},{i * i % 5},{script if i % 2 else 'b'}\n" for i in range(24))
    page = watch_page("full_rank")
    page.get_by_role("button", name="Your own data").click()
    page.locator("input[type=file]").set_input_files({
        "name": f"{script}.csv", "mimeType": "text/csv",
        "buffer": f"{script},\"<script>window.__pwned=1</script>\",kind\n{rows}".encode(),
    })  # fmt: skip
    page.get_by_text("24 rows, 3 columns").wait_for()
    page.get_by_role("button", name="Use this table").click()
    # The small print of the headline names the file.
    page.locator("[aria-live=polite] summary").click()
    page.get_by_text(re.compile(r"<img src=x.*csv, \d+ points")).wait_for()
    assert page.evaluate("window.__pwned") is None
    assert page.locator("img[src=x]").count() == 0
    page.wait_for_function("() => location.search.includes('data=own-')")
    other = watch_page(page.url.rpartition("/")[2])  # somebody who was sent the link
    assert "data=own-" in other.get_by_role("alert").inner_text()
    other.wait_for_function("() => location.search.includes('data=iris')")
