"""What is said of keys, tokens, projects and people."""

SENTENCES = {
    "This link is not valid any more: it was used, has expired, or was replaced. Ask for a new one.": (
        "Эта ссылка больше не действует: её использовали, её срок истёк, или её заменили. Попросите новую."
    ),
    "This person signs in with your organisation, without a password.": (
        "Этот человек входит через вашу организацию, без пароля."
    ),
    "This person is inactive. Activate them first.": "Этот человек отключён. Сначала включите его.",
    "Who is invited sets the password: leave it out.": "Приглашённый сам задаёт пароль: не указывайте его.",
    "{} is empty. Leave the header out to act without it.": (
        "Заголовок {0} пуст. Чтобы действовать без него, не отправляйте его."
    ),
    "Picasso-Owner is not UTF-8.": "Picasso-Owner не в UTF-8.",
    "Send one credential only: either `Authorization`, or `token` once.": (
        "Отправьте что-то одно: или `Authorization`, или один раз `token`."
    ),
    "A key must not be in a form: it is the secret of a server. Use a token.": (
        "Ключу не место в форме: это секрет сервера. Используйте токен."
    ),
    "A key must not be in an address: it is the secret of a server. Use a token, or the header.": (
        "Ключу не место в адресе: это секрет сервера. Используйте токен или заголовок."
    ),
    "Only a key makes tokens, and for its own project.": "Токены выпускает только ключ, и только для своего проекта.",
    "valid_for must be {} to {} seconds.": "valid_for — от {0} до {1} секунд.",
    "The token is for another owner than the one of this request.": "Токен — для другого владельца, чем этот запрос.",
    "{} is set by the service; say how long by valid_for.": (
        "{0} устанавливает сервис; срок действия указывайте в valid_for."
    ),
    "A key makes tokens for its own project only.": "Ключ выпускает токены только для своего проекта.",
    "A token can't have scopes that its key does not have: {}.": (
        "У токена не может быть прав, которых нет у его ключа: {0}."
    ),
    "{} has {}; a token may have {}.": "{0} содержит {1}; токен может иметь {2}.",
    "{} is not a claim of this service; the claims are {}.": "{0} — не утверждение (claim) этого сервиса; есть {1}.",
    "{} is wrong: {}.": "{0}: ошибка: {1}.",
    "{} must be a JSON object.": "{0} — объект JSON.",
    "{} must be a list of 1 to {} networks such as 10.0.0.0/8.": "{0} — список от 1 до {1} сетей, например 10.0.0.0/8.",
    "{} must be a list of 1 to {} patterns such as image/*.": "{0} — список от 1 до {1} образцов, например image/*.",
    "{} must be a list of scopes.": "{0} — список прав.",
    "{} must be a list of strings.": "{0} — список строк.",
    "{} must be a number of seconds since 1970.": "{0} — число секунд с 1970 года.",
    "{} must be a string of 1 to {} printable characters.": "{0} — строка от 1 до {1} печатных символов.",
    "{} must be a whole number from 1 to {}.": "{0} — целое число от 1 до {1}.",
    "{} must be true or false.": "{0} — true или false.",
    "{} must have networks such as 10.0.0.0/8.": "{0} содержит сети, например 10.0.0.0/8.",
    "This is too much for a token: {}": "Для токена этого слишком много: {0}",
    "The body must be a JSON object with the claims of the token.": "Тело — объект JSON с утверждениями (claims) токена.",
    "A link that is made with a token is valid for at most {} seconds.": (
        "Ссылка, выданная по токену, действует не дольше {0} секунд."
    ),
    "This request sees what belongs to its own owner only.": "Этому запросу видно только то, что принадлежит его владельцу.",
    "Changing {} needs the scope service:admin.": "Чтобы менять {0}, нужно право service:admin.",
    "This needs one of the scopes {}.": "Для этого нужно одно из прав: {0}.",
    "The project default can't be renamed: requests that name no project mean it.": (
        "Проект default нельзя переименовать: к нему относятся запросы, в которых проект не назван."
    ),
    "The project default can't be deleted.": "Проект default нельзя удалить.",
    "The project still has files or uploads. Delete them first.": (
        "В проекте ещё есть файлы или загрузки. Сначала удалите их."
    ),
    "There is a project of this name already.": "Проект с таким именем уже есть.",
    "This project was deleted.": "Этот проект удалён.",
    "There is no project of this name.": "Проекта с таким именем нет.",
    "There is no such project, or you do not belong to it.": "Такого проекта нет, или вы в нём не состоите.",
    "There is no pipeline {} here.": "Конвейера {0} здесь нет.",
    "The pipeline {} is not allowed in this project.": "Конвейер {0} в этом проекте не разрешён.",
    "This needs the scope {}.": "Для этого нужно право {0}.",
    "The token is not signed with a key of this service.": "Токен не подписан ключом этого сервиса.",
    "The token is for another project than its key.": "Токен — для другого проекта, чем его ключ.",
    "exp is more than 24 hours ahead.": "До exp больше 24 часов.",
    "The token is not valid yet.": "Токен ещё не действует.",
    "{} must have 1 to {} printable characters.": "В {0} должно быть от 1 до {1} печатных символов.",
    "{} has a character that can't be stored.": "В {0} есть символ, который нельзя сохранить.",
    "scan.enabled must be true or false.": "scan.enabled должен быть true или false.",
    "This service has no virus scanner (PICASSO_CLAMD).": "У этого сервиса нет антивируса (PICASSO_CLAMD).",
    "{} is not a setting of scan (settings: {}).": "У scan нет настройки {0} (есть: {1}).",
    "scan.{} must be one of {}.": "scan.{0} должен быть одним из: {1}.",
    "This is a key in quotes. Send it as it is: `Authorization: Bearer pk_…`.": (
        "Это ключ в кавычках. Отправьте его без них: `Authorization: Bearer pk_…`."
    ),
    "This is neither a key (pk_…) nor a token.": "Это не ключ (pk_…) и не токен.",
    "This is not a token: it was cut, or it is too long.": "Это не токен: он обрезан или слишком длинен.",
    "The header of a token has `alg`, `kid` and `typ` (JWT) only.": (
        "В заголовке токена бывают только `alg`, `kid` и `typ` (JWT)."
    ),
    "`kid` is the id of a key without pk_: the 12 characters after it.": (
        "`kid` — это номер ключа без pk_: 12 символов после него."
    ),
    "The header of a token needs `alg`, and in `kid` the id of a key.": (
        "В заголовке токена нужны `alg` и номер ключа в `kid`."
    ),
    "A part of the token is not a JSON object.": "Часть токена — не объект JSON.",
    "The token is nested too deeply.": "В токене слишком много уровней вложенности.",
    "A part of the token is not JSON in base64url, or names something twice.": (
        "Часть токена — не JSON в base64url, или что-то названо в ней дважды."
    ),
    "Only a key may name an owner.": "Назвать владельца может только ключ.",
    "Without a key there is only the project `default`.": "Без ключа есть только проект `default`.",
    "This key belongs to one project, and may not act in another.": (
        "Этот ключ принадлежит одному проекту и не может действовать в другом."
    ),
    "A key sees all files of its project, and you see those of one owner only.": (
        "Ключу видны все файлы проекта, а вам — файлы только одного владельца."
    ),
    "A key can't have scopes that you do not have: {}.": "У ключа не может быть прав, которых нет у вас: {0}.",
    "This key has ended, so it can't be rotated. Create a new one.": (
        "Срок этого ключа закончился, заменить его нельзя. Создайте новый."
    ),
    "This key was rotated already: its successor is {}. Rotate that one.": (
        "Этот ключ уже заменён ключом {0}. Замените тот."
    ),
    "A token without an owner changes no files.": "Токен без владельца не меняет файлы.",
    "This token can't change the visibility so.": "Этот токен не может так изменить видимость.",
    "This token can't change the attribute {}.": "Этот токен не может изменить атрибут {0}.",
    "This token can't remove its own tags.": "Этот токен не может удалить собственные метки.",
    "This token can't keep a file longer.": "Этот токен не может продлить хранение файла.",
    "Nothing is being set up. Begin again.": "Настройка не начата. Начните сначала.",
    "Sign out, sign in with your organisation again, and repeat this within ten minutes.": (
        "Выйдите, снова войдите через свою организацию и повторите это в течение десяти минут."
    ),
    "Signing in with your organisation did not work. Please try again.": (
        "Войти через организацию не получилось. Попробуйте ещё раз."
    ),
    "Passkeys do not work at this address.": "По этому адресу ключи доступа не работают.",
    "The passkey was not accepted.": "Ключ доступа не принят.",
    "This took too long, or the page was used already. Please try again.": (
        "Прошло слишком много времени, или страницей уже воспользовались. Попробуйте ещё раз."
    ),
    "You sign in with your organisation. Your passkey is the second factor.": (
        "Вы входите через свою организацию. Ваш ключ доступа — второй фактор."
    ),
    "This passkey is a second factor only. Sign in with your password first, and then with it.": (
        "Этот ключ доступа — только второй фактор. Сначала введите имя и пароль, потом воспользуйтесь им."
    ),
    "You have {} passkeys already. Remove one first.": "У вас уже есть ключи доступа: {0}. Сначала удалите один.",
    "A passkey has a name of up to 100 characters.": "Название ключа доступа — не длиннее 100 символов.",
    "This passkey is known already.": "Этот ключ доступа уже добавлен.",
    "There is a second factor already. Remove it first.": "Второй фактор уже есть. Сначала удалите его.",
    "This is the answer to another sign-in. Please try again.": "Это ответ на другую попытку входа. Попробуйте ещё раз.",
    "The provider has answered {}.": "Поставщик ответил: {0}.",
    "The name or the password is wrong.": "Имя или пароль неверны.",
    "The password is wrong.": "Пароль неверен.",
    "The code is wrong, or it was used already. Wait for the next one.": (
        "Код неверен или уже использован. Дождитесь следующего."
    ),
    "The code is wrong. Enter the one that the app shows now.": (
        "Код неверен. Введите тот, который приложение показывает сейчас."
    ),
    "None of your groups may use this service.": "Ни одной из ваших групп этот сервис не разрешён.",
    "Your organisation has sent a claim that can't be used: {}.": (
        "Ваша организация прислала сведения, которые нельзя использовать: {0}."
    ),
    "The password was changed meanwhile. Please try again.": "Пароль тем временем изменился. Попробуйте ещё раз.",
    "The role {} may do more than you.": "Роль {0} может больше, чем вы.",
    "This name is taken.": "Это имя занято.",
    "You can't do this to yourself. Ask another administrator.": (
        "С собой этого сделать нельзя. Попросите другого администратора."
    ),
    "The CSRF token is missing or wrong.": "Токен CSRF не указан или неверен.",
}
