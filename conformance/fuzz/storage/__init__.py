"""Run directories: what a campaign keeps, and how several become one."""
