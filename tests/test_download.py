"""Downloads against a local server that misbehaves in every way, and archives that should not be trusted."""

import hashlib
import http.server
import io
import multiprocessing
import os
import signal
import tarfile
import threading
import time
import zipfile
from pathlib import Path

import pytest

from utils.data import download
from utils.problems import Problem

CONTENT = bytes(range(256)) * 4096  # 1 MiB
SHA256 = hashlib.sha256(CONTENT).hexdigest()


class _Handler(http.server.BaseHTTPRequestHandler):
    requests: list[str] = []  # noqa: RUF012

    def do_GET(self):
        type(self).requests.append(self.path)
        body = {
            "/wrong": CONTENT[:-1] + b"x",
            "/short": CONTENT[: len(CONTENT) // 2],
            "/html": b"<!DOCTYPE html><title>Sorry</title>" + b" " * 5000,
        }.get(self.path, CONTENT)
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(CONTENT) if self.path == "/cut" else len(body)))
        self.end_headers()
        step = len(body) // 100
        for start in range(0, len(body) // (2 if self.path == "/cut" else 1), step):
            try:
                self.wfile.write(body[start : start + step])
            except OSError:  # the client was killed
                return
            if self.path == "/slow":
                time.sleep(0.02)

    def log_message(self, *_):
        pass


@pytest.fixture
def server():
    _Handler.requests = []
    served = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    threading.Thread(target=served.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{served.server_address[1]}"
    served.shutdown()
    served.server_close()


def _fetch(urls: list[str], folder: Path) -> Path:
    return download.fetch(urls, folder, "file.bin", sha256=SHA256, size=len(CONTENT))


def _left(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {".file.bin.lock"}


def test_a_good_file_arrives_and_is_not_fetched_twice(server, tmp_path):
    assert _fetch([f"{server}/good"], tmp_path).read_bytes() == CONTENT
    _fetch([f"{server}/good"], tmp_path)
    assert _Handler.requests == ["/good"]
    assert _left(tmp_path) == {"file.bin"}


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("wrong", "wrong SHA-256"),
        ("html", "a page of HTML instead of the file"),
        ("short", "524,288 bytes instead of 1,048,576"),
        ("cut", "cannot be reached|bytes instead of"),
        ("missing", "cannot be reached"),
    ],
)
def test_what_is_not_the_file_is_named_and_nothing_is_left(server, tmp_path, path, reason):
    with pytest.raises(Problem, match=reason) as caught:
        _fetch([f"{server}/{path}"], tmp_path)
    assert "file.bin could not be downloaded" in str(caught.value)
    assert "--data-dir" in str(caught.value)
    assert not _left(tmp_path)


def test_the_next_mirror_is_asked(server, tmp_path):
    bad = [f"{server}/{path}" for path in ("missing", "html", "wrong")]
    assert _fetch(["http://127.0.0.1:9/refused", *bad, f"{server}/good"], tmp_path).read_bytes() == CONTENT
    assert _Handler.requests == ["/missing", "/html", "/wrong", "/good"]


def test_a_download_killed_half_way_leaves_nothing_in_the_way(server, tmp_path):
    process = multiprocessing.get_context("forkserver").Process(target=_fetch, args=([f"{server}/slow"], tmp_path))
    process.start()
    end = time.time() + 30
    while not any(path.stat().st_size > 0 for path in tmp_path.glob(".file.bin.part/*")):
        assert time.time() < end, "the download never began"
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    assert not (tmp_path / "file.bin").exists()
    assert _fetch([f"{server}/good"], tmp_path).read_bytes() == CONTENT
    assert _left(tmp_path) == {"file.bin"}


def test_two_processes_at_once_download_once(server, tmp_path):
    context = multiprocessing.get_context("forkserver")
    processes = [context.Process(target=_fetch, args=([f"{server}/slow"], tmp_path)) for _ in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    assert [process.exitcode for process in processes] == [0, 0]
    assert (tmp_path / "file.bin").read_bytes() == CONTENT
    assert _Handler.requests == ["/slow"]


def _tar(path: Path, *members: tuple[str, bytes | str]) -> Path:
    """Write a tar whose members are (name, content), or (name, link target) for a link."""
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            if isinstance(content, str):
                info.type, info.linkname = tarfile.SYMTYPE, content
                tar.addfile(info)
            else:
                info.size = len(content)
                tar.addfile(info, io.BytesIO(content))
    return path


def _zip(path: Path, *members: tuple[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as bundle:
        for name, content in members:
            bundle.writestr(name, content)
    return path


@pytest.mark.parametrize("pack", [_tar, _zip])
def test_a_good_archive_is_unpacked(tmp_path, pack):
    archive = pack(tmp_path / "a", ("set/one.txt", b"1"), ("two.txt", b"2"))
    folder = download.unpack(archive, tmp_path / "out", most_bytes=100)
    assert (folder / "set" / "one.txt").read_bytes() == b"1"
    assert (folder / "two.txt").read_bytes() == b"2"


@pytest.mark.parametrize("pack", [_tar, _zip])
@pytest.mark.parametrize("name", ["../evil.txt", "/tmp/evil.txt", "ok/../../evil.txt"])
def test_a_path_outside_is_refused(tmp_path, pack, name):
    archive = pack(tmp_path / "a", ("good.txt", b"1"), (name, b"2"))
    with pytest.raises(Problem, match="leads outside its folder"):
        download.unpack(archive, tmp_path / "sub" / "out", most_bytes=100)
    assert not (tmp_path / "sub" / "out").exists()
    assert not list(tmp_path.rglob("evil.txt"))
    assert not list((tmp_path / "sub").iterdir())


@pytest.mark.parametrize("target", ["/etc/passwd", "../../secret", "good.txt"])
def test_a_link_is_refused(tmp_path, target):
    archive = _tar(tmp_path / "a", ("good.txt", b"1"), ("link", target))
    with pytest.raises(Problem, match="a link or a device"):
        download.unpack(archive, tmp_path / "out", most_bytes=100)
    assert not (tmp_path / "out").exists()


def test_a_link_in_a_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "a", "w") as bundle:
        info = zipfile.ZipInfo("link")
        info.external_attr = 0o120777 << 16
        bundle.writestr(info, "/etc/passwd")
    with pytest.raises(Problem, match="a link or a device"):
        download.unpack(tmp_path / "a", tmp_path / "out", most_bytes=100)


@pytest.mark.parametrize("pack", [_tar, _zip])
def test_an_archive_that_grows_too_large_is_refused(tmp_path, pack):
    archive = pack(tmp_path / "a", ("zeros", bytes(1_000_000)))
    with pytest.raises(Problem, match="more than 1,000 bytes"):
        download.unpack(archive, tmp_path / "out", most_bytes=1_000)
    assert not (tmp_path / "out").exists()


def test_a_damaged_archive_is_named(tmp_path):
    archive = _tar(tmp_path / "a", ("good.txt", os.urandom(100_000)))
    archive.write_bytes(archive.read_bytes()[:50_000])
    with pytest.raises(Problem, match="no archive or a damaged one"):
        download.unpack(archive, tmp_path / "out", most_bytes=1_000_000)
    assert not (tmp_path / "out").exists()
