"""Calls kreuzberg without OCR, cache, chunks, models, and archives inside of files."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from picasso.process.contract import ProcessorError
from picasso.process.processors.document.errors import corrupt, protected, too_large, unsupported

if TYPE_CHECKING:
    import kreuzberg


LANGUAGE_SAMPLE = 20_000  # characters to detect a language from


@cache
def config() -> kreuzberg.ExtractionConfig:
    import kreuzberg

    extraction = kreuzberg.ExtractionConfig(
        use_cache=False,
        enable_quality_processing=False,
        postprocessor=kreuzberg.PostProcessorConfig(enabled=False),
        concurrency=kreuzberg.ConcurrencyConfig(max_threads=1),
        language_detection=kreuzberg.LanguageDetectionConfig(enabled=True),
    )
    extraction.max_archive_depth = 0  # attachments of mails are not read
    return extraction


def read(content: bytes, media_type: str) -> tuple[str, dict[str, Any], str | None]:
    """The text, the document's metadata, and the language (ISO 639-3) that its text seems to be in.

    Raises:
        ProcessorError: the document is at fault.
    """
    import kreuzberg

    try:
        result = kreuzberg.extract_bytes_sync(content, media_type, config())
    except kreuzberg.KreuzbergError as error:
        raise translate_error(error) from error
    except Exception:
        raise
    except BaseException as panic:  # a panic in pyo3 is not an Exception
        raise translate_panic(panic) from panic
    languages = result.detected_languages
    return result.content, dict(result.metadata), languages[0] if languages else None


def language(text: str) -> str | None:
    """The language of a text that was read in another way."""
    return read(text[:LANGUAGE_SAMPLE].encode("utf-8", "replace"), "text/plain")[2]


def translate_error(error: Exception) -> ProcessorError:
    import kreuzberg

    message = str(error).lower()
    if isinstance(error, kreuzberg.ValidationError | kreuzberg.MissingDependencyError) or "unsupported" in message:
        return unsupported()
    if "password" in message or "encrypted" in message:
        return protected()
    return too_large() if "limit exceeded" in message else corrupt()


def translate_panic(panic: BaseException) -> BaseException:
    """A panic is the file's fault, unless it was about a thread that could not be started."""
    if type(panic).__name__ != "PanicException":
        return panic
    return RuntimeError(str(panic)) if "spawn" in str(panic) else corrupt()
