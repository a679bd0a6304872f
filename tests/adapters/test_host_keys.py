"""Keys of far hosts: private from the first byte, refused where others could read them, one accepted key per host."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from adapters.host_keys import fingerprint, make_pair, pin, pinned, public_line, remove_pair, require_private
from core.errors import InvalidError

ONE = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEA6HbrCad6BfeVd4BV/MBDeTCGCfOwnom3pyaiGA6t"
OTHER = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINotmrmu5oVhEoMJnCxI+v+RRwY31SOdpunH5EtX7bFv"


def test_a_pair_is_made_once_and_is_ours_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "web-1.look"
    make_pair(path, "look of web-1")
    first = path.read_bytes()
    make_pair(path, "look of web-1")
    assert path.read_bytes() == first
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert public_line(path).startswith("ssh-ed25519 AAAA")
    assert public_line(path).endswith(" look of web-1")
    remove_pair(path)
    remove_pair(path)
    assert not path.exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    path = tmp_path / "key"
    make_pair(path, "")
    path.chmod(mode)
    with pytest.raises(InvalidError, match="others can read"):
        require_private(path)


@pytest.mark.needs("ssh-keygen")
def test_a_key_that_is_missing_locked_or_none_is_one_sentence(tmp_path: Path) -> None:
    locked, text = tmp_path / "locked", tmp_path / "text"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "secret words", "-f", str(locked)], check=True)
    text.write_text("-----BEGIN")
    text.chmod(0o600)
    for path, says in ((locked, "passphrase"), (text, "no private key"), (tmp_path / "none", "No such file")):
        with pytest.raises(InvalidError, match=says):
            public_line(path)


@pytest.mark.needs("ssh-keygen")
def test_a_fingerprint_is_the_one_that_openssh_shows(tmp_path: Path) -> None:
    (tmp_path / "key.pub").write_text(ONE)
    shown = subprocess.run(["ssh-keygen", "-lf", str(tmp_path / "key.pub")], capture_output=True, text=True, check=True)
    assert fingerprint(ONE) == shown.stdout.split()[1]
    for text in ("", "ssh-ed25519", "ssh-ed25519 not-base64!", "\x1b[31m"):
        with pytest.raises(InvalidError, match="no host key"):
            fingerprint(text)


def test_one_key_counts_for_a_host_and_another_takes_its_place(tmp_path: Path) -> None:
    book = tmp_path / "known_hosts"
    assert pinned(book, "10.0.0.7", 22) == ""
    pin(book, "10.0.0.7", 22, f"{ONE} a comment")
    pin(book, "10.0.0.7", 2200, OTHER)
    assert (pinned(book, "10.0.0.7", 22), pinned(book, "10.0.0.7", 2200)) == (ONE, OTHER)
    pin(book, "10.0.0.7", 22, OTHER)
    assert book.read_text() == f"[10.0.0.7]:2200 {OTHER}\n10.0.0.7 {OTHER}\n"
    assert book.stat().st_mode & 0o777 == 0o600
    pin(book, "10.0.0.7", 22, "")
    assert pinned(book, "10.0.0.7", 22) == ""
    with pytest.raises(InvalidError, match="no host key"):
        pin(book, "a", 22, "x\n* " + ONE)


def test_a_book_that_others_could_write_or_that_leads_elsewhere_is_not_believed(tmp_path: Path) -> None:
    book = tmp_path / "known_hosts"
    pin(book, "a", 22, ONE)
    book.chmod(0o666)
    with pytest.raises(InvalidError, match="others could write"):
        pinned(book, "a", 22)
    link = tmp_path / "link"
    link.symlink_to(book)
    with pytest.raises(InvalidError, match="cannot read the host keys"):
        pinned(link, "a", 22)
