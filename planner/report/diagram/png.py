"""An SVG picture as PNG: Typst lays it on a page of its size and turns that into pixels."""

import re

from planner.report.typesetting import typeset

DOTS = 2.0
"""Pixels to a point; less where the picture would get too large."""
MOST_PIXELS = 16_000_000

_LAYOUT = b"""
#let length(name) = float(sys.inputs.at(name)) * 1pt
#set page(width: length("width"), height: length("height"), margin: 0pt, fill: white)
#image(bytes(sys.inputs.picture), format: "svg", width: length("width"), height: length("height"))
"""


def render_png(svg: bytes) -> bytes:
    """The picture with a white background."""
    text = svg.decode()
    text = text[text.index("<svg") :]
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', text)
    if size is None:
        raise ValueError("The picture doesn't say how large it is.")
    width, height = float(size[1]), float(size[2])
    scale = min(DOTS, (MOST_PIXELS / (width * height)) ** 0.5)
    return typeset(_LAYOUT, {"picture": text, "width": size[1], "height": size[2]}, form="png", dots=72 * scale)
