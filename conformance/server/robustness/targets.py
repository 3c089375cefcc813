"""Odd methods, paths and query parameters do not make the server fail."""

from dataclasses import replace

from conformance.catalogue.judge import ANY_STATUS, Judge
from conformance.catalogue.mends import STRICT_QUERIES, UNKNOWN_IDS
from conformance.catalogue.registry import catches, requirement
from conformance.catalogue.requirement import Level
from conformance.catalogue.sabotage import fail_on
from conformance.probe.applicability import every
from conformance.probe.probe import Probe
from conformance.server.robustness.survival import (
    SAFETY,
    expect_no_server_error,
    send_expecting_no_server_error,
)
from openapi.operation import PATH_PARAMETER, Operation

# Nothing in these may match a resource by accident: the method may be DELETE.
_PATH_VALUES = (
    "%00 a%00 %FF%FE %ED%A0%80 %C0%AE %F0%9F%98%80 %0D%0A %20 a%2Fb a%5Cb a%3Fb%23c %27 %22 a;b=c"
    " %7B%7Bdinie%7D%7D $%7Bdinie%7D %3Cdinie%3E -1 99999999999999999999 null"
)
_QUERY_VALUES = (
    "0 -1 1.5 1e400 NaN true 99999999999999999999 %00 %FF %ED%A0%80 %F0%9F%98%80 % %27 %D9%A3 null"
)


def _has_path_parameter(operation: Operation) -> bool:
    return bool(PATH_PARAMETER.search(operation.path))


def _has_query_parameter(operation: Operation) -> bool:
    return any(one.location == "query" for one in operation.parameters)


@requirement(
    "robustness.odd-methods",
    Level.MUST,
    SAFETY,
    every,
    mend="Answer a method that a path does not have with 405 or 404.",
)
@catches(
    fail_on("unknown methods", lambda request: request.method in {"DINIE", "PROPFIND"}),
    fail_on("HEAD", lambda request: request.method == "HEAD"),
)
def odd_methods(probe: Probe) -> None:
    """Methods that the contract does not have do not make the server fail."""
    request = replace(probe.request(), headers=(), body=b"")
    methods = ("DINIE", "PROPFIND", "TRACE", "M-SEARCH", "HEAD", "OPTIONS")
    send_expecting_no_server_error(
        probe, [replace(request, method=one) for one in methods], odd_method=True
    )


@requirement(
    "robustness.strange-path-values",
    Level.MUST,
    SAFETY,
    _has_path_parameter,
    judges=(Judge(expect_no_server_error, statuses=ANY_STATUS),),
    mend=UNKNOWN_IDS,
)
@catches(
    fail_on("NUL in a path", lambda request: "%00" in request.path),
    fail_on("no UTF-8 in a path", lambda request: "%FF" in request.path),
    fail_on("a quote in a path", lambda request: "%27" in request.path),
)
def strange_path_values(probe: Probe) -> None:
    """Anything in place of a path's parameter does not make the server fail."""
    request = probe.request()
    begin, *rest = PATH_PARAMETER.split(probe.operation.path)[::2]
    paths = [
        begin + "".join(value + part for part in rest)
        for value in (*_PATH_VALUES.split(), "x" * 2000)
    ]
    send_expecting_no_server_error(probe, [replace(request, path=one) for one in paths])


@requirement(
    "robustness.strange-query-values", Level.MUST, SAFETY, _has_query_parameter, mend=STRICT_QUERIES
)
@catches(
    fail_on("NaN", lambda request: "=NaN" in request.path),
    fail_on("NUL in a query", lambda request: "=%00" in request.path),
    fail_on("a parameter twice", lambda request: request.path.count("limit=") > 1),
    fail_on("many digits", lambda request: "9" * 4301 in request.path),
)
def strange_query_values(probe: Probe) -> None:
    """Anything as the value of a query parameter does not make the server fail."""
    request = probe.request()
    mark = "&" if "?" in request.path else "?"
    for parameter in probe.operation.parameters:
        if parameter.location == "query":
            name = parameter.name
            values = (*_QUERY_VALUES.split(), "", "9" * 5000, "x" * 2000)
            queries = [f"{name}={value}" for value in values]
            queries += [
                name,
                f"{name}=1&{name}=2",
                f"{name}[]=1",
                f"{name}[a]=1",
                f"{name}=1&%FF=%",
            ]
            send_expecting_no_server_error(
                probe, [replace(request, path=f"{request.path}{mark}{one}") for one in queries]
            )
