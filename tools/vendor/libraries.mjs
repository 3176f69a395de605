// Each library that pages load, as one file: which package, and what of it.

/**
 * @typedef {object} Library
 * @property {string} file in src/picasso/static/picasso/vendor; with `*` all files that are called so, of the folder in `copy`
 * @property {string} package whose exact version package.json names
 * @property {string} [entry] the module to bundle
 * @property {string} [source] a module of our own that says what of the package is needed
 * @property {string} [copy] a file of the package that is taken as it is
 * @property {string} [licence] the file of the package with the licence of this part; by default that of the package
 * @property {string} [spdx] the identifier of that licence
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
  { file: 'openjpeg_nowasm_fallback.js', package: 'pdfjs-dist', copy: 'wasm/openjpeg_nowasm_fallback.js', licence: 'wasm/LICENSE_OPENJPEG', spdx: 'BSD-2-Clause' },
  { file: 'jbig2_nowasm_fallback.js', package: 'pdfjs-dist', copy: 'wasm/jbig2_nowasm_fallback.js', licence: 'wasm/LICENSE_JBIG2', spdx: 'BSD-3-Clause' },
  // What letters of Chinese, Japanese and Korean fonts mean, and the symbols that no system has. The worker loads the file that a
  // document names. Other fonts that a document lacks are those of the reader's system.
  { file: 'cmaps/*.bcmap', package: 'pdfjs-dist', copy: 'cmaps', licence: 'cmaps/LICENSE', spdx: 'BSD-3-Clause' },
  ...['FoxitDingbats', 'FoxitSymbol'].map((name) => (
    { file: `standard_fonts/${name}.pfb`, package: 'pdfjs-dist', copy: `standard_fonts/${name}.pfb`, licence: 'standard_fonts/LICENSE_FOXIT', spdx: 'BSD-3-Clause' })),
  { file: 'client-zip.js', package: 'client-zip', source: "export { downloadZip } from 'client-zip';" },
];
