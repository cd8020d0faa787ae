"""The shared catalogue: datasets, versioned snapshots, quarantine, runs, lineage."""
