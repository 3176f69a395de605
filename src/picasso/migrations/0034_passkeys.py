"""Passkeys: two new tables."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("picasso", "0033_invitation"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="UsedChallenge",
            fields=[
                (
                    "digest",
                    models.CharField(help_text="Its SHA-256.", max_length=64, primary_key=True, serialize=False),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.CreateModel(
            name="Passkey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="By which the person tells it from others.", max_length=100)),
                (
                    "credential",
                    models.CharField(
                        help_text="Its id, which the authenticator chose, in base 64 for URLs.",
                        max_length=1400,
                        unique=True,
                    ),
                ),
                (
                    "handle",
                    models.CharField(help_text="What it knows the person by, in base 64 for URLs.", max_length=64),
                ),
                ("public_key", models.TextField(help_text="COSE, in base 64 for URLs.")),
                (
                    "verified",
                    models.BooleanField(
                        help_text="Whether it made sure who holds it when it was added. Others are a second factor only.",
                    ),
                ),
                (
                    "sign_count",
                    models.BigIntegerField(default=0, help_text="Of its last use: a copy would have a smaller one."),
                ),
                ("transports", models.JSONField(default=list, help_text="How browsers reach it.")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("last_used_at", models.DateTimeField(blank=True, null=True)),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="passkeys",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
    ]
