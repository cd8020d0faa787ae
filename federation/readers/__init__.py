"""Landed bytes to text tables: decoding, dialects, finding the table a person sees."""
