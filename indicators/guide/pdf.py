"""The guide as a PDF on A4: contents, page numbers, and at the head of a page the version it describes.

Texts reach the typesetter as string literals, so that nothing in a definition is taken for markup. Only the
fonts that the typesetter carries are used: the document is the same on every machine.
"""

from __future__ import annotations

import datetime as dt

from indicators.guide.content import Entry, Guide
from indicators.guide.parts import Items, Part, Table, shown
from indicators.guide.words import Speaker

_STYLE = """
#let blue = rgb("#12436D")
#let warn = rgb("#801650")
#set text(font: "Libertinus Serif", size: 10pt, fallback: false)
#set par(leading: 0.58em, spacing: 0.8em)
#set list(marker: [•], indent: 0pt, body-indent: 5pt, spacing: 0.55em)
#show heading: set text(fill: blue)
#show heading: set block(sticky: true)
#show heading.where(level: 1): it => block(below: 1em, text(size: 16pt, it.body))
#show heading.where(level: 2): it => block(above: 0.6em, below: 0.5em, text(size: 13pt, it.body))
#show outline.entry.where(level: 1): set text(weight: "bold")
#show outline.entry.where(level: 1): set block(above: 1.1em)
#set table.cell(breakable: false)
#set table(stroke: (x, y) => (bottom: 0.4pt + luma(190)), inset: (x: 3pt, y: 3pt))
#let boxed(words) = block(stroke: 1pt + warn, inset: 8pt, width: 100%, text(fill: warn, strong(words)))
#let row(term, ..parts) = {
  grid(columns: (3.7cm, 1fr), column-gutter: 0.4cm,
    { set par(justify: false); set text(hyphenate: false); strong(term) },
    stack(spacing: 0.6em, ..parts.pos()))
  v(0.15em)
}
#let small(head, widths, ..cells) = {
  set text(size: 8.5pt)
  set par(justify: false)
  table(columns: widths, table.header(..head.map(strong)), ..cells.pos())
}
"""


def guide_pdf(of: Guide, *, on: dt.date) -> bytes:
    """Print a guide as PDF/UA-1.

    Parameters
    ----------
    of : Guide
        What to print.
    on : date
        The day that stands on it.
    """
    import typst

    made = dt.datetime.combine(on, dt.time(), dt.UTC)
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True)
    source = guide_typst(of, on=on).encode()
    pdf = typst.compile(source, font_paths=fonts, format="pdf", pdf_standards=["ua-1"], timestamp=made)
    assert isinstance(pdf, bytes)
    return pdf


def guide_typst(of: Guide, *, on: dt.date) -> str:
    """The document as the typesetter reads it."""
    say = Speaker(of.language)
    before, between = (f"{say('page')} ", f" {say('of')} ")
    head = f"""
#set document(title: {_text(of.title)}, date: datetime(year: {on.year}, month: {on.month}, day: {on.day}))
#set text(lang: "{of.language}")
#let shown() = context {{
  let marks = query(<mark>).filter(m => m.location().page() <= here().page())
  if marks.len() > 0 {{ marks.last().value }}
}}
#set page(paper: "a4", margin: (x: 2cm, top: 2.3cm, bottom: 2.2cm),
  header: text(size: 8.5pt, fill: luma(90), {{ {_text(of.title)}; h(1fr); shown() }}),
  footer: text(size: 8.5pt, fill: luma(90), {{ {_text(on.isoformat())}; h(1fr);
    context [#{_text(before)}#counter(page).display()#{_text(between)}#counter(page).final().first()] }}))
#title()
"""
    banner = f"#boxed({_text(of.banner)})\n" if of.banner else ""
    chapter = of.reading
    asked = ", ".join(map(_text, chapter.questions))
    first, *others = (f"#par({_text(words)})\n" for words in (chapter.before, *chapter.after))
    how = (
        f"#heading(level: 1, outlined: false, {_text(chapter.title)})\n{first}"
        f"#enum({asked})\n{''.join(others)}"
    )
    contents = f"#outline(title: {_text(of.contents)}, depth: 2)\n"
    chapters = "".join(
        f"#pagebreak(weak: true)\n#heading(level: 1, {_text(chapter.title)})\n"
        + "#pagebreak(weak: true)\n".join(map(_entry, chapter.entries))
        for chapter in of.chapters
    )
    return f"{_STYLE}{head}{banner}{how}{contents}{chapters}"


def _entry(entry: Entry) -> str:
    rows = "".join(
        f"#row({_text(row.term)}, {', '.join(_part(part) for part in row.parts)})\n" for row in entry.rows
    )
    note = f"#boxed({_text(entry.note)})\n" if entry.note else ""
    return (
        f"#metadata({_text(entry.mark)})<mark>\n#heading(level: 2, {_text(entry.title)})\n"
        f"#text(size: 8.5pt, fill: luma(90), {_text(entry.identity)})\n{note}{rows}"
    )


def _part(part: Part) -> str:
    part = shown(part)
    if isinstance(part, str):
        return f"par({_text(part)})"
    if isinstance(part, Items):
        listed = f"list({', '.join(map(_text, part.items))})"
        return f"par({_text(part.lead)}), {listed}" if part.lead else listed
    return _table(part)


def _table(table: Table) -> str:
    head = "".join(f"{_text(cell)}, " for cell in table.head)
    widths = "".join(f"{width}fr, " for width in table.widths)
    cells = "".join(f", {_text(cell)}" for row in table.rows for cell in row)
    return f"small(({head}), ({widths}){cells})"


def _text(value: str) -> str:
    """A text as a string literal of the typesetter."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ").replace("\r", " ")
    return f'"{escaped}"'
