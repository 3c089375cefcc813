"""The mock server: every operation of the contract, with state, for partners to call."""

from importlib.metadata import version

__version__ = version("dinie-contract")
