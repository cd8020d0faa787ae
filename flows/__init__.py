"""Prefect flows: when and how often; what they do stands in `services` and `federation`."""
