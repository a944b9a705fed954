"""The instrument as a web page: the same surface, and what needs a keyboard or a file."""
