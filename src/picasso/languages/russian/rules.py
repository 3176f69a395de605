"""What is said of the rules of a project: its policy, rates, origins and imports. The name of the place goes before it."""

SENTENCES = {
    "rates {}.": "rates {0}.",
    "cors_origins {}.": "cors_origins {0}.",
    "imports {}.": "imports {0}.",
    "is not known (known: {})": "неизвестно (есть: {0})",
    "must be an object": "должно быть объектом",
    "must be a list of patterns such as image/*": "должно быть списком образцов, например image/*",
    "must have at least one pattern; leave it out to allow all types": (
        "нужен хотя бы один образец; чтобы разрешить все типы, уберите это поле"
    ),
    "must be a string, not {}": "должно быть строкой, а не {0}",
    "{} is not a pattern of media types such as image/* or application/pdf": (
        "{0} — не образец типов, например image/* или application/pdf"
    ),
    "must be a number of bytes, or have at least one pattern with one": (
        "нужно число байт или хотя бы один образец с ним"
    ),
    "must be a number of bytes, at least 1, not {}": "должно быть числом байт, не меньше 1, а не {0}",
    "may have at most {} patterns": "образцов может быть не больше {0}",
    "must be one of {}, not {}": "должно быть одним из: {0}, а не {1}",
    "is not a kind of active content (known: {})": "неизвестный вид активного содержимого (есть: {0})",
    "must have a quota/window such as 3000/60, 100/5m or 1000000/d, or off, for {}": (
        "должны для {0} быть квотой и окном, например 3000/60, 100/5m или 1000000/d, или off"
    ),
    "must have a quota of at most {} and a window of 1 second to {} days, for {}": (
        "должны для {2} иметь квоту не больше {0} и окно от секунды до {1} дней"
    ),
    'must be an object such as {"requests": "1000/60"}': 'должны быть объектом, например {"requests": "1000/60"}',
    "must have only the names {}, and not {}": "могут иметь только имена {0}, но не {1}",
    "must be * or a list of origins such as https://app.example.com": (
        "— это * или список источников, например https://app.example.com"
    ),
    "must be an object with the members allowed and hosts": "— объект с полями allowed и hosts",
    "must have true or false as allowed": "в поле allowed — true или false",
    "must have at most {} hosts such as files.example.com or *.example.com as hosts": (
        "в поле hosts — не больше {0} хостов, например files.example.com или *.example.com"
    ),
}

NESTED = frozenset({"rates {}.", "cors_origins {}.", "imports {}."})

CONTENT = {
    "macros": "макросы",
    "auto run": "макросы, которые запускаются сами",
    "external templates": "шаблоны из других мест",
    "external links": "ссылки на другие места",
    "dde": "DDE",
    "activex": "ActiveX",
    "embedded objects": "встроенные объекты",
    "embedded files": "вложенные файлы",
    "javascript": "JavaScript",
    "open action": "действие при открытии",
    "launch": "запуск программ",
    "submit form": "отправка формы",
    "rich media": "мультимедиа",
    "xfa": "форма XFA",
    "executables": "программы",
    "path traversal": "выход за пределы папки",
    "incomplete": "непрочитанные части",
    "bombs": "архивная бомба",
    "encrypted": "шифрование",
    "active content": "активное содержимое",
}

LISTS = {"This file has content that is not accepted: {}.": CONTENT}
"""Sentences whose gap is a list of words, and the words."""
