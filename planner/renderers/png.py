"""An SVG picture as PNG: WeasyPrint lays it on a page of its size, and PDFium turns that page into pixels."""

import io
import re

import pypdfium2
from weasyprint import HTML

from planner.renderers.pdf import NoFetcher

DOTS = 2.0
"""Pixels to a point; less where the picture would get too large."""
MOST_PIXELS = 16_000_000


def render_png(svg: bytes) -> bytes:
    """The picture with a white background."""
    text = svg.decode()
    text = text[text.index("<svg") :]
    size = re.search(r'width="([\d.]+)pt" height="([\d.]+)pt"', text)
    if size is None:
        raise ValueError("The picture doesn't say how large it is.")
    width, height = float(size[1]), float(size[2])
    style = f"@page {{ size: {width}pt {height}pt; margin: 0 }} body {{ margin: 0 }} svg {{ display: block }}"
    pdf = HTML(string=f"<style>{style}</style>{text}", url_fetcher=NoFetcher()).write_pdf()
    document = pypdfium2.PdfDocument(pdf)
    try:
        scale = min(DOTS, (MOST_PIXELS / (width * height)) ** 0.5)
        image = document[0].render(scale=scale).to_pil()
    finally:
        document.close()
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()
