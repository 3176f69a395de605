"""What a PDF says of itself, its first page as a picture and all its text, through PDFium.

PDFium here is the build without JavaScript and XFA: it runs no script, opens no address and no other file.
"""

from picasso.process.processors.pdf.processor import Pdf

__all__ = ["Pdf"]
