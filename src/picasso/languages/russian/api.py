"""What the JSON API says of parameters and bodies."""

SENTENCES = {
    "ids must be a list of 1 to {} ids.": "ids — список от 1 до {0} номеров.",
    "until must be later than from.": "until должен быть позже from.",
    "These are more than {} periods. Give a later time, or a longer step.": (
        "Получается больше {0} периодов. Укажите время позже или шаг длиннее."
    ),
    "These figures are of a whole project.": "Эти показатели — всего проекта.",
    "The lease of this job has ended, or is none of this job. Leave the job: another worker has it, or will.": (
        "Срок аренды этого задания истёк, или это аренда другого задания. Оставьте его: оно у другого обработчика или "
        "достанется ему."
    ),
    "The file of this job was deleted. Leave the job.": "Файл этого задания удалён. Оставьте задание.",
    "A job has at most {} derivatives.": "У задания не больше {0} производных файлов.",
    "A worker takes jobs of all owners: leave Picasso-Owner out.": (
        "Обработчик берёт задания всех владельцев: не указывайте Picasso-Owner."
    ),
    "This service has no remote processors: picasso.toml declares none.": (
        "Удалённых обработчиков здесь нет: в picasso.toml ни один не объявлен."
    ),
    "There is no remote processor {} (declared: {}).": "Удалённого процессора {0} нет (объявлены: {1}).",
    "No derivative {} was sent for this job.": "Для этого задания не прислан производный файл {0}.",
    "Facts are an object of at most 64 KiB as JSON, of texts without NUL.": (
        "Факты — объект, который в виде JSON занимает не больше 64 КиБ, без символов NUL."
    ),
    "The code must be kebab-case, with at most 64 characters.": (
        "Код — слова из строчных латинских букв через дефис, не больше 64 символов."
    ),
    "The detail is not a text that can be stored.": "detail — не текст, который можно сохранить.",
    "The header Picasso-Lease is missing: send the lease of the claimed job.": (
        "Нет заголовка Picasso-Lease: укажите аренду взятого задания."
    ),
    "A role is in kebab-case and has at most 64 characters.": (
        "Роль — слова из строчных латинских букв через дефис, не больше 64 символов."
    ),
    "{} must be a number of pixels.": "{0} — число пикселей.",
    "{} may be nested {} levels deep.": "В {0} может быть не больше {1} уровней вложенности.",
    "{} must be true or false.": "{0} должен быть true или false.",
    "{} must be a whole number.": "{0} — целое число.",
    "{} must be a string.": "{0} — строка.",
    "page_size must be a whole number from 1 to {}; more than {} means {}.": (
        "page_size — целое число от 1 до {0}; больше {1} значит {2}."
    ),
    "{} must be a whole number from {} to {}.": "{0} — целое число от {1} до {2}.",
    "{} must be a time such as 2026-11-29T12:00:00Z.": "{0} — время, например 2026-11-29T12:00:00Z.",
    "{} must be an id such as 0190f4e6-5d3c-7b1a-9c0e-2f6a8b4d1e35.": (
        "{0} — номер, например 0190f4e6-5d3c-7b1a-9c0e-2f6a8b4d1e35."
    ),
    "{} must be a text of 1 to {} characters.": "{0} — текст длиной от 1 до {1} символов.",
    "{} must be one of {}.": "{0} — одно из: {1}.",
    "start must be a day such as 2026-11-30.": "start — день, например 2026-11-30.",
    "timezone must be a name such as Europe/Berlin.": "timezone — имя часового пояса, например Europe/Berlin.",
    "tags must be a list of strings.": "tags — список строк.",
    "A file has at most {} tags.": "У файла не больше {0} меток.",
    "Each tag must be a string.": "Каждая метка — строка.",
    "A tag has 1 to {} characters, and no control characters.": (
        "В метке от 1 до {0} символов, и среди них нет управляющих."
    ),
    "attributes must be a JSON object.": "attributes — объект JSON.",
    "attributes may have {} bytes as compact JSON.": "attributes в виде сжатого JSON — не больше {0} байт.",
    "attributes has a NUL, which cannot be stored.": "В attributes есть символ NUL, который нельзя сохранить.",
    "{} is nested too deeply.": "В {0} слишком много уровней вложенности.",
    "{} is not valid JSON: {}.": "{0} — неправильный JSON: {1}.",
    "A key in attributes is a string of at most {} characters.": "Ключ в attributes — строка не длиннее {0} символов.",
    "attributes has text that is not valid Unicode.": "В attributes есть текст, который не является правильным Unicode.",
    "A number in attributes must be 0, or from 1e-30 to 1e30 without its sign.": (
        "Число в attributes — 0 или по модулю от 1e-30 до 1e30."
    ),
    "attributes must be an object; null removes all.": "attributes — объект; null удаляет всё.",
    "The file was changed since: get it again, with its ETag.": (
        "Файл с тех пор изменился: запросите его ещё раз, вместе с ETag."
    ),
    "If-None-Match refuses the file as it is.": "If-None-Match не допускает файл в его нынешнем виде.",
    "attributes has a value that is not JSON.": "В attributes есть значение, которого не бывает в JSON.",
    "The body contains a NUL, which cannot be stored.": "В теле есть символ NUL, который нельзя сохранить.",
    "The body contains a lone surrogate, which is not valid text.": (
        "В теле есть одиночный суррогат, а это неправильный текст."
    ),
    "The body is nested too deeply.": "В теле слишком много уровней вложенности.",
    "The body must be a JSON object.": "Тело — объект JSON.",
    "The body must be a JSON object with a filter for jobs.": "Тело — объект JSON с отбором заданий.",
    "The body of the request is too large.": "Тело запроса слишком велико.",
    "The request has too many fields.": "В запросе слишком много полей.",
    "There is no such page.": "Такой страницы нет.",
    "A job in the state {} cannot be {}.": "Задание в состоянии {0} нельзя {1}.",
    "There is no queue of this name. The queues are {}.": "Очереди с таким именем нет. Есть очереди {0}.",
    "Use either page or cursor.": "Используйте либо page, либо cursor.",
    "media_type must be 1 to {} types such as image/png or image/*, with commas.": (
        "media_type — от 1 до {0} типов, таких как image/png или image/*, через запятую."
    ),
    "sha256 must be 64 hexadecimal digits.": "sha256 — 64 шестнадцатеричные цифры.",
    "{} is no filter of files.": "{0} — не признак отбора файлов.",
    "{} must not contain a line break.": "{0} не может содержать перевод строки.",
    "Use a cursor from an earlier answer, with the same filters and order.": (
        "Используйте cursor из предыдущего ответа, с тем же отбором и порядком."
    ),
    "The parameter `download` has no value, or is true or false.": (
        "Параметр `download` — без значения, `true` или `false`."
    ),
    "{} is not a parameter here{}.": "{0} здесь не параметр{1}.",
    "{} is there {} times. Give it once.": "{0} указан {1} {1:раз|раза|раз}. Укажите его один раз.",
    "permanently must be true or false.": "permanently должен быть true или false.",
    "This file has no such derivative.": "У этого файла нет такого производного файла.",
    "The name must be a string of 1 to {} characters.": "Имя — строка длиной от 1 до {0} символов.",
    "Only {} can be changed.": "Изменить можно только {0}.",
    "{}: {}": "{0}: {1}",
    "{} can't be set.": "{0} задать нельзя.",
    "There is no {} here, only {}.": "Здесь нет {0}, есть только {1}.",
    "{} must be an object.": "{0} — объект.",
    "{} has no {}, only {}.": "В {0} нет {1}, есть только {2}.",
    "{}.{} must be a whole number from 0, or null for no limit.": (
        "{0}.{1} — целое число от 0 или null, если ограничения нет."
    ),
    "This address has no answer of a type that Accept names.": "У этого адреса нет ответа такого типа, какие называет Accept.",
    "The body is not valid JSON: see line {}, column {}.": "Тело — неправильный JSON: см. строку {0}, символ {1}.",
    "The body is not valid JSON: {}.": "Тело — неправильный JSON: {0}.",
    "The body is not text in {}.": "Тело — не текст в кодировке {0}.",
    "{} is missing.": "Нет обязательного {0}.",
    "{} must not be null.": "{0} не может быть null.",
    "{} must not be empty.": "{0} не может быть пустым.",
    "There is no pipeline {} here, only {}.": "Конвейера {0} здесь нет, есть только {1}.",
    "There is no pipeline {}.": "Конвейера {0} нет.",
    "There is no type {}. Try file.processed, or file.*.": "Типа {0} нет. Есть, например, file.processed и file.*.",
    "{} may have * only at its end.": "В {0} звёздочка может быть только в конце.",
    "{} is not a pattern of media types such as image/* or application/pdf.": (
        "{0} — не образец типов, таких как image/* или application/pdf."
    ),
    "This is no IP address or network such as 10.0.0.0/8.": "Это не адрес IP и не сеть, такая как 10.0.0.0/8.",
    "public_key {}.": "public_key {0}.",
    "Say which: deliveries, failed or since.": "Укажите, какие: deliveries, failed или since.",
    "{} must be a list.": "{0} — список.",
    "{} must be a number.": "{0} — число.",
    "{} must be at most {}.": "{0} — не больше {1}.",
    "{} must be at least {}.": "{0} — не меньше {1}.",
    "{} must have at most {} characters.": "{0} — не больше {1} {1:символа|символов|символов}.",
    "{} must have at least {} characters.": "{0} — не меньше {1} {1:символа|символов|символов}.",
    "{} must have at most {} items.": "В {0} — не больше {1} {1:элемента|элементов|элементов}.",
    "{} must have at least {} items.": "В {0} — не меньше {1} {1:элемента|элементов|элементов}.",
    "{} may have letters of ASCII, digits, hyphens and underscores only.": (
        "В {0} — только буквы латиницы, цифры, дефисы и подчёркивания."
    ),
}
