"""Every form in which a report is written: its files, and what they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from reports.dictionary import dictionary, tables
from reports.language import Language
from reports.letters import annex
from reports.material import Material
from reports.pdf import page_pdf
from reports.record import record_json
from reports.tables import table_bytes, table_frame
from reports.xlsx import workbook

Files = Iterator[tuple[str, bytes]]
Write = Callable[[Material, Language], Files]


@dataclass(frozen=True, slots=True)
class Form:
    """One form: `files` yields (ending, content). `single`: one file with the ending `ending`.

    `spoken`: it is written in every language; others are for machines, in English.
    """

    ending: str
    single: bool
    spoken: bool
    files: Write


def _html(material: Material, language: Language) -> Files:
    yield ".html", material.page(language).encode()


def _pdf(material: Material, language: Language) -> Files:
    yield ".pdf", page_pdf(material.page(language), material.moment)


def _json(material: Material, _: Language) -> Files:
    yield ".json", record_json(material.record).encode()


def _markdown(material: Material, language: Language) -> Files:
    yield ".md", annex(material, language).markdown.encode()


def _xlsx(material: Material, language: Language) -> Files:
    yield ".xlsx", workbook(material, language)


def _tables(form: str) -> Write:
    """Return what writes every table, and the dictionary of their columns."""

    def write(material: Material, _: Language) -> Files:
        for table in (*tables(), dictionary()):
            yield f".{table.name}.{form}", table_bytes(table_frame(table, material.record), form)

    return write


FORMS: Final[dict[str, Form]] = {
    "html": Form(".html", single=True, spoken=True, files=_html),
    "json": Form(".json", single=True, spoken=False, files=_json),
    "pdf": Form(".pdf", single=True, spoken=True, files=_pdf),
    "markdown": Form(".md", single=True, spoken=True, files=_markdown),
    "xlsx": Form(".xlsx", single=True, spoken=True, files=_xlsx),
    "csv": Form(".csv", single=False, spoken=False, files=_tables("csv")),
    "parquet": Form(".parquet", single=False, spoken=False, files=_tables("parquet")),
}
USUAL: Final = ("html", "json")


def form_of(ending: str) -> str | None:
    """Return the form whose one file has this ending; None where there is none."""
    return next(
        (name for name, form in FORMS.items() if form.single and form.ending == ending), None
    )


def files(
    material: Material, forms: tuple[str, ...], languages: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    """Yield (what stands behind the name of the comparison, content) of every file.

    In other languages than English the code of the language stands before the ending.
    """
    for name in dict.fromkeys(forms):
        form = FORMS[name]
        for code in dict.fromkeys(languages) if form.spoken else ("en",):
            mark = "" if code == "en" else f".{code}"
            for ending, content in form.files(material, Language(code)):
                yield f"{mark}{ending}", content
