"""Formats of XML by their root element, its namespace and what stands behind it."""

from __future__ import annotations

from picasso.detection import Window, detect
from tests.cases import cases

GTK, DITA, FREEMIND = "application/x-gtk-builder", "application/dita+xml", "application/x-freemind"


@cases(
    ("document", "media_type"),
    [
        ('<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"/>', "application/dash+xml"),
        ('<MPD xmlns="urn:mpeg:DASH:schema:MPD:2011" minBufferTime="PT1S"/>', "application/dash+xml"),
        ('<Page xmlns="http://schemas.microsoft.com/winfx/2006/xaml/presentation"/>', "application/xaml+xml"),
        ('<project xmlns="http://maven.apache.org/POM/4.0.0"/>', "application/x-maven-pom+xml"),
        ("<project><modelVersion>4.0.0</modelVersion></project>", "application/x-maven-pom+xml"),
        ("<project><target/></project>", "text/xml"),
        ('<abiword xmlns="http://www.abisource.com/awml.dtd"/>', "application/x-abiword"),
        ('<gnm:Workbook xmlns:gnm="http://www.gnumeric.org/v10.dtd"/>', "application/x-gnumeric"),
        ('<dia:diagram xmlns:dia="http://www.lysator.liu.se/~alla/dia/"/>', "application/x-dia-diagram"),
        ('<SCRIBUSUTF8NEW Version="1.5.8"/>', "application/x-scribus"),
        ('<map version="1.0.1">\n<node TEXT="a"/></map>', FREEMIND),
        ('<!DOCTYPE map PUBLIC "-//OASIS//DTD DITA Map//EN" "map.dtd"><map/>', DITA),
        ("<map><place/></map>", "text/xml"),
        ('<interface><requires lib="gtk+" version="3.0"/></interface>', GTK),
        ("<interface><!-- interface-requires gtk+ 3.0 --></interface>", GTK),
        ('<interface><object class="GtkWindow"/></interface>', GTK),
        ('<interface name="a"/>', "text/xml"),
        ('<!DOCTYPE wml PUBLIC "-//WAPFORUM//DTD WML 1.1//EN" "a"><wml/>', "text/vnd.wap.wml"),
        ('<!DOCTYPE TEI.2 SYSTEM "tei2.dtd"><TEI.2/>', "application/tei+xml"),
        ('<Asx Version="3.0"/>', "application/x-ms-asx"),
        ('<x:xmpmeta xmlns:x="adobe:ns:meta/"/>', "application/x-xmp"),
    ],
)
def test_xml(document: str, media_type: str) -> None:
    assert detect(Window.of_bytes(f'<?xml version="1.0"?>\n{document}'.encode())).media_type == media_type
