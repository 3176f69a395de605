// Builds the libraries into src/picasso/static/picasso/vendor, with their licences and vendor.json.

import { build } from 'esbuild';
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LIBRARIES } from './libraries.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const OUT = join(HERE, '../../src/picasso/static/picasso/vendor');
const packageOf = (name) => join(HERE, 'node_modules', name);

async function made({ file, package: name, entry, source, copy, licence: own }) {
  const target = join(OUT, file), { version, license } = JSON.parse(readFileSync(join(packageOf(name), 'package.json'), 'utf8'));
  mkdirSync(dirname(target), { recursive: true });
  if (copy) copyFileSync(join(packageOf(name), copy), target);
  else await bundle(target, `${name} ${version}, ${license}`, source ?? `export * from '${name}${entry ? `/${entry}` : ''}';`);
  const licence = licenceOf(name, own);
  return { file, package: name, version, licence: license, licence_file: licence, sha256: sha256(target) };
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
  const part = own ? `-${own.split('_').at(-1).toLowerCase()}` : '';
  const kept = `licences/${name.replace('/', '-').replace('@', '')}${part}.txt`;
  mkdirSync(join(OUT, 'licences'), { recursive: true });
  copyFileSync(join(packageOf(name), found), join(OUT, kept));
  return kept;
}

const sha256 = (path) => createHash('sha256').update(readFileSync(path)).digest('hex');

if (existsSync(OUT)) rmSync(OUT, { recursive: true });
const list = [];
for (const library of LIBRARIES) list.push(await made(library));
writeFileSync(join(OUT, 'vendor.json'), `${JSON.stringify(list, null, 2)}\n`);
