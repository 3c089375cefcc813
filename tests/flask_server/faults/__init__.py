"""The faults, each as some system was reported to have it; a module for each kind."""

import importlib

from tests.flask_server.faults.fault import FAULTS, Expected, Fault

KINDS = (
    "stores",
    "gateways",
    "signing_in",
    "keys",
    "requests",
    "times",
    "lists",
    "limiting",
    "minted",
    "simultaneous",
    "seldom",
)

for kind in KINDS:
    importlib.import_module(f"{__name__}.{kind}")

__all__ = ["FAULTS", "KINDS", "Expected", "Fault"]
