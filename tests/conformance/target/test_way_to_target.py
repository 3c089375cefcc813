"""The way to a target: client certificates, a key header, proxies, HTTP/2; and what blocks it."""

import json
import os
import subprocess
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import httpx
import pytest
import trustme

from conformance.cli.main import main
from conformance.target.exchange import Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from conformance.target.transport.connection_settings import ConnectionSettings
from tests.certificates import ClientFiles, authority, client, trusted
from tests.conformance.load.command_line import TOKEN, load
from tests.conformance.servers.answers import Answer
from tests.conformance.servers.application import KEYS, Application
from tests.conformance.servers.options import Options
from tests.conformance.servers.serving import serving
from tests.conformance.target.http2_server import serving_http2
from tests.conformance.target.proxy_process import forward_proxy
from tests.conformance.target.relay import tunnel

__all__ = ["authority", "client", "trusted"]

PARTNERS = {TOKEN: "one"}
KEY = "gateway-key-3f9aQ7"
SELECT = ("--select", "created.plain*")


class WantsKey(Application):
    """A gateway in front lets nobody through without its key."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        if headers.get("x-api-key") != KEY:
            return Answer(403, b"no key", {"Content-Type": "text/plain"})
        return super().answer(method, target, headers, body)


class WantsKeyAndErrs(WantsKey):
    """The same gateway; the API behind answers creations with another status."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        answer = super().answer(method, target, headers, body)
        if method == "POST" and KEYS in target and answer.status == 201:
            return Answer(202, answer.body, answer.headers)
        return answer


class SeesProxies(Application):
    """Records whether a request came through a proxy, which says so (RFC 9110 section 7.6.3).

    The proxy of the tests says it in the first request of a connection.
    """

    seen: ClassVar[list[bool]] = []

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        self.seen.append("via" in headers)
        return super().answer(method, target, headers, body)


class LeadsToLogin(Application):
    """Whoever has no session is sent to a page where people log in."""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> Answer:
        return Answer(302, b"", {"Location": "https://login.example/?next=api"})


@pytest.fixture
def gateway(authority: trustme.CA) -> Iterator[str]:
    """A TLS gateway that demands a client certificate and its key."""
    certificate = authority.issue_cert("127.0.0.1")
    with serving(Options(), PARTNERS, WantsKey, certificate, authority) as url:
        yield url


def code_of(*arguments: str) -> int:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--wait-for", "0"])
    return int(ended.value.code or 0)


def judged(url: str, *arguments: str) -> int:
    return code_of("run", "--url", url, "--token", TOKEN, *SELECT, *arguments)


def one_line(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    assert captured.out == ""
    [line] = captured.err.splitlines()
    return line


def test_a_client_certificate_and_a_key_header_let_every_command_in(
    gateway: str, trusted: tuple[str, str], client: ClientFiles, tmp_path: Path
) -> None:
    certificate = ("--client-cert", str(client.chain), "--client-key", str(client.key))
    report = tmp_path / "report.json"

    assert judged(gateway, *trusted, *certificate, "--header", f"X-Api-Key: {KEY}",
                  "--report-json", str(report)) == 0  # fmt: skip
    loaded = load(gateway, tmp_path, *trusted, *certificate, DINIE_HEADER=f"X-Api-Key: {KEY}")
    assert (loaded.code, loaded.err) == (0, "")
    assert loaded.counts["created"] == loaded.counts["listed"] > 0


@pytest.mark.parametrize("form", ["one file", "encrypted", "by variables"])
def test_a_certificate_may_come_in_any_form(
    form: str, gateway: str, trusted: tuple[str, str], client: ClientFiles,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("DINIE_HEADER", f"X-Api-Key: {KEY}")
    given: tuple[str, ...] = ("--client-cert", str(client.both))
    if form == "encrypted":
        monkeypatch.setenv("DINIE_CLIENT_KEY_PASSWORD", client.password)
        given = ("--client-cert", str(client.chain), "--client-key", str(client.encrypted))
    elif form == "by variables":
        given = ()
        monkeypatch.setenv("DINIE_CLIENT_CERT", str(client.chain))
        monkeypatch.setenv("DINIE_CLIENT_KEY", str(client.key))

    assert judged(gateway, *trusted, *given) == 0


def test_no_certificate_is_one_line(
    gateway: str, trusted: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert judged(gateway, *trusted) == 2
    line = one_line(capsys)
    assert f"{gateway} refuses TLS without a client certificate" in line
    assert "give --client-cert and --client-key" in line


def test_the_certificate_of_another_authority_is_one_line(
    gateway: str, trusted: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = ClientFiles(trustme.CA(), tmp_path)
    assert judged(gateway, *trusted, "--client-cert", str(other.both)) == 2
    assert f"{gateway} refuses the certificate of --client-cert (" in one_line(capsys)


def large_beside(files: ClientFiles) -> Path:
    """A file without content that is larger than any PEM file."""
    path = files.chain.with_name("large.pem")
    with path.open("wb") as file:
        file.truncate(3_000_000_000)
    return path


UNUSABLE: Mapping[str, tuple[Callable[[ClientFiles], tuple[str, ...]], str]] = {
    "a key alone": (lambda one: ("--client-key", str(one.key)),
                    "--client-key goes with --client-cert"),
    "no key": (lambda one: ("--client-cert", str(one.chain)),
               "client.pem holds no key in PEM: --client-key names the file of one"),
    "no certificate": (lambda one: ("--client-cert", str(one.key), "--client-key", str(one.key)),
                       "--client-cert FOLDER/client.key holds no certificate in PEM"),
    "a certificate for a key": (lambda one: ("--client-cert", str(one.chain), "--client-key",
                                             str(one.chain)),
                                "--client-key FOLDER/client.pem holds no key in PEM"),
    "a long password": (lambda one: ("--client-cert", str(one.chain), "--client-key",
                                     str(one.encrypted), "--client-key-password",
                                     "wrong-one" * 114),
                        "'--client-key-password': is longer than 1024 bytes"),
    "a password alone": (lambda one: ("--client-key-password", "wrong-one"),
                         "--client-key-password goes with --client-cert"),
    "an empty certificate": (lambda one: ("--client-cert", ""),
                             "'--client-cert': must not be empty"),
    "an empty key": (lambda one: ("--client-cert", str(one.chain), "--client-key", ""),
                     "'--client-key': must not be empty"),
    "empty authorities": (lambda one: ("--ca-file", ""), "'--ca-file': must not be empty"),
    "an empty configuration": (lambda one: ("--config", ""), "'--config': must not be empty"),
    "a large file": (lambda one: ("--client-cert", str(large_beside(one))),
                     "large.pem is larger than 10485760 bytes"),
    "large authorities": (lambda one: ("--ca-file", str(large_beside(one))),
                          "large.pem is larger than 10485760 bytes"),
    "no password": (lambda one: ("--client-cert", str(one.chain), "--client-key",
                                 str(one.encrypted)),
                    "is encrypted: give --client-key-password"),
    "a wrong password": (lambda one: ("--client-cert", str(one.chain), "--client-key",
                                      str(one.encrypted), "--client-key-password", "wrong-one"),
                         "cannot be decrypted with --client-key-password"),
    "no file": (lambda one: ("--client-cert", str(one.chain.with_name("none.pem"))),
                "none.pem cannot be read: No such file or directory"),
    "a folder": (lambda one: ("--client-cert", str(one.chain.parent)), "cannot be read: "),
}  # fmt: skip


@pytest.mark.parametrize("name", UNUSABLE)
@pytest.mark.parametrize("command", ["run", "load"])
def test_a_certificate_that_cannot_be_used_is_one_line(
    name: str, command: str, client: ClientFiles, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments, told = UNUSABLE[name]
    url = ("--url", "https://127.0.0.1:1/v3", "--token", TOKEN)

    assert code_of(command, *url, *arguments(client)) == 2

    line = one_line(capsys)
    assert told.replace("FOLDER", str(client.chain.parent)) in line
    assert "wrong-one" not in line


def test_the_key_of_another_certificate_is_one_line(
    client: ClientFiles, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "other").mkdir()
    other = ClientFiles(trustme.CA(), tmp_path / "other")
    certificate = ("--client-cert", str(client.chain), "--client-key", str(other.key))
    assert judged("https://127.0.0.1:1/v3", *certificate) == 2
    assert "is not the key of the certificate in --client-cert" in one_line(capsys)


def test_insecure_is_told_in_every_report(
    authority: trustme.CA, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reports = {name: tmp_path / f"report.{name}" for name in ("text", "json", "junit", "html")}
    options = [text for name, file in reports.items() for text in (f"--report-{name}", str(file))]
    certificate = authority.issue_cert("another.example")
    with serving(Options(), PARTNERS, certificate=certificate) as url:
        assert judged(url) == 2
        assert judged(url, "--insecure", *options) == 0
        reports["locust"] = tmp_path / "locust.html"
        loaded = load(url, tmp_path, "--insecure", "--report-locust", str(reports["locust"]))
    assert (loaded.code, loaded.err) == (0, "")
    told = "no certificate was checked (--insecure)"
    texts = [capsys.readouterr().out, loaded.out, *(one.read_text() for one in reports.values())]
    assert [told in " ".join(text.split()) for text in texts] == [True] * len(texts)


def test_reproductions_name_what_the_reader_exports_and_work(
    authority: trustme.CA, trusted: tuple[str, str], client: ClientFiles, tmp_path: Path
) -> None:
    report = tmp_path / "report.json"
    given = (*trusted, "--client-cert", str(client.chain), "--client-key", str(client.encrypted),
             "--client-key-password", client.password, "--header", f"X-Api-Key: {KEY}")  # fmt: skip
    certificate = authority.issue_cert("127.0.0.1")
    with serving(Options(), PARTNERS, WantsKeyAndErrs, certificate, authority) as url:
        assert judged(url, *given, "--report-json", str(report)) == 1
        text = report.read_text()
        script = next(one["reproduce"] for one in json.loads(text)["results"] if one["reproduce"])
        variables = {
            "TOKEN": TOKEN, "DINIE_CA_FILE": trusted[1],
            "DINIE_CLIENT_CERT": str(client.chain), "DINIE_CLIENT_KEY": str(client.encrypted),
            "DINIE_CLIENT_KEY_PASSWORD": client.password, "DINIE_HEADER_X_API_KEY": KEY,
        }  # fmt: skip
        shell = {"PATH": os.environ["PATH"]}
        done = subprocess.run(["bash", "-c", script], env={**shell, **variables},
                              capture_output=True, text=True, check=False)  # fmt: skip
        lacking = subprocess.run(["bash", "-c", script], env=shell,
                                 capture_output=True, text=True, check=False)  # fmt: skip
    assert "HTTP/1.1 202" in done.stdout, (script, done.stderr)
    assert (lacking.returncode != 0, "export the" in lacking.stderr) == (True, True)
    for secret in (KEY, client.password, *client.secrets):
        assert secret not in text


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_with_a_password_leads_there(
    scheme: str, authority: trustme.CA, trusted: tuple[str, str], tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    certificate = authority.issue_cert("127.0.0.1") if scheme == "https" else None
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    with (
        serving(Options(), PARTNERS, SeesProxies, certificate) as url,
        forward_proxy(tmp_path, "--basic-auth", "me:s3cret-p@ss") as proxy,
    ):
        given = ("--proxy", f"http://me:s3cret-p%40ss@{proxy}")
        assert judged(url, *trusted, *given) == 0
        SeesProxies.seen.clear()
        loaded = load(url, tmp_path, *trusted, *given)
        assert (loaded.code, loaded.err) == (0, "")
        # Inside a tunnel nothing of it is seen.
        assert any(SeesProxies.seen) == (scheme == "http")
        assert judged(url, *trusted) == 0  # straight there: the environment is not asked
        capsys.readouterr()

        assert judged(url, *trusted, "--proxy", f"http://me:wrong-pass@{proxy}") == 2
        line = one_line(capsys)
    assert f"the proxy http://{proxy} wants other credentials (407)" in line
    assert "wrong-pass" not in line
    for text in (loaded.out, str(loaded.report)):
        assert "s3cret" not in text


def test_the_proxies_of_the_environment_are_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "NO_PROXY", "no_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    with serving(Options(), PARTNERS, SeesProxies) as url, forward_proxy(tmp_path) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy}")
        for option, through in ((("--proxy", "env"), True), ((), False)):
            SeesProxies.seen.clear()
            assert judged(url, *option) == 0
            assert any(SeesProxies.seen) == through
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        SeesProxies.seen.clear()
        assert judged(url, "--proxy", "env") == 0
        assert not any(SeesProxies.seen)
        monkeypatch.setenv("http_proxy", "socks9://user:hush-hush@nowhere")
        capsys.readouterr()
        assert judged(url, "--proxy", "env") == 2
    line = one_line(capsys)
    assert "HTTP_PROXY must be http://[USER:PASSWORD@]HOST[:PORT]" in line
    assert "hush-hush" not in line


@pytest.mark.parametrize("named", ["::1", "[::1]", "[::1]:9", "api.example"])
def test_no_proxy_takes_an_address_as_curl_does(
    named: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    monkeypatch.setenv("no_proxy", f"other.example,{named}")
    host = "api.example." if "api" in named else "[::1]"
    settings = ConnectionSettings(proxy="env")
    assert settings.proxy_to(httpx.URL(f"http://{host}:9/v3")) is None
    assert settings.proxy_to(httpx.URL("http://[::2]:9/v3")) is not None


@pytest.mark.parametrize("command", ["run", "load"])
def test_a_final_dot_is_no_part_of_the_name_in_a_certificate(
    command: str, authority: trustme.CA, trusted: tuple[str, str], tmp_path: Path
) -> None:
    certificate = authority.issue_cert("api.example", "xn--bcher-kva.example")
    with serving(Options(), PARTNERS, certificate=certificate) as url, tunnel(url) as proxy:
        for name in ("b\u00fccher.example.", "api.example"):
            dotted, given = url.replace("127.0.0.1", name), (*trusted, "--proxy", proxy)
            if command == "run":
                assert judged(dotted, *given) == 0
            else:
                loaded = load(dotted, tmp_path, *given)
                assert (loaded.code, loaded.err) == (0, "")


def test_a_proxy_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(Options(), PARTNERS) as url:
        assert judged(url, "--proxy", "http://127.0.0.1:1") == 2
    assert "the proxy http://127.0.0.1:1 does not answer: " in one_line(capsys)


def test_a_proxy_that_refuses_the_target_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with forward_proxy(tmp_path) as proxy:
        assert judged("https://127.0.0.1:1/v3", "--proxy", f"http://{proxy}") == 2
    line = one_line(capsys)
    assert f"the proxy http://{proxy} does not connect to https://127.0.0.1:1/v3" in line


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_http_2_is_spoken_where_the_target_speaks_nothing_else(
    scheme: str, authority: trustme.CA, trusted: tuple[str, str],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    application = Application(Options(), PARTNERS)
    certificate = authority.issue_cert("127.0.0.1") if scheme == "https" else None
    with serving_http2(certificate, application) as origin:
        url = f"{origin}{Options().path}"
        code = code_of("run", "--url", url, "--token", TOKEN, "--select", "created",
                       "--select", "idempotency", "--select", "lists", *trusted)  # fmt: skip
    assert code == 0, capsys.readouterr().out


def test_another_host_is_still_asked_in_its_own_protocol(
    authority: trustme.CA, trusted: tuple[str, str]
) -> None:
    application = Application(Options(), PARTNERS)
    connection = ConnectionSettings(ca_file=Path(trusted[1]))
    with (
        serving_http2(authority.issue_cert("127.0.0.1"), application) as origin,
        serving(Options(), PARTNERS) as other,
        Target(origin, [TOKEN], TargetSettings(clock_url=other, connection=connection)) as target,
    ):
        assert target.send(Request("GET", f"{Options().path}{KEYS}")).status == 200
        assert target.speaks_http2
        assert target.move_clock(1) == 404  # an answer, in HTTP/1.1


def test_load_says_that_it_speaks_no_http_2(
    authority: trustme.CA, trusted: tuple[str, str], tmp_path: Path
) -> None:
    application = Application(Options(), PARTNERS)
    with serving_http2(authority.issue_cert("127.0.0.1"), application) as origin:
        done = load(f"{origin}{Options().path}", tmp_path, *trusted)
    assert (done.code, done.out) == (2, "")
    [line] = done.err.splitlines()
    assert "speaks HTTP/2 alone, and load only HTTP/1.1" in line


def test_tls_on_a_port_that_is_given_as_http_is_one_line(
    authority: trustme.CA, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Options(), PARTNERS, certificate=authority.issue_cert("127.0.0.1")) as url:
        plain = url.replace("https://", "http://")
        assert judged(plain) == 2
    assert one_line(capsys).endswith(f"{plain} speaks TLS: give https:// in --url")


def test_http_on_a_port_that_is_given_as_https_is_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with serving(Options(), PARTNERS) as url:
        secure = url.replace("http://", "https://")
        assert judged(secure) == 2
    assert one_line(capsys).endswith(f"{secure} answers without TLS: give http:// in --url")


@pytest.mark.parametrize("command", ["run", "load"])
def test_a_redirect_to_a_login_is_one_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with serving(Options(), PARTNERS, LeadsToLogin) as url:
        if command == "load":
            done = load(url, tmp_path)
            assert (done.code, done.out) == (2, "")
            [line] = done.err.splitlines()
        else:
            assert judged(url) == 2
            line = one_line(capsys)
    assert f"{url} leads elsewhere (302, Location: https://login.example/?next=api)" in line
    assert "--url" in line


def test_a_host_that_nobody_knows_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert judged("http://b\u00fccher.invalid:8080/v3") == 2
    assert "the host bücher.invalid is not known" in one_line(capsys)


@pytest.mark.parametrize("suffix", ["/", "//"])
def test_a_slash_at_the_end_of_the_base_url_changes_nothing(suffix: str) -> None:
    with serving(Options(host="::1"), PARTNERS) as url:
        assert judged(url + suffix) == 0
