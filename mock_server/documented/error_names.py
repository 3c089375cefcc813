"""What the members of error bodies are called: the names in use, without their spelling."""

DETAILS = (
    *("detail", "details", "message", "msg", "errormessage", "defaultmessage", "errormsg"),
    *("description", "errordescription", "reason", "developermessage", "usermessage", "text"),
    "faultstring",
)
SECOND_DETAILS = ("error", "title", "summary")
"""Names for the detail in an object that has none of the others."""

FIELDS = (
    *("field", "fieldname", "param", "parameter", "paramname", "parametername", "property"),
    *("propertyname", "propertypath", "pointer", "attribute", "target"),
)
SECOND_FIELDS = ("name", "key", "path", "loc", "argument", "member")
"""Names for the field in an item of a list of errors; anywhere else they may be anything."""

CODES = ("code", "errorcode", "error", "type", "kind")
STATUSES = (
    "status",
    "statuscode",
    "httpstatus",
    "httpstatuscode",
    "httpcode",
    "code",
    "errorcode",
)
FIELD_LISTS = ("fields", "fieldnames", "invalidfields", "params", "parameters", "properties")
"""Names for a list of fields, where the detail has a place of its own."""

LISTS = (
    *("errors", "details", "detail", "violations", "invalidparams", "fielderrors", "issues"),
    *("causes", "problems", "messages", "validationerrors", "fieldviolations", "fields"),
    *("invalidparameters", "reasons", "error"),
)
"""Names for a list with one item for each bad field."""

TAKEN = frozenset({*DETAILS, *CODES, *STATUSES, *FIELDS, *LISTS})
"""Names that are none of a field in a map from fields to errors."""
