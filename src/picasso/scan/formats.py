"""Formats that clamd does not look into, by the first bytes of a file.

Of the first kind it reads nothing at all: these types it "ignores" (filetypes_int.h of ClamAV 1.4). Those of the second
kind it searches as they are, without unpacking them.
"""

from __future__ import annotations

import re

IGNORED = re.compile(
    rb"(?s)ID3|\xff\xfb\x90|OggS|\.RMF"
    rb"|SQLite format 3\0|7\x7f\x06[\x82\x83]\0-\xe2\x18|\xd9\xd5\x05\xf9 \xa1c\xd7"  # with its log and journal
    rb"|SIP-HIT \(SIP/H|SYMC\x01\0"
    rb"|(?:.|.{129})/\x52GB\x0a"
)

NOT_UNPACKED = re.compile(
    rb"(?s)[\x1e-\x28]\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18"  # Zstandard with its old forms; its skippable frames
    rb"|\x04\x22\x4d\x18|\x02\x21\x4c\x18"  # LZ4
    rb"|LZIP|\x89LZO\0\r\n\x1a\n|LRZI|BZ3v1|BZ0|\xff\x06\0\0sNaPpY"
    rb"|\x1f[\x9d-\xa0\x1e]"  # compress, freeze, LZH of SCO, pack
    rb"|\x5d\0\0.[\0-\x08](?:\xff{8}|.{4}[\0-\x0f]\0\0\0)\0"  # LZMA alone, as its programs write it
    rb"|!<arch>\ndebian-binary|\xed\xab\xee\xdb"  # packages of Debian, RPM
    rb"|hsqs|sqsh|MSWIM\0\0\0|.{7}\*\*ACE\*\*|.{20}\xdc\xa7\xc4\xfd|SIT!|StuffIt|7kSt|zPQ|begin-base64 "
    rb"|KDMV|COWD|QFI\xfb|QED\0|vhdxfile|MComprHD|ISc\(|ZIM\x04|xdg-app"  # disks, installers, collections
)

RAR = b"Rar!\x1a\x07"
