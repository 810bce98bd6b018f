// What "cmake --install" puts where, and that it works from there.
import assert from 'node:assert/strict';
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';

const { HUBBUB_BUILD: build, CMAKE_PROGRAM: cmake = 'cmake' } = process.env;
const scratch = mkdtempSync(join(tmpdir(), "hubbub install's "));
after(() => rmSync(scratch, { recursive: true }));

function install(prefix, destdir = '', env = {}) {
  execFileSync(cmake, ['--install', build, '--prefix', prefix], { env: { ...process.env, DESTDIR: destdir, ...env } });
}

const text = (...parts) => readFileSync(join(...parts), 'utf8');

// Resolves to the port on which the program serves; it is stopped when the test ends.
function serve(t, program, ...options) {
  const daemon = spawn(program, ['--port', '0', '--address', '127.0.0.1', '--ready-fd', '3', ...options], {
    cwd: '/', stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise((done) => daemon.once('close', done));
  t.after(() => {
    daemon.kill('SIGTERM');
    return ended;
  });
  return new Promise((done, fail) => {
    let log = '';
    daemon.stderr.on('data', (chunk) => { log += chunk; });
    daemon.stdio[3].on('data', (line) => done(Number(line)));
    daemon.once('error', fail);
    ended.then((code) => fail(new Error(`ended with ${code}: ${log}`)));
  });
}

async function servesItsOwnFiles(t, prefix, ...options) {
  // A file that only this copy has: the source folder's must not be what answers.
  writeFileSync(join(prefix, 'share/hubbub/static/mark.txt'), 'installed');
  const port = await serve(t, join(prefix, 'bin/hubbub'), ...options);
  const page = await fetch(`http://127.0.0.1:${port}/`);
  const mark = await fetch(`http://127.0.0.1:${port}/mark.txt`);
  assert.match(page.headers.get('content-type'), /^text\/html/);
  assert.equal(await mark.text(), 'installed');
}

test('in a folder of its own', async (t) => {
  const prefix = join(scratch, 'own');
  install(prefix);
  await servesItsOwnFiles(t, prefix, '--config', join(prefix, 'etc/hubbub/hubbub.conf'));
  assert.match(text(prefix, 'share/man/man1/hubbub.1'), /^\.TH HUBBUB 1/);
});

test('staged for a package, under another root', async (t) => {
  const root = join(scratch, 'root');
  install('/usr', root);
  const unit = text(root, 'usr/lib/systemd/system/hubbub.service');
  assert.match(unit, /^ExecStart=\/usr\/bin\/hubbub --config \/etc\/hubbub\/hubbub\.conf$/m);
  assert.ok(statSync(join(root, 'etc/hubbub/hubbub.conf')).isFile());
  assert.doesNotMatch(unit, /@\w+@/);
  await servesItsOwnFiles(t, join(root, 'usr'));
});

// The names of an ELF file's sections stand in it as text.
const has = (file, section) => readFileSync(file, 'latin1').includes(`\0${section}\0`);
const readelf = spawnSync('readelf', ['--version']).error ? 'there is no readelf here' : false;

test('the debug information lies beside the program, under its build id', { skip: readelf }, () => {
  const root = join(scratch, 'debug');
  install('/usr', root);
  install('/usr', root); // the second time the program of the first is there
  const program = join(root, 'usr/bin/hubbub');
  const notes = execFileSync('readelf', ['--notes', program], { encoding: 'utf8' });
  const id = /Build ID: ([0-9a-f]{40})/.exec(notes)[1];
  const debug = join(root, 'usr/lib/debug/.build-id', id.slice(0, 2), `${id.slice(2)}.debug`);
  assert.ok(has(debug, '.debug_info') && has(debug, '.symtab'));
  assert.ok(!has(program, '.debug_info') && !has(program, '.symtab') && has(program, '.gnu_debuglink'));
  assert.ok(readFileSync(program, 'latin1').includes(`${id.slice(2)}.debug`));
  // What a profiler asks of it: a function's place leads to its name and line.
  const symbol = execFileSync('readelf', ['--symbols', '--wide', debug], { encoding: 'utf8' });
  const address = /\d+: ([0-9a-f]{16}) .* conn_flush$/m.exec(symbol)[1];
  const place = execFileSync('addr2line', ['-f', '-e', debug, address], { encoding: 'utf8' });
  assert.match(place, /^conn_flush\n.*src\/net\/conn\.c:\d+/);
});

test('without objcopy the program keeps its debug information', () => {
  const prefix = join(scratch, 'plain');
  install(prefix, '', { PATH: scratch });
  assert.ok(has(join(prefix, 'bin/hubbub'), '.debug_info'));
});

test('a configuration that is there is left alone', () => {
  const prefix = join(scratch, 'twice');
  const config = join(prefix, 'etc/hubbub/hubbub.conf');
  install(prefix);
  appendFileSync(config, 'port = 9000\n');
  const mine = text(config);
  install(prefix);
  assert.equal(text(config), mine);
});

test('the sample configuration is one that the program takes', () => {
  const prefix = join(scratch, 'sample');
  install(prefix);
  const config = join(prefix, 'etc/hubbub/hubbub.conf');
  const { status, stderr } = spawnSync(join(prefix, 'bin/hubbub'), ['--check', '--config', config], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
  // Each line that is commented out is legal too.
  writeFileSync(config, text(config).replaceAll(/^#(?=\w+ = )/gm, ''));
  assert.match(text(config), /^port = 8080$/m);
  const all = spawnSync(join(prefix, 'bin/hubbub'), ['--check', '--config', config], { encoding: 'utf8' });
  assert.equal(all.status, 0, all.stderr);
});

const analyze = spawnSync('systemd-analyze', ['--version'], { encoding: 'utf8' });
const skip = analyze.error ? 'there is no systemd-analyze here' : false;

test('the unit exposes less than 2.0 by systemd-analyze', { skip }, () => {
  const root = join(scratch, 'unit');
  install('/usr', root);
  const { status, stdout, stderr } = spawnSync(
    'systemd-analyze',
    ['security', '--offline=true', '--threshold=19', '--no-pager', join(root, 'usr/lib/systemd/system/hubbub.service')],
    { encoding: 'utf8' },
  );
  assert.equal(status, 0, stdout + stderr);
  assert.match(stdout, /Overall exposure level for hubbub\.service: [01]\.\d/);
  assert.doesNotMatch(stderr, /Unknown|Failed to parse|Invalid/i);
});
