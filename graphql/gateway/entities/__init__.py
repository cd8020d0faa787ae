"""The graph's entities: one Python type each, whose fields say which subgraph owns them."""
