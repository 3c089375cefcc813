"""Results of checks and what is made of them: verdict, baseline, coverage, timeline, curl."""
