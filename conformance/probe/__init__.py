"""The tools of a check: valid requests, pages, resources, and violations."""
