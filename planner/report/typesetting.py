"""Typst as this product uses it: nothing but what is handed over goes in, and nothing stays behind."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from typing import Literal

import typst

MEMORY = 10
"""For how many documents more Typst remembers what it has worked out: hundreds of megabytes, here for nothing."""


def typeset(
    layout: bytes,
    data: Mapping[str, str],
    *,
    form: Literal["pdf", "png"] = "pdf",
    standards: Sequence[Literal["a-3a", "ua-1"]] = (),
    dots: float = 72,
    forget: bool = True,
    on_refusal: Callable[[typst.TypstError], None] | None = None,
) -> bytes:
    """A layout in Typst's language with texts as `sys.inputs`, as one PDF or as one PNG of so many dots an inch.

    The same input gives the same bytes. `forget`: what Typst remembers of it is given back, which takes a sixth of the
    time; a process that ends anyway does without. Raises typst.TypstError if a standard is asked for that the document
    breaks. With `on_refusal` that is called with it in place, and the document made without the standards: nearly all
    of it is still known from the first time.
    """
    compiler = typst.Compiler(font_paths=look_for_fonts().result(), sys_inputs=dict(data))
    try:
        made = compiler.compile(layout, format=form, pdf_standards=list(standards), timestamp=0, ppi=dots)
    except typst.TypstError as error:
        if on_refusal is None:
            raise
        on_refusal(error)
        made = compiler.compile(layout, format=form, timestamp=0, ppi=dots)
    finally:
        for _ in range(MEMORY if forget else 0):
            compiler.compile(b"", format="svg", sys_inputs=None)
    if not isinstance(made, bytes):
        raise TypeError("Typst made several pages where one was expected.")
    return made


@cache
def look_for_fonts() -> Future[typst.Fonts]:
    """The fonts of the machine, looked for once, by a thread: who asks early has hundreds of files read meanwhile."""
    pool = ThreadPoolExecutor(max_workers=1)
    found = pool.submit(typst.Fonts)
    pool.shutdown(wait=False)
    return found
