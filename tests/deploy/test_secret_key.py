"""The secret key in the data folder outlives a loss of power, and a file that holds none is a sentence."""

import os
from functools import partial

import pytest
from django.core.exceptions import ImproperlyConfigured

from planner.deploy import environment


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"\xff" + b"0123456789abcdef" * 4, b"first"])
def test_a_file_that_holds_none_is_named_and_left(tmp_path, content):
    path = tmp_path / "secret-key"
    path.write_bytes(content)
    with pytest.raises(ImproperlyConfigured, match=r"secret-key holds no secret key: .* back from a backup"):
        environment.keep_secret_key(path)
    assert path.read_bytes() == content


def test_it_is_on_the_disk_before_it_has_its_name_and_the_name_before_it_is_used(tmp_path, monkeypatch):
    """Else a loss of power leaves an empty file, and what was signed until then is signed by nobody."""
    done = []
    for name in ("fsync", "link"):
        original = getattr(os, name)
        note = partial(lambda name, act, *given: (done.append(name), act(*given)), name, original)
        monkeypatch.setattr(environment.os, name, note)
    environment.keep_secret_key(tmp_path / "secret-key")
    assert done == ["fsync", "link", "fsync"]
