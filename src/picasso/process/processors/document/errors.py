"""Errors that several of these modules raise."""

from __future__ import annotations

from picasso.process.contract import ProcessorError


def corrupt() -> ProcessorError:
    return ProcessorError("corrupt", "This document is damaged or incomplete.")


def protected() -> ProcessorError:
    return ProcessorError("protected", "This document can only be opened with a password.")


def too_large() -> ProcessorError:
    return ProcessorError("too-large", "This document is larger than can be read.")


def too_many_cells() -> ProcessorError:
    return ProcessorError("too-many-cells", "This spreadsheet spans more cells than can be read.")


def unsupported() -> ProcessorError:
    return ProcessorError("unsupported-format", "Documents of this format can't be read.")
