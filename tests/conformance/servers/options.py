"""What a server may decide for itself, and what it may get wrong."""

from dataclasses import dataclass
from enum import StrEnum, auto


class Validation(StrEnum):
    """How much a server takes."""

    USUAL = auto()
    LENIENT = auto()
    """All that the contract does not forbid, and ISO 8601 beyond RFC 3339."""
    STRICT = auto()
    """With rules of its own: on names, dates, members and keys."""


class Bug(StrEnum):
    """What breaks the contract."""

    KEYS_ARE_IGNORED = auto()
    KEYS_ARE_SHARED_BY_PARTNERS = auto()
    KEYS_ARE_CUT = auto()
    KEYS_KEEP_REFUSALS = auto()
    KEYS_ARE_RACED_FOR = auto()
    REPLAYS_LACK_THE_SECRET = auto()
    SECRET_IS_LISTED = auto()
    SECRETS_ARE_COUNTED = auto()
    TIMES_HAVE_NO_OFFSET = auto()
    OFFSETS_ARE_DROPPED = auto()
    NAMES_ARE_STRIPPED = auto()
    CREATED_IS_200 = auto()
    BAD_JSON_IS_A_PAGE = auto()
    SURROGATES_ARE_A_FAILURE = auto()
    NUMBERS_ARE_NAMES = auto()
    REFUSALS_ARE_JSON = auto()
    TOKENS_HAVE_NO_CASE = auto()
    TOKENS_ARE_CHECKED_LATE = auto()
    LISTS_ARE_SHARED_BY_PARTNERS = auto()
    ANYBODY_REVOKES = auto()
    KEYS_ARE_KEPT_FOR_EVER = auto()
    KEYS_EXPIRE_EARLY = auto()
    KEYS_ARE_DENIED_TO_OTHERS = auto()
    KEYED_REQUESTS_ARE_REFUSED = auto()
    ISSUED_TOKENS_ARE_THE_FIRST_PARTNERS = auto()
    LIMITS_SAY_TOO_LITTLE = auto()
    KEYS_IN_USE_ARE_CONFLICTS = auto()
    OTHER_BODIES_ARE_CONFLICTS = auto()
    ENDS_ARE_NOT_COMPARED = auto()
    OTHER_TYPES_ARE_415 = auto()
    UNFIT_ACCEPTS_ARE_406 = auto()
    OFFSETS_ARE_REFUSED = auto()
    FULL_PAGES_SAY_MORE = auto()
    LISTS_FAIL = auto()
    TOKENS_IN_QUERIES_STAND_IN = auto()
    """For a token in the header that is not known."""


@dataclass(frozen=True, slots=True)
class Options:
    """One server. As it is by default it follows everything that the vendor says."""

    only_create: bool = False
    elsewhere: int = 404
    """What it answers in place of the other operations where it only creates."""
    validation: Validation = Validation.USUAL
    replays_conflicts: bool = False
    revokes_again: bool = False
    forgets_revoked: bool = False
    rate: int = 1_000_000
    rate_seconds: int = 1
    """How long the window of the rate is."""
    retry_after_is_a_date: bool = False
    tells_rate: bool = True
    seconds_to_answer: float = 0.0
    path: str = "/v3"
    id_prefix: str = "dinie_ci_live_"
    secret_prefix: str = "dinie_cs_live_"
    id_is_client_id: bool = True
    upper_case: bool = False
    offset_hours: int | None = None
    """None writes Z."""
    precision: str = "seconds"
    type_parameters: str = ""
    indented: bool = False
    adds_more: bool = False
    """Members and headers that no contract names."""
    short_problems: bool = False
    problem_types: str = "https://api.dinie.com.br/errors/"
    challenge: str = "Bearer"
    newest_first: bool = True
    clock_hours: int = 0
    """How far the clock is off."""
    has_clock: bool = False
    """POST /clock/advance beside the API moves it."""
    tokens_live_seconds: int = 3600
    tokens_by_form_only: bool = False
    compresses: bool = False
    keeps_connections: bool = True
    http: str = "HTTP/1.1"
    bug: Bug | None = None
