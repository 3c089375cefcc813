"""Plays the API for partners: the contract's operations, with state, as the contract has them."""

from importlib.metadata import version

__version__ = version("dinie-contract")
