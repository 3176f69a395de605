"""What is said of other servers: the URLs of imports and webhooks, and what is wrong with an answer."""

from __future__ import annotations

SENTENCES = {
    "This is not an http or https URL that can be fetched.": "Это не URL http или https, по которому можно что-то взять.",
    "The URL must begin with http:// or https:// and the name of a host.": (
        "URL должен начинаться с http:// или https:// и имени хоста."
    ),
    "The URL must not have a user name or a password.": "В URL не должно быть имени пользователя или пароля.",
    "The URL has a space, a backslash or a control character.": (
        "В URL есть пробел, обратная косая черта или управляющий символ."
    ),
    "The URL has an address with a zone.": "В URL есть адрес с зоной.",
    "The URL has an invalid address.": "В URL неверный адрес.",
    "The URL has an invalid host.": "В URL неверное имя хоста.",
    "The URL has an invalid port.": "В URL неверный порт.",
    "The URL is longer than {} characters.": "URL длиннее {0} {0:символа|символов|символов}.",
    "The URL leads to an address or a port that this service does not speak to (see PICASSO_OUTBOUND_ALLOWED).": (
        "URL ведёт к адресу или порту, с которым этот сервис не соединяется (см. PICASSO_OUTBOUND_ALLOWED)."
    ),
    "This service does not speak to port {} (see PICASSO_OUTBOUND_PORTS and PICASSO_OUTBOUND_ALLOWED).": (
        "Этот сервис не соединяется с портом {0} (см. PICASSO_OUTBOUND_PORTS и PICASSO_OUTBOUND_ALLOWED)."
    ),
    "The other server could not be asked.": "Другой сервер не удалось спросить.",
    "The name of the host could not be resolved.": "Адрес хоста не удалось узнать по имени.",
    "The name {} could not be resolved.": "Адрес хоста {0} не удалось узнать по имени.",
    "The name {} has no address.": "У имени {0} нет адреса.",
    "The connection to the other server failed, or it was closed.": (
        "Соединение с другим сервером не удалось, или оно было закрыто."
    ),
    "No secure connection: the certificate of the other server is not valid, or TLS failed.": (
        "Нет защищённого соединения: сертификат другого сервера неверен, или TLS не удался."
    ),
    "The other server was too slow.": "Другой сервер отвечал слишком медленно.",
    "The other server sent less than {} bytes a second.": (
        "Другой сервер отправлял меньше {0} {0:байта|байт|байт} в секунду."
    ),
    "The answer of the other server is not valid HTTP, or its header is too large.": (
        "Ответ другого сервера — не HTTP, или его заголовок слишком велик."
    ),
    "The answer of the other server ended too early.": "Ответ другого сервера кончился слишком рано.",
    "The answer of the other server is too large.": "Ответ другого сервера слишком велик.",
    "The answer is not compressed as it says.": "Ответ сжат не так, как в нём сказано.",
    "The other server answered with a part of the content that was not asked for.": (
        "Другой сервер ответил частью содержимого, о которой его не просили."
    ),
    "The other server redirects too often, or to an address that is not followed.": (
        "Другой сервер перенаправляет слишком часто или туда, куда этот сервис не идёт."
    ),
    "The other server redirects more than {} times.": "Другой сервер перенаправляет больше {0} {0:раза|раз|раз}.",
    "The other server redirects from https to http, which is not followed.": (
        "Другой сервер перенаправляет с https на http; этот сервис туда не идёт."
    ),
    "The other server redirects the content to a third one, which is not followed.": (
        "Другой сервер перенаправляет содержимое третьему; этот сервис туда не идёт."
    ),
    "The other server redirects to something that is not a valid URL.": (
        "Другой сервер перенаправляет туда, что не является правильным URL."
    ),
}
