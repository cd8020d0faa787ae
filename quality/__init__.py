"""Data standards and the gate: contracts, casting, Great Expectations suites, one-pass checks."""
