"""The one statement that reads a key finds what the ORM finds, value by value, on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.forms.models import model_to_dict
from django.utils import timezone

from picasso.access import key_rows, keys, link_keys
from picasso.access.principal import PROJECT_SCOPES
from picasso.models import Key, Project

pytestmark = pytest.mark.django_db

FULL = {
    "pipelines": ["default"],
    "cors_origins": ["https://app.example"],
    "policy": {"max_size": 1000, "types": ["image/*"]},
    "quotas": {"files": 3},
    "webhook_hosts": ["hooks.example"],
    "retention_days": 7,
}


@pytest.mark.parametrize("settings", [{}, FULL])
def test_a_key_is_read_as_the_orm_reads_it(settings: dict[str, object]) -> None:
    project = Project.objects.create(name="other", **settings)
    row, _ = keys.create(
        project, "ключ", PROJECT_SCOPES, networks=["10.0.0.0/8"], expires_at=timezone.now() + timedelta(days=1)
    )
    Key.objects.filter(pk=row.pk).update(revoked_at=timezone.now())
    found = key_rows.read(row.pk)
    assert found
    key, link_key = found
    expected = Key.objects.select_related("project").get(pk=row.pk)
    assert values(key) == values(expected)
    assert values(key.project) == values(expected.project)
    assert link_key is None
    assert keys.find(row.pk) == keys.known(expected)  # which has made the first key of links


def test_the_newest_key_of_links_signs() -> None:
    row, _ = keys.create(Project.objects.get(), "test", PROJECT_SCOPES)
    for _ in range(2):
        link_keys.rotate(row.project_id)
        known = keys.find(row.pk)
        assert known
        assert known.project.link_key == link_keys.current(row.project_id)


def test_an_unknown_key_is_none() -> None:
    assert key_rows.read("nobody") is None


def values(row: Key | Project) -> dict[str, object]:
    return {**model_to_dict(row), **{field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}}
