"""Facts about archives, from their directory: nothing is unpacked to disk."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from picasso.process.contract import Processor, ProcessorError, Result, Source

# Documents that are ZIPs are not listed: their entries tell nobody anything.
ZIP = (
    "application/zip",
    "application/java-archive",
    "application/vnd.android.aab",
    "application/vnd.android.package-archive",
    "application/vnd.comicbook+zip",
    "application/vnd.apple.pkpass",
    "application/vnd.google-earth.kmz",
    "application/vnd.ms-appx",
    "application/vnd.openofficeorg.extension",
    "application/vnd.recordare.musicxml",
    "application/vsix",
    "application/x-ios-app",
    "application/x-krita",
    "application/x-java-ear",
    "application/x-java-war",
    "application/x-nupkg",
    "application/x-silverlight-app",
    "application/x-wheel+zip",
    "application/x-xpinstall",
    "application/x-zip-compressed-fb2",
    "image/openraster",
    "model/3mf",
    "model/vnd.usdz+zip",
)
TAR = ("application/x-tar", "application/ovf", "application/x-cbt")
SEVEN_ZIP = ("application/x-7z-compressed", "application/x-cb7")
PACKED = {
    "application/gzip": "gzip",
    "application/x-bzip2": "bzip2",
    "application/x-xz": "xz",
    "application/x-lzma": "lzma",
    "application/zstd": "zstd",
}


class Archive(Processor):
    """Sizes are those that the archive states. Archives that are compressed as one stream are read through and
    counted.
    """

    name: ClassVar[str] = "archive"
    media_types: ClassVar[tuple[str, ...]] = (*ZIP, *TAR, *SEVEN_ZIP, *PACKED)
    queue: ClassVar[str] = "quick"
    requires: ClassVar[tuple[str, ...]] = ("py7zr",)
    extra: ClassVar[str] = "archives"

    @staticmethod
    def prepare() -> None:
        from picasso.process.processors.archive import packed, seven_zip, tar, zipped  # noqa: F401

        packed.load()
        seven_zip.load()

    def __call__(self, source: Source, folder: Path) -> Result:
        from picasso.process.processors.archive import packed, seven_zip, tar, zipped

        if source.media_type in ZIP:
            return zipped.read(source, folder)
        if source.media_type in TAR:
            return tar.read(source, folder)
        if source.media_type in SEVEN_ZIP:
            return seven_zip.read(source, folder)
        if source.media_type in PACKED:
            return packed.read(source, folder, PACKED[source.media_type])
        raise ProcessorError("unsupported-format", "Archives of this format can't be read.")
