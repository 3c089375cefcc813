"""The contract for people and tools: ``/_mock/docs``, ``/_mock/openapi.json`` and ``.yaml``."""
