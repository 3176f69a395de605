"""ZIPs that are something else."""

from __future__ import annotations

from tests.detection.builders import content_types, package, zip_with
from tests.detection.samples import Sample

TITLE = "Documents, books and programs in ZIPs"

OFFICE = "application/vnd.openxmlformats-officedocument."
ODF = "application/vnd.oasis.opendocument."
STAR = "application/vnd.sun.xml."


def stated(media_type: str, **others: bytes) -> bytes:
    return zip_with({"mimetype": media_type.encode(), "content.xml": b"<a/>", **others}, compress=False)


def entries(*names: str) -> bytes:
    return zip_with(dict.fromkeys(names, b"<a/>"))


MAIN_PARTS = (
    (OFFICE + "wordprocessingml.document", "docx", OFFICE + "wordprocessingml.document.main+xml"),
    (OFFICE + "wordprocessingml.template", "dotx", OFFICE + "wordprocessingml.template.main+xml"),
    (OFFICE + "spreadsheetml.sheet", "xlsx", OFFICE + "spreadsheetml.sheet.main+xml"),
    (OFFICE + "spreadsheetml.template", "xltx", OFFICE + "spreadsheetml.template.main+xml"),
    (OFFICE + "presentationml.presentation", "pptx", OFFICE + "presentationml.presentation.main+xml"),
    (OFFICE + "presentationml.template", "potx", OFFICE + "presentationml.template.main+xml"),
    (OFFICE + "presentationml.slideshow", "ppsx", OFFICE + "presentationml.slideshow.main+xml"),
    *(
        (f"application/vnd.ms-{kind}.macroenabled.12", extension, f"application/vnd.ms-{part}")
        for kind, extension, part in (
            ("word.document", "docm", "word.document.macroEnabled.main+xml"),
            ("word.template", "dotm", "word.template.macroEnabledTemplate.main+xml"),
            ("excel.sheet", "xlsm", "excel.sheet.macroEnabled.main+xml"),
            ("excel.template", "xltm", "excel.template.macroEnabled.main+xml"),
            ("excel.addin", "xlam", "excel.addin.macroEnabled.main+xml"),
            ("excel.sheet.binary", "xlsb", "excel.sheet.binary.macroEnabled.main"),
            ("powerpoint.presentation", "pptm", "powerpoint.presentation.macroEnabled.main+xml"),
            ("powerpoint.template", "potm", "powerpoint.template.macroEnabled.main+xml"),
            ("powerpoint.slideshow", "ppsm", "powerpoint.slideshow.macroEnabled.main+xml"),
            ("powerpoint.addin", "ppam", "powerpoint.addin.macroEnabled.main+xml"),
            ("visio.drawing", "vsdm", "visio.drawing.macroEnabled.main+xml"),
            ("visio.stencil", "vssm", "visio.stencil.macroEnabled.main+xml"),
            ("visio.template", "vstm", "visio.template.macroEnabled.main+xml"),
        )
    ),
    ("application/vnd.ms-visio.drawing", "vsdx", "application/vnd.ms-visio.drawing.main+xml"),
    ("application/vnd.ms-visio.stencil", "vssx", "application/vnd.ms-visio.stencil.main+xml"),
    ("application/vnd.ms-visio.template", "vstx", "application/vnd.ms-visio.template.main+xml"),
    ("application/vnd.ms-officetheme", "thmx", OFFICE + "themeManager+xml"),
    ("model/3mf", "3mf", "application/vnd.ms-package.3dmanufacturing-3dmodel+xml"),
)

STATED = (
    (ODF + "text", "odt"),
    (ODF + "text-template", "ott"),
    (ODF + "text-master", "odm"),
    (ODF + "text-web", "oth"),
    (ODF + "spreadsheet", "ods"),
    (ODF + "spreadsheet-template", "ots"),
    (ODF + "presentation", "odp"),
    (ODF + "presentation-template", "otp"),
    (ODF + "graphics", "odg"),
    (ODF + "graphics-template", "otg"),
    (ODF + "chart", "odc"),
    (ODF + "formula", "odf"),
    (ODF + "image", "odi"),
    (ODF + "base", "odb"),
    (STAR + "writer", "sxw"),
    (STAR + "writer.template", "stw"),
    (STAR + "writer.global", "sxg"),
    (STAR + "calc", "sxc"),
    (STAR + "calc.template", "stc"),
    (STAR + "impress", "sxi"),
    (STAR + "impress.template", "sti"),
    (STAR + "draw", "sxd"),
    (STAR + "draw.template", "std"),
    (STAR + "math", "sxm"),
    ("application/epub+zip", "epub"),
    ("application/x-ibooks+zip", "ibooks"),
    ("application/hwp+zip", "hwpx"),
    ("application/vnd.etsi.asic-e+zip", "asice"),
    ("application/vnd.etsi.asic-s+zip", "asics"),
    ("image/openraster", "ora"),
    ("application/x-krita", "kra"),
    ("application/vnd.kde.karbon", "karbon"),
    ("application/vnd.kde.kchart", "chrt"),
    ("application/vnd.kde.kivio", "flw"),
    ("application/vnd.recordare.musicxml", "mxl"),
    ("application/vnd.adobe.air-application-installer-package+zip", "air"),
)

XPS_PART = content_types("application/vnd.ms-package.xps-fixeddocumentsequence+xml")


def xps(namespace: str) -> bytes:
    relation = f'<Relationships><Relationship Target="a.fdseq" Id="R0" Type="{namespace}"/></Relationships>'
    return zip_with({"[Content_Types].xml": XPS_PART, "_rels/.rels": relation.encode()})


PAGES = bytes.fromhex("00100f00a935f0a834080112300890 4e12")
NUMBERS = bytes.fromhex("006e0d00f229f0b7220801121e080112")

SILVERLIGHT = b'<Deployment xmlns="http://schemas.microsoft.com/client/2007/deployment"/>'
MIND_MAP = zip_with(
    {"content.json": b"[]", "metadata.json": b"{}", "manifest.json": b'{"file-entries":{"content.json":{}}}'}
)
SCORE = zip_with(
    {"META-INF/container.xml": b'<rootfile full-path="a.mscx"/>', "a.mscx": b'<museScore version="4.20"/>'}
)

OTHERS = (
    ("application/vnd.ms-xpsdocument", "xps", xps("http://schemas.microsoft.com/xps/2005/06/fixedrepresentation")),
    ("application/oxps", "oxps", xps("http://schemas.openxps.org/oxps/v1.0/fixedrepresentation")),
    ("model/vnd.dwf", "dwfx", xps("http://schemas.autodesk.com/dwfx/2007/relationships/documentsequence")),
    ("application/vnd.apple.keynote", "key", entries("Index/Document.iwa", "Index/Slide-12.iwa")),
    ("application/vnd.apple.pages", "pages", zip_with({"Index/Document.iwa": PAGES}, compress=False)),
    ("application/vnd.apple.numbers", "numbers", zip_with({"Index/Document.iwa": NUMBERS}, compress=False)),
    ("application/java-archive", "jar", entries("META-INF/MANIFEST.MF", "A.class")),
    ("application/x-java-war", "war", entries("META-INF/MANIFEST.MF", "WEB-INF/web.xml")),
    ("application/x-java-ear", "ear", entries("META-INF/MANIFEST.MF", "META-INF/application.xml")),
    ("application/vnd.android.package-archive", "apk", entries("res/a.xml", "AndroidManifest.xml", "classes.dex")),
    ("application/vnd.android.aab", "aab", entries("BundleConfig.pb", "base/manifest/AndroidManifest.xml")),
    ("application/x-ios-app", "ipa", entries("iTunesMetadata.plist", "Payload/A.app/Info.plist")),
    ("application/x-xpinstall", "xpi", entries("chrome.manifest", "install.rdf")),
    ("application/vnd.ms-appx", "msix", entries("AppxManifest.xml", "AppxBlockMap.xml")),
    ("application/vsix", "vsix", entries("extension.vsixmanifest", "[Content_Types].xml", "extension/package.json")),
    ("application/x-silverlight-app", "xap", zip_with({"AppManifest.xaml": SILVERLIGHT, "A.dll": b""})),
    ("application/x-nupkg", "nupkg", package("application/octet", **{"_rels/.rels": b"", "a.nuspec": b"<package/>"})),
    ("application/x-wheel+zip", "whl", entries("a/__init__.py", "a-1.dist-info/WHEEL", "a-1.dist-info/RECORD")),
    ("application/vnd.openofficeorg.extension", "oxt", entries("META-INF/manifest.xml", "description.xml")),
    ("application/vnd.apple.pkpass", "pkpass", entries("pass.json", "manifest.json", "signature", "logo.png")),
    ("application/vnd.google-earth.kmz", "kmz", entries("doc.kml", "files/a.png")),
    ("application/vnd.sketch", "sketch", entries("document.json", "meta.json", "user.json", "pages/1.json")),
    ("application/vnd.geogebra.file", "ggb", zip_with({"geogebra.xml": b"<geogebra format='5'/>"})),
    ("application/vnd.xmind.workbook", "xmind", MIND_MAP),
    ("application/x-mscz", "mscz", SCORE),
    ("model/vnd.usdz+zip", "usdz", zip_with({"a.usdc": b"PXR-USDC"}, compress=False)),
)

SAMPLES = (
    *(Sample(kind, f"a.{extension}", package(part)) for kind, extension, part in MAIN_PARTS),
    *(Sample(kind, f"a.{extension}", stated(kind)) for kind, extension in STATED),
    *(Sample(kind, f"a.{extension}", content) for kind, extension, content in OTHERS),
    Sample("application/zip", "a.zip", entries("a.txt", "b.txt")),
    Sample("application/vnd.comicbook+zip", "a.cbz", entries("1.jpg", "2.jpg"), without_name="application/zip"),
    Sample("application/x-zip-compressed-fb2", "a.fbz", entries("a.fb2")),
)
