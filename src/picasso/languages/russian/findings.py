"""What `picasso doctor` finds without a test of its own, as the console shows it: what is wrong, and what to do."""

SENTENCES = {
    "Everybody who reaches the service may do everything: PICASSO_ACCESS is open.": (
        "Всякий, кто может открыть сервис, может всё: PICASSO_ACCESS — open."
    ),
    "Set PICASSO_ACCESS=keys.": "Задайте PICASSO_ACCESS=keys.",
    "PICASSO_DEBUG is on.": "PICASSO_DEBUG включён.",
    "Turn it off.": "Выключите его.",
    "A service with a public URL runs with the profile of development, on SQLite or the in-process broker.": (
        "Сервис с внешним адресом работает с профилем разработки, на SQLite или с брокером внутри процесса."
    ),
    "Set PICASSO_PROFILE=production.": "Задайте PICASSO_PROFILE=production.",
    "A resumable upload of PICASSO_MAX_UPLOAD_SIZE does not fit into PICASSO_MAX_UNFINISHED_SIZE.": (
        "Возобновляемая загрузка размером PICASSO_MAX_UPLOAD_SIZE не помещается в PICASSO_MAX_UNFINISHED_SIZE."
    ),
    "Raise the second one.": "Увеличьте вторую настройку.",
    "PICASSO_UPLOAD_START_TIMEOUT has no effect: it is longer than PICASSO_UPLOAD_EXPIRY.": (
        "PICASSO_UPLOAD_START_TIMEOUT не действует: он больше, чем PICASSO_UPLOAD_EXPIRY."
    ),
    "Lower the first one.": "Уменьшите первую настройку.",
    "One client may have all unfinished uploads: PICASSO_MAX_UNFINISHED_PER_CLIENT is above the whole number.": (
        "Один клиент может занять все незавершённые загрузки: PICASSO_MAX_UNFINISHED_PER_CLIENT больше их общего числа."
    ),
    "Lower it.": "Уменьшите её.",
    "Every client may choose its address and the URLs in answers: PICASSO_TRUSTED_PROXIES is *.": (
        "Каждый клиент может сам назвать свой адрес и адреса в ответах: PICASSO_TRUSTED_PROXIES — *."
    ),
    "Name the addresses of the proxies.": "Назовите адреса прокси.",
    "The proxy that has the certificate is not trusted, so all clients have its address and share their limits.": (
        "Прокси с сертификатом не входит в доверенные, поэтому у всех клиентов его адрес и общие лимиты."
    ),
    "Set PICASSO_TRUSTED_PROXIES to the address of the proxy.": "Задайте PICASSO_TRUSTED_PROXIES — адрес прокси.",
    "URLs in answers begin with whatever the proxy reports: PICASSO_PUBLIC_URL is not set.": (
        "Адреса в ответах начинаются с того, что сообщает прокси: PICASSO_PUBLIC_URL не задан."
    ),
    "Set it.": "Задайте его.",
    "URLs in answers begin with {}, not with {}, which is tested.": (
        "Адреса в ответах начинаются с {0}, а не с {1}, который проверяется."
    ),
    "Change PICASSO_PUBLIC_URL, or test that URL.": "Измените PICASSO_PUBLIC_URL или проверьте тот адрес.",
    "Run `chmod o-rwx {}`.": "Выполните `chmod o-rwx {0}`.",
    "Other users of this machine may enter {}.": "Другие пользователи этой машины могут войти в {0}.",
    "{} belongs to user {}, and this command runs as user {}.": (
        "{0} принадлежит пользователю {1}, а эта команда выполняется от имени пользователя {2}."
    ),
    "Run it as the user of the service.": "Выполните её от имени пользователя сервиса.",
    "PICASSO_SECRET_KEY has fewer than 32 characters.": "В PICASSO_SECRET_KEY меньше 32 знаков.",
    "Choose a longer one; links and sessions end with that.": (
        "Возьмите ключ длиннее; ссылки и сеансы при этом прекратятся."
    ),
    "There is no secret key yet.": "Секретного ключа ещё нет.",
    "Start the service once.": "Запустите сервис один раз.",
    "Others than its owner may read {}.": "Читать {0} может не только владелец.",
    "Run `chmod 600 {}`.": "Выполните `chmod 600 {0}`.",
    "{} are free, less than PICASSO_MIN_FREE_SPACE: every upload is refused with 507.": (
        "Свободно {0}, меньше PICASSO_MIN_FREE_SPACE: каждая загрузка отклоняется с кодом 507."
    ),
    "Delete files, or enlarge the disk.": "Удалите файлы или увеличьте диск.",
    "{} are free: an upload of PICASSO_MAX_UPLOAD_SIZE does not fit.": (
        "Свободно {0}: загрузка размером PICASSO_MAX_UPLOAD_SIZE не помещается."
    ),
    "Delete files, enlarge the disk, or lower the limit.": "Удалите файлы, увеличьте диск или уменьшите предел.",
    "The file system has only {} inodes left.": "В файловой системе осталось только {0} inode.",
    "Delete files, or use a file system with more.": "Удалите файлы или возьмите файловую систему, где их больше.",
    "No worker of the queue {} has reported within {} seconds.": "Обработчик очереди {0} не отзывался уже {1} {1:секунду|секунды|секунд}.",
    "Start one: `picasso worker --queue {}`.": "Запустите: `picasso worker --queue {0}`.",
    "The queue {} is paused.": "Очередь {0} приостановлена.",
    "Resume it: `picasso queues resume {}`.": "Возобновите её: `picasso queues resume {0}`.",
    "{} jobs wait in the queue {}, one of them for {} minutes.": (
        "В очереди {1} ожидают задания: {0}, одно из них — {2} мин."
    ),
    "Start more workers, or give them more places.": "Запустите больше обработчиков или дайте им больше мест.",
    "This is not checked, because the database can't be used.": "Не проверено: база данных недоступна.",
    "Look into the logs of the proxy and of Picasso.": "Посмотрите журналы прокси и Picasso.",
    "See above.": "См. выше.",
    "This could not be checked: {}.": "Проверить не удалось: {0}.",
    "Look at what the error says.": "Посмотрите, что сказано в ошибке.",
}
