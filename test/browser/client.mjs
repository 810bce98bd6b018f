// Loads one of the browser client's modules into Node: client('words.js'). They are copied to a
// folder that says what they are, because static/ itself is served and has no package.json.
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const folder = mkdtempSync(join(tmpdir(), 'hubbub-client-'));
cpSync(fileURLToPath(new URL('../../static/js', import.meta.url)), folder, { recursive: true });
writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

export const client = (module) => import(pathToFileURL(join(folder, module)).href);
