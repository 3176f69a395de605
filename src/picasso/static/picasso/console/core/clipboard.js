// Copying a text.

/**
 * Whether that worked. Over plain HTTP browsers have no clipboard for pages: there the text is selected and copied.
 * @param {string} text
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelection(text);
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const area = Object.assign(document.createElement('textarea'), { value: text, readOnly: true, className: 'sr-only' });
  const focused = document.activeElement;
  // While a dialog is open, nothing outside of it can be selected.
  ([...document.querySelectorAll('dialog[open]')].at(-1) ?? document.body).append(area);
  area.select();
  const done = document.execCommand('copy');
  area.remove();
  if (focused instanceof HTMLElement) focused.focus();
  return done;
}
