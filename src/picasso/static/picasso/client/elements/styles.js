// How the elements look. A page changes the variables below, or single parts by `::part()`; docs/embed.md lists both.

export const COMMON = `
:host {
  --accent: var(--picasso-accent, light-dark(#2c4f9e, #93b1ff));
  --on-accent: var(--picasso-on-accent, light-dark(#fff, #10182c));
  --text: var(--picasso-text, light-dark(#1b2130, #eae6dc));
  --soft: var(--picasso-soft, light-dark(#5a6072, #a3a9b8));
  --back: var(--picasso-background, light-dark(#fff, #1a1f2a));
  --line: var(--picasso-line, light-dark(#8a8f9c, #6d7587));
  --danger: var(--picasso-danger, light-dark(#a8403f, #f29a93));
  --radius: var(--picasso-radius, .6rem);
  --thumbnail: var(--picasso-thumbnail, 3rem);
  display: block; color: var(--text); font: var(--picasso-font, inherit); line-height: 1.45; text-align: start;
}
:host([hidden]), [hidden] { display: none !important; }
*, ::before, ::after { box-sizing: border-box; }
p, ul { margin: 0; padding: 0; list-style: none; }
.icon { width: 1.4em; height: 1.4em; flex: none; fill: none; stroke: currentcolor; stroke-width: 1.6; stroke-linecap: round; stroke-linejoin: round; }
button, a.button { display: inline-flex; align-items: center; justify-content: center; gap: .45em; min-height: 2.25rem; padding: .3rem .85rem; border: 1px solid var(--line); border-radius: var(--radius); background: var(--back); color: var(--text); font: inherit; text-decoration: none; cursor: pointer; }
button:hover, a.button:hover { border-color: var(--accent); color: var(--accent); }
button:disabled { opacity: .55; cursor: not-allowed; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: var(--radius); }
.thumbnail { position: relative; display: grid; place-items: center; width: var(--thumbnail); height: var(--thumbnail); border-radius: calc(var(--radius) * .8); background: color-mix(in srgb, var(--soft) 14%, var(--back)); color: var(--soft); overflow: hidden; }
.thumbnail :is(img, canvas) { position: absolute; inset: 0; width: 100%; height: 100%; object-fit: cover; background: var(--back); }
.words { min-width: 0; }
.name { display: block; font-weight: 550; overflow-wrap: anywhere; }
.note { display: block; color: var(--soft); font-size: .875em; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.failed .note:last-of-type { color: var(--danger); }
.actions { display: flex; gap: .4rem; align-items: center; }
.quiet { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
@media (pointer: coarse) { button, a.button { min-height: 2.75rem; min-width: 2.75rem; } }
@media (forced-colors: active) {
  button, a.button, .thumbnail { border: 1px solid ButtonText; }
  button:disabled { color: GrayText; border-color: GrayText; opacity: 1; }
  :focus-visible { outline-color: Highlight; }
}
`;

export const UPLOADER = `
.drop { display: flex; flex-wrap: wrap; align-items: center; gap: .35rem .8rem; padding: 1rem; border: 1.5px dashed var(--line); border-radius: calc(var(--radius) * 1.4); background: var(--back); }
.drop.over { border-style: solid; border-color: var(--accent); background: color-mix(in srgb, var(--accent) 10%, var(--back)); }
.choose { border-color: var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; }
.choose:hover { background: color-mix(in srgb, var(--accent) 86%, var(--text)); color: var(--on-accent); }
.invite { color: var(--soft); }
.hint { flex-basis: 100%; color: var(--soft); font-size: .875em; }
.list:not(:empty) { display: grid; gap: .5rem; margin-top: .6rem; }
.file { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; gap: .2rem .8rem; padding: .5rem .6rem; border: 1px solid color-mix(in srgb, var(--line) 55%, var(--back)); border-radius: var(--radius); background: var(--back); }
.file.failed { border-color: var(--danger); }
.remove { padding: .3rem; min-width: 2.25rem; border-color: transparent; background: none; color: var(--soft); }
progress { display: block; width: 100%; height: .4rem; margin-top: .3rem; border: 0; border-radius: 1rem; appearance: none; background: color-mix(in srgb, var(--soft) 25%, var(--back)); color: var(--accent); overflow: hidden; }
progress::-webkit-progress-bar { background: transparent; }
progress::-webkit-progress-value { background: var(--accent); }
progress::-moz-progress-bar { background: var(--accent); }
@media (prefers-reduced-motion: no-preference) {
  .drop { transition: background .15s, border-color .15s; }
  progress::-webkit-progress-value { transition: inline-size .2s; }
}
@media (forced-colors: active) {
  .drop.over { border-color: Highlight; }
  .file.failed { border: 2px solid Mark; }
  progress { border: 1px solid CanvasText; forced-color-adjust: none; background: Canvas; }
  progress::-webkit-progress-value { background: Highlight; }
  progress::-moz-progress-bar { background: Highlight; }
}
@media (max-width: 26rem) {
  .actions { display: contents; }
  .remove { grid-column: 3; grid-row: 1; }
  .retry { grid-column: 2 / 4; justify-self: start; }
}
@media (hover: none) and (pointer: coarse) { .invite { display: none; } }
`;

export const FILE = `
.base { display: grid; grid-template-columns: auto minmax(0, 1fr) auto; align-items: center; gap: .2rem .8rem; padding: .5rem .6rem; border: 1px solid color-mix(in srgb, var(--line) 55%, var(--back)); border-radius: var(--radius); background: var(--back); }
@media (max-width: 26rem) { .base { grid-template-columns: auto minmax(0, 1fr); } .actions { grid-column: 2; } }
`;
