"""HTTP 1.0 below ``/api/v1.0/``; ``upload/`` is a door."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerView

from picasso.api.files import FileDetail, FileList
from picasso.api.pages import Index

app_name = "api"

urlpatterns = [
    path("", Index.as_view(), name="root"),
    path("files/", FileList.as_view(), name="files"),
    path("files/<uuid:pk>/", FileDetail.as_view(), name="file"),
    path("schema/", SpectacularAPIView.as_view(), name="schema"),
    path("docs/", SpectacularSwaggerView.as_view(url_name="api:schema"), name="docs"),
]
