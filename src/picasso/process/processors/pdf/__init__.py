"""Facts about PDFs, their first page as a picture and all their text, read by PDFium.

This PDFium is built without JavaScript and XFA: it runs no scripts and opens no addresses and no other files.
"""

from picasso.process.processors.pdf.processor import Pdf

__all__ = ["Pdf"]
