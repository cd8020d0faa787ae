"""The server that a regency without a portal can run itself: a CKAN-compatible read API over a folder."""
