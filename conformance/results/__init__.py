"""Results of checks, and values made from them: verdict, baseline, coverage, timeline, curl."""
