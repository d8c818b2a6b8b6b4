"""What is built is complete, and the rooms stay apart: checked on a copy of the source tree, offline."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("engine", "levels", "tui")
CATALOGUE = Path("levels/locale/zh_CN/LC_MESSAGES/zcquest.po")
HEADER = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
LEFT_OUT = shutil.ignore_patterns(".*cache*", ".git", ".venv", "__pycache__", "*.mo", "dist", "build")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the source tree, links as links, with a Chinese catalogue of one entry beside the rest."""
    copy = tmp_path_factory.mktemp("tree") / "zcquest"
    shutil.copytree(ROOT, copy, symlinks=True, ignore=LEFT_OUT)
    extra = copy / "levels/locale/zz/LC_MESSAGES/zcquest.po"
    extra.parent.mkdir(parents=True)
    extra.write_text(HEADER + 'msgid "the long way"\nmsgstr "绕远路"\n', encoding="utf-8")
    return copy


@pytest.fixture(scope="module")
def sdist(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build("sdist", tree, tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built from the sdist, as pip does it."""
    unpacked = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    return build("wheel", next(unpacked.iterdir()), tmp_path_factory.mktemp("wheel"))


def build(target: str, tree: Path, out: Path) -> Path:
    python(tree, "-m", "hatchling", "build", "--target", target, "--directory", str(out))
    return next(out.iterdir())


def python(
    folder: Path, *arguments: str, path: Path | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": str(path or folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=folder, env=environment, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done


def room_files(tree: Path) -> set[str]:
    files = (path for room in ROOMS for path in (tree / room).rglob("*") if path.is_file())
    return {str(path.relative_to(tree)) for path in files if "__pycache__" not in path.parts and path.suffix != ".mo"}


def test_the_sdist_has_every_source_and_nothing_compiled(tree: Path, sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        members = archive.getmembers()
    names = {member.name.split("/", 1)[1] for member in members if member.isfile()}
    assert room_files(tree) <= names
    assert {"hatch_build.py", "tests/conftest.py", "src/zcquest/__init__.py", "LICENSE", "README.zh-CN.md"} <= names
    assert not [member.name for member in members if member.issym() or member.name.endswith((".mo", ".pyc"))]


def test_the_wheel_from_the_sdist_is_complete(tree: Path, wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        entry_points = next(archive.read(name).decode() for name in names if name.endswith("entry_points.txt"))
    assert len(names) == len(set(names))
    assert {name.split("/")[0].split("-")[0] for name in names} == {"zcquest"}
    sources = {f"zcquest/{name}" for name in room_files(tree) if not name.endswith(".po")}
    assert sources <= set(names)
    assert {"zcquest/__init__.py", "zcquest/__main__.py", "zcquest/py.typed"} <= set(names)
    assert "zcquest/levels/locale/zz/LC_MESSAGES/zcquest.mo" in names
    assert not [name for name in names if name.endswith((".po", ".pyc"))]
    assert "zcquest = zcquest.cli:main" in entry_points


def test_the_wheel_works_where_no_source_is(wheel: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    program = (
        "import gettext, zcquest.engine.sizes as sizes, zcquest.levels as levels; from pathlib import Path;"
        "home = Path(levels.__file__).parent; catalogue = gettext.translation('zcquest', home / 'locale', ['zz']);"
        "print(Path(sizes.__file__).is_relative_to(Path.cwd()), ascii(catalogue.gettext('the long way')))"
    )
    assert python(tmp_path, "-c", program, path=tmp_path).stdout.split() == ["True", ascii("绕远路")]


IMPORT_EVERYTHING = """
import importlib, pkgutil, sys
import zcquest.engine, zcquest.levels
count = 0
for room in (zcquest.engine, zcquest.levels):
    for module in pkgutil.walk_packages(room.__path__, room.__name__ + "."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
            count += 1
print(count, *({"textual", "rich", "click", "zcquest.tui"} & sys.modules.keys()))
"""


def test_engine_and_levels_load_no_screen() -> None:
    count, *screens = python(ROOT, "-c", IMPORT_EVERYTHING).stdout.split()
    assert int(count) > 10
    assert screens == []


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("engine/sizes.py", "import rich"),
        ("engine/sizes.py", "from zcquest import levels"),
        ("levels/__init__.py", "import textual"),
        ("levels/__init__.py", "from zcquest import tui"),
    ],
)
def test_the_contract_refuses_imports_the_wrong_way(tree: Path, module: str, line: str) -> None:
    source = tree / module
    before = source.read_text(encoding="utf-8")
    source.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        done = python(tree, "-c", LINT_IMPORTS, status=1)
    finally:
        source.write_text(before, encoding="utf-8")
    assert "1 broken" in done.stdout


LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command(['--no-logo', '--no-cache'])"


def test_the_contract_is_kept(tree: Path) -> None:
    python(tree, "-c", LINT_IMPORTS)


@pytest.mark.parametrize("line", ["import engine", "from levels import schema", "import tui.app"])
def test_a_second_copy_of_a_room_cannot_be_imported(tree: Path, line: str) -> None:
    source = tree / "engine" / "second_copy.py"
    source.write_text(f"{line}\n", encoding="utf-8")
    try:
        done = python(tree, "-m", "ruff", "check", "--no-cache", "--select", "TID251", str(source), status=1)
    finally:
        source.unlink()
    assert "second copy" in done.stdout


def test_a_sentence_without_a_translation_is_refused(tree: Path) -> None:
    source = tree / "engine" / "new_sentence.py"
    source.write_text("from zcquest.engine.message import message\nmessage('never said {before}', before=1)\n")
    try:
        python(tree, "tools/texts.py", "update")
        done = python(tree, "tools/texts.py", "check", status=1)
        assert "not translated: 'never said {before}'" in done.stdout

        catalogue = tree / CATALOGUE
        entry = 'msgid "never said {before}"\nmsgstr "%s"'
        untranslated = catalogue.read_text(encoding="utf-8")
        assert entry % "" in untranslated
        catalogue.write_text(untranslated.replace(entry % "", entry % "从未说过 {after}"), encoding="utf-8")
        assert "values ['after']" in python(tree, "tools/texts.py", "check", status=1).stdout
    finally:
        source.unlink()
    assert "no longer used: 'never said {before}'" in python(tree, "tools/texts.py", "check", status=1).stdout
