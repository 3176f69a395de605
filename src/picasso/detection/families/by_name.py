"""Formats that only the name tells from their family: the content allows them, but does not decide."""

from __future__ import annotations

from collections.abc import Mapping

from picasso.detection.media_types import ENTRIES, OFFICE

BY_NAME: Mapping[str, Mapping[str, str]] = {
    "application/zip": {
        "cbz": "application/vnd.comicbook+zip",
        "kmz": "application/vnd.google-earth.kmz",
        "xpi": "application/x-xpinstall",
        "sketch": "application/vnd.sketch",
        "xmind": "application/vnd.xmind.workbook",
        "oxt": "application/vnd.openofficeorg.extension",
        "jar": "application/java-archive",
        "ipa": "application/x-ios-app",
    },
    "application/java-archive": {"war": "application/x-java-war", "ear": "application/x-java-ear"},
    "application/x-mach-binary": {"jnilib": "application/x-java-jnilib"},
    "application/vnd.squashfs": {"snap": "application/vnd.snap"},
    "application/vnd.sun.xml.writer": {"stw": "application/vnd.sun.xml.writer.template"},
    "video/x-ms-wmv": {"asf": "video/x-ms-asf"},
    "application/pdf": {"ai": "application/illustrator"},
    "image/x-nikon-nef": {"nrw": "image/x-nikon-nrw"},
    "image/x-sony-arw": {"sr2": "image/x-sony-sr2", "srf": "image/x-sony-srf"},
    "image/x-hasselblad-3fr": {"fff": "image/x-hasselblad-fff"},
    "image/x-kodak-dcr": {"k25": "image/x-kodak-k25"},
    "application/vnd.rar": {"cbr": "application/vnd.comicbook-rar"},
    "application/x-7z-compressed": {"cb7": "application/x-cb7"},
    "application/x-tar": {"cbt": "application/x-cbt"},
    "application/x-ole-storage": {
        **dict.fromkeys(("doc", "dot"), "application/msword"),
        **dict.fromkeys(("xls", "xlt"), "application/vnd.ms-excel"),
        **dict.fromkeys(("ppt", "pps", "pot"), "application/vnd.ms-powerpoint"),
        **dict.fromkeys(("msg", "oft"), "application/vnd.ms-outlook"),
        **dict.fromkeys(("wps", "wks", "wdb"), "application/vnd.ms-works"),
        "pub": "application/x-mspublisher",
        "vsd": "application/vnd.visio",
        "mpp": "application/vnd.ms-project",
        "msi": "application/x-msi",
    },
}

# Of documents in ZIPs that lack their end: what they are stood in the entries that are gone.
OF_CUT_ZIP: Mapping[str, str] = {
    each.extensions[0][1:]: each.media_type
    for each in ENTRIES.values()
    if each.media_type.startswith((OFFICE, "application/vnd.oasis.opendocument.", "application/epub+zip"))
    and not each.media_type.endswith("-flat-xml")
}
