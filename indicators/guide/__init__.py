"""The indicator guide (indicatorengids): what each indicator counts, in words, as a page and as a document.

The guide is written once (``content``), from the definitions alone, and printed twice (``html``, ``pdf``).
"""

from indicators.guide.content import Described, Edition, guide
from indicators.guide.html import guide_html
from indicators.guide.pdf import guide_pdf

__all__ = ["Described", "Edition", "guide", "guide_html", "guide_pdf"]
