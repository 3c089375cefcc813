"""The extras of the distribution, and the requirement that installs one."""

import json
import shlex
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from dinie_contract.location import ROOT

_NAME = "dinie-contract"

_LIBRARIES = {"conformance": "schemathesis", "load": "locust", "plots": "matplotlib"}
"""The extras, each with a library that only it installs."""


def is_installed(extra: str) -> bool:
    """Whether the libraries of an extra are installed."""
    try:
        return find_spec(_LIBRARIES[extra]) is not None
    except ValueError:  # the import is blocked in this process
        return False


def installing(extra: str) -> str:
    """How to install an extra, as the end of a message.

    It names the requirement and no installer: pip, pipx, uv and uvx take the same one.
    """
    place = _place()
    if _is_gone(place):
        return (
            f"install {shlex.quote(f'{_NAME}[{extra}]')} from its source"
            f" ({place}, where this one came from, is not there)"
        )
    requirement = f"{_NAME}[{extra}]" + (f" @ {place}" if place else "")
    return f"install {shlex.quote(requirement)}"


def _place() -> str:
    """The URL that the distribution was installed from; empty where an index gave it."""
    try:
        # Installers write this file for every origin but an index (PEP 610).
        origin = json.loads(distribution(_NAME).read_text("direct_url.json") or "{}")
    except PackageNotFoundError:  # a checkout on the path
        return ROOT.as_uri()
    url = _without_password(str(origin.get("url", "")))
    if version_control := origin.get("vcs_info"):
        return f"{version_control['vcs']}+{url}@{version_control['commit_id']}"
    return url


def _is_gone(place: str) -> bool:
    """Whether it is a place on this machine that is no longer there, as after an image is built."""
    parts = urlsplit(place)
    return parts.scheme == "file" and not Path(url2pathname(parts.path)).exists()


def _without_password(url: str) -> str:
    """A URL without the user in it, who may be a token; the user ``git`` of SSH stays."""
    parts = urlsplit(url)
    user, _, host = parts.netloc.rpartition("@")
    return url if user in {"", "git"} else parts._replace(netloc=host).geturl()
