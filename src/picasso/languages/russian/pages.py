"""The words of the pages for people. Longer sentences of errors are in the other rooms."""

TEXTS = {
    "Set your password": "Задайте пароль",
    "You will sign in as": "Вы будете входить как",
    "Set the password and sign in": "Задать пароль и войти",
    "New password, once more": "Новый пароль ещё раз",
    "The passwords are not the same.": "Пароли не совпадают.",
    "Nobody has an account here yet. Make the first one on the server:": (
        "Учётных записей здесь пока нет. Создайте первую на сервере:"
    ),
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
    "Sign in with a passkey": "Войти с ключом доступа",
    "Continue with a passkey": "Продолжить с ключом доступа",
    "Use your passkey": "Воспользуйтесь ключом доступа",
    "The browser gave no passkey. Please try again.": "Браузер не дал ключа доступа. Попробуйте ещё раз.",
    "Passkeys do not work here.": "Ключи доступа здесь не работают.",
    "There were too many requests. Please try again later.": "Запросов было слишком много. Попробуйте позже.",
    "The service did not answer. Please try again later.": "Сервис не ответил. Попробуйте позже.",
    "Passkeys need JavaScript.": "Для ключей доступа нужен JavaScript.",
    "Your passkeys do not work at this address. Ask an administrator for a new password without a second factor.": (
        "По этому адресу ваши ключи доступа не работают. Попросите у администратора новый пароль без второго фактора."
    ),
    "If you have lost your passkey, ask an administrator for a new password without a second factor.": (
        "Если ключ доступа утерян, попросите у администратора новый пароль без второго фактора."
    ),
    "Passkeys": "Ключи доступа",
    "Your device, your browser or a security key makes the passkey now.": (
        "Сейчас ключ доступа создаст ваше устройство, браузер или аппаратный ключ."
    ),
    "Make the passkey": "Создать ключ доступа",
    "They do not work at this address.": "По этому адресу они не работают.",
    "You sign in with one of these. The password alone is not enough.": (
        "Вы входите с любым из них. Одного пароля для входа не хватит."
    ),
    "Signs in alone, without a password and a code": "Для входа хватает его одного, без пароля и кода",
    "Second factor only": "Только второй фактор",
    "With a passkey you sign in by your fingerprint, your face or the PIN of your device, also without your password. "
    "The password alone is then not enough.": (
        "С ключом доступа вы входите по отпечатку пальца, лицу или ПИН-коду устройства, в том числе без пароля. Одного "
        "пароля тогда не хватит."
    ),
    "added": "добавлен",
    "last used": "использован",
    "Remove": "Удалить",
    "Cancel": "Отмена",
    "Rename": "Переименовать",
    "Rename the passkey": "Переименовать ключ доступа",
    "The passkey has a new name.": "Ключ доступа переименован.",
    "Remove the passkey": "Удалить ключ доступа",
    "Add a passkey": "Добавить ключ доступа",
    "Name of the passkey": "Название ключа доступа",
    "The passkey is added, and all your other sessions have ended.": (
        "Ключ доступа добавлен, остальные ваши сеансы завершены."
    ),
    "The passkey is removed, and all your other sessions have ended.": (
        "Ключ доступа удалён, остальные ваши сеансы завершены."
    ),
    "Change the password": "Изменить пароль",
    "Sessions": "Сеансы",
    "Sign out": "Выйти",
    "Sign out everywhere else": "Завершить остальные сеансы",
    "Your password is changed. All your other sessions have ended.": "Пароль изменён. Остальные ваши сеансы завершены.",
    "The second factor is removed, and all your other sessions have ended.": (
        "Второй фактор удалён, остальные ваши сеансы завершены."
    ),
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
    "Audit": "Аудит",
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
    "Upload files": "Загрузить файлы",
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
    "Mail": "Письмо",
    "Book": "Книга",
    "Table": "Таблица",
    "Drawing": "Чертёж",
    "Spreadsheet": "Таблица",
    "Presentation": "Презентация",
    "Subtitles": "Субтитры",
    "Playlist": "Плейлист",
    "Calendar": "Календарь",
    "Contact": "Контакт",
    "Font": "Шрифт",
    "3D model": "3D-модель",
    "Web page": "Веб-страница",
    "Document": "Документ",
    "Picture": "Изображение",
    "Video": "Видео",
    "Audio": "Аудио",
    "Program": "Программа",
    "Archive": "Архив",
    "Key": "Ключ",
    "Code": "Код",
    "Data": "Данные",
    "Text": "Текст",
}
