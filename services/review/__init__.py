"""What a reviewer sees: measures, the matrix of what is due, looks beyond one file, and the weekly report."""
