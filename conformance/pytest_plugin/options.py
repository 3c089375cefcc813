"""The options of the pytest plugin."""

from collections.abc import Sequence

import pytest

_OPTIONS: Sequence[tuple[str, str, str]] = (
    ("url", "store", "base URL with its prefix, such as http://127.0.0.1:8080/v3"),
    ("app", "store", "module:object, an ASGI or WSGI app to judge in this process"),
    ("token", "store", "access token of a partner; better given as DINIE_TOKEN"),
    ("second-token", "store", "access token of another partner: more can be verified"),
    ("level", "store", "what fails: must (the default), or should for a broken SHOULD too"),
    ("select", "append", "only this id, section, or pattern of ids; repeatable"),
    ("seed", "store", "make the same choices as the run that printed this seed"),
    ("patience", "store", "repeat a request after so many seconds; 0 leaves that out"),
    ("clock-url", "store", 'where a POST of {"seconds": N} moves the target\'s clock ahead'),
    ("provoke-rate-limit", "store_true", "send many requests at the end to meet a 429"),
    ("ca-file", "store", "trust the certificate authorities in this PEM file, too"),
    ("baseline", "store", "violations that are accepted: expected failures"),
    ("keep", "store_true", "leave the keys that the run makes; else they are revoked"),
    ("allow-production", "store_true", "run against the contract's production server"),
)


_NODEIDS = "conformance_nodeids"


def option_dest(name: str) -> str:
    """The attribute of pytest's options that holds ``--conformance-<name>``."""
    return f"conformance_{name.replace('-', '_')}"


def given_arguments(config: pytest.Config) -> list[str]:
    """The options as ``dinie-conformance run`` takes them."""
    arguments = []
    for name, action, _ in _OPTIONS:
        value = config.getoption(option_dest(name))
        if action == "store_true":
            arguments += [f"--{name}"] if value else []
        else:
            values = value if isinstance(value, list) else [value] if value is not None else []
            arguments += [f"--{name}={one}" for one in values]
    return arguments


def option_named(name: str) -> str:
    """What to call an option of the command line in a message of this plugin."""
    if name in {one[0] for one in _OPTIONS}:
        return f"--conformance-{name}"
    return f"DINIE_{name.replace('-', '_').upper()}"


def wanted(config: pytest.Config) -> set[str]:
    """The node ids that the command line names; none of them is all."""
    return set(getattr(config.option, _NODEIDS, ()))
