"""Parts of sentences, and sentences that end with another one."""

NESTED = frozenset({"{}: {}", "This is too much for a token: {}"})
"""The last gap of these is a sentence."""

FRAGMENTS = {
    "the project": "проекта",
    "this owner": "владельца",
    "files": "файлы",
    "bytes": "байты",
    " today": ", за сегодня",
    ", and this upload has {}": "; в этой загрузке {0}",
    " today, and this upload has {}": ", за сегодня; в этой загрузке {0}",
    ", and this request has {}": "; в этом запросе {0}",
    " today, and this request has {}": ", за сегодня; в этом запросе {0}",
    ", and this upload needs {}": "; этой загрузке нужно {0}",
    "; there is none": ": здесь их нет",
    ", only {}": ": есть только {0}",
    "cancelled": "отменить",
    "retried": "повторить",
    "must be a public key in PEM": "— открытый ключ в формате PEM",
    "must be an Ed25519 key": "— ключ Ed25519",
    "a name occurs twice in an object": "в объекте два одинаковых имени",
    "{} is not JSON": "{0} — не JSON",
    "private": "private (только по доступу)",
    "public": "public (видны всем)",
}
