"""Causes and remedies of the error codes (`picasso.error_codes`) in Russian, by the English sentence."""

from __future__ import annotations

JOBS = {
    "The virus scanner found malware in the file. `facts.scan` names it.": (
        "Антивирус нашёл в файле вредоносную программу. Её имя — в `facts.scan`."
    ),
    "Remove the malware. Operators can release a file that is no malware after all: see the page on scanning.": (
        "Удалите вредоносную программу. Если файл безвреден, оператор может выпустить его: см. страницу о проверке файлов."
    ),
    "The virus scanner could not see all of the file (`facts.scan.reason` says why), or its job was cancelled.": (
        "Антивирус не смог проверить файл целиком (почему — в `facts.scan.reason`), или проверку отменили."
    ),
    "Upload a smaller copy, or one without a password. Operators choose what becomes of such files.": (
        "Загрузите копию поменьше или без пароля. Что делать с такими файлами, решают операторы."
    ),
    "The virus scanner had no answer for the file.": "Антивирус не дал ответа об этом файле.",
    "See the log of clamd. Retry the job when it works.": (
        "Посмотрите журнал clamd. Повторите задание, когда он заработает."
    ),
    "The service that the job needs can't be reached, such as the virus scanner.": (
        "Недоступна служба, которая нужна заданию, например антивирус."
    ),
    "Start it, and compare its address with the settings (`PICASSO_CLAMD`). The job waits until then.": (
        "Запустите её и сверьте адрес с настройками (`PICASSO_CLAMD`). До тех пор задание ждёт."
    ),
    "The file is damaged or incomplete, or is not what its first bytes say.": (
        "Файл повреждён или неполон, либо это не то, чем он кажется по первым байтам."
    ),
    "Open the file in the program that made it. If it is damaged there too, export it and upload it again.": (
        "Откройте файл в программе, которой он создан. Если он повреждён и там, экспортируйте его и загрузите заново."
    ),
    "The file is encrypted: it needs a password, or has DRM.": ("Файл зашифрован: нужен пароль, или он защищён DRM."),
    "Upload a copy without a password.": "Загрузите копию без пароля.",
    "The processor cannot read this variant of the format.": "Процессор не умеет читать эту разновидность формата.",
    "Convert the file to a format listed in the documentation's page on formats, and upload it again.": (
        "Преобразуйте файл в формат со страницы документации о форматах и загрузите его заново."
    ),
    "The processor found content that the [policy](policy.md) refuses: active content, an archive bomb or a "
    "password. The file is kept, but nobody can fetch it.": (
        "Процессор нашёл то, что запрещает [политика](policy.md): активное содержимое, архивную бомбу или пароль. "
        "Файл хранится, но скачать его нельзя."
    ),
    "Delete the file and upload one without that content. If the policy was changed, retry the job.": (
        "Удалите файл и загрузите другой, без этого содержимого. Если политику изменили, повторите задание."
    ),
    "The picture has more elements or parts than may be processed.": (
        "В изображении больше элементов или частей, чем можно обработать."
    ),
    "Processing untrusted files is limited on purpose. The original is stored and can be downloaded.": (
        "Обработка чужих файлов намеренно ограничена. Оригинал сохранён, его можно скачать."
    ),
    "The file, or its index, is larger than may be processed.": (
        "Файл или его оглавление больше, чем можно обработать."
    ),
    "The recording is longer than the pipeline's option `max_seconds`.": (
        "Запись длиннее, чем разрешает параметр конвейера `max_seconds`."
    ),
    "Raise the option, or upload a shorter recording.": "Увеличьте параметр или загрузите запись короче.",
    "A row of the table is longer than may be processed.": "Строка таблицы длиннее, чем можно обработать.",
    "The spreadsheet has more cells than may be processed.": "В таблице больше ячеек, чем можно обработать.",
    "The table has more columns than may be processed.": "В таблице больше столбцов, чем можно обработать.",
    "The archive or document has more entries than may be processed.": (
        "В архиве или документе больше элементов, чем можно обработать."
    ),
    "The picture has more frames than may be processed.": "В изображении больше кадров, чем можно обработать.",
    "The picture has more pages than may be processed.": "В изображении больше страниц, чем можно обработать.",
    "The picture or video has more pixels than `PICASSO_MAX_IMAGE_PIXELS` or than its format may have.": (
        "В изображении или видео больше пикселей, чем разрешает `PICASSO_MAX_IMAGE_PIXELS` или сам формат."
    ),
    "Upload a smaller version. Operators can raise the setting, and the memory limit with it.": (
        "Загрузите версию поменьше. Оператор может увеличить эту настройку и вместе с ней предел памяти."
    ),
    "The recording has more streams than may be processed.": "В записи больше дорожек, чем можно обработать.",
    "Unpacking the archive needs more memory than is allowed.": (
        "Распаковка архива требует больше памяти, чем разрешено."
    ),
    "The processor would write more than `PICASSO_JOB_OUTPUT_LIMIT`.": (
        "Процессор записал бы больше, чем разрешает `PICASSO_JOB_OUTPUT_LIMIT`."
    ),
    "Raise the setting if such files are expected.": "Увеличьте настройку, если такие файлы ожидаются.",
    "Processing took longer than `PICASSO_JOB_TIME_LIMIT` (or `PICASSO_HEAVY_JOB_TIME_LIMIT`).": (
        "Обработка длилась дольше, чем разрешает `PICASSO_JOB_TIME_LIMIT` (или `PICASSO_HEAVY_JOB_TIME_LIMIT`)."
    ),
    "Raise the setting if such files are expected, then retry the job.": (
        "Увеличьте настройку, если такие файлы ожидаются, и повторите задание."
    ),
    "Processing needed more than `PICASSO_JOB_MEMORY_LIMIT`, or the machine had no memory left.": (
        "Обработке понадобилось больше памяти, чем разрешает `PICASSO_JOB_MEMORY_LIMIT`, или память машины кончилась."
    ),
    "Raise the setting or run fewer jobs at a time, then retry the job.": (
        "Увеличьте настройку или выполняйте меньше заданий сразу, затем повторите задание."
    ),
    "The process that decoded the file crashed.": "Процесс, который разбирал файл, аварийно завершился.",
    "Retry the job. If it crashes again, the file is damaged or the decoder has a bug: see the job's `log`.": (
        "Повторите задание. Если сбой повторится, файл повреждён или в декодере ошибка: см. `log` задания."
    ),
    "Processing the file crashed so often that the service no longer tries it.": (
        "Обработка файла завершалась аварийно так часто, что сервис больше не пробует."
    ),
    "See the job's `log`. Retry the job after the processor was updated.": (
        "Посмотрите `log` задания. Повторите задание, когда процессор обновят."
    ),
    "The worker stopped while it processed the file, for example because its machine lost power.": (
        "Обработчик остановился во время работы над файлом, например пропало питание."
    ),
    "The service tries again by itself. If it happens often, check the worker's memory and its log.": (
        "Сервис пробует снова сам. Если это случается часто, проверьте память обработчика и его журнал."
    ),
    "The processor raised an unexpected error or returned an invalid result.": (
        "В процессоре произошла непредвиденная ошибка, или его результат неверен."
    ),
    "See the job's `log` and the worker's log, report the bug, and retry the job after an update.": (
        "Посмотрите `log` задания и журнал обработчика, сообщите об ошибке и повторите задание после обновления."
    ),
    "The original could not be read, or the results could not be written.": (
        "Не удалось прочитать оригинал или записать результаты."
    ),
    "Check the disk: free space, permissions, errors in the log. Then retry the job.": (
        "Проверьте диск: свободное место, права, ошибки в журнале. Затем повторите задание."
    ),
    "Somebody cancelled the job.": "Задание отменили.",
    "Retry the job if the results are needed.": "Повторите задание, если результаты нужны.",
}

REQUESTS = {
    "A header, the address or the HTTP request itself is malformed. `detail` names the part.": (
        "Заголовок, адрес или сам запрос HTTP составлен неправильно. Какая часть — в `detail`."
    ),
    "Correct that part of the request. If `detail` names `PICASSO_ALLOWED_HOSTS`, add the host to that setting.": (
        "Исправьте эту часть запроса. Если в `detail` названа `PICASSO_ALLOWED_HOSTS`, добавьте узел в эту настройку."
    ),
    "The body is not valid JSON.": "Тело — не правильный JSON.",
    "Send a JSON object with `Content-Type: application/json`.": (
        "Отправьте объект JSON с `Content-Type: application/json`."
    ),
    "A form field, a query parameter or a member of the JSON body is missing or invalid; also an empty file, on "
    "every way to upload. `errors` lists them.": (
        "Поле формы, параметр запроса или поле JSON не указано или неправильно; также пустой файл при любом способе "
        "загрузки. Они перечислены в `errors`."
    ),
    "Correct the fields that `errors` names.": "Исправьте поля, названные в `errors`.",
    "The body of the upload is malformed or ended too early, or a part of the form has a "
    "`Content-Transfer-Encoding` that changes its bytes.": (
        "Тело загрузки составлено неправильно или оборвалось, либо у части формы есть `Content-Transfer-Encoding`, "
        "который меняет её байты."
    ),
    "Send the whole body again, and files as they are. A resumable upload continues where it was interrupted.": (
        "Отправьте тело целиком ещё раз, а файлы — как есть. Возобновляемая загрузка продолжится с места обрыва."
    ),
    "`Upload-Length`, `Content-Length` and the bytes that arrived contradict each other, or a request with content "
    "was sent to an upload that is already complete.": (
        "`Upload-Length`, `Content-Length` и полученные байты не согласуются, или запрос с содержимым отправлен в "
        "загрузку, которая уже завершена."
    ),
    "If the answer has `Content-Location`, the upload is complete: this is the address of its file, and nothing "
    "needs to be sent. Otherwise send the same length in every request of one upload, or create a new upload.": (
        "Если в ответе есть `Content-Location`, загрузка завершена: это адрес её файла, отправлять ничего не нужно. "
        "Иначе указывайте одну и ту же длину во всех запросах загрузки или создайте новую загрузку."
    ),
    "A `PATCH` without content was sent to an upload that is already complete.": (
        "В завершённую загрузку отправлен `PATCH` без содержимого."
    ),
    "Nothing needs to be sent: `Content-Location` is the address of the file.": (
        "Отправлять ничего не нужно: `Content-Location` — адрес файла."
    ),
    "The received bytes do not match `Content-Digest` or `Repr-Digest`.": (
        "Полученные байты не совпадают с `Content-Digest` или `Repr-Digest`."
    ),
    "Compute the digest over the exact bytes that are sent, and send them again.": (
        "Посчитайте контрольную сумму ровно тех байтов, которые отправляете, и отправьте их ещё раз."
    ),
    "The request has no key or token, and the service is not open to everybody.": (
        "В запросе нет ключа или токена, а сервис открыт не для всех."
    ),
    "Send `Authorization: Bearer` with a key; `picasso keys create` makes one.": (
        "Отправьте `Authorization: Bearer` с ключом; его создаёт `picasso keys create`."
    ),
    "The checksum at the end of the key is wrong: it was mistyped, or cut when it was copied.": (
        "Контрольная сумма в конце ключа неверна: в нём опечатка, или он скопирован не целиком."
    ),
    "Copy the whole key again. It begins with `pk_` and has 65 characters.": (
        "Скопируйте ключ целиком ещё раз. Он начинается с `pk_`, в нём 65 знаков."
    ),
    "The key was revoked or deleted, or it belongs to another installation.": (
        "Ключ отозван или удалён, либо он от другой установки."
    ),
    "Use another key.": "Возьмите другой ключ.",
    "The key had an expiry, which has passed.": "У ключа был срок действия, и он истёк.",
    "The token is malformed, has a wrong signature or a claim that is not allowed, or is for another project. "
    "`detail` says which.": (
        "Токен составлен неправильно, подпись неверна, одно из утверждений не разрешено, или токен для другого "
        "проекта. Что именно — в `detail`."
    ),
    "Compare the claims with [access](access.md#tokens). The signing secret is one of the key that `kid` names.": (
        "Сверьте утверждения со страницей о [доступе](access.md#tokens). Секрет подписи — того ключа, который назван "
        "в `kid`."
    ),
    "The `exp` of the token has passed.": "Время `exp` токена прошло.",
    "Get a new token from the application. An unfinished upload of the same owner continues with it.": (
        "Получите новый токен у приложения. Незавершённая загрузка того же владельца продолжится с ним."
    ),
    "The token has `max_files`, and so many files were uploaded with it.": (
        "У токена есть `max_files`, и столько файлов с ним уже загружено."
    ),
    "Get a new token from the application.": "Получите новый токен у приложения.",
    "The `signature` of the link is not right for its path and `expires`, or the project's link keys were revoked.": (
        "`signature` ссылки не подходит к её пути и `expires`, или ключи ссылок проекта отозваны."
    ),
    "Use the link unchanged, or get a new one from the API.": (
        "Используйте ссылку без изменений или получите новую через API."
    ),
    "The `expires` of the link has passed.": "Время `expires` ссылки прошло.",
    "Get a new link from the API.": "Получите новую ссылку через API.",
    "The name, the password, the code of the second factor or the passkey is wrong, or the person was deactivated; "
    "or the identity provider has sent no group with a role, or a claim that can't be used.": (
        "Имя, пароль, код второго фактора или ключ доступа неверны, или человек отключён; либо провайдер входа не прислал ни одной "
        "группы с ролью или прислал утверждение, которое нельзя использовать."
    ),
    "Type them again. An administrator sets a new password by `picasso people password NAME`.": (
        "Введите их ещё раз. Администратор задаёт новый пароль командой `picasso people password NAME`."
    ),
    "Ten attempts to sign in as this person, or fifty as anybody, failed from this address within 15 minutes; or a "
    "hundred as this person from everywhere.": (
        "За 15 минут с этого адреса не удались десять попыток войти под этим именем или пятьдесят под любыми; либо сто "
        "под этим именем отовсюду."
    ),
    "Wait for the time in `Retry-After`, or use a browser in which you have signed in before.": (
        "Подождите столько, сколько указано в `Retry-After`, или возьмите браузер, в котором вы уже входили."
    ),
    "The key is limited to networks, and the request comes from another one.": (
        "Ключ действует только из своих сетей, а запрос пришёл из другой."
    ),
    "Use the key from its networks, or change them. Behind a proxy set `PICASSO_TRUSTED_PROXIES`.": (
        "Используйте ключ из его сетей или измените их. За прокси задайте `PICASSO_TRUSTED_PROXIES`."
    ),
    "The CSRF token is missing, or the operation is not allowed here.": (
        "Нет токена CSRF, или действие здесь не разрешено."
    ),
    "`detail` says what is not allowed.": "Что не разрешено — в `detail`.",
    "A browser sent the request for a page of another site (`Origin`, `Sec-Fetch-Site`), and it would change "
    "something.": (
        "Браузер отправил запрос для страницы другого сайта (`Origin`, `Sec-Fetch-Site`), и он бы что-то изменил."
    ),
    "Add the site's origin to `PICASSO_CORS_ORIGINS`, or to `cors_origins` of "
    "the project, if its pages may use the API. If it was the service's own "
    "page, a proxy changes `Host`: set `PICASSO_PUBLIC_URL`.": (
        "Добавьте источник сайта в `PICASSO_CORS_ORIGINS` или в `cors_origins` проекта, если его страницам можно "
        "пользоваться API. Если это была страница самого сервиса, прокси меняет `Host`: задайте `PICASSO_PUBLIC_URL`."
    ),
    "There is no such address, file, job, upload, queue or page.": (
        "Такого адреса, файла, задания, загрузки, очереди или страницы нет."
    ),
    "Check the address. The object may have been deleted.": "Проверьте адрес. Возможно, объект удалён.",
    "The address does not support this method.": "Адрес не поддерживает этот метод.",
    "Use one of the methods in the `Allow` header.": "Возьмите один из методов в заголовке `Allow`.",
    "The `Accept` header names no format that this address can produce.": (
        "Заголовок `Accept` не называет ни одного формата, который есть по этому адресу."
    ),
    "Send `Accept: application/json`, or no `Accept` header.": (
        "Отправьте `Accept: application/json` или запрос без `Accept`."
    ),
    "The upload is larger than what a quota of its project or owner leaves. `quota` says which one.": (
        "Загрузка больше, чем оставляет квота проекта или владельца. Какая — в `quota`."
    ),
    "Delete files, also from the trash; for `unfinished_bytes` finish or cancel uploads; or have an administrator "
    "raise the quota. `bytes_per_day` starts anew at midnight UTC.": (
        "Удалите файлы, в том числе из корзины; для `unfinished_bytes` завершите или отмените загрузки; или попросите "
        "администратора увеличить квоту. `bytes_per_day` начинается заново в полночь UTC."
    ),
    "No data arrived for `PICASSO_UPLOAD_IDLE_TIMEOUT` seconds, or data arrived more slowly than "
    "`PICASSO_MIN_UPLOAD_RATE` for longer than that. A small body of another request did not arrive in time.": (
        "За `PICASSO_UPLOAD_IDLE_TIMEOUT` секунд ничего не пришло, или данные дольше этого шли медленнее "
        "`PICASSO_MIN_UPLOAD_RATE`. Небольшое тело другого запроса не пришло вовремя."
    ),
    "Send the upload again, or continue it if it is resumable. For slow clients change the settings.": (
        "Отправьте загрузку ещё раз или продолжите её, если она возобновляемая. Для медленных клиентов измените "
        "настройки."
    ),
    "The job or the upload is in a state that does not allow the operation, for example retrying a running job.": (
        "Состояние задания или загрузки не допускает действия, например повтора задания, которое выполняется."
    ),
    "Get the object again and decide by its `state`.": "Получите объект ещё раз и решайте по его `state`.",
    "The lease of a job of a remote processor has run out, the job was cancelled or has ended, or the lease is one "
    "of another job.": (
        "Аренда задания удалённого процессора истекла, задание отменено или закончилось, либо это аренда другого "
        "задания."
    ),
    "Leave the job: what was sent for it is removed, and another worker gets it. Renew leases before they end.": (
        "Оставьте задание: отправленное для него удаляется, его получит другой обработчик. Продлевайте аренду заранее."
    ),
    "`Upload-Offset` is not the number of bytes that the service has stored.": (
        "`Upload-Offset` — не то число байтов, которое сохранил сервис."
    ),
    "Continue at the offset in the response's `Upload-Offset`.": "Продолжите с места в `Upload-Offset` ответа.",
    "A newer request for the same upload took over while this one was sending.": (
        "Пока запрос отправлял данные, загрузку перехватил более новый."
    ),
    "Let only one request at a time write to an upload. After an interruption ask for the offset, then continue.": (
        "В загрузку должен писать один запрос. После обрыва спросите, сколько получено, и продолжайте."
    ),
    "The first request with this `Idempotency-Key` is still in progress.": (
        "Первый запрос с этим `Idempotency-Key` ещё выполняется."
    ),
    "Wait for `Retry-After` seconds, then send the same request again.": (
        "Подождите `Retry-After` секунд и отправьте тот же запрос ещё раз."
    ),
    "The upload has expired, has failed, or its file was deleted.": (
        "Срок загрузки истёк, она не удалась, или её файл удалён."
    ),
    "Create a new upload.": "Создайте новую загрузку.",
    "A raw body has neither `Content-Length` nor a digest, so an interrupted upload would look complete.": (
        "У тела без формы нет ни `Content-Length`, ни контрольной суммы: прерванная загрузка выглядела бы завершённой."
    ),
    "Send `Content-Length` or `Repr-Digest`, or use a resumable upload.": (
        "Отправьте `Content-Length` или `Repr-Digest` либо используйте возобновляемую загрузку."
    ),
    "`If-Match`, `If-None-Match` or `If-Unmodified-Since` does not hold for the file.": (
        "`If-Match`, `If-None-Match` или `If-Unmodified-Since` для файла не выполняется."
    ),
    "Get the file's current `ETag` and try again.": "Получите нынешний `ETag` файла и попробуйте снова.",
    "`Tus-Resumable` is missing or is not `1.0.0`.": "`Tus-Resumable` нет, или он не `1.0.0`.",
    "Send `Tus-Resumable: 1.0.0`.": "Отправьте `Tus-Resumable: 1.0.0`.",
    "The upload is larger than `PICASSO_MAX_UPLOAD_SIZE`, than its own `Upload-Length`, or than the policy allows.": (
        "Загрузка больше, чем `PICASSO_MAX_UPLOAD_SIZE`, чем её собственная `Upload-Length` или чем разрешает политика."
    ),
    "Send a smaller file, or raise the setting (and the limit of the proxy in front) or the "
    "[policy](policy.md)'s `max_size`.": (
        "Отправьте файл поменьше либо увеличьте настройку (и предел прокси перед сервисом) или `max_size` "
        "[политики](policy.md)."
    ),
    "The [policy](policy.md) of the project, the pipeline or the token does not accept files of the detected type, "
    "or refuses them because another type was declared. The name does not matter.": (
        "[Политика](policy.md) проекта, конвейера или токена не принимает файлы этого типа, определённого по "
        "содержимому, или отклоняет их, потому что заявлен другой тип. Имя значения не имеет."
    ),
    "Send a file of a type that is accepted. `detail` names the detected type.": (
        "Отправьте файл типа, который принимается. Определённый тип — в `detail`."
    ),
    "The directory of the file shows content that the [policy](policy.md) refuses, such as macros or a password.": (
        "По оглавлению файла видно то, что запрещает [политика](policy.md), например макросы или пароль."
    ),
    "Send the file without that content. `detail` names it.": (
        "Отправьте файл без этого содержимого. Оно названо в `detail`."
    ),
    "A processor found content in this file that the [policy](policy.md) refuses, or could not look at it. "
    "Nobody can fetch it.": (
        "Процессор нашёл в файле то, что запрещает [политика](policy.md), или не смог его просмотреть. Скачать его "
        "нельзя."
    ),
    "Delete the file. If the policy was changed since, retry the job of the file that failed.": (
        "Удалите файл. Если политику с тех пор изменили, повторите задание файла, которое не удалось."
    ),
    "The [policy](policy.md) refuses some content, and the processors have not looked at this file yet.": (
        "[Политика](policy.md) запрещает часть содержимого, а процессоры этот файл ещё не просмотрели."
    ),
    "Wait until the file is processed.": "Подождите, пока файл обработают.",
    "The address is longer than the proxy allows.": "Адрес длиннее, чем разрешает прокси.",
    "Use a shorter address: the name of a file can be in `Content-Disposition` instead.": (
        "Возьмите адрес короче: имя файла может быть в `Content-Disposition`."
    ),
    "The `Content-Type` is not the one that this address expects.": (
        "`Content-Type` не тот, которого ждёт этот адрес."
    ),
    "Send a form as `multipart/form-data`, a raw body with a file name, JSON as `application/json`.": (
        "Отправляйте форму как `multipart/form-data`, тело без формы — с именем файла, JSON — как `application/json`."
    ),
    "The upload, or a part of the form, has a `Content-Encoding` other than `identity`.": (
        "У загрузки или части формы `Content-Encoding` не `identity`."
    ),
    "Send the bytes of the file as they are, without this header.": (
        "Отправьте байты файла как есть, без этого заголовка."
    ),
    "The requested range begins after the end of the file.": "Запрошенный диапазон начинается после конца файла.",
    "`Content-Range` has the size of the file; request a range inside it.": (
        "Размер файла — в `Content-Range`; запросите диапазон внутри него."
    ),
    "The `Idempotency-Key` was already used for a request with other headers or other content.": (
        "Этот `Idempotency-Key` уже использован для запроса с другими заголовками или другим содержимым."
    ),
    "Use a new key for each new upload, and the same key only to repeat exactly the same request.": (
        "Берите новый ключ для каждой новой загрузки, а тот же — только чтобы повторить ровно тот же запрос."
    ),
    "Another request is finishing this upload.": "Эту загрузку завершает другой запрос.",
    "Try again after `Retry-After` seconds.": "Попробуйте снова через `Retry-After` секунд.",
    "There are as many unfinished resumable uploads as `PICASSO_MAX_UNFINISHED_UPLOADS`, "
    "`PICASSO_MAX_UNFINISHED_PER_CLIENT` or the quota `concurrent_uploads` allows; or 1,000 unfinished final "
    "uploads of tus, 100 of them of one client.": (
        "Незавершённых возобновляемых загрузок уже столько, сколько разрешает `PICASSO_MAX_UNFINISHED_UPLOADS`, "
        "`PICASSO_MAX_UNFINISHED_PER_CLIENT` или квота `concurrent_uploads`; либо есть 1000 незавершённых итоговых "
        "загрузок tus, из них 100 у одного клиента."
    ),
    "Finish or cancel uploads with `DELETE`, or wait: an upload without a byte ends after "
    "`PICASSO_UPLOAD_START_TIMEOUT`.": (
        "Завершите загрузки или отмените их через `DELETE`, либо подождите: загрузка без единого байта кончается "
        "через `PICASSO_UPLOAD_START_TIMEOUT`."
    ),
    "The project has 10,000 imports that have not ended.": "В проекте 10 000 незаконченных импортов.",
    "Wait until some have ended, or cancel them with `DELETE`.": (
        "Подождите, пока часть закончится, или отмените их через `DELETE`."
    ),
    "As many requests of this key, token or address wait for events as `PICASSO_STREAMS_PER_CLIENT` allows.": (
        "Событий ждёт столько запросов этого ключа, токена или адреса, сколько разрешает `PICASSO_STREAMS_PER_CLIENT`."
    ),
    "Follow with one stream for many files, and close streams that nobody reads.": (
        "Следите за многими файлами одним потоком и закрывайте потоки, которые никто не читает."
    ),
    "A project has at most 100 webhooks.": "В проекте не больше 100 вебхуков.",
    "Delete those that nobody needs. One webhook can get several types of events.": (
        "Удалите ненужные. Один вебхук может получать события нескольких типов."
    ),
    "The upload names a `webhook_url` whose host is not in `webhook_hosts` of the project. That list is empty at "
    "first.": (
        "В загрузке назван `webhook_url`, узла которого нет в `webhook_hosts` проекта. Сначала этот список пуст."
    ),
    "Add the host: `picasso webhooks hosts --add HOST`, or `PATCH projects/{name}/`; it takes effect "
    "within five seconds. Or upload without `webhook_url`.": (
        "Добавьте узел: `picasso webhooks hosts --add HOST` или `PATCH projects/{name}/`; это подействует за пять "
        "секунд. Или загружайте без `webhook_url`."
    ),
    "The key, token, owner or address has sent too many requests. `violated-policies` names the limit, and the "
    "`RateLimit` headers have its state ([limits](limits.md)). The `type` ends with `#quota-exceeded`; with "
    "`#temporary-reduced-capacity` while the service can't count in its database and allows less.": (
        "Ключ, токен, владелец или адрес отправил слишком много запросов. Предел назван в `violated-policies`, его "
        "состояние — в заголовках `RateLimit` ([лимиты](limits.md)). `type` кончается на `#quota-exceeded`; на "
        "`#temporary-reduced-capacity` — пока сервис не может считать в базе данных и разрешает меньше."
    ),
    "Wait for the seconds in `Retry-After`. If everybody gets it behind a proxy, set `PICASSO_TRUSTED_PROXIES`. "
    "For other limits set `PICASSO_RATES`, or `rates` of the project.": (
        "Подождите столько секунд, сколько в `Retry-After`. Если за прокси это получают все, задайте "
        "`PICASSO_TRUSTED_PROXIES`. Другие пределы задают `PICASSO_RATES` или `rates` проекта."
    ),
    "The file is not scanned for malware yet.": "Файл ещё не проверен антивирусом.",
    "Try again after `Retry-After` seconds. If it stays so, the virus scanner is away: see the page on scanning.": (
        "Попробуйте снова через `Retry-After` секунд. Если ничего не меняется, антивирус недоступен: см. страницу о "
        "проверке файлов."
    ),
    "The file could not be scanned for malware completely, so it is in quarantine. `facts.scan.reason` says why.": (
        "Файл не удалось проверить целиком, поэтому он в карантине. Почему — в `facts.scan.reason`."
    ),
    "Upload a smaller copy, or one without a password. Operators can fetch and release the file.": (
        "Загрузите копию поменьше или без пароля. Операторы могут скачать и выпустить файл."
    ),
    "Malware was found in the file, so it is in quarantine. `facts.scan.malware` names it.": (
        "В файле найдена вредоносная программа, поэтому он в карантине. Её имя — в `facts.scan.malware`."
    ),
    "Do not use the file. Operators with the scope `files:quarantine` can fetch it for analysis.": (
        "Не используйте файл. Операторы с правом `files:quarantine` могут скачать его для анализа."
    ),
    "The head of the request has more than 64 KiB.": "Заголовки запроса больше 64 КиБ.",
    "Send fewer or shorter headers.": "Отправляйте меньше заголовков или короче.",
    "The received chunk does not match tus' `Upload-Checksum`. It was discarded.": (
        "Полученная часть не совпадает с `Upload-Checksum` tus и отброшена."
    ),
    "Send the chunk again from the same offset.": "Отправьте часть ещё раз с того же места.",
    "An unexpected error occurred in the service.": "В сервисе произошла непредвиденная ошибка.",
    "Try again. If it happens again, report it with the traceback from the server's log.": (
        "Попробуйте ещё раз. Если она повторится, сообщите о ней вместе со следом из журнала сервера."
    ),
    "The body was compressed for the transfer (`Transfer-Encoding: gzip, chunked`).": (
        "Тело сжато для передачи (`Transfer-Encoding: gzip, chunked`)."
    ),
    "Send `Transfer-Encoding: chunked` alone, or `Content-Length`.": (
        "Отправьте только `Transfer-Encoding: chunked` или `Content-Length`."
    ),
    "The database is unreachable, too many uploads are in progress, or the service is stopping. A proxy may answer "
    "the same with 502.": (
        "База данных недоступна, загрузок слишком много, или сервис останавливается. Прокси может ответить так же с "
        "кодом 502."
    ),
    "Try again after `Retry-After` seconds. Operators: see `/readyz` and the log.": (
        "Попробуйте снова через `Retry-After` секунд. Операторам: см. `/readyz` и журнал."
    ),
    "`/readyz` found that the database, the storage, the broker or the workers are unavailable.": (
        "`/readyz` обнаружил, что недоступны база данных, хранилище, брокер или обработчики."
    ),
    "`checks` says which. Start or repair that part.": "Что именно — в `checks`. Запустите или почините эту часть.",
    "The proxy received no answer in time.": "Прокси не дождался ответа.",
    "Check whether the request took effect before you repeat it, or use an `Idempotency-Key`.": (
        "Прежде чем повторять запрос, проверьте, не подействовал ли он, или используйте `Idempotency-Key`."
    ),
    "Less than `PICASSO_MIN_FREE_SPACE` would be left on the disk.": (
        "На диске осталось бы меньше, чем `PICASSO_MIN_FREE_SPACE`."
    ),
    "Operators: free space or add storage. Clients: try again later.": (
        "Операторам: освободите место или добавьте хранилище. Клиентам: попробуйте позже."
    ),
    "All unfinished uploads together would be larger than `PICASSO_MAX_UNFINISHED_SIZE`: what has arrived of them, "
    "64 MiB more for each request that is sending, and the copy that a concatenation makes. Or those of one client "
    "would be larger than half of it.": (
        "Все незавершённые загрузки вместе были бы больше `PICASSO_MAX_UNFINISHED_SIZE`: то, что от них пришло, ещё "
        "64 МиБ на каждый запрос, который отправляет, и копия, которую делает склейка. Или загрузки одного клиента "
        "были бы больше половины этого."
    ),
    "Finish or cancel uploads, wait until old ones expire, or raise the setting.": (
        "Завершите или отмените загрузки, подождите, пока истекут старые, или увеличьте настройку."
    ),
}

OUTBOUND = {
    "The URL is not an `http` or `https` URL, or it has a user name, a backslash, or something else that two "
    "programs could understand differently.": (
        "Это не адрес `http` или `https`, либо в нём есть имя пользователя, обратная косая черта или что-то ещё, что "
        "две программы поняли бы по-разному."
    ),
    "Write the URL in its plain form. If the other server needs a credential, use a signed URL.": (
        "Запишите адрес в простом виде. Если другому серверу нужны учётные данные, возьмите подписанный адрес."
    ),
    "The URL, or one that it redirects to, leads to an address that is not public, or to a port that is not in "
    "`PICASSO_OUTBOUND_PORTS`.": (
        "Адрес или тот, на который он перенаправляет, ведёт не в открытую сеть или на порт, которого нет в "
        "`PICASSO_OUTBOUND_PORTS`."
    ),
    "If the receiver is your own, add its network, or its host and port, to `PICASSO_OUTBOUND_ALLOWED`.": (
        "Если получатель ваш, добавьте его сеть или узел с портом в `PICASSO_OUTBOUND_ALLOWED`."
    ),
    "The name of the host in the URL could not be resolved.": "Имя узла из адреса не найдено.",
    "Check the spelling. The service tries again by itself.": "Проверьте написание. Сервис пробует снова сам.",
    "The other server refused the connection, or closed it.": "Другой сервер не принял соединение или закрыл его.",
    "Check that the other server runs and can be reached from here. The service tries again by itself.": (
        "Проверьте, что другой сервер работает и доступен отсюда. Сервис пробует снова сам."
    ),
    "The certificate of the other server has expired, is for another name, or is not signed by an authority that "
    "this machine trusts; or there is no common version of TLS.": (
        "Сертификат другого сервера истёк, выдан на другое имя или подписан центром, которому эта машина не доверяет; "
        "либо нет общей версии TLS."
    ),
    "Repair the certificate of the other server.": "Исправьте сертификат другого сервера.",
    "The other server did not answer in time, or sent its answer too slowly.": (
        "Другой сервер не ответил вовремя или отправлял ответ слишком медленно."
    ),
    "Check the load of the other server. The service tries again by itself.": (
        "Проверьте нагрузку другого сервера. Сервис пробует снова сам."
    ),
    "The answer of the other server is not HTTP, or its header is too large.": (
        "Ответ другого сервера — не HTTP, или его заголовки слишком велики."
    ),
    "Check which program answers at that address.": "Проверьте, какая программа отвечает по этому адресу.",
    "The connection ended before the whole answer had arrived.": "Соединение кончилось раньше, чем пришёл весь ответ.",
    "The service tries again by itself. If it happens often, check the proxies before the other server.": (
        "Сервис пробует снова сам. Если это случается часто, проверьте прокси перед другим сервером."
    ),
    "The other server sent more than is accepted.": "Другой сервер прислал больше, чем принимается.",
    "Raise the limit, or have the other server send less.": (
        "Увеличьте предел, или пусть другой сервер присылает меньше."
    ),
    "The other server redirects too often, from `https` to `http`, or to something that is not a valid URL.": (
        "Другой сервер перенаправляет слишком много раз, с `https` на `http` или на неправильный адрес."
    ),
    "Use the URL that the redirects lead to.": "Возьмите адрес, на который ведут перенаправления.",
    "The other server answered an import with a status such as 404 or 403. `detail` has it.": (
        "Другой сервер ответил на импорт, например, 404 или 403. Ответ — в `detail`."
    ),
    "Check the URL in a browser. A signed URL may have expired.": (
        "Проверьте адрес в браузере. Срок подписанного адреса мог истечь."
    ),
    "The other server answered an import with a status such as 503 or 429. `detail` has it.": (
        "Другой сервер ответил на импорт, например, 503 или 429. Ответ — в `detail`."
    ),
    "The service tries again by itself, as late as `Retry-After` of the other server says.": (
        "Сервис пробует снова сам, не раньше, чем просит `Retry-After` другого сервера."
    ),
    "The other server compresses its answer in a way that an import does not understand. gzip and deflate are.": (
        "Другой сервер сжимает ответ способом, которого импорт не понимает. Понимает он gzip и deflate."
    ),
    "Have the other server send the file as it is when a request says `Accept-Encoding: identity`.": (
        "Пусть другой сервер отправляет файл как есть, когда в запросе `Accept-Encoding: identity`."
    ),
    "The other server could not be asked, or it answered with an error.": (
        "Другой сервер не удалось спросить, или он ответил ошибкой."
    ),
    "See `detail`, and the log of the other server.": "См. `detail` и журнал другого сервера.",
}

CODES: dict[str, str] = {**REQUESTS, **OUTBOUND, **JOBS}
