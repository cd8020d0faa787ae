"""Looks beyond one column and one file: sums against totals, sources against each other, values against the usual."""
