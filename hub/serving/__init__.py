"""Serving a home in several processes: one that accepts connections and keeps the others alive, and those others."""
