"""The command ``dinie-mock``."""
