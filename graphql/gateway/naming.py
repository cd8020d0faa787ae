"""Names in the graph, the same as every node gives its own."""

from core.naming import camel, pascal, plural

__all__ = ("camel", "pascal", "plural")
