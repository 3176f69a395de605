// The addresses of the console, below the prefix of the service. src/picasso/addresses.py has the same ones.

const ID = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';

/** The view of an address, and the names of its parameters, in their order. @type {[RegExp, string, string[]][]} */
const ROUTES = [
  [/^\/$/, 'files', []],
  [new RegExp(`^/files/${ID}/?$`), 'file', ['id']],
  [new RegExp(`^/jobs(?:/${ID})?/?$`), 'jobs', ['id']],
  [new RegExp(`^/webhooks(?:/${ID})?/?$`), 'webhooks', ['id']],
  [/^\/developers(?:\/(events))?\/?$/, 'developers', ['page']],
  [/^\/(uploads|trash|system|keys|people|projects|audit)\/?$/, '', []],
];

/**
 * @param {string} path without the prefix
 * @returns {{view: string, params: Record<string, string>} | undefined}
 */
export function match(path) {
  for (const [pattern, view, names] of ROUTES) {
    const found = pattern.exec(path);
    if (found) {
      const params = Object.fromEntries(names.map((name, n) => [name, found[n + 1]]).filter(([, value]) => value));
      return { view: view || found[1], params };
    }
  }
  return undefined;
}
