"""Static files under names that carry a hash of their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise ships no types
    """Hashed and compressed files where `collectstatic` has run; plain names where it hasn't (tests, commands)."""

    manifest_strict = False
