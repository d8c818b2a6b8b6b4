"""The catalogues of translated sentences: `texts.py update` brings them up to date, `texts.py check` refuses gaps.

The English template is the key, so English needs no catalogue. Texts of levels and codex pages are files of their own.
"""

from __future__ import annotations

import ast
import io
import string
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("src/zcquest", "engine", "levels", "tui")
LANGUAGES = ("zh_CN",)
# Babel's own header carries dates and placeholders that would change without a sentence having changed.
HEADER = """\
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: {plurals}\\n"

"""
KEYWORDS = {"_": None, "N_": None, "message": None, "ngettext": (1, 2)}


def catalogue_path(language: str) -> Path:
    return ROOT / "levels" / "locale" / language / "LC_MESSAGES" / "zcquest.po"


def extract() -> Catalog:
    """Every sentence the sources mark for translation."""
    template = Catalog(project="zcquest", charset="utf-8")
    for room in ROOMS:
        found = extract_from_dir(ROOT / room, [("**.py", "python")], keywords=KEYWORDS, comment_tags=("translators:",))
        for _file, _line, text, comments, context in found:
            template.add(text, auto_comments=comments, context=context)
    for name in _scene_names():
        template.add(name)
    return template


def _scene_names() -> Iterator[str]:
    """The names that levels give their scenes: they stand in results and reports."""
    for path in sorted((ROOT / "levels" / "campaign").glob("*/*/level.toml")):
        yield from (scene["name"] for scene in tomllib.loads(path.read_text(encoding="utf-8"))["scene"])


def update(language: str) -> bool:
    """Merge new sentences into a catalogue and drop those no longer used; whether the file changed."""
    path, template = catalogue_path(language), extract()
    before = path.read_bytes() if path.exists() else b""
    catalogue = read_po(io.BytesIO(before), locale=language) if before else Catalog(language, project="zcquest")
    catalogue.update(template, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    after = io.BytesIO(HEADER.format(language=language, plurals=catalogue.plural_forms).encode())
    after.seek(0, io.SEEK_END)
    write_po(after, catalogue, width=0, sort_output=True, no_location=True, omit_header=True)
    if after.getvalue() == before:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(after.getvalue())
    return True


def faults(language: str) -> Iterator[str]:
    """What is wrong with a catalogue, one sentence each."""
    template, path = extract(), catalogue_path(language)
    if not path.exists():
        if len(template):
            yield f"{path.relative_to(ROOT)} is missing: {len(template)} sentences have no {language}"
        return
    with path.open("rb") as text:
        catalogue = read_po(text, locale=language)
    known = {entry.id: entry for entry in catalogue if entry.id}
    wanted = {entry.id for entry in template if entry.id}
    for key in wanted - known.keys():
        yield f"missing: {key!r}"
    for key in (known.keys() - wanted) | catalogue.obsolete.keys():
        yield f"no longer used: {key!r}"
    for key in wanted & known.keys():
        yield from _faults_of(known[key])


def hidden() -> Iterator[str]:
    """Sentences inside f-strings, one fault each: before Python 3.12 no extraction finds them."""
    for path in sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py")):
        for outer in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(outer, ast.JoinedStr):
                continue
            for node in ast.walk(outer):
                match node:
                    case ast.Call(func=ast.Name(id), args=[ast.Constant(str(text)), *_rest]) if id in KEYWORDS:
                        yield f"{path.relative_to(ROOT)}:{node.lineno}: inside an f-string: {text!r}"


def _faults_of(entry: Message) -> Iterator[str]:
    sources = (entry.id,) if isinstance(entry.id, str) else tuple(entry.id)
    translations = (entry.string,) if isinstance(entry.string, str) else tuple(entry.string)
    if entry.fuzzy:
        yield f"fuzzy: {entry.id!r}"
    if not all(translations):
        yield f"not translated: {entry.id!r}"
        return
    # a plural's forms may each leave values out ("one file"), but name none that the English forms do not
    allowed = set().union(*map(_fields, sources))
    for translation in translations:
        fields = _fields(translation)
        if fields - allowed or (len(sources) == 1 and fields != allowed):
            yield f"values {sorted(fields)} where the English has {sorted(allowed)}: {entry.id!r}"


def _fields(template: str) -> set[str]:
    """The names between braces; a text that is no `str.format` template has none."""
    try:
        return {name for _text, name, _spec, _conversion in string.Formatter().parse(template) if name}
    except ValueError:
        return set()


def main(arguments: list[str]) -> int:
    match arguments:
        case ["update"]:
            for language in LANGUAGES:
                print(f"{language}: {'updated' if update(language) else 'up to date'}")
            return 0
        case ["check"]:
            found = [f"{language}: {fault}" for language in LANGUAGES for fault in sorted(faults(language))]
            found += hidden()
            for line in found:
                print(line)
            print(f"{len(found)} faults: run `make texts`, then translate" if found else "texts: complete")
            return 1 if found else 0
    print("usage: texts.py update | check", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
