// The words of core/ and shell/ in Russian.

export default {
  'The server can’t be reached.': 'Сервер недоступен.',
  'The file is larger than the server’s limit.': 'Файл больше, чем разрешает сервер.',
  'The server answered {status}.': 'Сервер ответил {status}.',
  '{n} ms': '{n} мс',
  '{n} s': '{n} с',
  '{n} min': '{n} мин',
  '{h} h {m} min': '{h} ч {m} мин',
  '{d} d {h} h': '{d} д {h} ч',
  'just now': 'только что',
  'unnamed file': 'файл без имени',
  Close: 'Закрыть',
  Cancel: 'Отмена',
  'This view can’t be shown.': 'Этот раздел не открывается.',
  'The service can’t be reached, or it was updated. Load the page again.': 'Сервис недоступен или обновился. Загрузите страницу ещё раз.',
  'Go to': 'Перейти',
  'Load again': 'Загрузить ещё раз',
};
