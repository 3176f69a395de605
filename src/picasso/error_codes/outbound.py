"""The codes of what goes wrong between this service and another server: see `picasso.outbound`."""

from __future__ import annotations

from picasso.error_codes.code import RequestCode

OUTBOUND_CODES = (
    RequestCode(
        "url-not-valid",
        400,
        "The URL is not an `http` or `https` URL, or it has a user name, a backslash, or something else that two "
        "programs could understand differently.",
        "Write the URL in its plain form. If the other server needs a credential, use a signed URL.",
    ),
    RequestCode(
        "address-not-allowed",
        400,
        "The URL, or one that it redirects to, leads to an address that is not public, or to a port that is not in "
        "`PICASSO_OUTBOUND_PORTS`.",
        "If the receiver is your own, add its network, or its host and port, to `PICASSO_OUTBOUND_ALLOWED`.",
    ),
    RequestCode(
        "host-not-found",
        502,
        "The name of the host in the URL could not be resolved.",
        "Check the spelling. The service tries again by itself.",
    ),
    RequestCode(
        "connection-failed",
        502,
        "The other server refused the connection, or closed it.",
        "Check that the other server runs and can be reached from here. The service tries again by itself.",
    ),
    RequestCode(
        "tls-failed",
        502,
        "The certificate of the other server has expired, is for another name, or is not signed by an authority that "
        "this machine trusts; or there is no common version of TLS.",
        "Repair the certificate of the other server.",
    ),
    RequestCode(
        "remote-timed-out",
        504,
        "The other server did not answer in time, or sent its answer too slowly.",
        "Check the load of the other server. The service tries again by itself.",
    ),
    RequestCode(
        "answer-not-valid",
        502,
        "The answer of the other server is not HTTP, or its header is too large.",
        "Check which program answers at that address.",
    ),
    RequestCode(
        "answer-incomplete",
        502,
        "The connection ended before the whole answer had arrived.",
        "The service tries again by itself. If it happens often, check the proxies before the other server.",
    ),
    RequestCode(
        "answer-too-large",
        502,
        "The other server sent more than is accepted.",
        "Raise the limit, or have the other server send less.",
    ),
    RequestCode(
        "redirect-refused",
        502,
        "The other server redirects too often, from `https` to `http`, or to something that is not a valid URL.",
        "Use the URL that the redirects lead to.",
    ),
    RequestCode(
        "remote-refused",
        502,
        "The other server answered an import with a status such as 404 or 403. `detail` has it.",
        "Check the URL in a browser. A signed URL may have expired.",
    ),
    RequestCode(
        "remote-busy",
        502,
        "The other server answered an import with a status such as 503 or 429. `detail` has it.",
        "The service tries again by itself, as late as `Retry-After` of the other server says.",
    ),
    RequestCode(
        "encoding-not-supported",
        502,
        "The other server compresses its answer in a way that an import does not understand. gzip and deflate are.",
        "Have the other server send the file as it is when a request says `Accept-Encoding: identity`.",
    ),
    RequestCode(
        "remote-failed",
        502,
        "The other server could not be asked, or it answered with an error.",
        "See `detail`, and the log of the other server.",
    ),
)
