"""The one import name that the distribution installs: commands, options, pytest plugins."""
