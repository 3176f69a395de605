"""The codes of answers to requests."""

from __future__ import annotations

from picasso.error_codes.code import RequestCode

REQUEST_CODES = (
    RequestCode(
        "bad-request",
        400,
        "A header, the address or the HTTP request itself is malformed. `detail` names the part.",
        "Correct that part of the request. If `detail` names `PICASSO_ALLOWED_HOSTS`, add the host to that setting.",
    ),
    RequestCode(
        "parse-error",
        400,
        "The body is not valid JSON.",
        "Send a JSON object with `Content-Type: application/json`.",
    ),
    RequestCode(
        "invalid-field",
        400,
        "A form field, a query parameter or a member of the JSON body is missing or invalid; also an empty file, on "
        "every way to upload. `errors` lists them.",
        "Correct the fields that `errors` names.",
    ),
    RequestCode(
        "invalid-upload",
        400,
        "The body of the upload is malformed or ended too early, or a part of the form has a "
        "`Content-Transfer-Encoding` that changes its bytes.",
        "Send the whole body again, and files as they are. A resumable upload continues where it was interrupted.",
    ),
    RequestCode(
        "inconsistent-upload-length",
        400,
        "`Upload-Length`, `Content-Length` and the bytes that arrived contradict each other, or a request with content "
        "was sent to an upload that is already complete.",
        "If the answer has `Content-Location`, the upload is complete: this is the address of its file, and nothing "
        "needs to be sent. Otherwise send the same length in every request of one upload, or create a new upload.",
    ),
    RequestCode(
        "completed-upload",
        400,
        "A `PATCH` without content was sent to an upload that is already complete.",
        "Nothing needs to be sent: `Content-Location` is the address of the file.",
    ),
    RequestCode(
        "digest-mismatch",
        400,
        "The received bytes do not match `Content-Digest` or `Repr-Digest`.",
        "Compute the digest over the exact bytes that are sent, and send them again.",
    ),
    RequestCode(
        "unauthorized",
        401,
        "The request has no key or token, and the service is not open to everybody.",
        "Send `Authorization: Bearer` with a key; `picasso keys create` makes one.",
    ),
    RequestCode(
        "invalid-key",
        401,
        "The checksum at the end of the key is wrong: it was mistyped, or cut when it was copied.",
        "Copy the whole key again. It begins with `pk_` and has 65 characters.",
    ),
    RequestCode(
        "revoked-key",
        401,
        "The key was revoked or deleted, or it belongs to another installation.",
        "Use another key.",
    ),
    RequestCode("expired-key", 401, "The key had an expiry, which has passed.", "Use another key."),
    RequestCode(
        "invalid-token",
        401,
        "The token is malformed, has a wrong signature or a claim that is not allowed, or is for another project. "
        "`detail` says which.",
        "Compare the claims with [access](access.md#tokens). The signing secret is one of the key that `kid` names.",
    ),
    RequestCode(
        "expired-token",
        401,
        "The `exp` of the token has passed.",
        "Get a new token from the application. An unfinished upload of the same owner continues with it.",
    ),
    RequestCode(
        "token-used-up",
        403,
        "The token has `max_files`, and so many files were uploaded with it.",
        "Get a new token from the application.",
    ),
    RequestCode(
        "invalid-link",
        403,
        "The `signature` of the link is not right for its path and `expires`, or the project's link keys were revoked.",
        "Use the link unchanged, or get a new one from the API.",
    ),
    RequestCode("expired-link", 410, "The `expires` of the link has passed.", "Get a new link from the API."),
    RequestCode(
        "sign-in-refused",
        403,
        "The name, the password, the code of the second factor or the passkey is wrong, or the person was deactivated; "
        "or the identity provider has sent no group with a role, or a claim that can't be used.",
        "Type them again. An administrator sets a new password by `picasso people password NAME`.",
    ),
    RequestCode(
        "sign-in-locked",
        429,
        "Ten attempts to sign in as this person, or fifty as anybody, failed from this address within 15 minutes; or a "
        "hundred as this person from everywhere.",
        "Wait for the time in `Retry-After`, or use a browser in which you have signed in before.",
    ),
    RequestCode(
        "network-not-allowed",
        403,
        "The key is limited to networks, and the request comes from another one.",
        "Use the key from its networks, or change them. Behind a proxy set `PICASSO_TRUSTED_PROXIES`.",
    ),
    RequestCode(
        "forbidden",
        403,
        "The CSRF token is missing, or the operation is not allowed here.",
        "`detail` says what is not allowed.",
    ),
    RequestCode(
        "cross-site-request",
        403,
        "A browser sent the request for a page of another site (`Origin`, `Sec-Fetch-Site`), and it would change "
        "something.",
        "Add the site's origin to `PICASSO_CORS_ORIGINS`, or to `cors_origins` of "
        "the project, if its pages may use the API. If it was the service's own "
        "page, a proxy changes `Host`: set `PICASSO_PUBLIC_URL`.",
    ),
    RequestCode(
        "not-found",
        404,
        "There is no such address, file, job, upload, queue or page.",
        "Check the address. The object may have been deleted.",
    ),
    RequestCode(
        "method-not-allowed",
        405,
        "The address does not support this method.",
        "Use one of the methods in the `Allow` header.",
    ),
    RequestCode(
        "not-acceptable",
        406,
        "The `Accept` header names no format that this address can produce.",
        "Send `Accept: application/json`, or no `Accept` header.",
    ),
    RequestCode(
        "quota-exceeded",
        413,
        "The upload is larger than what a quota of its project or owner leaves. `quota` says which one.",
        "Delete files, also from the trash; for `unfinished_bytes` finish or cancel uploads; or have an administrator "
        "raise the quota. `bytes_per_day` starts anew at midnight UTC.",
    ),
    RequestCode(
        "upload-timeout",
        408,
        "No data arrived for `PICASSO_UPLOAD_IDLE_TIMEOUT` seconds, or data arrived more slowly than "
        "`PICASSO_MIN_UPLOAD_RATE` for longer than that. A small body of another request did not arrive in time.",
        "Send the upload again, or continue it if it is resumable. For slow clients change the settings.",
    ),
    RequestCode(
        "conflict",
        409,
        "The job or the upload is in a state that does not allow the operation, for example retrying a running job.",
        "Get the object again and decide by its `state`.",
    ),
    RequestCode(
        "lease-lost",
        409,
        "The lease of a job of a remote processor has run out, the job was cancelled or has ended, or the lease is one "
        "of another job.",
        "Leave the job: what was sent for it is removed, and another worker gets it. Renew leases before they end.",
    ),
    RequestCode(
        "mismatching-upload-offset",
        409,
        "`Upload-Offset` is not the number of bytes that the service has stored.",
        "Continue at the offset in the response's `Upload-Offset`.",
    ),
    RequestCode(
        "superseded",
        409,
        "A newer request for the same upload took over while this one was sending.",
        "Let only one request at a time write to an upload. After an interruption ask for the offset, then continue.",
    ),
    RequestCode(
        "idempotency-key-in-use",
        409,
        "The first request with this `Idempotency-Key` is still in progress.",
        "Wait for `Retry-After` seconds, then send the same request again.",
    ),
    RequestCode(
        "gone",
        410,
        "The upload has expired, has failed, or its file was deleted.",
        "Create a new upload.",
    ),
    RequestCode(
        "length-required",
        411,
        "A raw body has neither `Content-Length` nor a digest, so an interrupted upload would look complete.",
        "Send `Content-Length` or `Repr-Digest`, or use a resumable upload.",
    ),
    RequestCode(
        "precondition-failed",
        412,
        "`If-Match`, `If-None-Match` or `If-Unmodified-Since` does not hold for the file.",
        "Get the file's current `ETag` and try again.",
    ),
    RequestCode(
        "unsupported-tus-version",
        412,
        "`Tus-Resumable` is missing or is not `1.0.0`.",
        "Send `Tus-Resumable: 1.0.0`.",
    ),
    RequestCode(
        "too-large",
        413,
        "The upload is larger than `PICASSO_MAX_UPLOAD_SIZE`, than its own `Upload-Length`, or than the policy allows.",
        "Send a smaller file, or raise the setting (and the limit of the proxy in front) or the "
        "[policy](policy.md)'s `max_size`.",
    ),
    RequestCode(
        "type-not-allowed",
        415,
        "The [policy](policy.md) of the project, the pipeline or the token does not accept files of the detected type, "
        "or refuses them because another type was declared. The name does not matter.",
        "Send a file of a type that is accepted. `detail` names the detected type.",
    ),
    RequestCode(
        "forbidden-content",
        422,
        "The directory of the file shows content that the [policy](policy.md) refuses, such as macros or a password.",
        "Send the file without that content. `detail` names it.",
    ),
    RequestCode(
        "content-refused",
        403,
        "A processor found content in this file that the [policy](policy.md) refuses, or could not look at it. "
        "Nobody can fetch it.",
        "Delete the file. If the policy was changed since, retry the job of the file that failed.",
    ),
    RequestCode(
        "not-checked-yet",
        423,
        "The [policy](policy.md) refuses some content, and the processors have not looked at this file yet.",
        "Wait until the file is processed.",
    ),
    RequestCode(
        "uri-too-long",
        414,
        "The address is longer than the proxy allows.",
        "Use a shorter address: the name of a file can be in `Content-Disposition` instead.",
    ),
    RequestCode(
        "unsupported-media-type",
        415,
        "The `Content-Type` is not the one that this address expects.",
        "Send a form as `multipart/form-data`, a raw body with a file name, JSON as `application/json`.",
    ),
    RequestCode(
        "unsupported-content-encoding",
        415,
        "The upload, or a part of the form, has a `Content-Encoding` other than `identity`.",
        "Send the bytes of the file as they are, without this header.",
    ),
    RequestCode(
        "range-not-satisfiable",
        416,
        "The requested range begins after the end of the file.",
        "`Content-Range` has the size of the file; request a range inside it.",
    ),
    RequestCode(
        "idempotency-key-reused",
        422,
        "The `Idempotency-Key` was already used for a request with other headers or other content.",
        "Use a new key for each new upload, and the same key only to repeat exactly the same request.",
    ),
    RequestCode(
        "locked",
        423,
        "Another request is finishing this upload.",
        "Try again after `Retry-After` seconds.",
    ),
    RequestCode(
        "too-many-uploads",
        429,
        "There are as many unfinished resumable uploads as `PICASSO_MAX_UNFINISHED_UPLOADS`, "
        "`PICASSO_MAX_UNFINISHED_PER_CLIENT` or the quota `concurrent_uploads` allows; or 1,000 unfinished final "
        "uploads of tus, 100 of them of one client.",
        "Finish or cancel uploads with `DELETE`, or wait: an upload without a byte ends after "
        "`PICASSO_UPLOAD_START_TIMEOUT`.",
    ),
    RequestCode(
        "too-many-imports",
        429,
        "The project has 10,000 imports that have not ended.",
        "Wait until some have ended, or cancel them with `DELETE`.",
    ),
    RequestCode(
        "too-many-streams",
        429,
        "As many requests of this key, token or address wait for events as `PICASSO_STREAMS_PER_CLIENT` allows.",
        "Follow with one stream for many files, and close streams that nobody reads.",
    ),
    RequestCode(
        "too-many-webhooks",
        409,
        "A project has at most 100 webhooks.",
        "Delete those that nobody needs. One webhook can get several types of events.",
    ),
    RequestCode(
        "webhook-host-not-allowed",
        403,
        "The upload names a `webhook_url` whose host is not in `webhook_hosts` of the project. That list is empty at "
        "first.",
        "Add the host: `picasso webhooks hosts --add HOST`, or `PATCH projects/{name}/`; it takes effect "
        "within five seconds. Or upload without `webhook_url`.",
    ),
    RequestCode(
        "rate-limited",
        429,
        "The key, token, owner or address has sent too many requests. `violated-policies` names the limit, and the "
        "`RateLimit` headers have its state ([limits](limits.md)). The `type` ends with `#quota-exceeded`; with "
        "`#temporary-reduced-capacity` while the service can't count in its database and allows less.",
        "Wait for the seconds in `Retry-After`. If everybody gets it behind a proxy, set `PICASSO_TRUSTED_PROXIES`. "
        "For other limits set `PICASSO_RATES`, or `rates` of the project.",
    ),
    RequestCode(
        "not-scanned-yet",
        423,
        "The file is not scanned for malware yet.",
        "Try again after `Retry-After` seconds. If it stays so, the virus scanner is away: see the page on scanning.",
    ),
    RequestCode(
        "not-scanned",
        403,
        "The file could not be scanned for malware completely, so it is in quarantine. `facts.scan.reason` says why.",
        "Upload a smaller copy, or one without a password. Operators can fetch and release the file.",
    ),
    RequestCode(
        "infected",
        403,
        "Malware was found in the file, so it is in quarantine. `facts.scan.malware` names it.",
        "Do not use the file. Operators with the scope `files:quarantine` can fetch it for analysis.",
    ),
    RequestCode(
        "headers-too-large",
        431,
        "The head of the request has more than 64 KiB.",
        "Send fewer or shorter headers.",
    ),
    RequestCode(
        "checksum-mismatch",
        460,
        "The received chunk does not match tus' `Upload-Checksum`. It was discarded.",
        "Send the chunk again from the same offset.",
    ),
    RequestCode(
        "internal-error",
        500,
        "An unexpected error occurred in the service.",
        "Try again. If it happens again, report it with the traceback from the server's log.",
    ),
    RequestCode(
        "unsupported-transfer-encoding",
        501,
        "The body was compressed for the transfer (`Transfer-Encoding: gzip, chunked`).",
        "Send `Transfer-Encoding: chunked` alone, or `Content-Length`.",
    ),
    RequestCode(
        "unavailable",
        503,
        "The database is unreachable, too many uploads are in progress, or the service is stopping. A proxy may answer "
        "the same with 502.",
        "Try again after `Retry-After` seconds. Operators: see `/readyz` and the log.",
    ),
    RequestCode(
        "not-ready",
        503,
        "`/readyz` found that the database, the storage, the broker or the workers are unavailable.",
        "`checks` says which. Start or repair that part.",
    ),
    RequestCode(
        "timeout",
        504,
        "The proxy received no answer in time.",
        "Check whether the request took effect before you repeat it, or use an `Idempotency-Key`.",
    ),
    RequestCode(
        "storage-full",
        507,
        "Less than `PICASSO_MIN_FREE_SPACE` would be left on the disk.",
        "Operators: free space or add storage. Clients: try again later.",
    ),
    RequestCode(
        "unfinished-full",
        507,
        "All unfinished uploads together would be larger than `PICASSO_MAX_UNFINISHED_SIZE`: what has arrived of them, "
        "64 MiB more for each request that is sending, and the copy that a concatenation makes. Or those of one client "
        "would be larger than half of it.",
        "Finish or cancel uploads, wait until old ones expire, or raise the setting.",
    ),
)
