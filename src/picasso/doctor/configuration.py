"""Settings that are valid, and yet not what an installation should have. `picasso.conf` refuses those that are not."""

from __future__ import annotations

from collections.abc import Iterator

from picasso.conf import Conf, exposed
from picasso.doctor.finding import Finding, Installation, fault, ok, warning


def check(installation: Installation) -> Iterator[Finding]:
    conf = installation.conf
    found = [*access(conf), *limits(conf), *proxies(conf), *public_url(installation)]
    yield from found or [ok("settings", "The settings fit together.")]


def access(conf: Conf) -> Iterator[Finding]:
    if conf.access == "open" and (exposed(conf) or conf.public_url):
        what = "Everybody who reaches the service may do everything: PICASSO_ACCESS is open."
        yield fault("open-access", what, "Set PICASSO_ACCESS=keys.", "settings.md#picasso_access")
    if conf.debug:
        yield warning("debug", "PICASSO_DEBUG is on.", "Turn it off.", "settings.md#picasso_debug")
    if conf.public_url and conf.profile == "development":
        what = "A service with a public URL runs with the profile of development, on SQLite or the in-process broker."
        yield warning("profile", what, "Set PICASSO_PROFILE=production.", "settings.md#picasso_profile")


def limits(conf: Conf) -> Iterator[Finding]:
    if conf.max_upload_size > conf.max_unfinished_size:
        what = "A resumable upload of PICASSO_MAX_UPLOAD_SIZE does not fit into PICASSO_MAX_UNFINISHED_SIZE."
        yield fault("unfinished-size", what, "Raise the second one.", "settings.md#picasso_max_unfinished_size")
    if conf.upload_start_timeout > conf.upload_expiry:
        what = "PICASSO_UPLOAD_START_TIMEOUT has no effect: it is longer than PICASSO_UPLOAD_EXPIRY."
        yield warning("expiry", what, "Lower the first one.", "settings.md#picasso_upload_start_timeout")
    if conf.max_unfinished_per_client > conf.max_unfinished_uploads:
        what = (
            "One client may have all unfinished uploads: PICASSO_MAX_UNFINISHED_PER_CLIENT is above the whole number."
        )
        yield warning("unfinished-share", what, "Lower it.", "settings.md#picasso_max_unfinished_per_client")


def proxies(conf: Conf) -> Iterator[Finding]:
    if "*" in conf.trusted_proxies:
        what = "Every client may choose its address and the URLs in answers: PICASSO_TRUSTED_PROXIES is *."
        yield warning(
            "trusted-proxies", what, "Name the addresses of the proxies.", "settings.md#picasso_trusted_proxies"
        )
    if conf.public_url.startswith("https:") and not conf.trusted_proxies:
        what = (
            "The proxy that has the certificate is not trusted, so all clients have its address and share their limits."
        )
        change = "Set PICASSO_TRUSTED_PROXIES to the address of the proxy."
        yield warning("trusted-proxies", what, change, "settings.md#picasso_trusted_proxies")


def public_url(installation: Installation) -> Iterator[Finding]:
    public = installation.conf.public_url
    if not public and installation.conf.profile == "production":
        what = "URLs in answers begin with whatever the proxy reports: PICASSO_PUBLIC_URL is not set."
        yield warning("public-url", what, "Set it.", "settings.md#picasso_public_url")
    elif public and public != installation.url:
        what = f"URLs in answers begin with {public}, not with {installation.url}, which is tested."
        yield warning(
            "public-url", what, "Change PICASSO_PUBLIC_URL, or test that URL.", "settings.md#picasso_public_url"
        )
