"""The sentences of `picasso.errors`, and the names of the HTTP statuses."""

SENTENCES = {
    "The request is malformed.": "Запрос составлен неправильно.",
    "The chunk does not match its checksum and was discarded.": (
        "Часть не совпадает со своей контрольной суммой и отброшена."
    ),
    "This upload is complete; nothing can be added to it.": "Эта загрузка завершена: добавить к ней ничего нельзя.",
    "This is not possible in the current state.": "В текущем состоянии это невозможно.",
    "This file has content that is not accepted here, so it is not served.": (
        "В этом файле есть содержимое, которое здесь не принимается, поэтому он не выдаётся."
    ),
    "Pages of other sites may not do this (see PICASSO_CORS_ORIGINS, and `cors_origins` of the project).": (
        "Страницам других сайтов это запрещено (см. PICASSO_CORS_ORIGINS и `cors_origins` проекта)."
    ),
    "The content does not match its digest; nothing was stored.": (
        "Содержимое не совпадает со своей контрольной суммой; ничего не сохранено."
    ),
    "The file is empty; nothing was stored.": "Файл пуст; ничего не сохранено.",
    "This key has expired.": "Срок действия этого ключа истёк.",
    "This link has expired.": "Срок действия этой ссылки истёк.",
    "This token has expired.": "Срок действия этого токена истёк.",
    "This request is not allowed.": "Этот запрос не разрешён.",
    "This upload no longer exists: it has expired, or its file was deleted.": (
        "Этой загрузки больше нет: её срок истёк или её файл удалён."
    ),
    "The request's headers are too large.": "Заголовки запроса слишком велики.",
    "This service is not known by that name (see PICASSO_ALLOWED_HOSTS).": (
        "Сервис не отвечает под этим именем (см. PICASSO_ALLOWED_HOSTS)."
    ),
    "The lengths given for this upload contradict each other.": "Длины, указанные для этой загрузки, не согласуются.",
    "Malware was found in this file, so it is in quarantine.": (
        "В этом файле найдена вредоносная программа, поэтому он в карантине."
    ),
    "A field of the request is missing or invalid.": "Поле запроса не указано или неправильно.",
    "This was never a key. It was probably mistyped, or cut when it was copied.": (
        "Это не ключ. Вероятно, в нём опечатка или он скопирован не целиком."
    ),
    "This link was never valid, or the links of its project were revoked.": (
        "Эта ссылка никогда не действовала, или ссылки её проекта отозваны."
    ),
    "This token is not valid.": "Этот токен недействителен.",
    "The upload is incomplete or malformed; nothing was stored.": (
        "Загрузка неполна или составлена неправильно; ничего не сохранено."
    ),
    "The first request with this Idempotency-Key is still in progress.": (
        "Первый запрос с этим Idempotency-Key ещё выполняется."
    ),
    "This Idempotency-Key was already used for a different request.": (
        "Этот Idempotency-Key уже использован для другого запроса."
    ),
    "A raw body needs a Content-Length or a digest; without one, an interrupted upload would look complete.": (
        "Телу без формы нужен Content-Length или контрольная сумма: без них прерванная загрузка выглядела бы завершённой."
    ),
    "Another request is finishing this upload. Please try again.": (
        "Эту загрузку завершает другой запрос. Попробуйте ещё раз."
    ),
    "This address does not support this method.": "Этот адрес не поддерживает такой метод.",
    "This key may not be used from this network.": "Этот ключ нельзя использовать из этой сети.",
    "This file has content that is not accepted here; nothing was stored.": (
        "В этом файле есть содержимое, которое здесь не принимается; ничего не сохранено."
    ),
    "The content of this file is still being checked. Please try again.": (
        "Содержимое этого файла ещё проверяется. Попробуйте ещё раз."
    ),
    "There is nothing at this address.": "По этому адресу ничего нет.",
    "The service is not ready.": "Сервис не готов.",
    "This file could not be scanned for malware, so it is in quarantine.": (
        "Этот файл не удалось проверить на вирусы, поэтому он в карантине."
    ),
    "This file is still being scanned for malware. Please try again later.": (
        "Этот файл ещё проверяется на вирусы. Попробуйте позже."
    ),
    "Upload-Offset is not the current offset of the upload; the response's Upload-Offset is.": (
        "Upload-Offset не равен текущему смещению загрузки; правильное смещение — в Upload-Offset ответа."
    ),
    "An internal error occurred. The server's log has the details.": (
        "Произошла внутренняя ошибка. Подробности — в журнале сервера."
    ),
    "A precondition of the request failed.": "Предварительное условие запроса не выполнено.",
    "The quota is used up; nothing was stored.": "Квота исчерпана; ничего не сохранено.",
    "The quota of {} does not allow this: {} of {} {} are used{}.": (
        "Квота {0} этого не позволяет: использовано {1} из {2} ({3}{4})."
    ),
    "The requested range is outside the file.": "Запрошенный диапазон находится за пределами файла.",
    "Too many requests. Retry-After has the seconds until the next one is answered.": (
        "Слишком много запросов. В Retry-After — через сколько секунд будет ответ на следующий."
    ),
    "There is no such key, or it was revoked.": "Такого ключа нет, или он отозван.",
    "There were too many failed attempts to sign in. Please try again later.": (
        "Слишком много неудачных попыток войти. Попробуйте позже."
    ),
    "The name, the password or the code is wrong.": "Имя, пароль или код неверны.",
    "The upload is larger than the limit of this service; nothing was stored.": (
        "Загрузка больше, чем разрешает сервис; ничего не сохранено."
    ),
    "There is not enough free space to store this upload; nothing was stored.": (
        "Для этой загрузки не хватает свободного места; ничего не сохранено."
    ),
    "A newer request for this upload has replaced this one.": "Этот запрос заменён более новым запросом той же загрузки.",
    "This token was for a number of files, and they have all been uploaded.": (
        "Этот токен был на несколько файлов, и все они уже загружены."
    ),
    "There are too many unfinished uploads. Please finish or cancel some, or try again later.": (
        "Слишком много незавершённых загрузок. Завершите или отмените часть из них или попробуйте позже."
    ),
    "There are too many imports that have not ended. Please cancel some, or try again later.": (
        "Слишком много незавершённых импортов. Отмените часть из них или попробуйте позже."
    ),
    "Files of this type are not accepted here; nothing was stored.": (
        "Файлы этого типа здесь не принимаются; ничего не сохранено."
    ),
    "This needs a key or a token: `Authorization: Bearer …`.": "Нужен ключ или токен: `Authorization: Bearer …`.",
    "The database is unavailable; nothing was stored. Please try again.": (
        "База данных недоступна; ничего не сохранено. Попробуйте ещё раз."
    ),
    "The unfinished uploads use all the space that they may use. Please try again later.": (
        "Незавершённые загрузки заняли всё отведённое им место. Попробуйте позже."
    ),
    "Content-Encoding is not supported: send the bytes of the file as they are.": (
        "Content-Encoding не поддерживается: отправляйте байты файла как есть."
    ),
    "Send an upload as multipart/form-data with the file in the part `file`, or as a raw body with a name in "
    "Content-Disposition or at the end of the address.": (
        "Отправьте файл как multipart/form-data в части `file` или просто телом запроса, а имя — в Content-Disposition "
        "или в конце адреса."
    ),
    "The only Transfer-Encoding that this service supports is chunked.": (
        "Единственный Transfer-Encoding, который поддерживает сервис, — chunked."
    ),
    "Tus-Resumable must be 1.0.0, the only version that this service supports.": (
        "Tus-Resumable должен быть 1.0.0: других версий сервис не поддерживает."
    ),
    "The upload timed out: no data arrived for too long. Nothing was stored.": (
        "Время загрузки вышло: данные слишком долго не поступали. Ничего не сохранено."
    ),
}

TITLES = {
    "Bad Request": "Неправильный запрос",
    "Unauthorized": "Нужен доступ",
    "Forbidden": "Запрещено",
    "Not Found": "Не найдено",
    "Method Not Allowed": "Метод не поддерживается",
    "Not Acceptable": "Такого представления нет",
    "Request Timeout": "Время запроса вышло",
    "Conflict": "Противоречие",
    "Gone": "Больше не существует",
    "Length Required": "Нужна длина",
    "Precondition Failed": "Условие не выполнено",
    "Request Entity Too Large": "Слишком большой запрос",
    "Content Too Large": "Слишком большой запрос",
    "Request-URI Too Long": "Слишком длинный адрес",
    "URI Too Long": "Слишком длинный адрес",
    "Unsupported Media Type": "Тип не поддерживается",
    "Requested Range Not Satisfiable": "Диапазона нет в файле",
    "Range Not Satisfiable": "Диапазона нет в файле",
    "Unprocessable Entity": "Запрос нельзя выполнить",
    "Unprocessable Content": "Запрос нельзя выполнить",
    "Locked": "Занято",
    "Too Many Requests": "Слишком много запросов",
    "Request Header Fields Too Large": "Слишком большие заголовки",
    "Checksum Mismatch": "Контрольная сумма не совпадает",
    "Internal Server Error": "Внутренняя ошибка",
    "Not Implemented": "Не поддерживается",
    "Bad Gateway": "Ошибка другого сервера",
    "Service Unavailable": "Сервис недоступен",
    "Gateway Timeout": "Другой сервер не ответил",
    "Insufficient Storage": "Не хватает места",
}
