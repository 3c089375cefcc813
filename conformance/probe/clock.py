"""The target's clock, where it can be moved (--clock-url)."""

from http import HTTPStatus

from conformance.probe.not_verified import NotVerified
from conformance.probe.probe import Probe
from conformance.target.errors import TargetError


def move_clock(probe: Probe, seconds: int) -> None:
    """Move the target's clock ahead; nothing is verified where that fails."""
    try:
        status = probe.move_clock(seconds)
    except TargetError as error:
        raise NotVerified(f"the clock was not moved: {error}") from error
    if not HTTPStatus.OK <= status < HTTPStatus.MULTIPLE_CHOICES:
        raise NotVerified(f"the clock was not moved: --clock-url answered {status}")
