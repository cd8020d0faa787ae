"""GraphQL requests as hub and nodes take them alike: documents held to limits, errors masked, sockets with manners."""
