"""What only the province can do for all: intake of landed bytes, later exchange, logistics, floods."""
