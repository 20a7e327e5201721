"""The forms of comments."""

from django import forms

from planner.store.comments import MOST_TEXT


class CommentForm(forms.Form):
    """What somebody says."""

    text = forms.CharField(
        max_length=MOST_TEXT,
        strip=True,
        error_messages={
            "required": "Write what you want to say.",
            "max_length": f"A comment has at most {MOST_TEXT:,} characters; this one has more. Nothing was stored.",
        },
    )

    def clean_text(self) -> str:
        """With line breaks as they are kept."""
        text: str = self.cleaned_data["text"]
        return text.replace("\r\n", "\n")


class NumberForm(forms.Form):
    """Which comment something is done to."""

    number = forms.IntegerField(min_value=1, max_value=2**62)
