// Each library that pages load, as one file: which package, and what of it.

/**
 * @typedef {object} Library
 * @property {string} file in src/picasso/static/picasso/vendor
 * @property {string} package whose exact version package.json names
 * @property {string} [entry] the module to bundle
 * @property {string} [source] a module of our own that says what of the package is needed
 * @property {string} [copy] a file of the package that is taken as it is
 */

const DIRECTIVES = {
  cache: 'cache', classMap: 'class-map', guard: 'guard', ifDefined: 'if-defined', keyed: 'keyed', live: 'live', repeat: 'repeat', until: 'until',
};

/** @type {Library[]} */
export const LIBRARIES = [
  {
    file: 'lit.js',
    package: 'lit-html',
    source: [
      "export { html, noChange, nothing, render, svg } from 'lit-html';",
      "export { createRef, ref } from 'lit-html/directives/ref.js';",
      ...Object.entries(DIRECTIVES).map(([name, file]) => `export { ${name} } from 'lit-html/directives/${file}.js';`),
    ].join('\n'),
  },
];
