"""Observers of models while they answer."""


class Watch:
    """Methods that are called when something happens; here they do nothing."""

    def saw_request(self, name: str, status: int, seconds: float) -> None:
        """Called when a request was answered."""

    def saw_batch(self, name: str, num_rows: int) -> None:
        """Called with a batch that is about to be computed."""

    def saw_death(self, name: str, error: BaseException) -> None:
        """Hear that a thread ended that shouldn't."""

    def saw_reload(self, name: str, *, is_good: bool) -> None:
        """Called when a changed checkpoint was loaded, or couldn't be."""
