"""The command line `lumbung`."""
