"""The main job, from nothing to a verdict: software that nobody here wrote drives the mock."""
