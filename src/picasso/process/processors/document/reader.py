"""kreuzberg, told to do one thing: no OCR, no cache, no chunks, no models, no archive within."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from picasso.process.contract import ProcessorError
from picasso.process.processors.document.errors import corrupt, protected, too_large, unsupported

if TYPE_CHECKING:
    import kreuzberg


ENOUGH = 20_000  # characters to tell a language by


@cache
def config() -> kreuzberg.ExtractionConfig:
    import kreuzberg

    made = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        postprocessor=kreuzberg.PostProcessorConfig(enabled=False),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        language_detection=kreuzberg.LanguageDetectionConfig(enabled=True),
    )
    made.max_archive_depth = 0  # what is attached to a mail is not read
    return made


def read(content: bytes, media_type: str) -> tuple[str, dict[str, Any], str | None]:
    """The text, what the document says of itself, and the language (ISO 639-3) that its text seems to be in.

    Raises:
        ProcessorError: the document's fault.
    """
    import kreuzberg

    try:
        result = kreuzberg.extract_bytes_sync(content, media_type, config())
    except kreuzberg.KreuzbergError as fault:
        raise verdict(fault) from fault
    except Exception:
        raise
    except BaseException as panic:  # pyo3 keeps a panic out of the reach of those who catch every Exception
        raise after(panic) from panic
    languages = result.detected_languages
    return result.content, dict(result.metadata), languages[0] if languages else None


def language(text: str) -> str | None:
    """Of a text that was read in another way."""
    return read(text[:ENOUGH].encode("utf-8", "replace"), "text/plain")[2]


def verdict(fault: Exception) -> ProcessorError:
    import kreuzberg

    words = str(fault).lower()
    if isinstance(fault, kreuzberg.ValidationError | kreuzberg.MissingDependencyError) or "unsupported" in words:
        return unsupported()
    if "password" in words or "encrypted" in words:
        return protected()
    return too_large() if "limit exceeded" in words else corrupt()


def after(panic: BaseException) -> BaseException:
    """A panic over what the file says is the file's fault; over a thread that can't be had, the machine's."""
    if type(panic).__name__ != "PanicException":
        return panic
    return RuntimeError(str(panic)) if "spawn" in str(panic) else corrupt()
