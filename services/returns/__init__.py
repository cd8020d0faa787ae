"""Returns: what did not pass goes back to the dinas that made it, as a workbook that can be repaired and sent again."""
