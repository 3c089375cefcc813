"""How an answer is received: over sockets, within bounds of time and size, and decoded.

What needs httpx is loaded at first use: ``list`` and ``explain`` send nothing, and would take a
third longer. Modules say ``from conformance.target import transport`` and ``transport.…``.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conformance.target.transport.connections import Connections as Connections
    from conformance.target.transport.diagnosis import answering_proxy as answering_proxy
    from conformance.target.transport.diagnosis import certificate_mend as certificate_mend
    from conformance.target.transport.diagnosis import scheme_reason as scheme_reason
    from conformance.target.transport.sockets import SocketTransport as SocketTransport

_MODULES = {
    "Connections": "connections",
    "SocketTransport": "sockets",
    "answering_proxy": "diagnosis",
    "certificate_mend": "diagnosis",
    "scheme_reason": "diagnosis",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"{__name__} has no {name}")
    return getattr(importlib.import_module(f"{__name__}.{_MODULES[name]}"), name)
