"""The contract: the only description of the API, as an OpenAPI document and as typed operations.

:mod:`openapi.document` reads a YAML or JSON file into a document, :mod:`openapi.contract` builds
the operations from it, and :mod:`openapi.schema` validates values against its schemas.
"""

# The validator loads it in the midst of Rust, which panics where that is interrupted by a signal.
import decimal  # noqa: F401
