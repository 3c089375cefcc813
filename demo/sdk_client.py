"""Five keys and a list with the vendor's Python SDK, unchanged: a command for ``exercise``."""

import os
from collections.abc import Callable
from functools import partial

from dinie import Dinie
from dinie.generated.types.create_credential_request import CreateCredentialRequest


def main() -> None:
    """Do what a partner would; a call that fails does not keep the others from being made."""
    client = Dinie(
        base_url=os.environ["DINIE_BASE_URL"],
        client_id=os.environ["DINIE_CLIENT_ID"],
        client_secret=os.environ["DINIE_CLIENT_SECRET"],
    )
    calls: list[Callable[[], object]] = [
        partial(client.credentials.create, CreateCredentialRequest(name=f"Key {number} of the SDK"))
        for number in range(1, 6)
    ]
    failures = 0
    for call in [*calls, client.credentials.list]:
        try:
            call()
        except Exception as error:  # noqa: BLE001 - the SDK lets its HTTP client's errors through
            failures += 1
            print(f"{type(error).__name__}: {error}")
    if failures:
        raise SystemExit(f"{failures} of {len(calls) + 1} calls failed")


if __name__ == "__main__":
    main()
