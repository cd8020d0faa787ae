"""Landed bytes to a snapshot: read, map, cast, check, commit or quarantine, in that order and never back."""
