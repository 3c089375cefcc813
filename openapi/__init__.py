"""The contract: the only place that says what the API is.

:mod:`openapi.reading` turns a file into a document, :mod:`openapi.contract` turns the document
into operations, and :mod:`openapi.schema` judges values against its schemas.
"""

from openapi.contract import Contract
from openapi.errors import ContractError
from openapi.operation import Operation

__all__ = ["Contract", "ContractError", "Operation"]
