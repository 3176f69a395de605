"""The paths that Django answers. Those of the raw ASGI handlers never get here: see `picasso.web.router`."""

from django.contrib import admin
from django.urls import include, path, re_path

from picasso import addresses
from picasso.api import console, errors, pages
from picasso.api.people import account, invitation, oidc, passkey, sign_in

admin.autodiscover()

urlpatterns = [
    path(addresses.HOME[1:], pages.Index.as_view()),
    path(addresses.FAVICON[1:], pages.favicon),
    *(
        re_path(rf"^{pattern[1:]}/?$", console.Console.as_view(view=view))
        for view, pattern in addresses.CONSOLE.items()
    ),
    path(addresses.API[1:], include("picasso.api.urls")),
    path(addresses.SIGN_IN[1:], sign_in.SignIn.as_view()),
    path(addresses.SIGN_IN_CODE[1:], sign_in.SignInCode.as_view()),
    path(addresses.SIGN_IN_PASSKEY[1:], passkey.SignInPasskey.as_view()),
    path(addresses.INVITATION[1:], invitation.Accept.as_view()),
    path(addresses.SIGN_IN_OIDC[1:], oidc.OidcStart.as_view()),
    path(addresses.SIGN_IN_OIDC_CALLBACK[1:], oidc.OidcCallback.as_view()),
    path(addresses.SIGN_OUT[1:], sign_in.SignOut.as_view()),
    path(addresses.ACCOUNT[1:], account.Account.as_view()),
    # The admin has no way in of its own, which would know neither the second factor nor the lock.
    path(f"{addresses.ADMIN[1:]}login/", sign_in.SignIn.as_view()),
    path(f"{addresses.ADMIN[1:]}password_change/", account.Account.as_view()),
    # The admin's redirect to a page of an object: no object here has one, and odd ids end in an internal error.
    path(f"{addresses.ADMIN[1:]}r/<path:rest>", errors.no_such_page),
    path(addresses.ADMIN[1:], admin.site.urls),
]

handler400 = errors.bad_request
handler403 = errors.forbidden
handler404 = errors.not_found
handler500 = errors.server_error
