"""Personal data in a table of text: found by structure and context before anything of it is published (F35)."""
