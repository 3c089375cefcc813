"""New client ids and secrets."""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass


def client_id() -> str:
    return "dinie_ci_live_" + secrets.token_hex(16)


def client_secret() -> str:
    return "dinie_cs_live_" + secrets.token_hex(16)


def digest(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()


@dataclass
class Minting:
    """The seams of what is minted."""

    client_id: Callable[[], str] = client_id
    client_secret: Callable[[], str] = client_secret
