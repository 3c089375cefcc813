"""The control plane: partners, faults, clocks and journals, for tests to set and read."""
