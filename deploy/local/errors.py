"""The one error of this package: a sentence for a person, printed without a traceback."""


class StackError(Exception):
    """A failure of the stack, with its cause and its remedy in one sentence."""


def first_sentence(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the first StackError of a group of errors, or the first error."""
    errors = list(failures.exceptions)
    for error in errors:
        if isinstance(error, StackError):
            return error
    first = errors[0]
    return StackError(f"the stack cannot start: {first}.") if isinstance(first, OSError) else first
