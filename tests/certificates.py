"""Certificates for tests: an authority, the option that trusts it, and a client's certificate."""

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path) -> tuple[str, str]:
    """The option with which an authority is trusted."""
    file = tmp_path / "authority.pem"
    authority.cert_pem.write_to_path(str(file))
    return "--ca-file", str(file)


class ClientFiles:
    """A client certificate in files: chain, key, both, and the key encrypted."""

    password = "correct horse battery"

    def __init__(self, authority: trustme.CA, folder: Path) -> None:
        leaf = authority.issue_cert("client@example.org")
        self.chain, self.key = folder / "client.pem", folder / "client.key"
        self.both, self.encrypted = folder / "both.pem", folder / "encrypted.key"
        chain = b"".join(one.bytes() for one in leaf.cert_chain_pems)
        plain = leaf.private_key_pem.bytes()
        key = load_pem_private_key(plain, None)
        self.chain.write_bytes(chain)
        self.key.write_bytes(plain)
        self.both.write_bytes(plain + chain)
        self.encrypted.write_bytes(
            key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8,
                              BestAvailableEncryption(self.password.encode()))
        )  # fmt: skip
        self.secrets = [line for line in plain.decode().splitlines() if len(line) > 40]


@pytest.fixture
def client(authority: trustme.CA, tmp_path: Path) -> ClientFiles:
    return ClientFiles(authority, tmp_path)
