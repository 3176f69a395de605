"""What Django answers. The doors (see `asgi`) come first and never reach this table."""

from django.contrib import admin
from django.urls import include, path

from picasso.api import errors, pages

urlpatterns = [
    path("", pages.Index.as_view()),
    path("api/v1.0/", include("picasso.api.urls")),
    path("admin/", admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
