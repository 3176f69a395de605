"""Files of a Django project that are stored in Picasso: a model field, a form field and its widget.

It needs Django and `picasso_client`, and a setting ``PICASSO`` in the project: docs/django.md.
"""

from picasso.contrib.django.fields import PicassoFileField
from picasso.contrib.django.files import FileUnavailable, PicassoFile
from picasso.contrib.django.forms import PicassoFormField
from picasso.contrib.django.widgets import PicassoWidget

__all__ = ["FileUnavailable", "PicassoFile", "PicassoFileField", "PicassoFormField", "PicassoWidget"]
