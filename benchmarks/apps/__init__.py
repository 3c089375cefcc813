"""The servers that the mock is compared with, one module each."""
