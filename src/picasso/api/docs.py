"""The API reference: Swagger UI in the frame of the console."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from picasso.api import console


class Docs(SpectacularSwaggerSplitView):
    url_name = "api:schema"
    template_name = "picasso/docs.html"
    metadata_class = None  # OPTIONS has no template

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        answer: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        if "script_url" in answer.data:
            answer.data |= console.frame(request, "docs")
        return answer
