// Who gets the arrow keys: the viewer that has the focus, or the page, which steps to the next file.

/** Whether what has the focus uses the arrow keys itself: a player, a scrolling text, a zoomed picture. */
export function keysOfViewer() {
  const focused = document.activeElement;
  return Boolean(focused?.closest('[data-keys="own"], [role="toolbar"], details[open], [role="slider"]'));
}
