"""TLS that is broken or hostile: one line, exit code 2, and no token on the wire."""

import datetime as dt
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from ipaddress import ip_address
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from conformance.target.errors import TargetError
from conformance.target.exchange import Request
from conformance.target.target import Target
from conformance.target.target_settings import TargetSettings
from tests.certificates import authority, trusted
from tests.conformance.cli.command_line import one_line, run
from tests.fake_server import handling

__all__ = ["authority", "trusted"]

TOKEN = "dinie_at_Only-dQw4w9WgXcQ"
NOW = dt.datetime.now(dt.UTC)
DAY = dt.timedelta(days=1)

Speak = Callable[[socket.socket, list[bytes]], None]
"""What a server does with a connection; it notes what it reads."""


@contextmanager
def speaking(speak: Speak) -> Iterator[tuple[str, list[bytes]]]:
    """A base URL with https, and all that was sent to it in plain text or decrypted."""
    seen: list[bytes] = []

    def handle(connection: socket.socket) -> None:
        with suppress(OSError):
            speak(connection, seen)

    with handling(handle) as place:
        yield f"https://{place}/v3", seen


def secured(configure: Callable[[ssl.SSLContext], object]) -> Speak:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    configure(context)

    def speak(connection: socket.socket, seen: list[bytes]) -> None:
        with context.wrap_socket(connection, server_side=True) as secure:
            seen.append(secure.recv(65_536))
            secure.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    return speak


def self_signed(folder: Path) -> Speak:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    place = x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
        .add_extension(place, critical=False).sign(key, hashes.SHA256())
    )  # fmt: skip
    pem = serialization.Encoding.PEM
    form = serialization.PrivateFormat.PKCS8
    file = folder / "self-signed.pem"
    file.write_bytes(
        key.private_bytes(pem, form, serialization.NoEncryption()) + certificate.public_bytes(pem)
    )
    return secured(lambda context: context.load_cert_chain(file))


def judge(url: str, *arguments: str) -> int:
    return run("run", "--url", url, "--token", TOKEN, "--select", "created.plain*", *arguments)


def test_a_self_signed_certificate_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with speaking(self_signed(tmp_path)) as (url, seen):
        assert judge(url) == 2
    line = one_line(capsys)
    assert "is not trusted: the certificate is signed by itself: --ca-file trusts it" in line
    assert seen == []


BAD = {
    "expired": ({"not_before": NOW - 2 * DAY, "not_after": NOW - DAY}, "127.0.0.1", "has expired"),
    "of the future": ({"not_before": NOW + DAY}, "127.0.0.1", "is not valid yet"),
    "of another name": ({}, "staging.example", "IP address mismatch"),
    "of another address": ({}, "127.0.0.2", "IP address mismatch"),
    "of any name": ({}, "*.0.0.1", "IP address mismatch"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_certificate_of_a_good_authority_is_refused(
    name: str, authority: trustme.CA, trusted: tuple[str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    times, host, reason = BAD[name]
    certificate = authority.issue_cert(host, **times)
    with speaking(secured(certificate.configure_cert)) as (url, seen):
        assert judge(url, *trusted) == 2
    line = one_line(capsys)
    assert "is not trusted: the certificate " in line
    assert reason in line
    assert seen == []


def plain_http(connection: socket.socket, seen: list[bytes]) -> None:
    seen.append(connection.recv(65_536))
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def junk(connection: socket.socket, seen: list[bytes]) -> None:
    seen.append(connection.recv(65_536))
    connection.sendall(b"\x16\x03\x03\xff\xff" + bytes(70_000))


def closing(connection: socket.socket, seen: list[bytes]) -> None:
    seen.append(connection.recv(65_536))


@pytest.mark.parametrize(
    ("speak", "told"),
    [
        (plain_http, "answers without TLS: give http:// in --url"),
        (junk, "does not answer: TLS failed ("),
        (closing, "does not answer: TLS failed ("),
    ],
)
def test_what_is_no_tls_is_one_line(
    speak: Speak, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with speaking(speak) as (url, seen):
        assert judge(url) == 2
        assert f"{url} {told}" in one_line(capsys)
    assert seen
    assert TOKEN.encode() not in b"".join(seen)


def test_tls_is_no_plain_http(authority: trustme.CA, capsys: pytest.CaptureFixture[str]) -> None:
    certificate = authority.issue_cert("127.0.0.1")
    with speaking(secured(certificate.configure_cert)) as (url, _):
        assert judge(url.replace("https", "http")) == 2
    assert "speaks TLS: give https:// in --url" in one_line(capsys)


def stalled(connection: socket.socket, seen: list[bytes]) -> None:
    while part := connection.recv(65_536):
        seen.append(part)


def dripping(connection: socket.socket, seen: list[bytes]) -> None:
    """The begin of a record of a handshake, byte by byte."""
    seen.append(connection.recv(65_536))
    connection.sendall(b"\x16\x03\x03\x3f\xff")
    over = threading.Event()
    while not over.wait(0.02):
        connection.sendall(b"\x02")


@pytest.mark.parametrize("speak", [stalled, dripping])
def test_a_handshake_has_an_end(speak: Speak) -> None:
    with (
        speaking(speak) as (url, seen),
        Target(url, [TOKEN], TargetSettings(), timeout=0.5, most_seconds=1.0) as target,
        pytest.raises(TargetError, match="does not answer: "),
    ):
        target.send(Request("GET", "/"))
    assert TOKEN.encode() not in b"".join(seen)


def test_a_stopped_run_does_not_wait_for_a_handshake() -> None:
    with speaking(stalled) as (url, _), Target(url, [TOKEN], TargetSettings()) as target:
        threading.Timer(0.2, target.halt).start()
        with pytest.raises(TargetError, match="the run was stopped"):
            target.send(Request("GET", "/"))
