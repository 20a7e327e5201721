"""What keeps a report from being written in a format."""


class NotExpressible(ValueError):
    """The format can't say what the report says. The message is a sentence with the reason."""

    def __init__(self, label: str, reason: str) -> None:
        super().__init__(f"{label} can't be written for this plan: {reason.rstrip('.')}.")
