"""The console: pages under ``/_mock/ui`` that show what the mock sees, and drive it."""
