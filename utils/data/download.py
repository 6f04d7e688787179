"""Downloads that can be trusted: mirrors, a size, a SHA-256, a lock, nothing half-done under a final name."""

import shutil
import stat
import tarfile
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import pooch
import requests
from filelock import FileLock

from utils.paths import shown
from utils.problems import Problem, disk_problem

TIMEOUT = 30  # seconds without a byte before the next mirror is tried


class _NotTheFile(Exception):
    """A mirror answered with something else."""


class _Downloader(pooch.HTTPDownloader):
    """Pooch's downloader, which then looks whether a mirror sent a page of HTML or stopped half-way."""

    def __init__(self, size: int | None) -> None:
        super().__init__(progressbar=True, timeout=TIMEOUT)
        self.size = size

    def __call__(self, url: str, output_file: Any, pooch: Any, check_only: bool = False) -> bool | None:
        result = super().__call__(url, output_file, pooch, check_only)
        path = Path(getattr(output_file, "name", output_file))
        if path.is_file():
            with path.open("rb") as stream:
                head = stream.read(512).lstrip().lower()
            if head.startswith((b"<!doctype html", b"<html")):
                raise _NotTheFile("sent a page of HTML instead of the file")
            if self.size is not None and path.stat().st_size != self.size:
                raise _NotTheFile(f"sent {path.stat().st_size:,} bytes instead of {self.size:,}")
        return result


def fetch(urls: Sequence[str], folder: Path, name: str, *, sha256: str = "", md5: str = "", size: int | None) -> Path:
    """Return ``folder/name``, downloaded from the first of the mirrors `urls` that has the right file.

    A file that is already there is returned as it is. `md5` stands where no `sha256` is known. `size` is in bytes,
    None where it is not known. Two processes asking at once both get the one file. Problem, with what each mirror did,
    where none has it.
    """
    if not (sha256 or md5):
        raise ValueError("a download needs a hash")
    target = folder / name
    if target.exists():
        return target
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / f".{name}.lock"):
            return target if target.exists() else _fetch(urls, target, sha256, md5, size)
    except OSError as error:
        raise Problem(disk_problem(error) or f"{shown(target)}: {error}") from None


def _fetch(urls: Sequence[str], target: Path, sha256: str, md5: str, size: int | None) -> Path:
    known = f"sha256:{sha256}" if sha256 else f"md5:{md5}"
    scratch = target.parent / f".{target.name}.part"  # what an earlier, killed download left lies in here
    shutil.rmtree(scratch, ignore_errors=True)
    failures = []
    for url in urls:
        try:
            scratch.mkdir()
            print(f"downloading {url}" + (f" ({size / 2**20:.1f} MB)" if size else ""))
            path = pooch.retrieve(url, known, target.name, scratch, downloader=_Downloader(size))
            Path(path).replace(target)
            return target
        except _NotTheFile as error:
            failures.append(f"{url} {error}")
        except requests.RequestException as error:
            failures.append(f"{url} cannot be reached ({type(error).__name__})")
        except ValueError:
            failures.append(f"{url} sent a file with the wrong {'SHA-256' if sha256 else 'MD5'}")
        finally:
            shutil.rmtree(scratch, ignore_errors=True)
    raise Problem(
        f"{target.name} could not be downloaded: {'; '.join(failures)}. "
        f"Put the file into {shown(target.parent)} yourself, or name a folder that has it with --data-dir"
    )


def unpack(archive: Path, target: Path, *, most_bytes: int) -> Path:
    """Unpack a tar or zip `archive` into the new folder `target` and return it.

    Nothing is trusted: Problem for a path outside the folder, a link, a device, or more than `most_bytes` in all. The
    folder gets its name only when everything is in it.
    """
    if target.exists():
        return target
    target.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        if zipfile.is_zipfile(archive):
            _unzip(archive, scratch, most_bytes)
        else:
            _untar(archive, scratch, most_bytes)
        scratch.chmod(0o755)
        scratch.rename(target)
    except (tarfile.TarError, zipfile.BadZipFile, EOFError) as error:
        raise Problem(
            f"{shown(archive)} is no archive or a damaged one ({error}): delete it and fetch it again"
        ) from None
    except OSError as error:
        raise Problem(disk_problem(error) or f"{shown(archive)} cannot be unpacked: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return target


def install(archive: Path, target: Path, *, most_bytes: int) -> None:
    """Unpack `archive`, which holds a folder named like `target`, into the place of `target`; see `unpack`."""
    scratch = target.with_name(f".{target.name}-unpacked")
    shutil.rmtree(scratch, ignore_errors=True)
    try:
        unpack(archive, scratch, most_bytes=most_bytes)
        shutil.rmtree(target, ignore_errors=True)  # one that lacks files
        (scratch / target.name).replace(target)
    except OSError as error:
        raise Problem(disk_problem(error) or f"{shown(target)}: {error}") from None
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _inside(folder: Path, name: str, archive: Path) -> Path:
    path = (folder / name).resolve()
    if Path(name).is_absolute() or not path.is_relative_to(folder.resolve()):
        raise Problem(f"{shown(archive)} holds the path {name!r}, which leads outside its folder: not unpacked")
    return path


def _room(total: int, most_bytes: int, archive: Path) -> None:
    if total > most_bytes:
        raise Problem(f"{shown(archive)} unpacks to more than {most_bytes:,} bytes: not unpacked")


def _copy(source: BinaryIO, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        shutil.copyfileobj(source, stream)


def _untar(archive: Path, folder: Path, most_bytes: int) -> None:
    total = 0
    with tarfile.open(archive) as tar:
        for member in tar:
            path = _inside(folder, member.name, archive)
            if member.isdir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            if not member.isfile():
                raise Problem(f"{shown(archive)} holds {member.name!r}, a link or a device: not unpacked")
            total += member.size
            _room(total, most_bytes, archive)
            source = tar.extractfile(member)
            assert source is not None  # it is a file
            _copy(source, path)


def _unzip(archive: Path, folder: Path, most_bytes: int) -> None:
    with zipfile.ZipFile(archive) as bundle:
        _room(sum(member.file_size for member in bundle.infolist()), most_bytes, archive)
        for member in bundle.infolist():
            path = _inside(folder, member.filename, archive)
            if stat.S_ISLNK(member.external_attr >> 16):
                raise Problem(f"{shown(archive)} holds {member.filename!r}, a link or a device: not unpacked")
            if member.is_dir():
                path.mkdir(parents=True, exist_ok=True)
                continue
            with bundle.open(member) as source:
                _copy(source, path)  # type: ignore[arg-type]
