"""What is said of events and imports."""

SENTENCES = {
    "{} is not a delivery of this webhook.": "{0} — не доставка этого вебхука.",
    "A project has at most {} webhooks.": "В проекте не больше {0} вебхуков.",
    "The project has as many webhooks as it may have. Delete one first.": (
        "В проекте столько вебхуков, сколько разрешено. Сначала удалите один из них."
    ),
    "Webhooks get the events of all owners, so a token of one owner can't change them.": (
        "Вебхуки получают события всех владельцев, поэтому токен одного владельца не может их менять."
    ),
    "The secret was rotated at the same time.": "Секрет был заменён в то же время.",
    "The project does not allow the host of this webhook_url.": "Проект не разрешает хост этого webhook_url.",
    "webhook_url has more than {} characters.": "В webhook_url больше {0} символов.",
    "webhook_hosts must be a list of at most {} hosts such as app.example.com or *.example.com.": (
        "webhook_hosts — список не более чем из {0} хостов, например app.example.com или *.example.com."
    ),
    "The webhook is disabled: nothing is sent to it.": "Вебхук отключён: ему ничего не отправляется.",
    "There is no type {} of events.": "Нет типа событий {0}.",
    "An import in the state {} can't be cancelled.": "Импорт в состоянии {0} нельзя отменить.",
    "An import in the state {} can't be retried.": "Импорт в состоянии {0} нельзя повторить.",
    "The key with which this import was created is revoked.": "Ключ, которым создан этот импорт, отозван.",
    "The project has {} imports that have not ended, and may not have more.": (
        "В проекте {0} незавершённых импортов, больше нельзя."
    ),
    "This import was cancelled, or another worker runs it.": "Этот импорт отменён, или его выполняет другой обработчик.",
    "This project imports no files from {}.": "Этот проект не импортирует файлы с {0}.",
    "This project imports no files.": "Этот проект не импортирует файлы.",
    "This service imports no files.": "Этот сервис не импортирует файлы.",
    "This token imports no files: its claim imports is not true.": (
        "Этот токен не импортирует файлы: его утверждение imports — не true."
    ),
    "The query of the address can't be read.": "Параметры адреса не удалось прочитать.",
    "There are more than {} types.": "Типов больше {0}.",
    "There are more than {} tags.": "Тегов больше {0}.",
    "tag is there more than {} times.": "tag указан больше {0} раз.",
    "Too many requests of this client are waiting for events. Please end some, or try again later.": (
        "Слишком много запросов этого клиента ждут событий. Завершите часть из них или попробуйте позже."
    ),
    "tag must be 1 to {} printable characters.": "tag — от 1 до {0} печатных символов.",
    "{} is no type of event. Try file.processed, or file.* for all of files.": (
        "{0} — не тип события. Есть, например, file.processed, а file.* — все события файлов."
    ),
    "{} must be given once.": "{0} указывается один раз.",
}
