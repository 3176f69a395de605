"""The paths that Django answers. Those of the raw ASGI handlers never get here: see `picasso.web.router`."""

from django.contrib import admin
from django.urls import include, path

from picasso import addresses
from picasso.api import errors, pages

urlpatterns = [
    path(addresses.HOME[1:], pages.Index.as_view()),
    path(addresses.API[1:], include("picasso.api.urls")),
    path(addresses.ADMIN[1:], admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
