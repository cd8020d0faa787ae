"""Where data comes from: members and their sources, connectors, downloads, landed bytes, readers."""
