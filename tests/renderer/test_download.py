"""Files behind addresses: whole, resumed, changed, broken off, refused. All on this machine."""

from __future__ import annotations

import errno
import shutil
from pathlib import Path
from typing import Any

import pytest

import networks
from renderer import download, info, web
from renderer.convert import main as convert_main
from renderer.download import cached_path, fetch
from renderer.messages import address_name, is_address
from renderer.models import Canceled, load_model
from renderer.web import DownloadError, check_address

GOLDEN = Path(__file__).resolve().parent.parent / "golden"
R64 = (GOLDEN / "stylegan3-r-64.pkl").read_bytes()
T64 = (GOLDEN / "stylegan3-t-64.pkl").read_bytes()
NAME = "some/where/network.pkl"
HALF = 100_000


@pytest.fixture
def address(file_server: Any) -> str:
    file_server.files[NAME] = R64
    found: str = file_server.address(NAME)
    return found


def quiet(_fraction: float, _text: str) -> None:
    pass


def refusal(address: str, **options: Any) -> str:
    """The sentence, which names the address."""
    with pytest.raises(DownloadError) as caught:
        fetch(address, quiet, **options)
    sentence = str(caught.value)
    assert repr(address) in sentence
    assert "\n" not in sentence
    assert not cached_path(address).exists()
    return sentence


def break_off(file_server: Any, address: str) -> None:
    file_server.cut_after = HALF
    assert "broke off after 98 of 169 kB: try again" in refusal(address)
    assert cached_path(address).with_name(".part").read_bytes() == R64[:HALF]


def test_a_file_comes_whole_and_is_fetched_once(file_server: Any, address: str) -> None:
    told: list[tuple[float, str]] = []
    path = fetch(address, lambda *what: told.append(what))
    assert path.name == "network.pkl"
    assert path.read_bytes() == R64
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert (1.0, "Downloading 169 of 169 kB") in told
    assert fetch(address, quiet) == path
    assert file_server.ranges == [None]
    names = {".about.json", ".lock", "network.pkl"}
    assert {entry.name for entry in path.parent.iterdir()} == names


def test_what_broke_off_is_resumed(file_server: Any, address: str) -> None:
    break_off(file_server, address)
    assert fetch(address, quiet).read_bytes() == R64
    assert file_server.ranges == [None, f"bytes={HALF}-"]


def test_a_part_that_is_whole_needs_no_server(file_server: Any, address: str) -> None:
    path = cached_path(address)
    with pytest.raises(Canceled):
        fetch(address, cancel_when("Checking"))
    assert path.with_name(".part").read_bytes() == R64
    assert fetch(address, quiet).read_bytes() == R64
    assert file_server.ranges == [None]


def test_what_changed_meanwhile_is_not_joined(file_server: Any, address: str) -> None:
    break_off(file_server, address)
    file_server.files[NAME] = T64
    assert fetch(address, quiet).read_bytes() == T64


@pytest.mark.parametrize(
    "headers",
    [
        {"ETag": '"another"'},
        {"Content-Range": f"bytes {HALF}-{len(R64)}/{len(R64) + 1}"},
        {"Content-Range": f"bytes 5-{len(R64)}/{len(R64)}"},
        {"Content-Range": None},
    ],
    ids=["another tag", "another length", "another place", "no place"],
)
def test_a_part_that_does_not_fit_is_fetched_anew(
    file_server: Any, address: str, headers: dict[str, str | None], monkeypatch: Any
) -> None:
    break_off(file_server, address)
    asked = download.Stream.__init__

    def change_once(*arguments: Any, **options: Any) -> None:
        asked(*arguments, **options)
        file_server.changed_headers = {}

    file_server.changed_headers = headers
    monkeypatch.setattr(download.Stream, "__init__", change_once)
    assert fetch(address, quiet).read_bytes() == R64
    assert file_server.ranges == [None, f"bytes={HALF}-", None]


def test_without_a_tag_nothing_is_resumed(file_server: Any, address: str) -> None:
    file_server.changed_headers = {"ETag": None}
    break_off(file_server, address)
    assert fetch(address, quiet).read_bytes() == R64
    assert file_server.ranges == [None, None]


def test_a_wrong_length_is_noticed(file_server: Any, address: str) -> None:
    file_server.changed_headers = {"Content-Length": str(len(R64) + 5)}
    assert "broke off" in refusal(address)


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({"Content-Length": None}, "does not say how long it is"),
        ({"Content-Length": str(5 << 30)}, "at most 4096 MB"),
        ({"Content-Type": "text/html; charset=utf-8"}, "is a web page"),
        ({"Content-Encoding": "gzip"}, "comes packed (gzip)"),
    ],
    ids=["no length", "too large", "a page", "packed"],
)
def test_an_answer_that_is_no_file_is_refused(
    file_server: Any, address: str, headers: dict[str, str | None], words: str
) -> None:
    file_server.changed_headers = headers
    assert words in refusal(address)


def test_a_missing_file_is_named_with_what_the_server_said(file_server: Any) -> None:
    assert "answered 404 Not Found: there is no such file" in refusal(file_server.address("no.pkl"))


def test_a_server_that_is_not_there_is_named(file_server: Any, address: str) -> None:
    nobody = f"http://127.0.0.1:{free_port()}/a.pkl"
    assert "cannot be reached (Connection refused)" in refusal(nobody)


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_a_redirect_is_followed(file_server: Any, address: str) -> None:
    file_server.ways_on["latest"] = f"/{NAME}"
    assert fetch(file_server.address("latest"), quiet).read_bytes() == R64


@pytest.mark.parametrize("target", [(GOLDEN / "stylegan3-r-64.pkl").as_uri(), "ftp://127.0.0.1/a"])
def test_a_redirect_to_anything_else_is_refused(file_server: Any, target: str) -> None:
    file_server.ways_on["latest"] = target
    assert f"leads on to {target!r}, which is not followed" in refusal(
        file_server.address("latest")
    )


def test_a_redirect_that_gives_up_encryption_is_refused() -> None:
    request = web.urllib.request.Request("https://127.0.0.1/a")
    headers: Any = {}
    with pytest.raises(DownloadError, match="not followed"):
        web._Redirects().redirect_request(request, None, 302, "", headers, "http://127.0.0.1/a")


@pytest.mark.parametrize("pause", [0, HALF])
def test_a_silent_server_is_given_up(file_server: Any, address: str, pause: int) -> None:
    file_server.pause_after = pause
    assert "sent nothing for 0.2 seconds" in refusal(address, silence_sec=0.2)
    file_server.pause_after = None
    assert fetch(address, quiet).read_bytes() == R64
    assert file_server.ranges == [None, f"bytes={HALF}-" if pause else None]


def cancel_when(words: str) -> download.Report:
    def report(_fraction: float, text: str) -> None:
        if text.startswith(words):
            raise Canceled

    return report


def test_cancel_keeps_what_came_also_while_the_server_is_silent(
    file_server: Any, address: str
) -> None:
    file_server.pause_after = HALF
    with pytest.raises(Canceled):
        fetch(address, cancel_when("Downloading 98 of"))
    assert cached_path(address).with_name(".part").read_bytes() == R64[:HALF]
    file_server.pause_after = None
    assert fetch(address, quiet).read_bytes() == R64
    assert file_server.ranges[-1] == f"bytes={HALF}-"


def test_a_damaged_copy_is_fetched_again(file_server: Any, address: str) -> None:
    path = fetch(address, quiet)
    path.write_bytes(R64[:-1] + bytes([R64[-1] ^ 1]))
    assert fetch(address, quiet).read_bytes() == R64
    path.with_name(".about.json").write_text("[")
    assert fetch(address, quiet).read_bytes() == R64
    assert len(file_server.ranges) == 3


def test_a_newer_file_comes_when_it_is_asked_for(file_server: Any, address: str) -> None:
    path = fetch(address, quiet)
    assert fetch(address, quiet, again=True) == path
    assert file_server.num_unchanged == 1
    file_server.files[NAME] = T64
    assert fetch(address, quiet).read_bytes() == R64
    assert fetch(address, quiet, again=True).read_bytes() == T64
    assert fetch(address, quiet, again=True).read_bytes() == T64
    assert file_server.num_unchanged == 2


@pytest.mark.parametrize("modified", [None, "Sat, 21 Nov 2026 10:00:00 GMT"])
def test_a_server_without_tags_is_believed_about_time_and_length(
    file_server: Any, address: str, modified: str | None
) -> None:
    file_server.changed_headers = {"ETag": None, "Last-Modified": modified}
    stamp = fetch(address, quiet).stat().st_mtime_ns
    assert fetch(address, quiet, again=True).stat().st_mtime_ns == stamp
    file_server.files[NAME] = R64[:-1]
    assert fetch(address, quiet, again=True).read_bytes() == R64[:-1]
    if modified:
        file_server.changed_headers["Last-Modified"] = modified.replace("21", "22")
        file_server.files[NAME] = R64[1:]  # as long as the one before
        assert fetch(address, quiet, again=True).read_bytes() == R64[1:]


@pytest.mark.parametrize("trouble", ["gone", "cut"])
def test_the_copy_stays_when_a_newer_file_does_not_come(
    file_server: Any, address: str, trouble: str
) -> None:
    path = fetch(address, quiet)
    file_server.files[NAME] = T64
    if trouble == "gone":
        del file_server.files[NAME]
    else:
        file_server.cut_after = HALF
    with pytest.raises(DownloadError):
        fetch(address, quiet, again=True)
    assert path.read_bytes() == R64
    assert fetch(address, quiet) == path
    file_server.files[NAME] = T64
    assert fetch(address, quiet, again=True).read_bytes() == T64


def test_a_full_disk_is_told_before_and_while_it_fills(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage("/")
    with monkeypatch.context() as patch:
        patch.setattr("shutil.disk_usage", lambda _path: usage._replace(free=70 << 10))
        assert "where 70 kB are free: make room there, or set LOUPE_CACHE" in refusal(address)

    def full(self: Any) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(download.Stream, "read", full)
    assert "(No space left on device): make room there" in refusal(address)


def test_two_programs_do_not_write_one_part(address: str) -> None:
    path = cached_path(address)
    path.parent.mkdir(parents=True)
    with download._only_one(address, path.with_name(".lock")):
        assert "is being fetched by another window" in refusal(address)
    assert fetch(address, quiet) == path


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("file:///etc/passwd", "only http:// and https:// are"),
        ("ftp://127.0.0.1/a.pkl", "only http:// and https:// are"),
        ("https://me:secret@127.0.0.1/a.pkl", "holds a user name"),
        ("http:///a.pkl", "names no server"),
        ("http://127.0.0.1:port/a.pkl", "is no address"),
        ("http://[::1/a.pkl", "is no address"),
        (f"http://{'a' * 70}.example/a.pkl", "is no address"),
    ],
)
def test_an_address_that_cannot_be_one_is_refused(address: str, words: str) -> None:
    with pytest.raises(DownloadError) as caught:
        fetch(address, quiet)
    assert words in str(caught.value)


def test_addresses_are_escaped_and_named() -> None:
    escaped = "http://xn--bcher-kva.example:81/a%20%C3%BC.pkl?b=c%2Fd"
    assert check_address("HTTP://bücher.example:81/a ü.pkl?b=c%2Fd#part") == escaped
    names = {
        "http://h/a/b.pkl?c=/d.png": "b.pkl",
        "http://h/a%2Fb.pkl": "a_b.pkl",
        "http://h/..": "model",
        "http://h": "model",
        "http://h/.about.json": "about.json",
        "http://h/a/": "a",
        "http://[": "model",
    }
    assert {address: address_name(address) for address in names} == names
    assert is_address("http://h/a")
    assert not any(is_address(source) for source in ("bundled:a", "/a/b", "C:\\a", "a.pkl"))


# --- as a model ------------------------------------------------------------------------------


def test_a_model_of_an_address_is_that_of_its_file(address: str) -> None:
    told: list[tuple[float, str]] = []
    model = load_model(address, "cpu", lambda *what: told.append(what))
    own = load_model(str(GOLDEN / "stylegan3-r-64.pkl"), "cpu", quiet)
    assert (model.info.source, model.info.label) == (address, "network")
    assert model.info.sha256 == own.info.sha256
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)


def test_what_is_no_checkpoint_is_not_kept(file_server: Any, address: str) -> None:
    file_server.files[NAME] = b"hello"
    with pytest.raises(networks.CheckpointError, match="looks like text") as caught:
        load_model(address, "cpu", quiet)
    assert str(caught.value).startswith(repr(address))
    file_server.files[NAME] = R64
    assert load_model(address, "cpu", quiet).info.family == "stylegan3"


def test_info_and_convert_take_addresses(
    file_server: Any, address: str, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert info.main([address]) == 0
    assert "StyleGAN3" in capsys.readouterr().out
    assert convert_main([address]) == 0
    assert networks.load_generator(tmp_path / "network.safetensors").img_resolution == 64
    assert len(file_server.ranges) == 1
    for main in (info.main, convert_main):
        assert main([file_server.address("no.pkl")]) == 1
        assert "404" in capsys.readouterr().err


@pytest.mark.parametrize("length", ["9" * 5000, "much"])
def test_a_length_that_is_no_number_is_refused_where_a_newer_file_is_asked_for(
    file_server: Any, address: str, length: str
) -> None:
    path = fetch(address, quiet)
    file_server.files[NAME] = T64
    file_server.changed_headers = {"Content-Length": length}
    with pytest.raises(DownloadError, match="does not say how long it is"):
        fetch(address, quiet, again=True)
    assert path.read_bytes() == R64


def test_a_range_without_end_is_none(file_server: Any, address: str) -> None:
    break_off(file_server, address)
    file_server.changed_headers = {"Content-Range": f"bytes {HALF}-{'9' * 5000}/{'9' * 5000}"}
    assert fetch(address, quiet).read_bytes() == R64
