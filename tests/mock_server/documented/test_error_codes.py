"""The code of an enumeration that a made-up error has: that of the fault, and of no other."""

import pytest

from mock_server.documented import error_codes
from mock_server.documented.error_codes import Fault, code_of
from mock_server.exchange.authorization import unauthenticated
from mock_server.exchange.problems import (
    Problem,
    ProblemType,
    invalid_fields,
    method_not_allowed,
    no_item,
)
from openapi.field_errors import FieldError


def field(code: str, detail: str = "", name: str = "title") -> Problem:
    return invalid_fields([FieldError(name, detail, code)])


def of(kind: ProblemType, code: str) -> Problem:
    return Problem(kind, code, "So it is.")


FAULTS = {
    "missing": field("missing_required_field", "is required"),
    "type": field("invalid_type", "must be a string"),
    "format": field("invalid_format", "must have the format email"),
    "long": field("invalid_value", "is longer than 5 characters"),
    "short": field("invalid_value", "is shorter than 5 characters"),
    "low": field("invalid_value", "is less than the minimum of 1"),
    "high": field("invalid_value", "is greater than the maximum of 1"),
    "listed": field("invalid_value", "must be one of a, b"),
    "extra": field("unknown_field", "is not a known field"),
    "json": of(ProblemType.INVALID_REQUEST, "malformed_body"),
    "media": of(ProblemType.INVALID_CONTENT_TYPE, "invalid_content_type"),
    "large": of(ProblemType.BODY_TOO_LARGE, "body_too_large"),
    "token": unauthenticated("invalid_token", "The token is not valid."),
    "none": unauthenticated("missing_token", "Send a token."),
    "item": no_item("id"),
    "method": method_not_allowed("GET"),
    "accept": of(ProblemType.NOT_ACCEPTABLE, "not_acceptable"),
    "taken": of(ProblemType.CONFLICT, "already_exists"),
    "key": of(ProblemType.KEY_REUSED, "idempotency_key_reused"),
    "tag": of(ProblemType.PRECONDITION_FAILED, "precondition_failed"),
    "rate": of(ProblemType.RATE_LIMIT_EXCEEDED, "rate_limit_exceeded"),
    "crash": of(ProblemType.INTERNAL, "internal_error"),
    "down": of(ProblemType.OVERLOADED, "overloaded"),
}

GOOGLE = (
    *("OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND"),
    *("ALREADY_EXISTS", "PERMISSION_DENIED", "UNAUTHENTICATED", "RESOURCE_EXHAUSTED"),
    *("FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL"),
    *("UNAVAILABLE", "DATA_LOSS"),
)
BOX = (
    *("created", "accepted", "no_content", "redirect", "not_modified", "bad_request"),
    *("unauthorized", "forbidden", "not_found", "method_not_allowed", "conflict"),
    *("precondition_failed", "too_many_requests", "internal_server_error", "unavailable"),
    *("item_name_invalid", "insufficient_scope"),
)
GITHUB = ("missing", "missing_field", "invalid", "already_exists", "unprocessable", "custom")
STRIPE = ("api_error", "card_error", "idempotency_error", "invalid_request_error")
STRIPE_CODES = (
    *("account_invalid", "amount_too_large", "amount_too_small", "api_key_expired"),
    *("card_declined", "email_invalid", "idempotency_key_in_use", "lock_timeout"),
    *("parameter_invalid_empty", "parameter_invalid_integer", "parameter_missing"),
    *("parameter_unknown", "payment_method_invalid", "rate_limit", "resource_already_exists"),
    *("resource_missing", "token_already_used", "url_invalid"),
)
OPENAI = (
    *("server_error", "permission_error", "authentication_error", "not_found_error"),
    *("request_too_large", "timeout_error", "rate_limit_error", "overloaded_error"),
    *("billing_error", "invalid_request_error"),
)
AWS = (
    *("AccessDeniedException", "ConflictException", "InternalServerException"),
    *("MissingParameter", "RequestEntityTooLarge", "ResourceNotFoundException"),
    *("ServiceQuotaExceededException", "ThrottlingException", "UnrecognizedClientException"),
    *("UnsupportedMediaTypeException", "ValidationException", "ServiceUnavailableException"),
)
USUAL = (
    *("invalid_media_type", "invalid_token", "method_not_allowed", "not_found", "invalid_json"),
    *("rate_limited", "conflict", "internal", "invalid_type", "required", "too_long"),
    *("too_short", "out_of_range", "unknown_field", "payload_too_large", "invalid"),
)


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        (
            GOOGLE,
            {
                "missing": "INVALID_ARGUMENT",
                "type": "INVALID_ARGUMENT",
                "low": "OUT_OF_RANGE",
                "extra": "INVALID_ARGUMENT",
                "json": "INVALID_ARGUMENT",
                "media": "INVALID_ARGUMENT",
                "token": "UNAUTHENTICATED",
                "item": "NOT_FOUND",
                "taken": "ALREADY_EXISTS",
                "tag": "FAILED_PRECONDITION",
                "rate": "RESOURCE_EXHAUSTED",
                "crash": "INTERNAL",
                "down": "UNAVAILABLE",
            },
        ),
        (
            BOX,
            {
                **dict.fromkeys(("missing", "type", "json", "long", "media"), "bad_request"),
                "token": "unauthorized",
                "item": "not_found",
                "method": "method_not_allowed",
                "taken": "conflict",
                "tag": "precondition_failed",
                "rate": "too_many_requests",
                "crash": "internal_server_error",
                "down": "unavailable",
            },
        ),
        (
            GITHUB,
            {
                "missing": "missing_field",
                "type": "invalid",
                "long": "invalid",
                "item": "missing",
                "taken": "already_exists",
                "token": "invalid",
            },
        ),
        (
            STRIPE,
            {
                **dict.fromkeys(("missing", "type", "token", "item"), "invalid_request_error"),
                "key": "idempotency_error",
                "crash": "api_error",
                "down": "api_error",
            },
        ),
        (
            STRIPE_CODES,
            {
                "missing": "parameter_missing",
                "extra": "parameter_unknown",
                "item": "resource_missing",
                "taken": "resource_already_exists",
                "rate": "rate_limit",
                "token": "api_key_expired",
            },
        ),
        (
            OPENAI,
            {
                **dict.fromkeys(("missing", "type", "json", "media"), "invalid_request_error"),
                "token": "authentication_error",
                "item": "not_found_error",
                "large": "request_too_large",
                "rate": "rate_limit_error",
                "crash": "server_error",
                "down": "overloaded_error",
            },
        ),
        (
            AWS,
            {
                "missing": "MissingParameter",
                "type": "ValidationException",
                "token": "UnrecognizedClientException",
                "item": "ResourceNotFoundException",
                "media": "UnsupportedMediaTypeException",
                "large": "RequestEntityTooLarge",
                "taken": "ConflictException",
                "rate": "ThrottlingException",
                "crash": "InternalServerException",
                "down": "ServiceUnavailableException",
            },
        ),
        (
            USUAL,
            {
                "missing": "required",
                "type": "invalid_type",
                "format": "invalid",
                "long": "too_long",
                "short": "too_short",
                "low": "out_of_range",
                "high": "out_of_range",
                "extra": "unknown_field",
                "json": "invalid_json",
                "media": "invalid_media_type",
                "large": "payload_too_large",
                "token": "invalid_token",
                "none": "invalid_token",
                "item": "not_found",
                "method": "method_not_allowed",
                "taken": "conflict",
                "rate": "rate_limited",
                "crash": "internal",
                "down": "internal",
            },
        ),
    ],
)
@pytest.mark.parametrize("step", [1, -1])
def test_the_codes_of_an_api(codes: tuple[str, ...], expected: dict[str, str], step: int) -> None:
    found = {one: code_of(codes[::step], Fault.of(FAULTS[one], "/v1/things")) for one in expected}
    assert found == expected


@pytest.mark.parametrize(
    ("fault", "documented", "expected"),
    [
        (unauthenticated("invalid_token", "No."), "403", "forbidden"),
        (no_item("id"), "410", "not_found"),
        (of(ProblemType.CONFLICT, "already_done"), "404", "not_found"),
        (of(ProblemType.INVALID_CONTENT_TYPE, "invalid_content_type"), "422", "bad_request"),
    ],
)
def test_a_code_is_that_of_the_status_that_is_documented(
    fault: Problem, documented: str, expected: str
) -> None:
    fault.take_status([documented])
    assert code_of(BOX, Fault.of(fault, "/v1/things")) == expected


OF_OTHERS = (
    *("invalid_media_type", "invalid_token", "method_not_allowed", "unsupported_media_type"),
    *("not_found", "conflict", "rate_limit_exceeded", "internal_error", "token_required"),
    *("login_required", "payment_required", "invalid_json", "payload_too_large"),
    *("request_timeout", "service_unavailable", "already_exists", "version_mismatch"),
)


@pytest.mark.parametrize("fault", ["missing", "type", "format", "long", "low", "listed", "extra"])
def test_a_bad_field_has_no_code_of_another_fault(fault: str) -> None:
    assert code_of(OF_OTHERS, Fault.of(FAULTS[fault], "/v1/things")) is None
    assert code_of((*OF_OTHERS, "error"), Fault.of(FAULTS[fault], "/v1/things")) == "error"


@pytest.mark.parametrize(
    ("codes", "problem", "expected"),
    [
        (("order_not_found", "user_not_found"), FAULTS["item"], "user_not_found"),
        (("amount_invalid", "email_invalid"), field("invalid_type", "", "email"), "email_invalid"),
        (("amount_required", "invalid"), field("missing_required_field", "", "email"), "invalid"),
        (("token_missing", "token_invalid"), FAULTS["none"], "token_missing"),
        (("token_expired", "token_invalid"), FAULTS["none"], "token_invalid"),
        (("token_expired", "token_invalid"), FAULTS["token"], "token_invalid"),
        (("invalid_request", "validation_failed"), FAULTS["type"], "validation_failed"),
        (("constraint_violation", "invalid_request"), FAULTS["long"], "constraint_violation"),
        (("one", "other"), FAULTS["type"], None),
    ],
)
def test_words_of_the_field_and_of_the_path(
    codes: tuple[str, ...], problem: Problem, expected: str | None
) -> None:
    assert code_of(codes, Fault.of(problem, "/v1/users/7")) == expected


@pytest.mark.parametrize(
    ("codes", "faults", "expected"),
    [
        (
            ("AUTH", "LIMIT", "argument_error"),
            ("missing", "type", "long", "json"),
            "argument_error",
        ),
        (("AUTH", "wrong_value"), ("long", "short", "low", "high", "listed"), "wrong_value"),
        (("E_VALIDATION", "E_RATE"), ("rate",), "E_RATE"),
        (("badRequest", "rate"), ("rate",), "rate"),
        (("BAD", "UNACCEPTABLE"), ("accept",), "UNACCEPTABLE"),
        (("BAD", "ACCEPT"), ("accept",), "ACCEPT"),
        (("rate_required", "rate"), ("missing",), "rate_required"),
        (("invalid_rate", "throttled"), ("rate",), "throttled"),
        (("invalid_rate", "throttled"), ("type",), "invalid_rate"),
        (("generated", "corporate"), ("rate",), None),
    ],
)
def test_words_for_a_fault(
    codes: tuple[str, ...], faults: tuple[str, ...], expected: str | None
) -> None:
    found = {code_of(codes, Fault.of(FAULTS[one], "/v1/things")) for one in faults}
    assert found == {expected}


@pytest.mark.parametrize(
    ("codes", "made", "expected"),
    [
        (("AUTH", "card", "other"), "AUTH", "other"),
        (("AUTH", "OK", "card"), "AUTH", "card"),
        (("OK", "AUTH", "card"), "OK", "card"),
        (("AUTH", "LIMIT"), "AUTH", None),
        (("AUTH", "card", "bank"), "bank", None),
        (("AUTH", "card", "other"), "other", None),
    ],
)
def test_a_made_code_of_another_fault_gives_way_to_one_of_none(
    codes: tuple[str, ...], made: str, expected: str | None
) -> None:
    assert code_of(codes, Fault.of(FAULTS["missing"], "/v1/things"), made) == expected


def test_the_codes_of_a_contract_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []
    fitness = error_codes._fitness

    def counted(option: str, fault: Fault) -> tuple[int, ...]:
        looked_at.append(option)
        return fitness(option, fault)

    monkeypatch.setattr(error_codes, "_fitness", counted)
    codes = [f"thing_{at}_missing" for at in range(100)]
    for at in range(50):
        problem = field("missing_required_field", "is required", f"f{at}")
        assert code_of(codes, Fault.of(problem, f"/v1/things/{at + 1000}")) == "thing_0_missing"
    assert looked_at == codes
