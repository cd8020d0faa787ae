"""The weekly review as a document: what it holds, which decisions it asks for, and how it is written down."""
