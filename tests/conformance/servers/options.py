"""What a server may decide for itself, and what it may get wrong."""

from dataclasses import dataclass
from enum import StrEnum, auto

CREATE, LIST = "POST /auth/credentials", "GET /auth/credentials"
REVOKE, TOKEN = "DELETE /auth/credentials/", "POST /auth/token"
"""Operations, as options name them."""

ONLY_CREATES = frozenset({LIST, REVOKE, TOKEN})


class Validation(StrEnum):
    """How much a server takes."""

    USUAL = auto()
    LENIENT = auto()
    """All that the contract does not forbid, and ISO 8601 beyond RFC 3339."""
    STRICT = auto()
    """With rules of its own: on names, dates, members and keys."""


class Ids(StrEnum):
    """What the client ids look like behind their prefix."""

    HEX = auto()
    UPPER_HEX = auto()
    ULID = auto()
    PUNCTUATED = auto()
    """With all that a path, a form and HTTP Basic must escape."""


class Order(StrEnum):
    """The order of a list."""

    NEWEST_FIRST = auto()
    OLDEST_FIRST = auto()
    BY_CLIENT_ID = auto()


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

    lacks: frozenset[str] = frozenset()
    """Operations that it does not serve, each as a method and a place."""
    elsewhere: int = 404
    """What it answers in place of the operations that it lacks."""
    other_methods: int = 405
    """What it answers to methods that no operation of a path has."""
    validation: Validation = Validation.USUAL
    replays_conflicts: bool = False
    revokes_again: bool = False
    forgets_revoked: bool = False
    rate: int = 1_000_000
    rate_seconds: int = 1
    """How long the window of the rate is."""
    retry_after_is_a_date: bool = False
    tells_wait: bool = True
    """A 429 has a Retry-After."""
    tells_rate: bool = True
    limits: frozenset[str] = frozenset()
    """The methods that the rate counts; empty for all."""
    seconds_to_answer: float = 0.0
    is_uneven: bool = False
    """It takes any time up to twice as long."""
    seconds_to_create: float = 0.0
    """What a creation takes while its key is held."""
    at_once: int = 1000
    """So many requests are handled at the same time; others wait."""
    path: str = "/v3"
    id_prefix: str = "dinie_ci_live_"
    ids: Ids = Ids.HEX
    id_is_client_id: bool = True
    id_is_a_number: bool = False
    secret_prefix: str = "dinie_cs_live_"
    secrets_are_base64: bool = False
    longest_key: int | None = None
    """Longer keys, and those with other than printable ASCII, are refused with 400."""
    keys_are_version_4: bool = False
    """Keys other than UUIDs of version 4 in lower case are refused with 400."""
    names_are_unique: bool = False
    """A name that a partner has is refused."""
    most_keys: int = 1_000_000
    """A partner that has so many active keys makes no more."""
    revocation_shows_the_key: bool = False
    """A revocation is a 200 with the key as it is listed."""
    unreadable: int = 400
    """The status for bodies that are no JSON."""
    invalid: int = 422
    """The status for JSON that is not what the contract says, and for keys used otherwise."""
    tells_replays: bool = False
    echoes_dates: bool = False
    """The end of a key comes back as it was sent."""
    offset_hours: int | None = None
    """None writes Z."""
    precision: str = "seconds"
    type_parameters: str = ""
    indented: bool = False
    escapes_all: bool = False
    """Each letter of a text is escaped."""
    has_fractions: bool = False
    """Whole numbers are written as 1.0, which JSON Schema takes for an integer."""
    adds_more: bool = False
    """Members and headers that no contract names."""
    short_problems: bool = False
    problem_types: str = "https://api.dinie.com.br/errors/"
    """What the kinds of problems begin with; about:blank names none."""
    pointer: str = ""
    """What the names of bad fields begin with."""
    speaks_portuguese: bool = False
    challenge: str = "Bearer"
    order: Order = Order.NEWEST_FIRST
    default_page: int = 25
    list_lags_seconds: float = 0.0
    """For how long a list does not show what was made or revoked."""
    clock_hours: int = 0
    """How far the clock is off."""
    has_clock: bool = False
    """POST /clock/advance beside the API moves it."""
    tokens_live_seconds: int = 3600
    tokens_by_form_only: bool = False
    authenticates_first: bool = False
    """No token, no word about which paths and methods there are."""
    answers_options: bool = False
    answers_heads: bool = False
    redirects_slashes: bool = False
    """A path with a slash too many leads to the one without."""
    is_tolerant_of_paths: bool = False
    """The case of a path makes no difference, nor do several slashes in a row."""
    longest_life_years: int | None = None
    """Keys that end later are refused."""
    has_gateway: bool = False
    compresses: bool = False
    keeps_connections: bool = True
    idle_seconds: float | None = None
    """How long it keeps a connection on which nothing comes."""
    requests_per_connection: int = 1_000_000
    """After so many it closes a connection without a word."""
    chunked: bool = False
    """Bodies come in chunks, with trailers."""
    interim: int = 0
    """The status of an answer before each answer."""
    trickles: bool = False
    """Answers come in small pieces."""
    is_terse: bool = False
    """Headers in lower case, twice and with blanks, no reasons, no Date and no Server."""
    restarts_after: int = 0
    """After so many requests it is killed, and comes back with what it has stored."""
    http: str = "HTTP/1.1"
    host: str = "127.0.0.1"
    has_tls: bool = False
    bug: Bug | None = None
