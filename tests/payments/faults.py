"""The faults that the payments server can be given."""

from enum import StrEnum


class Fault(StrEnum):
    """One fault; each breaks what the contract, or safety, asks for."""

    KEY_IGNORED = "the idempotency key is ignored"
    KEY_SHARED = "an idempotency key belongs to all partners"
    STATUS_UNDOCUMENTED = "a reused key is answered with 423, which is not documented"
    SCHEMA_BROKEN = "a new payment has its amount as a text"
    TOKEN_UNCHECKED = "any token, and none, is taken for the first partner's"
    LIST_LEAKS = "a list shows what other partners have made"
    PAGE_REPEATS = "a page begins with the last item of the page before it"
    PAGE_LOSES = "an item between two pages is on neither"
    CANCEL_IDLE = "a cancellation is answered and does nothing"
    FAILS = "notes with an accent make the server fail"
    SECRET_LISTED = "a list shows the secrets"
    KEY_REUSED = "a key that was used for one body makes a payment of another"
    READ_LEAKS = "a payment is shown by its id to whoever asks"
    READ_IS_FIRST = "each id of a payment shows the first one of its merchant"
    READ_INVENTS = "an id that nothing has is answered with a payment"
    READ_FORGETS = "a payment that is read has lost its note"
    DELETE_IDLE = "a terminal that was removed is still there"
    AMOUNT_UNBOUNDED = "a payment of more than the most is taken"
