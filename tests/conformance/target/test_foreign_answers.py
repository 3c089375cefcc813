"""A proxy or a gateway answers in the target's place: who is named, and what is said to do."""

import json
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import trustme

from conformance.cli.main import main
from tests.certificates import ClientFiles, authority, client, trusted
from tests.conformance.load.command_line import TOKEN, load
from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import Application
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving
from tests.conformance.target.proxy_process import forward_proxy
from tests.fake_server import handling

__all__ = ["authority", "client", "trusted"]

PARTNERS = {TOKEN: "one"}
SELECT = ("--select", "created.plain*")
NOWHERE = "127.0.0.1:9/v3"


@contextmanager
def refusing(status: str, media_type: str, body: bytes) -> Iterator[str]:
    """The URL of a proxy that lets nobody through, and resets a POST before its answer is read."""
    head = f"HTTP/1.1 {status}\r\nContent-Type: {media_type}\r\nContent-Length: {len(body)}\r\n"
    answer = f"{head}Connection: close\r\n\r\n".encode() + body

    def serve(connection: socket.socket) -> None:
        with suppress(OSError):
            if connection.recv(65_536).startswith(b"POST"):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                return
            connection.sendall(answer)

    with handling(serve) as place:
        yield f"http://{place}"


def line_of(capsys: pytest.CaptureFixture[str], command: str, *arguments: str) -> str:
    """The only line of a command without a verdict."""
    with pytest.raises(SystemExit) as ended:
        main([command, *arguments, "--wait-for", "0"])
    captured = capsys.readouterr()
    assert ended.value.code == 2, captured.out
    [line] = captured.err.splitlines()
    return line


PAGE = b"<html><title>401\n Unauthorized &amp; more</title><p>no</html>"
REFUSALS: Mapping[str, tuple[str, str, bytes, str]] = {
    "a page": ("401 Unauthorized", "text/html", PAGE,
               'answered 401 with a web page ("401 Unauthorized & more"): '),
    "JSON": ("401 Unauthorized", "application/json", b'{"blocked":true}', "answered 401: "),
    "text": ("403 Forbidden", "text/plain", b"blocked", "answered 403: "),
    "credentials": ("407 Proxy Authentication Required", "text/html", b"<p>no",
                    "wants other credentials (407)"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.parametrize("access", ["token", "client id"])
def test_a_proxy_that_refuses_is_named_before_anything_is_judged(
    name: str, access: str, capsys: pytest.CaptureFixture[str]
) -> None:
    status, media_type, body, told = REFUSALS[name]
    given = (
        ("--token", TOKEN) if access == "token" else ("--client-id", "x", "--client-secret", "y")
    )
    with refusing(status, media_type, body) as proxy:
        way = ("--url", f"http://{NOWHERE}", "--proxy", f"http://me:me-too@{proxy[7:]}")
        line = line_of(capsys, "run", *SELECT, *given, *way)
    assert (told in line, f"the proxy {proxy} " in line, "--proxy" in line) == (True, True, True)
    assert "me-too" not in line


@pytest.mark.parametrize("command", ["fuzz", "load"])
def test_every_command_names_a_proxy_that_refuses(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with refusing(*REFUSALS["text"][:3]) as proxy:
        way = ("--url", f"http://{NOWHERE}", "--proxy", proxy)
        if command == "load":
            done = load(way[1], tmp_path, *way[2:], "--wait-for", "0")
            assert (done.code, done.out) == (2, "")
            [line] = done.err.splitlines()
        else:
            line = line_of(capsys, "fuzz", *way, "--token", TOKEN, *SELECT, "--max-time", "5s",
                           "--directory", str(tmp_path / "campaign"))  # fmt: skip
    assert f"the proxy {proxy} may have answered in its place: check --proxy" in line


class RefusesInItsOwnWay(Application):
    """Whoever has no token is refused in a way that no contract has."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if "authorization" not in headers:
            return Answer(403, b"no", {"Content-Type": "text/plain"})
        return super().answer(method, target, headers, body)


def test_what_the_target_refuses_without_a_token_is_not_laid_to_a_proxy(tmp_path: Path) -> None:
    with (
        serving(Options(), PARTNERS, RefusesInItsOwnWay) as url,
        forward_proxy(tmp_path) as proxy,
        pytest.raises(SystemExit) as ended,
    ):
        main(["run", *SELECT, "--url", url, "--token", TOKEN, "--proxy", f"http://{proxy}",
              "--wait-for", "0"])  # fmt: skip
    assert ended.value.code == 0


class WithoutCertificate(Application):
    """A gateway, as nginx is one: it tells by a page that it has no certificate."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        page = b"<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>"
        return Answer(400, page, {"Content-Type": "text/html"})


class WithoutCertificateInJson(Application):
    """A gateway that says so in JSON."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        said = json.dumps({"message": "No required TLS certificate was sent"})
        return Answer(401, said.encode(), {"Content-Type": "application/json"})


@pytest.mark.parametrize("server", [WithoutCertificate, WithoutCertificateInJson])
@pytest.mark.parametrize("access", ["token", "client id"])
def test_a_gateway_that_says_it_wants_a_certificate_is_told(
    server: type[Application], access: str, authority: trustme.CA, trusted: tuple[str, str],
    client: ClientFiles, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    given = (
        ("--token", TOKEN) if access == "token" else ("--client-id", "x", "--client-secret", "y")
    )
    certificate = ("--client-cert", str(client.both))
    with serving(Options(), PARTNERS, server, authority.issue_cert("127.0.0.1")) as url:
        lines = [line_of(capsys, "run", *SELECT, "--url", url, *given, *trusted, *more)
                 for more in ((), certificate)]  # fmt: skip
    assert "No required" in lines[0]
    assert lines[0].endswith(
        "front wants a client certificate: give --client-cert and --client-key"
    )
    assert lines[1].endswith("front wants another client certificate than that of --client-cert")


def test_the_title_of_a_page_is_cut_and_holds_no_secret(
    capsys: pytest.CaptureFixture[str],
) -> None:
    page = f"<html><TITLE lang=en>Sorry {TOKEN} {'so ' * 100}</TITLE>".encode()

    class Portal(Application):
        def answer(self, *_: object) -> Answer:
            return Answer(200, page, {"Content-Type": "text/html"})

    with serving(Options(), PARTNERS, Portal) as url:
        line = line_of(capsys, "run", *SELECT, "--url", url, "--token", TOKEN)
    assert 'answered 200 with a web page ("Sorry ' in line
    assert "…\"): a proxy or a gateway in front, or not the API's base URL" in line
    assert TOKEN not in line
    assert len(line) < 300
