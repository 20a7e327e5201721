"""A program of its own: reads a PDF from standard input and writes the plan that it carries along to standard output.

`plan_in_pdf.py` runs it, apart from the service, so that no PDF can take more of it than the limits on its command
line: bytes of memory, seconds, and bytes of the plan. Exit status: 0 with the plan; 3 when there is none; any
other when the PDF can't be read. Knows nothing of the product.
"""

import io
import resource
import sys
from contextlib import suppress

NAME = "plan.yaml"
NONE = 3


def main(memory: int, seconds: int, most: int) -> int:
    """Write the newest file of that name, at most one byte more than `most`. Returns the exit status."""
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    with suppress(OSError, ValueError):  # macOS has no such limit
        resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    from pypdf import PdfReader  # noqa: PLC0415 - within the limits

    found = PdfReader(io.BytesIO(sys.stdin.buffer.read())).attachments.get(NAME)
    if not found:
        return NONE
    sys.stdout.buffer.write(found[-1][: most + 1])
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:4])))
