"""The command ``dinie-conformance``: one module a subcommand, one table of options."""
