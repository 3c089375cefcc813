"""The catalogue: requirements as data, their judges and sabotage, registry and selection."""
