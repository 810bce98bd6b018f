// Loads one of the browser client's modules into Node: client('words.js'). They are copied to a
// folder that says what they are, because static/ itself is served and has no package.json. Debian 12 has Node 18, which
// lacks what every browser of the last three years has.
import { webcrypto } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'hubbub-client-'));
cpSync(fileURLToPath(new URL('../../static/js', import.meta.url)), folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const missing = (object, name, value) => Object.hasOwn(object, name) || Object.defineProperty(object, name, { value, configurable: true, writable: true });
missing(globalThis, 'crypto', webcrypto);
missing(Array.prototype, 'with', function (at, value) {
  return Object.assign([...this], { [at]: value });
});
missing(String.prototype, 'toWellFormed', function () {
  return Buffer.from(String(this)).toString();
});

export const client = (module) => import(pathToFileURL(join(folder, module)).href);
