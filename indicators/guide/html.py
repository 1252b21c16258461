"""The guide as one HTML page a language."""

from __future__ import annotations

from html import escape

from indicators.guide.content import Entry, Guide
from indicators.guide.parts import Items, Part, Table, shown
from indicators.guide.reading import Reading

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #222 }
body { max-width: 52rem; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { color: #12436D; line-height: 1.2 } h2 { margin-top: 3rem; border-bottom: 2px solid #12436D }
h3 { margin: 2.5rem 0 .3rem } dl { display: grid; grid-template-columns: 11rem 1fr; gap: .3rem 1rem }
dt { font-weight: 600 } dd { margin: 0; min-width: 0 } .id { color: #555; font-size: .85rem }
.generated, .note { border: 2px solid #801650; padding: .5rem 1rem; color: #801650 }
ul { margin: 0; padding-left: 1.1rem } p { margin: 0 } p.how { margin-bottom: 1rem }
table { border-collapse: collapse; font-size: .85rem; width: 100% }
th, td { text-align: left; vertical-align: top; padding: .15rem .5rem .15rem 0 }
tr { border-bottom: 1px solid #ccc }
td { overflow-wrap: anywhere } table { table-layout: fixed }
@media screen and (max-width: 40rem) { dl { grid-template-columns: 1fr } dt { margin-top: .5rem } }
@media print { body { margin: 0; max-width: none } h3 { break-after: avoid } }
"""


def guide_html(of: Guide) -> str:
    """Print a guide as a whole HTML page without references to anything outside it."""
    banner = f'<p class="generated">{escape(of.banner)}</p>' if of.banner else ""
    entries = [entry for chapter in of.chapters for entry in chapter.entries]
    contents = "".join(f'<li><a href="#{entry.id}">{escape(entry.title)}</a></li>' for entry in entries)
    body = "".join(
        f"<h2>{escape(chapter.title)}</h2>{''.join(map(_section, chapter.entries))}"
        for chapter in of.chapters
    )
    title = escape(of.title)
    return (
        f'<!doctype html>\n<html lang="{of.language}"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>{banner}"
        f"<h2>{escape(of.reading.title)}</h2>{_reading(of.reading)}"
        f"<h2>{escape(of.contents)}</h2><ul>{contents}</ul>{body}</body></html>\n"
    )


def _reading(chapter: Reading) -> str:
    asked = "".join(f"<li>{escape(question)}</li>" for question in chapter.questions)
    before, *after = (f'<p class="how">{escape(words)}</p>' for words in (chapter.before, *chapter.after))
    return f"{before}<ol>{asked}</ol>{''.join(after)}"


def _section(entry: Entry) -> str:
    rows = "".join(
        f"<dt>{escape(row.term)}</dt><dd>{''.join(map(_part, row.parts))}</dd>" for row in entry.rows
    )
    note = f'<p class="note">{escape(entry.note)}</p>' if entry.note else ""
    return (
        f'<section><h3 id="{entry.id}">{escape(entry.title)}</h3>'
        f'<p class="id">{escape(entry.identity)}</p>{note}<dl>{rows}</dl></section>'
    )


def _part(part: Part) -> str:
    part = shown(part)
    if isinstance(part, str):
        return f"<p>{escape(part)}</p>"
    if isinstance(part, Items):
        lead = f"<p>{escape(part.lead)}</p>" if part.lead else ""
        return f"{lead}<ul>{''.join(f'<li>{escape(item)}</li>' for item in part.items)}</ul>"
    return _table(part)


def _table(table: Table) -> str:
    shares = [100 * width / sum(table.widths) for width in table.widths]
    head = "".join(
        f'<th width="{share:.0f}%">{escape(cell)}</th>'
        for cell, share in zip(table.head, shares, strict=True)
    )
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in table.rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
