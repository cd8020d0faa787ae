"""Harmonisation: which standard a table fits, and which of its columns is which; every answer with its evidence."""
