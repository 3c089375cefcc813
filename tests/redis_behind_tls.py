"""A real redis-server that speaks TLS, with an authority of its own and one that nobody trusts."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import trustme

from demo.redis_server import redis_server


@contextmanager
def redis_behind_tls(folder: Path, password: str) -> Iterator[tuple[str, str]]:
    """Its URL by the right authority and by another one, until the block ends."""
    authority, another = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(folder / "authority.pem")
    another.cert_pem.write_to_path(folder / "another.pem")
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    client = ssl.create_default_context()
    authority.configure_trust(client)
    options = (
        *("--port", "0", "--tls-auth-clients", "no"),
        *("--tls-cert-file", str(folder / "certificate.pem")),
        *("--tls-key-file", str(folder / "key.pem")),
        *("--tls-ca-cert-file", str(folder / "authority.pem")),
    )
    with redis_server(folder, password, options, client) as server:
        right, wrong = (
            f"{server.url}?ssl_ca_certs={folder}/{name}.pem" for name in ("authority", "another")
        )
        yield right, wrong
