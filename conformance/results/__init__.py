"""What came of the checks: results, verdict, baseline, coverage, timeline, curl scripts."""
