"""Recorded exchanges: redacted values, and HAR 1.2 in both directions."""
