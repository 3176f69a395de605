"""What is said of many files at once."""

SENTENCES = {
    "A token changes at most {} files at once.": "По токену можно изменить сразу не больше {0} файлов.",
    "Give at least one tag.": "Укажите хотя бы один тег.",
    "Give either ids or filter.": "Укажите либо ids, либо filter.",
    "No job of this file has failed or was cancelled.": "У этого файла нет неудачных или отменённых заданий.",
    "The action {} needs {}.": "Действию {0} нужно поле {1}.",
    "The action {} takes no {}, only {}.": "У действия {0} нет поля {1}, есть только {2}.",
    "The pipeline of this file does not exist any more.": "Конвейера этого файла больше нет.",
    "The value of {} must be a string, a number, true or false.": "Значение {0} — строка, число, true или false.",
    "There is no such file.": "Такого файла нет.",
    "Use at most {} filters at once.": "Можно отбирать сразу не больше чем по {0} признакам.",
    "action must be one of {}.": "action — одно из: {0}.",
    "filter must be an object with at least one filter.": "filter — объект, в котором есть хотя бы один фильтр.",
    "ids must be a list of 1 to {} ids of files.": "ids — список из номеров файлов, от 1 до {0}.",
    "{} batches of this project are running. Try again when one has ended.": (
        "В проекте уже выполняется пакетов: {0}. Попробуйте снова, когда один из них завершится."
    ),
    "{} is not the id of a file.": "{0} — не номер файла.",
}
