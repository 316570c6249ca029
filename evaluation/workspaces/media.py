"""Photographs, music and scans by name: the right first bytes, then noise. No tool of ours looks further inside."""

from __future__ import annotations

from evaluation.workspaces.prose import Document
from evaluation.workspaces.world import words
from evaluation.workspaces.writer import Writer

_JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000")
_PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452")
_MP3 = b"ID3\x04\x00\x00\x00\x00\x00\x00"
_MP4 = bytes.fromhex("00000018667479706d703432000000006d703432")
_PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


def photograph(w: Writer) -> Document:
    """Named by a camera, a telephone, or a person."""
    number = w.random.randint(1, 9999)
    names = (
        (f"IMG_{number:04}",),
        (f"DSC{number:05}",),
        (f"PXL_{w.day:%Y%m%d}_{w.random.randint(60000, 235959):06}",),
        (*w.random.choice(words("words")["sights"]).split(), str(number % 40)),
    )
    return Document(w.random.choice(names), w.random.choice((".jpg", ".jpg", ".JPG", ".jpeg")), _noise(w, _JPEG))


def screenshot(w: Writer) -> Document:
    return Document(("screenshot", w.day.isoformat(), str(w.random.randint(1, 60))), ".png", _noise(w, _PNG))


def video(w: Writer) -> Document:
    return Document((f"VID_{w.day:%Y%m%d}_{w.random.randint(1, 999):03}",), ".mp4", _noise(w, _MP4))


def song(w: Writer) -> Document:
    title = f"{w.random.choice(words('words')['adjectives'])} {w.random.choice(words('words')['code_names'])}"
    return Document((f"{w.random.randint(1, 18):02}", *title.split()), ".mp3", _noise(w, _MP3))


def scan(w: Writer) -> Document:
    return Document(("scan", *w.title().split()), ".pdf", _noise(w, _PDF))


def captions(w: Writer) -> Document:
    lines = [
        f"{w.random.choice(words('words')['sights'])}, {w.random.choice(w.world.towns)}: {w.sentence('diary')}"
        for _ in range(w.random.randint(3, 14))
    ]
    return Document(("captions",), ".txt", "\n".join(lines) + "\n")


def _noise(w: Writer, head: bytes) -> bytes:
    return head + w.random.randbytes(400 + min(int(w.random.lognormvariate(7.5, 0.8)), 30_000))
