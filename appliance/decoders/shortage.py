"""Tells a lack of memory from whatever else libraries raise for it."""

_WORDS = ("allocate memory", "bad_alloc", "bad allocation")  # of torch and ONNX Runtime


def is_shortage(error: BaseException) -> bool:
    """Return whether `error` says, in whichever class, that memory ran out."""
    return isinstance(error, MemoryError) or any(words in str(error) for words in _WORDS)


def check_shortage(error: BaseException) -> None:
    """Raise MemoryError if `error` is one in disguise: then no file is to blame."""
    if is_shortage(error):
        raise MemoryError(str(error)) from error
