// Builds the libraries into src/picasso/static/picasso/vendor, with their licences and vendor.json.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIBRARIES } from './libraries.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, '../../src/picasso/static/picasso/vendor');
const packageOf = (name) => join(HERE, 'node_modules', name);

async function made({ file, package: name, entry, source, copy, licence: own, spdx }) {
  const { version, license } = JSON.parse(readFileSync(join(packageOf(name), 'package.json'), 'utf8'));
  mkdirSync(dirname(join(OUT, file)), { recursive: true });
  if (copy) copied(join(packageOf(name), copy), dirname(join(OUT, file)), basename(file));
  else await bundle(join(OUT, file), `${name} ${version}, ${license}`, source ?? `export * from '${name}${entry ? `/${entry}` : ''}';`);
  const licence = licenceOf(name, own);
  return { file, package: name, version, licence: spdx ?? license, licence_file: licence, sha256: sha256(file) };
}

/** A pattern is a name, or has one `*`. */
function fits(name, pattern) {
  const [start, end] = pattern.split('*');
  return end === undefined ? name === pattern : name.startsWith(start) && name.endsWith(end);
}

/** One file as it is, or all files of a folder that fit a pattern. */
function copied(from, folder, name) {
  if (!name.includes('*')) return copyFileSync(from, join(folder, name));
  for (const each of readdirSync(from)) if (fits(each, name)) copyFileSync(join(from, each), join(folder, each));
}

async function bundle(outfile, banner, contents) {
  await build({
    stdin: { contents, resolveDir: HERE },
    outfile, bundle: true, format: 'esm', minify: true, target: 'es2022', legalComments: 'none', logLevel: 'warning',
    banner: { js: `/*! ${banner} */` },
  });
}

function licenceOf(name, own) {
  const found = own ?? readdirSync(packageOf(name)).find((each) => /^licen[cs]e/i.test(each));
  if (!found) throw new Error(`${name} has no licence file`);
  const part = own ? `-${own.replace('/LICENSE', '').split('_').at(-1).toLowerCase()}` : '';
  const kept = `licences/${name.replace('/', '-').replace('@', '')}${part}.txt`;
  mkdirSync(join(OUT, 'licences'), { recursive: true });
  copyFileSync(join(packageOf(name), found), join(OUT, kept));
  return kept;
}

/** Of one file, or of all that a pattern names, one after the other in the order of their names. */
function sha256(file) {
  const hash = createHash('sha256'), folder = dirname(join(OUT, file));
  for (const name of readdirSync(folder).sort()) if (fits(name, basename(file))) hash.update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}

if (existsSync(OUT)) rmSync(OUT, { recursive: true });
const list = [];
for (const library of LIBRARIES) list.push(await made(library));
writeFileSync(join(OUT, 'vendor.json'), `${JSON.stringify(list, null, 2)}\n`);
