"""The province's GraphQL schema on strawberry: one graph over catalogue, quality and typed rows."""
