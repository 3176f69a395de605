"""OLE compound files."""

from __future__ import annotations

from uuid import UUID

from tests.detection.builders import ole
from tests.detection.samples import Sample

TITLE = "OLE compound files"


def of_class(class_id: str, *names: str) -> bytes:
    return ole(*names, class_id=UUID(class_id).bytes_le)


BY_STREAMS = (
    ("application/msword", "doc", ("WordDocument", "1Table")),
    ("application/vnd.ms-excel", "xls", ("Workbook",)),
    ("application/vnd.ms-powerpoint", "ppt", ("Current User", "PowerPoint Document")),
    ("application/vnd.ms-outlook", "msg", ("__nameid_version1.0", "__properties_version1.0")),
    ("application/vnd.visio", "vsd", ("VisioDocument",)),
    ("application/x-mspublisher", "pub", ("Contents", "Quill")),
    ("application/vnd.ms-project", "mpp", ("Props14", "   114")),
    ("application/vnd.ms-works", "wps", ("CONTENTS", "MatOST", "SPELLING")),
    ("application/vnd.microsoft.windows.thumbnail-cache", "db", ("1", "2", "Catalog")),
    ("application/x-hwp", "hwp", ("FileHeader", "BodyText", "DocInfo")),
    ("application/x-quattro-pro", "qpw", ("NativeContent_MAIN",)),
    ("application/x-corelpresentations", "shw", ("PerfectOffice_MAIN", "SlideConnection")),
    ("application/vnd.stardivision.writer", "sdw", ("StarWriterDocument",)),
    ("application/vnd.stardivision.calc", "sdc", ("StarCalcDocument",)),
    ("application/vnd.stardivision.draw", "sda", ("StarDrawDocument3",)),
    ("application/vnd.stardivision.math", "smf", ("StarMathDocument",)),
    ("application/vnd.stardivision.chart", "sds", ("StarChartDocument",)),
    ("application/sldworks", "sldprt", ("SwDocContentMgr", "Contents")),
    ("application/x-pagemaker", "pmd", ("PageMaker",)),
    ("application/x-revit", "rvt", ("BasicFileInfo", "RevitPreview4.0")),
    ("application/x-3dsmax", "max", ("ClassDirectory3", "Scene")),
)

COMP_OBJ = bytes(28) + b"\x10\0\0\0StarImpress 5.0\0"

SAMPLES = (
    *(Sample(kind, f"a.{extension}", ole(*names)) for kind, extension, names in BY_STREAMS),
    Sample("application/vnd.wordperfect", "a.wpd", ole("PerfectOffice_MAIN", content=b"\xffWPC\x10\0\0\0\1\x0a")),
    Sample("application/x-quattro-pro", "a.wb3", ole("PerfectOffice_MAIN", content=b"\0\0\2\0\7\x10")),
    Sample("application/vnd.stardivision.impress", "b.sdd", ole("StarDrawDocument3", "\1CompObj", content=COMP_OBJ)),
    Sample("application/encrypted", "a", ole("EncryptedPackage", "EncryptionInfo")),
    Sample("application/vnd.ms-office.vbaproject", "a", ole("VBA", "PROJECT")),
    Sample("application/x-ole-storage", "a", ole("Anything")),
    Sample("application/x-msi", "a.msi", of_class("000c1084-0000-0000-c000-000000000046", "\u4840\u3f3f")),
    Sample(
        "application/vnd.stardivision.impress",
        "a.sdd",
        of_class("565c7221-85bc-11d1-89d0-008029e4b0b1", "StarDrawDocument3"),
    ),
    Sample("image/vnd.fpx", "a.fpx", of_class("56616700-c154-11ce-8553-00aa00a1f95b", "Data Object Store")),
)
