// Each library that pages load, as one file: which package, and what of it.

/**
 * @typedef {object} Library
 * @property {string} file in src/picasso/static/picasso/vendor
 * @property {string} package whose exact version package.json names
 * @property {string} [entry] the module to bundle
 * @property {string} [source] a module of our own that says what of the package is needed
 * @property {string} [copy] a file of the package that is taken as it is
 * @property {string} [licence] the file of the package with the licence of this part; by default that of the package
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
  // Loaded with the first video that has a playlist.
  { file: 'hls.js', package: 'hls.js', source: "export { default } from 'hls.js/light';" },
  // Loaded with the first PDF. The decoders of JPEG 2000 and JBIG2 are loaded by the worker for a page that needs them.
  { file: 'pdf.js', package: 'pdfjs-dist', source: "export { getDocument, GlobalWorkerOptions, TextLayer } from 'pdfjs-dist';" },
  { file: 'pdf.worker.js', package: 'pdfjs-dist', copy: 'build/pdf.worker.min.mjs' },
  { file: 'openjpeg_nowasm_fallback.js', package: 'pdfjs-dist', copy: 'wasm/openjpeg_nowasm_fallback.js', licence: 'wasm/LICENSE_OPENJPEG' },
  { file: 'jbig2_nowasm_fallback.js', package: 'pdfjs-dist', copy: 'wasm/jbig2_nowasm_fallback.js', licence: 'wasm/LICENSE_JBIG2' },
  { file: 'client-zip.js', package: 'client-zip', source: "export { downloadZip } from 'client-zip';" },
];
