"""Text, code and tables."""

from __future__ import annotations

import csv
import io
import json
import random
from datetime import date, timedelta

ROWS = 400


def orders() -> bytes:
    chance = random.Random(1)
    output = io.StringIO()
    table = csv.writer(output)
    table.writerow(["order", "date", "customer", "item", "quantity", "price"])
    items = {"Brush": 4.5, "Canvas": 18.0, "Easel": 89.9, "Ink": 7.25, "Paper": 3.1}
    for number in range(1, ROWS + 1):
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(330))
        item, price = chance.choice(sorted(items.items()))
        customer = chance.choice(["Ann", "Bjørn", "Chloé", "Дарья", "Emre"])
        table.writerow([number, day.isoformat(), customer, item, chance.randint(1, 9), price])
    return output.getvalue().encode()


def sensors() -> bytes:
    chance = random.Random(2)
    lines = [
        json.dumps(
            {"sensor": f"s{n % 4}", "minute": n, "celsius": round(18 + 4 * chance.random(), 2), "ok": n % 37 > 0}
        )
        for n in range(300)
    ]
    return "\n".join(lines).encode() + b"\n"


def notes() -> bytes:
    return b"""# Notes

- Ask for the **colour profile** of the printer.
- Compare `sunset` with `sunset, later`.
- [ ] Answer the letter of the council.

| what | when |
| --- | --- |
| exhibition | in spring |
| catalogue | before that |
"""


def code() -> bytes:
    return b'''"""The numbers of Fibonacci."""

from collections.abc import Iterator
from itertools import islice


def fibonacci() -> Iterator[int]:
    one, other = 0, 1
    while True:
        yield one
        one, other = other, one + other


if __name__ == "__main__":
    print(*islice(fibonacci(), 20))
'''


def page() -> bytes:
    return b"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>An exhibition</title>
<h1>An exhibition</h1>
<p>Open daily, except on Mondays.</p>
</html>
"""


def poem() -> bytes:
    """Pushkin, in an encoding that is not UTF-8."""
    lines = [
        "Мороз и солнце; день чудесный!",
        "Еще ты дремлешь, друг прелестный —",
        "Пора, красавица, проснись:",
        "Открой сомкнуты негой взоры",
        "Навстречу северной Авроры,",
        "Звездою севера явись!",
    ]
    return "\r\n".join(lines).encode("cp1251")


def log() -> bytes:
    chance = random.Random(3)
    levels = ["INFO"] * 12 + ["WARNING", "ERROR"]
    lines = [
        f"2026-11-30T12:{n // 60:02}:{n % 60:02}Z {chance.choice(levels)} request {n} took {chance.randint(2, 180)} ms"
        for n in range(600)
    ]
    return "\n".join(lines).encode() + b"\n"
