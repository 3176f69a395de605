"""What is said of uploads and of HTTP: by the handlers, and by what receives."""

SENTENCES = {
    "A POST to an upload needs X-HTTP-Method-Override.": "Для POST к загрузке нужен X-HTTP-Method-Override.",
    "expires_at must be a time in the future with its offset from UTC, such as 2031-12-31T23:59:59Z.": (
        "expires_at — время в будущем с указанием пояса, например 2031-12-31T23:59:59Z."
    ),
    "expires_at must be in the future, and within the next hundred years.": (
        "expires_at — время в будущем, но не дальше ста лет."
    ),
    "expires_at must be in the future. To end a key now, delete it.": (
        "expires_at — время в будущем. Чтобы ключ перестал действовать сейчас, удалите его."
    ),
    "The upload has no name. Send it in Content-Disposition or at the end of the address, as in {}picture.jpg. "
    "`curl -T picture.jpg` adds the name only to an address that ends with a slash.": (
        "У загрузки нет имени. Укажите его в Content-Disposition или в конце адреса, например {0}picture.jpg. "
        "`curl -T picture.jpg` добавляет имя, только если адрес кончается косой чертой."
    ),
    "The upload timed out: its data arrived too slowly.": "Время загрузки вышло: данные поступали слишком медленно.",
    "The upload timed out: no data arrived for too long.": ("Время загрузки вышло: данные слишком долго не поступали."),
    "Upload-Checksum is empty.": "Upload-Checksum пуст.",
    "Upload-Checksum: the algorithms are {}.": "Upload-Checksum: поддерживаются алгоритмы {0}.",
    "{} is not a digest in base64.": "{0} — не контрольная сумма в base64.",
    "The trailer {} was announced, but did not arrive.": "Трейлер {0} объявлен, но не пришёл.",
    "This server cannot receive trailers. Send {} before the body.": (
        "Этот сервер не принимает трейлеры. Отправьте {0} перед телом."
    ),
    "The Content-Type has no boundary of 1 to 70 characters.": "В Content-Type нет границы (boundary) из 1–70 символов.",
    "Send forms to {}, in one request.": "Отправляйте формы на {0} одним запросом.",
    "A request to this address may have at most {} KiB.": "Запрос к этому адресу может быть не больше {0} КиБ.",
    "A request of this method to this address has no body.": "У запроса с этим методом к этому адресу нет тела.",
    "The service has too many requests to read. Please try again.": (
        "Сервис занят чтением других запросов. Попробуйте ещё раз."
    ),
    "{} must be a number of at most 15 digits.": "{0} — число не более чем из 15 цифр.",
    "{} must be an integer of at most 15 digits.": "{0} — целое число не более чем из 15 цифр.",
    "{} must have the form sha-256=:base64:.": "{0} записывается так: sha-256=:base64:.",
    "The address has more than {} parameters.": "В адресе больше {0} параметров.",
    "A parameter of the address contains a NUL.": "В параметре адреса есть символ NUL.",
    "A cookie contains a NUL.": "В cookie есть символ NUL.",
    "The part `{}` has a Content-Transfer-Encoding that is not supported: send its bytes as they are (binary).": (
        "У части `{0}` неподдерживаемый Content-Transfer-Encoding: отправьте её байты как есть (binary)."
    ),
    "The form has no part `file`.": "В форме нет части `file`.",
    "The part `file` does not have its Content-Length; nothing was stored.": (
        "Длина части `file` не равна её Content-Length; ничего не сохранено."
    ),
    "The form has more than one {}.": "В форме больше одного поля {0}.",
    "The field token must come before the file.": "Поле token должно стоять перед файлом.",
    "The form has more than one part `file`; send one file per request.": (
        "В форме больше одной части `file`; отправляйте по одному файлу в запросе."
    ),
    "The part `file` has no filename, so it is not a file. With curl: -F file=@path": (
        "У части `file` нет имени файла, поэтому это не файл. С curl: -F file=@path"
    ),
    "The form's other fields are too large.": "Остальные поля формы слишком велики.",
    "This needs a key or a token: `Authorization: Bearer …`, or a form field `token`, which must come before the file.": (
        "Нужен ключ или токен: `Authorization: Bearer …` или поле формы `token`, которое должно стоять перед файлом."
    ),
    "The form's closing boundary is missing; nothing was stored.": (
        "Нет завершающей границы формы; ничего не сохранено."
    ),
    "This is not well-formed multipart/form-data: {}.": "Это неправильный multipart/form-data: {0}.",
    "The body of the request did not arrive in time.": "Тело запроса не пришло вовремя.",
    "Idempotency-Key must have 1 to {} characters.": "В Idempotency-Key должно быть от 1 до {0} символов.",
    "A final upload takes its content from its parts.": "Итоговая загрузка берёт содержимое из своих частей.",
    "This part was begun with a token that accepts other files than yours.": (
        "Эта часть начата с токеном, который принимает другие файлы, чем ваш."
    ),
    "Send either Upload-Length or Upload-Defer-Length: 1.": (
        "Отправьте что-то одно: Upload-Length или Upload-Defer-Length: 1."
    ),
    "The upload already has another length.": "У загрузки уже указана другая длина.",
    "The upload already has more bytes than that.": "В загрузке уже больше байтов.",
    "Upload-Concat must be `final;` and 1 to {} URLs of uploads of this service.": (
        "Upload-Concat — это `final;` и от 1 до {0} адресов загрузок этого сервиса."
    ),
    "Upload-Concat names an upload twice. The parts of a final upload are different ones.": (
        "Одна загрузка названа в Upload-Concat дважды. Части итоговой загрузки должны быть разными."
    ),
    "The Content-Type must be {}.": "Content-Type должен быть {0}.",
    "This is more than the upload's length; nothing was added.": "Это больше длины загрузки; ничего не добавлено.",
    "A final upload has the length of its parts: do not send Upload-Length.": (
        "Длина итоговой загрузки — сумма длин её частей: не отправляйте Upload-Length."
    ),
    "Upload-Concat must be `partial`, or `final;` and a list of uploads.": (
        "Upload-Concat — это `partial` или `final;` и список загрузок."
    ),
    "A request has exactly one Host.": "В запросе должен быть ровно один Host.",
    "The filename in Content-Disposition begins with a quote that has no end.": (
        "Имя файла в Content-Disposition начинается с кавычки, которая не закрыта."
    ),
    "The filename in Content-Disposition has a semicolon, but is not in quotes.": (
        "В имени файла в Content-Disposition есть точка с запятой, но само имя не в кавычках."
    ),
    'Picasso-Tags must be a list such as `first, "second tag"`.': (
        'Picasso-Tags — это список, например `first, "second tag"`.'
    ),
    "The URL has more than one {}.": "В адресе больше одного параметра {0}.",
    "{} is in Upload-Metadata, and in the URL or a header field.": (
        "{0} указан в Upload-Metadata и ещё раз в адресе или заголовке."
    ),
    "There is no field {}. Did you mean {}?": "Поля {0} нет. Возможно, вы имели в виду {1}?",
    "Upload-Metadata has more than {} characters.": "В Upload-Metadata больше {0} символов.",
    "{} is in the URL and in a header field.": "{0} указан и в адресе, и в заголовке.",
    "{} is in the form, and in the URL or a header field.": "{0} указан в форме и ещё раз в адресе или заголовке.",
    "Upload-Metadata has a duplicate key, or a key that is not ASCII.": (
        "В Upload-Metadata есть повторяющийся ключ или ключ не из символов ASCII."
    ),
    "Upload-Metadata has a value that is not base64.": "В Upload-Metadata есть значение не в base64.",
    "Invalid X-Forwarded-Proto.": "Неправильный X-Forwarded-Proto.",
    "Invalid X-Forwarded-Port.": "Неправильный X-Forwarded-Port.",
    "Invalid Forwarded.": "Неправильный Forwarded.",
    "Invalid X-Forwarded-Prefix.": "Неправильный X-Forwarded-Prefix.",
    "There was more content than the upload's length. The upload is cancelled.": (
        "Содержимого больше, чем длина загрузки. Загрузка отменена."
    ),
    "Upload-Complete must be ?0 or ?1.": "Upload-Complete должен быть ?0 или ?1.",
    "The upload is complete, but it does not have its declared length.": (
        "Загрузка завершена, но её длина не равна объявленной."
    ),
    "This upload belongs to a concatenation of tus.": "Эта загрузка — часть объединения tus.",
    "The service is stopping. Please try again.": "Сервис останавливается. Попробуйте ещё раз.",
    "Content-Length is not a number.": "Content-Length — не число.",
    "No worker has reported in the last {} seconds.": "За последние {0} с не отозвался ни один обработчик.",
    "The virus scanner does not answer.": "Антивирус не отвечает.",
    "The database is unavailable. Please try again.": "База данных недоступна. Попробуйте ещё раз.",
    "Too many requests of this kind are waiting. Please try again.": (
        "Слишком много таких запросов ждут очереди. Попробуйте ещё раз."
    ),
    "The content of this file could not be checked, so it is not served.": (
        "Содержимое этого файла не удалось проверить, поэтому он не выдаётся."
    ),
    "The parts together are larger than this service accepts. Nothing was stored.": (
        "Части вместе больше, чем принимает сервис. Ничего не сохранено."
    ),
    "Files of more than {} bytes are not accepted here.": "Файлы больше {0} байт здесь не принимаются.",
    "This upload has become a file already, or was cancelled.": "Эта загрузка уже стала файлом или отменена.",
    "There are too many uploads under way. Please try again.": "Идёт слишком много загрузок. Попробуйте ещё раз.",
    "The database was away. What has arrived is kept; please continue.": (
        "База данных была недоступна. Всё полученное сохранено; продолжайте."
    ),
    "This token is for the pipeline {}.": "Этот токен — для конвейера {0}.",
    "There is no pipeline of this name.": "Конвейера с таким именем нет.",
    "Files of this token are {}.": "Видимость файлов этого токена — {0}.",
    "The visibility must be one of {}.": "Видимость должна быть одной из: {0}.",
    "Your unfinished uploads use all the space that one client may use.": (
        "Ваши незавершённые загрузки заняли всё место, отведённое одному клиенту."
    ),
    "You have {} unfinished uploads of this kind, and one client may not have more.": (
        "У вас {0} таких незавершённых загрузок, больше одному клиенту нельзя."
    ),
    "The quota concurrent_uploads of {} allows {} unfinished uploads.": (
        "Квота concurrent_uploads {0} допускает незавершённых загрузок: {1}."
    ),
    "There is no upload {}.": "Загрузки {0} нет.",
    "The upload {} is not partial.": "Загрузка {0} — не часть (partial).",
    "The upload {} is a part of another one already.": "Загрузка {0} уже стала частью другой.",
    "This upload is a part of another one.": "Эта загрузка — часть другой.",
}
