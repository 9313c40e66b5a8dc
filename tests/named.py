"""What documents name, and what there is: so that a test can tell when the one leaves the other."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]

_FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)
_SPAN = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
_FOLDERS = "docs|infra|services|shared|tests|clients|benchmarks|scripts|requirements"
_PATH = re.compile(rf"(?:\.\./)?(?:{_FOLDERS})/[\w./-]+")


def spans(text: str) -> list[str]:
    """What stands between single backticks."""
    return _SPAN.findall(_FENCED.sub("", text))


def paths(text: str) -> set[str]:
    """The files and folders of the checkout that ``text`` names between backticks."""
    found = {span.split("::")[0].split(" ")[0] for span in spans(text)}
    return {path for path in found if _PATH.fullmatch(path)}


@cache
def sources(*folders: str) -> dict[Path, ast.Module]:
    """The parsed modules under ``folders`` of the checkout, by their paths from its root."""
    files = [file for folder in folders for file in sorted((ROOT / folder).rglob("*.py"))]
    return {file.relative_to(ROOT): ast.parse(file.read_text()) for file in files}


@cache
def log_lines(*folders: str) -> list[tuple[str, set[str]]]:
    """The event of each line that the code under ``folders`` logs, and the names it logs with."""
    return [
        (event, _names(node))
        for module in sources(*folders).values()
        for node in ast.walk(module)
        if isinstance(node, ast.Call) and _is_logging(node)
        for event in [getattr(node.args[0], "value", None)]
        if isinstance(event, str)
    ]


def texts(*folders: str) -> set[str]:
    """All strings in the code under ``folders``."""
    return {
        node.value
        for module in sources(*folders).values()
        for node in ast.walk(module)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def functions(path: str) -> set[str]:
    """The functions of one file of the checkout; none if there is no such file."""
    file = ROOT / path
    if not file.is_file():
        return set()
    return {
        node.name
        for node in ast.parse(file.read_text()).body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }


def _is_logging(call: ast.Call) -> bool:
    asked = call.func
    return (
        isinstance(asked, ast.Attribute)
        and asked.attr in _LEVELS
        and isinstance(asked.value, ast.Name)
        and asked.value.id == "logger"
        and bool(call.args)
    )


def _names(call: ast.Call) -> set[str]:
    extra = next((each.value for each in call.keywords if each.arg == "extra"), None)
    if extra is None:
        return set()
    return {
        key.value
        for node in ast.walk(extra)
        if isinstance(node, ast.Dict)
        for key in node.keys
        if isinstance(key, ast.Constant) and isinstance(key.value, str)
    }
