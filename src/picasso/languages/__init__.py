"""Errors and pages in the language of whoever reads them: English, and Russian by ``Accept-Language``."""
