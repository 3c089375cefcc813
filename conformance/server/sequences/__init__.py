"""Sequences of calls in any order, against a model of keys and lists."""
