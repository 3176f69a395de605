"""Every built-in processor passes the suite that `picasso.testing` gives to plugin authors."""

from __future__ import annotations

from collections.abc import Mapping

from picasso.process.processors.archive import Archive
from picasso.process.processors.audio import Audio
from picasso.process.processors.document import Document
from picasso.process.processors.image import Image
from picasso.process.processors.pdf import Pdf
from picasso.process.processors.rendition import Rendition
from picasso.process.processors.table import Table
from picasso.process.processors.text import Text
from picasso.process.processors.video import Video
from picasso.process.registry import is_service, processors
from picasso.testing import ProcessorContract
from tests.contract.samples import samples
from tests.sampling import sample


class BuiltIn(ProcessorContract):
    # No processor may import the libraries of another either.
    lazy_modules = ProcessorContract.lazy_modules.union(*(processor.requires for processor in processors().values()))

    @classmethod
    def samples(cls) -> Mapping[str, bytes]:
        return samples()

    @classmethod
    def own_samples(cls) -> Mapping[str, bytes]:
        return dict(sample(super().own_samples().items(), lambda _: cls.processor.name, 1 / 3))


class TestArchive(BuiltIn):
    processor = Archive


class TestAudio(BuiltIn):
    processor = Audio


class TestDocument(BuiltIn):
    processor = Document


class TestImage(BuiltIn):
    processor = Image


class TestPdf(BuiltIn):
    processor = Pdf


class TestRendition(BuiltIn):
    processor = Rendition


class TestTable(BuiltIn):
    processor = Table


class TestText(BuiltIn):
    processor = Text


class TestVideo(BuiltIn):
    processor = Video


def test_no_built_in_processor_is_left_out() -> None:
    tested = {each.processor for each in BuiltIn.__subclasses__()}
    ours = {each for each in processors().values() if each.__module__.startswith("picasso.")}
    # It decodes nothing, and so does not run in a child.
    services = {each for each in ours if is_service(each)}
    assert {each.name for each in services} == {"scan"}
    assert tested == ours - services
    assert len(tested) == 9
