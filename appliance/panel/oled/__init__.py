"""The status display: a picture drawn from what is known, sent only when it changed."""
