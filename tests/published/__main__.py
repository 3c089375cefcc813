"""Judge all libraries and write ``docs/judged.md``, or serve one of them."""

import argparse
import platform
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from conformance.results.verdict import Verdict
from demo.redis_server import RedisServer, redis_server
from tests.published.front import FRONTS, Front, FrontError
from tests.published.gateway import behind
from tests.published.judging import verdict_on
from tests.published.library import Library, NotInstalledError, libraries
from tests.published.page import CONTROLS, PAGE, Judged, page


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.published", description=__doc__)
    parser.add_argument("command", nargs="?", default="judge", choices=["judge", "serve"])
    names = [one.name for one in libraries()]
    parser.add_argument("name", nargs="?", choices=names, metavar="NAME")
    parser.add_argument("--way", default="default", help="options, or validation")
    options = parser.parse_args()
    with _redis() as redis:
        if options.command == "serve":
            _serve(next(one for one in libraries() if one.name == options.name), options.way, redis)
        else:
            _write(redis)


@contextmanager
def _redis() -> Iterator[RedisServer]:
    with tempfile.TemporaryDirectory() as folder, redis_server(Path(folder)) as server:
        yield server


def _write(redis: RedisServer) -> None:
    found = [judged(one, redis) for one in libraries()]
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True)
    verdicts = {name: _control(name) for name in CONTROLS}
    text = page(verdicts, found, platform.python_version(), node.stdout.strip().lstrip("v"))
    PAGE.write_text(text)


def judged(library: Library, redis: RedisServer) -> Judged:
    """The verdict on each way of putting a library in, or the reason why there is none."""
    verdicts = {}
    try:
        library.install()
        for way in library.ways:
            redis.say("FLUSHALL")
            verdicts[way] = verdict_on(library.front_in(way, redis.url))
            _tell(f"{library.name}, {way}: {verdicts[way].line}")
    except (NotInstalledError, FrontError) as error:
        _tell(f"{library.name}: NOT TESTED: {error}")
        return Judged(library, {}, not_tested=str(error))
    return Judged(library, verdicts)


def control(program: str) -> Front:
    """A front without a library: it needs the framework of one."""
    frameworks = {".py": "fastapi-idempotency-key", ".js": "express-idempotency"}
    library = next(one for one in libraries() if one.name == frameworks[Path(program).suffix])
    library.install()
    return library.front_of(FRONTS / program, {})


def _control(name: str) -> Verdict:
    found = verdict_on(control(CONTROLS[name]), with_own_keys="own keys" in name)
    _tell(f"{name}: {found.line}")
    return found


def _serve(library: Library, way: str, redis: RedisServer) -> None:
    library.install()
    with behind(library.front_in(way, redis.url)) as address:
        one, two = address.partners
        _tell(f"export URL={address.url} TOKEN={one.token} SECOND_TOKEN={two.token}")
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
