"""What jobs say when they fail: `error.detail` of jobs and files, which is stored in English."""

SENTENCES = {
    "A line of this table has more than two mebibytes.": "В таблице есть строка длиннее двух мебибайтов.",
    "Archives of this format can't be read.": "Архивы этого формата не читаются.",
    "Documents of this format can't be read.": "Документы этого формата не читаются.",
    "Files of type {} are not accepted here.": "Файлы типа {0} здесь не принимаются.",
    "Files of type {} of more than {} bytes are not accepted here.": (
        "Файлы типа {0} больше {1} байт здесь не принимаются."
    ),
    "Malware was found in this file: {}.": "В файле найдена вредоносная программа: {0}.",
    "Not processed: see the job of the scanner.": "Не обработано: см. задание антивируса.",
    "Pictures of this format can't be read.": "Изображения этого формата не читаются.",
    "Processing this file crashed {} times, so it is not tried again.": (
        "Обработка файла аварийно завершилась {0} {0:раз|раза|раз}, больше попыток не будет."
    ),
    "Processing this file crashed.": "Обработка файла аварийно завершилась.",
    "Processing this file failed because of an internal error.": "Обработка файла не удалась из-за внутренней ошибки.",
    "Processing this file took too long.": "Обработка файла заняла слишком много времени.",
    "Processing this file took too much memory.": "Обработке файла понадобилось слишком много памяти.",
    "Processing this file would write more than the limit allows.": (
        "Обработка файла записала бы больше, чем разрешает предел."
    ),
    "Processing was cancelled.": "Обработку отменили.",
    "Recordings of this format can't be read.": "Записи этого формата не читаются.",
    "Tables of this format can't be read.": "Таблицы этого формата не читаются.",
    "The content is {}, but another type was declared.": "Содержимое — {0}, а заявлен другой тип.",
    "The directory of this archive is too long.": "Оглавление архива слишком велико.",
    "The file is in quarantine: it was not scanned for malware.": "Файл в карантине: он не проверен антивирусом.",
    "The frames of this video have more pixels than can be processed.": (
        "В кадрах видео больше пикселей, чем можно обработать."
    ),
    "The results of processing this file could not be stored.": "Результаты обработки файла не удалось сохранить.",
    "The rows of this table are too long.": "Строки таблицы слишком длинные.",
    "The service that this job needs can't be reached.": "Служба, которая нужна заданию, недоступна.",
    "The sound in this file is in a format that can't be read.": "Формат звука в файле не читается.",
    "The virus scanner had no answer for this file.": "Антивирус не дал ответа об этом файле.",
    "The worker stopped several times while it fetched this URL.": (
        "Обработчик несколько раз остановился, пока скачивал по этому адресу."
    ),
    "The worker that processed this file died.": "Обработчик, который работал над файлом, остановился.",
    "There is nothing in this file that can be converted.": "В файле нет ничего, что можно преобразовать.",
    "This PDF can only be opened with a password.": "Этот PDF открывается только с паролем.",
    "This PDF has no page that can be read.": "В этом PDF нет ни одной читаемой страницы.",
    "This PDF is damaged or incomplete.": "Этот PDF повреждён или неполон.",
    "This PDF is encrypted in a way that can't be read.": "Этот PDF зашифрован способом, который не читается.",
    "This archive is damaged or incomplete.": "Архив повреждён или неполон.",
    "This archive is one part of several.": "Это одна часть архива из нескольких.",
    "This archive is packed in a way that can't be read.": "Архив упакован способом, который не читается.",
    "This archive's directory is protected with a password.": "Оглавление архива защищено паролем.",
    "This book lacks its chapters, so its text can't be found.": "В книге нет глав, поэтому текст не найти.",
    "This book lacks its package document, so its text can't be found.": (
        "В книге нет описания её частей, поэтому текст не найти."
    ),
    "This document can only be opened with a password.": "Документ открывается только с паролем.",
    "This document consists of more parts than can be read.": "В документе больше частей, чем можно прочитать.",
    "This document declares entities of its own, as no office program does.": (
        "Документ объявляет свои сущности XML, чего не делает ни одна офисная программа."
    ),
    "This document has a table that is wider than any program writes it.": (
        "В документе таблица шире, чем пишет любая программа."
    ),
    "This document is compressed in a way that can't be read.": "Документ сжат способом, который не читается.",
    "This document is damaged or incomplete.": "Документ повреждён или неполон.",
    "This document is larger than can be read.": "Документ больше, чем можно прочитать.",
    "This document is nested more deeply than any program writes it.": (
        "Вложенность документа глубже, чем пишет любая программа."
    ),
    "This document lacks its main part, so its text can't be found.": (
        "В документе нет главной части, поэтому текст не найти."
    ),
    "This drawing has more in it than can be processed.": "В рисунке больше, чем можно обработать.",
    "This drawing needs other files, which are not read.": "Рисунку нужны другие файлы, а они не читаются.",
    "This file could not be read, or the results could not be stored.": (
        "Файл не удалось прочитать, или результаты не удалось сохранить."
    ),
    "This file could not be examined to its end, so it is not accepted.": (
        "Файл не удалось проверить до конца, поэтому он не принят."
    ),
    "This file has content that is not accepted: {}.": "В файле есть содержимое, которое не принимается: {0}.",
    "This file has more streams than can be processed.": "В файле больше дорожек, чем можно обработать.",
    "This file has more streams, or a longer index, than can be processed.": (
        "В файле больше дорожек, чем можно обработать, или слишком велик индекс."
    ),
    "This file refers to other files, which are not read.": "Файл ссылается на другие файлы, а они не читаются.",
    "This file was not scanned for malware: {}.": "Файл не проверен антивирусом: {0}.",
    "This kind of recording can't be read.": "Записи этого вида не читаются.",
    "This picture has more frames than can be processed.": "В изображении больше кадров, чем можно обработать.",
    "This picture has more pages than can be processed.": "В изображении больше страниц, чем можно обработать.",
    "This picture has more parts than can be processed.": "В изображении больше частей, чем можно обработать.",
    "This picture has more pixels than can be processed.": "В изображении больше пикселей, чем можно обработать.",
    "This picture is damaged or incomplete.": "Изображение повреждено или неполно.",
    "This picture's file is larger than can be processed.": "Файл изображения больше, чем можно обработать.",
    "This recording is damaged or incomplete.": "Запись повреждена или неполна.",
    "This recording is longer than can be converted.": "Запись длиннее, чем можно преобразовать.",
    "This recording is protected and can't be decoded.": "Запись защищена, её нельзя декодировать.",
    "This spreadsheet spans more cells than can be read.": "В таблице больше ячеек, чем можно прочитать.",
    "This table has more than {} columns.": "В таблице больше {0} столбцов.",
    "This table is damaged or incomplete.": "Таблица повреждена или неполна.",
    "This table is encrypted.": "Таблица зашифрована.",
    "Unpacking this archive takes more memory than is allowed.": (
        "Распаковка архива требует больше памяти, чем разрешено."
    ),
}

FRAGMENTS = {
    "it is larger than the scanner accepts": "он больше, чем принимает антивирус",
    "a part of it exceeds the limits of the scanner": "его часть превышает пределы антивируса",
    "it is encrypted, or a part of it is": "он или его часть зашифрованы",
    "a part of it is packed in a way that the scanner can't unpack": (
        "его часть упакована способом, который антивирус не распаковывает"
    ),
    "it is damaged, or contradicts itself, so programs may read it differently": (
        "он повреждён или противоречив, и программы могут читать его по-разному"
    ),
    "the scanner repeatedly had no answer for it": "антивирус несколько раз не дал ответа",
    "the scanner is not set up to tell what it leaves out": "антивирус не настроен сообщать, что он пропускает",
}
