"""What a file does when its disk is full, is read-only, or holds something else.

Each disk is a real one: a file system in memory, in a mount namespace of the mock's own.
"""

import os
import random
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import httpx
import pytest

from demo.mock_process import MockDidNotStart, MockProcess, mock_process

UNSHARE = shutil.which("unshare")


@cache
def can_mount() -> bool:
    """Whether this user may have mounts of its own."""
    if UNSHARE is None:
        return False
    done = subprocess.run(
        [UNSHARE, "-rm", "mount", "-t", "tmpfs", "tmpfs", "/tmp"], capture_output=True, check=False
    )
    return done.returncode == 0


needs_mounts = pytest.mark.skipif(
    not can_mount(), reason="NOT TESTED: this user may not mount a file system (unshare -rm)"
)


def mounted(script: str, *values: str) -> list[str]:
    """A command that mounts by a script, whose values are $1 and so on, and runs the next one."""
    assert UNSHARE
    count = len(values)
    return [
        *(UNSHARE, "-rm", "sh", "-ec", f'{script}; shift {count}; exec "$@"', "sh"),
        *values,
    ]


@contextmanager
def client_of(mock: MockProcess) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {mock.token}"}
    with httpx.Client(base_url=mock.base_url, headers=headers, timeout=30) as client:
        yield client


def create(client: httpx.Client, key: str) -> httpx.Response:
    return client.post(
        "/auth/credentials", json={"name": "x" * 200}, headers={"Idempotency-Key": key}
    )


def listed(client: httpx.Client) -> list[str]:
    found: list[str] = []
    while True:
        after = {"starting_after": found[-1]} if found else {}
        page = client.get("/auth/credentials", params={"limit": 100, **after}).json()
        found += [one["client_id"] for one in page["data"]]
        if not page["has_more"]:
            return found


def is_store_unavailable(answer: httpx.Response) -> bool:
    return (
        answer.status_code == 500
        and answer.headers["content-type"] == "application/problem+json"
        and answer.json()["code"] == "store_unavailable"
    )


@needs_mounts
def test_a_full_disk_is_a_500_and_what_was_confirmed_is_there(tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    within = mounted('mount -t tmpfs -o size=1m tmpfs "$1"', str(disk))
    with mock_process("--store", f"sqlite:///{disk}/mock.db", within=within) as mock:
        # The disk is the mock's own: this is how another process gets to it.
        seen = Path(f"/proc/{mock.process.pid}/root{disk}")
        ballast = seen / "ballast"
        ballast.write_bytes(b"\0" * (os.statvfs(seen).f_bavail * 4096 - 300_000))
        confirmed: dict[str, bytes] = {}
        refused: list[str] = []
        with client_of(mock) as client:
            while len(refused) < 20:
                assert len(confirmed) < 5000, "the disk is never full"
                key = f"key {len(confirmed) + len(refused)}"
                answer = create(client, key)
                if answer.status_code == 201:
                    confirmed[key] = answer.content
                else:
                    assert is_store_unavailable(answer), answer.text
                    refused.append(key)
            assert confirmed
            assert len(listed(client)) == len(confirmed)

            ballast.unlink()
            for key, first in confirmed.items():
                again = create(client, key)
                assert (again.status_code, again.content) == (201, first)
                assert again.headers["idempotent-replayed"] == "true"
            for key in refused:
                assert "idempotent-replayed" not in create(client, key).headers
            assert len(listed(client)) == len(confirmed) + len(refused)
        log = mock.log()
    assert "mock.db cannot be used: database or disk is full (make room on its disk)" in log
    assert "Traceback" not in log


PARTNER = ("--partner", "dinie_ci_live_damaged:secret:token")


@pytest.fixture(autouse=True)
def _private_files() -> Iterator[None]:
    """The copies are private as the mock's own files are: it has nothing to say about them."""
    before = os.umask(0o077)
    yield
    os.umask(before)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> tuple[bytes, dict[str, bytes]]:
    """A whole file, and what it confirmed."""
    path = tmp_path_factory.mktemp("whole") / "mock.db"
    with mock_process("--store", f"sqlite:///{path}", *PARTNER) as mock, client_of(mock) as client:
        first = {str(number): create(client, str(number)).content for number in range(150)}
    return path.read_bytes(), first


@pytest.mark.thorough
@needs_mounts
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        (
            "mock.db",
            "attempt to write a readonly database (let this user write the file and its folder)",
        ),
        (
            "",
            "unable to open database file"
            " (its folder must exist, and this user must be able to write there)",
        ),
    ],
    ids=["the file", "its folder"],
)
def test_what_is_read_only_is_refused_in_one_line(
    tmp_path: Path, kept: tuple[bytes, dict[str, bytes]], name: str, reason: str
) -> None:
    (tmp_path / "mock.db").write_bytes(kept[0])
    store = f"sqlite:///{tmp_path}/mock.db"
    within = mounted('mount -o bind "$1" "$1"; mount -o remount,bind,ro "$1"', f"{tmp_path}/{name}")
    with pytest.raises(MockDidNotStart) as caught, mock_process("--store", store, within=within):
        pass
    assert str(caught.value) == f"dinie-mock: {tmp_path}/mock.db cannot be used: {reason}"


@pytest.mark.thorough
@pytest.mark.parametrize("page", [*range(1, 9), *range(10, 50, 8)])
def test_a_damaged_page_is_reported_and_leads_to_no_wrong_answer(
    tmp_path: Path, kept: tuple[bytes, dict[str, bytes]], page: int
) -> None:
    whole, first = kept
    damaged = bytearray(whole)
    damaged[page * 4096 : (page + 1) * 4096] = random.Random(page).randbytes(4096)
    (tmp_path / "mock.db").write_bytes(damaged)
    store = f"sqlite:///{tmp_path}/mock.db"
    told = "mock.db cannot be used: database disk image is malformed (the file is damaged"
    try:
        with mock_process("--store", store, *PARTNER) as mock, client_of(mock) as client:
            answers = {key: create(client, key) for key in first}
            log = mock.log()
    except MockDidNotStart as refusal:
        [line] = str(refusal).splitlines()
        assert told in line
        return
    assert "Traceback" not in log
    failed = [key for key, answer in answers.items() if answer.content != first[key]]
    assert all(is_store_unavailable(answers[key]) for key in failed)
    assert bool(failed) == (told in log)


def test_damage_is_met(tmp_path: Path, kept: tuple[bytes, dict[str, bytes]]) -> None:
    """The pages above do matter: with all of them damaged nothing is served."""
    whole, _ = kept
    (tmp_path / "mock.db").write_bytes(whole[:4096] + b"\xff" * (len(whole) - 4096))
    store = f"sqlite:///{tmp_path}/mock.db"
    with (
        pytest.raises(MockDidNotStart, match="the file is damaged"),
        mock_process("--store", store),
    ):
        pass


def test_a_file_that_was_removed_is_not_ready(tmp_path: Path) -> None:
    path = tmp_path / "mock.db"
    with mock_process("--store", f"sqlite:///{path}") as mock:
        ready = f"{mock.origin}/_mock/ready"
        assert httpx.get(ready).status_code == 200
        path.unlink()
        assert httpx.get(ready).status_code == 503
        path.write_bytes(b"")
        assert httpx.get(ready).status_code == 503
        log = mock.log()
    [line] = log.splitlines()
    assert f"{path} was moved or removed while it was open: start the mock again" in line
