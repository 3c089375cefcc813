"""What a mock loads for its first requests, and what only for those that need it."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]

PROGRAM = """
import sys
from tests.mock_server.clients import FIRST, Partnered, serve
from mock_server.settings import Settings

with serve(Settings(partners=(FIRST,), store={store!r})) as client:
    mock = Partnered(client, FIRST)
    assert mock.create(key="key").status_code == 201
    assert mock.create(key="key").headers["Idempotent-Replayed"] == "true"
    assert client.get("/v3/auth/credentials", headers={headers!r}).status_code == 401
    print("loaded:", *sorted({{"jwt", "cryptography"}} & {{*sys.modules}}))
"""


@pytest.mark.parametrize(
    ("store", "token", "loaded"),
    [
        ("sqlite://", "unknown", ""),
        ("sqlite://", "dinie_at_unknown", " cryptography jwt"),
        ("sqlite:///{}/mock.db", "unknown", " cryptography"),
    ],
    ids=["nothing", "for a token that may be signed", "for a file"],
)
def test_cryptography_is_loaded_where_something_needs_it(
    store: str, token: str, loaded: str, tmp_path: Path
) -> None:
    """It is a tenth of the memory of a start."""
    headers = {"Authorization": f"Bearer {token}"}
    code = PROGRAM.format(store=store.format(tmp_path), headers=headers)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code],
        check=False,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    assert done.stdout == f"loaded:{loaded}\n", done.stderr
