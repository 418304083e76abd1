"""Who is told what happens while models answer."""


class Watch:
    """Is told what happens; does nothing."""

    def saw_request(self, name: str, status: int, seconds: float) -> None:
        """Hear that a request was answered."""

    def saw_batch(self, name: str, num_rows: int) -> None:
        """Hear of a batch that is about to be computed."""

    def saw_death(self, name: str, error: BaseException) -> None:
        """Hear that a thread ended that shouldn't."""

    def saw_reload(self, name: str, *, is_good: bool) -> None:
        """Hear that a changed checkpoint was loaded, or couldn't be."""
