"""`python -m bench.verify`: microseconds of processor time to find a principal, by name; for `access`."""

import asyncio
import json
import os
import time
from collections.abc import Awaitable, Callable

ROUNDS = 3_000
COLD_ROUNDS = 300


async def microseconds(call: Callable[[], Awaitable[object]], rounds: int) -> float:
    """Of all threads, so that of the one that asks the database as well; the best of five."""
    best = float("inf")
    for _ in range(5):
        began = time.process_time()
        for _ in range(rounds):
            await call()
        best = min(best, (time.process_time() - began) / rounds)
    return best * 1e6


async def measure(key: str, token: str) -> dict[str, float]:
    from picasso.access.authenticate import Authenticator, BearerKeys, Credentials, Threads
    from picasso.access.keys import find, parse
    from picasso.access.tokens import BearerTokens

    threads = Threads()
    keys = BearerKeys(threads)
    authenticate = Authenticator([BearerTokens(keys.known), keys])

    def credentials(text: str) -> Credentials:
        return Credentials(
            authorization=f"Bearer {text}", cookie="", query="", method="GET", path="/", address="127.0.0.1", project=""
        )

    by_key, by_token, key_id = credentials(key), credentials(token), parse(key).id

    async def cold() -> None:
        await threads.run(find, key_id)

    await authenticate(by_key)
    found = {
        "key, known": await microseconds(lambda: authenticate(by_key), ROUNDS),
        "token, known": await microseconds(lambda: authenticate(by_token), ROUNDS),
        "key, unknown": await microseconds(cold, COLD_ROUNDS),
    }
    threads.stop()
    return found


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "picasso.settings")
    import django

    django.setup()
    print(json.dumps(asyncio.run(measure(os.environ["BENCH_KEY"], os.environ["BENCH_TOKEN"]))))


if __name__ == "__main__":
    main()
