"""Says something else with each attempt."""

import itertools
from typing import Any

import httpx
from correct import Client, run

COUNT = itertools.count(1)


class OtherBody(Client):
    def attempt(self, method: str, path: str, **options: Any) -> httpx.Response:
        if method == "POST":
            options["json"] = {"name": f"Attempt {next(COUNT)}"}
        return super().attempt(method, path, **options)


run(OtherBody())
