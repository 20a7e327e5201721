"""Static files under names that carry a hash of their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class HashedStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # whitenoise ships no types
    """Hashed and compressed files where `collectstatic` has run; plain names where it hasn't (tests, commands)."""

    manifest_strict = False
    # Scripts import each other by those names too: another content is another address, all the way up.
    support_js_module_import_aggregation = True
    max_post_process_passes = 10  # a name is right one pass after those that it imports
