"""What mends a server, where several requirements are broken for one cause.

Requirements that share one of these texts are one cause in the reports.
"""

ACCEPT_PLAIN = (
    "Accept what the contract allows: the required fields alone, a far date, null where it may be."
)
APPLY_LIMIT = "Apply the size of a page with its documented default and bounds."
BOUND_LENGTHS = "Answer what is too long in a path, query or header with a 4xx."
BY_KEY_ALONE = "Find a stored answer by partner and key alone, not by headers, token or connection."
BY_SCHEMA = (
    "Build the answer by the contract's schema: every required member, each of its"
    " type, null for no value."
)
CHALLENGE = (
    'Send WWW-Authenticate with every 401: Bearer, with error="invalid_token" for a'
    " token that was sent, and without error for none; or Basic, with a realm."
)
LIVE_KEYS_ONLY = (
    "Check a key's whole secret, status and end where a token is issued, and answer 401 otherwise."
)
AUTHENTICATE_FIRST = (
    "Check the Authorization header before anything else, for each path and method,"
    " and take only a whole Bearer token that was issued."
)
CLAIM_KEY = (
    "Claim the key by a unique constraint before anything is executed, and let"
    " others wait for the first answer."
)
DOCUMENTED_STATUSES = (
    "Answer with a status that the contract names for the operation, in place of"
    " the framework's own."
)
EXACT_KEYS = (
    "Store and compare keys byte by byte in all their length: a binary collation,"
    " nothing trimmed, folded, cut or decoded."
)
EXCHANGE_KEYS = "Exchange each active key for a token as the contract documents it."
EXECUTED_ONLY = (
    "Keep a key only with the answer of an executed request: a refusal stores and locks nothing."
)
EXECUTE_EACH = (
    "Execute each request that has no key: nothing before the server may join or repeat requests."
)
FIELDS_422 = "Answer 422 where a body can be read and a field in it is wrong or missing."
FRESH = "Make a key with the status active and last_used_at null."
HIDE_SECRETS = (
    "Leave the secret out of everything but the answer that issues it: keep only its hash."
)
KEEP_24_HOURS = "Keep a key for 24 hours from its first use, and forget it then."
KEEP_INSTANTS = (
    "Parse dates by RFC 3339 with their offset and fraction, and refuse what cannot"
    " be kept with a documented 4xx."
)
KEEP_TEXTS = (
    "Store texts as they are (four-byte UTF-8, nothing trimmed, normalised or cut),"
    " or refuse them with a documented 4xx."
)
KEYS_BY_PARTNER = "Make the partner a part of the stored key: each partner has keys of its own."
KEY_STATUS = "Look at the state of a resource, uncached, wherever it is listed or used."
LIMIT_HEADERS = (
    "Send the limiter's own X-RateLimit-Limit, -Remaining and -Reset with every"
    " answer, refusals and 429s too."
)
MEDIA_TYPES = (
    "Send each status in the media type that the contract names: errors of the framework"
    " and of a gateway too."
)
NAME_FIELDS = "Collect all errors of the validation, and name each field in errors."
NO_FAILURE = (
    "Find the failure in the server's log, and refuse with a documented 4xx what cannot be handled."
)
NO_STORE = "Send Cache-Control: no-store with every answer that holds a secret or a token."
ONE_CLOCK = (
    "Take the times of creation and change from one clock that is right, and write them as"
    " RFC 3339 date-times with an offset."
)
OWN_TOKENS = "Take the tokens that the server itself issues, and write the key's partner into them."
PARSE_FIRST = (
    "Parse the body, and the Content-Type with its parameters, in place of"
    " comparing their spelling."
)
RANDOM_BYTES = (
    "Make secrets by the system's generator of random bytes, 16 of them or more,"
    " and of nothing else."
)
READ_WHAT_IS_WRITTEN = (
    "Read the list from the store that creations write to, at once, and change no value on the way."
)
REPEAT_NOTHING = "Never copy a token, a secret or a body of a request into an answer."
SECOND_REVOCATION = "Answer a second revocation or deletion with 204, 404 or 409."
STABLE_PAGES = (
    "Page by an order that is unique and stable, such as time and id, and read one"
    " item more than a page holds."
)
STORE_FIRST = (
    "Store the first answer with its key in the transaction that creates, and send"
    " just that answer again for 24 hours."
)
STRICT_JSON = "Parse the body strictly as JSON (RFC 8259), and answer 400 where that fails."
STRICT_QUERIES = "Validate query parameters, and refuse or ignore what is unknown."
TRUE_RETRY_AFTER = "Take Retry-After from the limiter's own window, in whole seconds, rounded up."
UNKNOWN_IDS = "Treat an id that cannot be one as unknown: 404, without asking the store."
UNKNOWN_MEMBERS = "Overlook or refuse members that the contract does not know."
VALIDATE = (
    "Validate the body by the contract's schema, without converting types, before anything is done."
)
WHOLE_ID = (
    "Look up what to revoke or delete by its whole id and the token's partner, and nothing else."
)
WHOLE_PROBLEMS = (
    "Write every error in one place, by the contract's schema of errors, and by RFC 9457 where"
    " it is a problem document."
)
