"""``--host localhost``: both loopback addresses, on one port."""

import errno
import socket
from pathlib import Path
from typing import Any

import httpx
import pytest

from demo.mock_process import mock_process
from mock_server.serving.server import ServingError, bind
from tests.mock_server.command_line import run_command


def has_address(address: str) -> bool:
    """Whether this machine has a loopback address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        socket.create_server((address, 0), family=family).close()
    except OSError:
        return False
    return True


needs_both_addresses = pytest.mark.skipif(
    not has_address("::1"), reason="this machine has one loopback address"
)


@needs_both_addresses
def test_localhost_is_served_on_both_loopback_addresses() -> None:
    with mock_process("--host", "localhost") as mock:
        port = mock.base_url.split("/")[2].split(":")[-1]
        assert mock.base_url == f"http://127.0.0.1:{port}/v3"
        assert mock.announcement.count("Base URL") == 1
        for origin in (f"http://127.0.0.1:{port}", f"http://[::1]:{port}"):
            assert httpx.get(f"{origin}/_mock/ready", trust_env=False).status_code == 200
            created = httpx.post(
                f"{origin}/v3/auth/credentials",
                json={"name": "x"},
                headers={"Authorization": f"Bearer {mock.token}"},
                trust_env=False,
            )
            assert created.status_code == 201


@needs_both_addresses
@pytest.mark.parametrize("host", ["localhost", "LocalHost", "localhost.", "api.localhost"])
def test_each_name_of_loopback_is_both_addresses_on_one_port(host: str) -> None:
    with bind(host, 0) as listeners:
        names = [one.getsockname()[:2] for one in listeners]
    assert [address for address, _ in names] == ["127.0.0.1", "::1"]
    assert names[0][1] == names[1][1]


@needs_both_addresses
@pytest.mark.thorough
def test_workers_share_both_loopback_addresses(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path / 'mock.db'}"
    with mock_process("--host", "localhost", "--workers", "2", "--store", store) as mock:
        port = mock.base_url.split("/")[2].split(":")[-1]
        for origin in (f"http://127.0.0.1:{port}", f"http://[::1]:{port}"):
            assert httpx.get(f"{origin}/_mock/ready", trust_env=False).status_code == 200


@needs_both_addresses
def test_localhost_is_refused_where_another_program_has_one_of_its_addresses() -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6) as taken:
        port = taken.getsockname()[1]
        line = run_command("serve", "--host", "localhost", "--port", str(port)).stderr
    assert f"cannot listen on [::1]:{port}: Address already in use; choose another" in line


@needs_both_addresses
def test_a_port_that_is_free_on_one_address_alone_is_not_taken(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    create_server = socket.create_server
    refusals = iter([True, True])

    def created(address: tuple[str, int], **options: Any) -> socket.socket:
        if address[0] == "::1" and next(refusals, False):
            raise OSError(errno.EADDRINUSE, "Address already in use")
        return create_server(address, **options)

    monkeypatch.setattr(socket, "create_server", created)
    with bind("localhost", 0) as listeners:
        names = [one.getsockname()[:2] for one in listeners]
    assert [host for host, _ in names] == ["127.0.0.1", "::1"]
    assert names[0][1] == names[1][1]


@pytest.mark.parametrize("missing", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("reason", [errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT])
def test_localhost_is_the_one_loopback_address_that_there_is(
    monkeypatch: pytest.MonkeyPatch, missing: str, reason: int
) -> None:
    [there] = {"127.0.0.1", "::1"} - {missing}
    if not has_address(there):
        pytest.skip(f"this machine has no {there}")
    create_server = socket.create_server

    def created(address: tuple[str, int], **options: Any) -> socket.socket:
        if address[0] == missing:
            raise OSError(reason, "no such address")
        return create_server(address, **options)

    monkeypatch.setattr(socket, "create_server", created)
    with bind("localhost", 0) as [listener]:
        assert listener.getsockname()[0] == there


def test_a_machine_without_any_loopback_address_is_one_line(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def created(*_: Any, **__: Any) -> socket.socket:
        raise OSError(errno.EADDRNOTAVAIL, "no such address")

    monkeypatch.setattr(socket, "create_server", created)
    with (
        pytest.raises(ServingError, match=r"cannot listen on \[::1\]:80: no such"),
        bind("localhost", 80),
    ):
        pass
