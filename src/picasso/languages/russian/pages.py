"""The words of the pages for people. Longer sentences of errors are in the other rooms."""

TEXTS = {
    "Sign in to Picasso": "Вход в Picasso",
    "Sign in": "Войти",
    "or": "или",
    "Sign in with your organisation": "Войти через свою организацию",
    "Enter your code": "Введите код",
    "Open your authenticator app and enter the code that it shows for Picasso. If you have lost the app, enter one of your "
    "recovery codes.": (
        "Откройте приложение для входа и введите код, который оно показывает для Picasso. Если приложения больше нет, "
        "введите один из кодов восстановления."
    ),
    "Continue": "Продолжить",
    "Sign in as somebody else": "Войти под другим именем",
    "Name": "Имя",
    "Password": "Пароль",
    "Your password": "Ваш пароль",
    "Current password": "Текущий пароль",
    "New password": "Новый пароль",
    "At least 12 characters.": "Не короче 12 символов.",
    "Code from the app, or a recovery code": "Код из приложения или код восстановления",
    "Code that the app shows": "Код, который показывает приложение",
    "Your account": "Ваша учётная запись",
    "Signed in as": "Вы вошли как",
    "Administrator of all projects": "Администратор всех проектов",
    "all projects": "все проекты",
    "Viewer": "Наблюдатель",
    "Operator": "Оператор",
    "Admin": "Администратор",
    "Second factor": "Второй фактор",
    "The second factor is set up, and all your other sessions have ended. Keep these codes in a safe place: each of them "
    "lets you sign in once if you lose your app. They are not shown again.": (
        "Второй фактор настроен, остальные ваши сеансы завершены. Сохраните эти коды в надёжном месте: с каждым из них "
        "можно один раз войти, если приложения не окажется под рукой. Больше они показаны не будут."
    ),
    "Scan this picture with your authenticator app, or type the secret into it. Then enter the code that the app shows.": (
        "Отсканируйте этот рисунок приложением для входа или введите в него секрет. Затем введите код, который оно покажет."
    ),
    "Secret": "Секрет",
    "Set up": "Настроить",
    "You sign in with a code from your authenticator app. Recovery codes that are left:": (
        "При входе нужен код из приложения. Осталось кодов восстановления:"
    ),
    "Remove the second factor": "Удалить второй фактор",
    "With an authenticator app, nobody can sign in with your password alone.": (
        "Если настроить приложение для входа, одного вашего пароля для входа не хватит."
    ),
    "Set up an app": "Настроить приложение",
    "Change the password": "Изменить пароль",
    "Sessions": "Сеансы",
    "Sign out": "Выйти",
    "Sign out everywhere else": "Завершить остальные сеансы",
    "Your password is changed. All your other sessions have ended.": "Пароль изменён. Остальные ваши сеансы завершены.",
    "The second factor is removed.": "Второй фактор удалён.",
    "All your other sessions have ended.": "Остальные ваши сеансы завершены.",
    "Stored": "Сохранено",
    "The file is stored": "Файл сохранён",
    "Not sent": "Не отправлено",
    "The form was not accepted": "Форма не принята",
    "It was open for too long, you signed in or out meanwhile, or your browser does not keep cookies.": (
        "Она была открыта слишком долго, вы тем временем вошли или вышли, или ваш браузер не сохраняет cookie."
    ),
    "Nothing was changed. Go back, load the page again, and send the form once more.": (
        "Ничего не изменилось. Вернитесь, обновите страницу и отправьте форму ещё раз."
    ),
    "Go to the first page": "На главную страницу",
    "Skip to the content": "К содержимому",
    "Views": "Разделы",
    "More": "Ещё",
    "Files": "Файлы",
    "File": "Файл",
    "Uploads": "Загрузки",
    "Jobs": "Задания",
    "System": "Система",
    "Webhooks": "Вебхуки",
    "Keys": "Ключи",
    "Developers": "Разработчикам",
    "Trash": "Корзина",
    "People": "Люди",
    "Projects": "Проекты",
    "Audit": "Журнал",
    "Access is open: everybody who reaches this address may do everything.": (
        "Доступ открыт: всякий, кто может открыть этот адрес, может всё."
    ),
    "Account": "Учётная запись",
    "Administration": "Администрирование",
    "API reference": "Справочник API",
    "This view needs JavaScript. Uploading and the list of files work without it.": (
        "Этому разделу нужен JavaScript. Загрузка и список файлов работают без него."
    ),
    "Go to the files": "К файлам",
    "The document of OpenAPI": "Документ OpenAPI",
    "Operations": "Операции",
    "Service": "Сервис",
    "Search": "Поиск",
    "Messages": "Сообщения",
    "Checking…": "Проверка…",
    "Project": "Проект",
    "Colours": "Цвета",
    "Light": "Светлые",
    "Dark": "Тёмные",
    "Shortcuts": "Клавиши",
    "Upload": "Загрузить",
    "Upload a file": "Загрузить файл",
    "Search by name": "Поиск по имени",
    "Filters": "Фильтры",
    "Kind": "Вид",
    "Size": "Размер",
    "Uploaded": "Загружен",
    "Tags": "Метки",
    "No files yet": "Файлов пока нет",
    "Pages of files": "Страницы списка",
    "Newer": "Новее",
    "Older": "Старше",
    "Being scanned": "Проверяется",
    "In quarantine": "В карантине",
    "Failed": "Ошибка",
    "Processing": "Обрабатывается",
    "Queued": "В очереди",
    "Picture": "Изображение",
    "Video": "Видео",
    "Audio": "Аудио",
    "Text": "Текст",
    "Document": "Документ",
    "Archive": "Архив",
}
