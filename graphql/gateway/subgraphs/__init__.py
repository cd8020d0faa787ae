"""The types of the graph, by the domain that owns them."""
