"""One connector a source kind, behind one small protocol."""
