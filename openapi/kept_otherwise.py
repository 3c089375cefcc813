"""Members that a server keeps in a form of its own, as their descriptions say: trimmed, sorted."""

import re
from functools import cache

from openapi.item_members import Members
from openapi.operation import Operation

_REWRITING = re.compile(
    r"\b(trim|strip|normali[sz]|sanit|canonical|capitali[sz]|round|truncat|sort|reformat|de-?dup"
    r"|rewrit|(upper|lower)[- ]?case|without (duplicates|blanks|spaces)|case[- ]insensitive)",
    re.IGNORECASE,
)


@cache
def kept_otherwise(operation: Operation) -> frozenset[str]:
    """The members of a JSON body that may come back in another form than they were sent in."""
    body = operation.object_body
    if body is None or body.schema is None:
        return frozenset()
    members = Members(body.schema.resolve).of(body.schema.definition)
    return frozenset(
        name for name, one in members.items() if _REWRITING.search(str(one.get("description", "")))
    )
