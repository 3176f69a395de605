"""The pages of the project: a form of a model, one without, a list, and Django's admin."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template import Context, RequestContext, Template
from django.urls import path
from gallery.forms import ApplicationForm
from gallery.models import Note, Photo

admin.site.register([Photo, Note])

FORM = Template(
    '<!doctype html><html lang="en"><meta charset="utf-8"><title>Form</title>'
    '<form method="post" enctype="multipart/form-data">{% csrf_token %}{{ form.as_p }}<button>Save</button></form>'
)
LIST = Template("""
{% for photo in photos %}
<p>{{ photo.title }} {{ photo.image.name }} {{ photo.image.size }} {{ photo.image.state }}
<a href="{{ photo.image.url }}">open</a> <img src="{{ photo.image.thumbnail_url }}"></p>
{% endfor %}
""")

PhotoForm = forms.modelform_factory(Photo, fields=["title", "image"])


def edit(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    photo = Photo.objects.get(pk=pk) if pk else None
    form = PhotoForm(request.POST or None, request.FILES or None, instance=photo)
    if form.is_valid():
        return HttpResponse(f"saved {form.save().pk}")
    return HttpResponse(FORM.render(RequestContext(request, {"form": form})))


def apply(request: HttpRequest) -> HttpResponse:
    form = ApplicationForm(request.POST or None, request.FILES or None)
    form.fields["letter"].owner = "user-7"
    if form.is_valid():
        return HttpResponse(f"received {form.cleaned_data['letter'].id}")
    return HttpResponse(FORM.render(RequestContext(request, {"form": form})))


def show(request: HttpRequest) -> HttpResponse:
    return HttpResponse(LIST.render(Context({"photos": Photo.objects.all()})))


urlpatterns = [
    path("", edit),
    path("<int:pk>/", edit),
    path("apply/", apply),
    path("photos/", show),
    path("admin/", admin.site.urls),
]
