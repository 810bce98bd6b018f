// A file that cannot be the journal: the daemon says why and what to do, ends with 1, and changes nothing.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import {
  chmodSync, closeSync, cpSync, existsSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync,
  writeFileSync, writeSync,
} from 'node:fs';
import { test } from 'node:test';
import { Crowd, gather, options } from '../support/crowd.mjs';
import { launch, optionArguments, repository, start, temporaryFolder } from '../support/daemon.mjs';
import { soon } from '../support/inbox.mjs';
import { nobody, noNobody, openFolder } from '../support/root.mjs';
import { Sql, sqlOnce } from '../support/sql.mjs';

// A folder with a log in it; of a daemon that was stopped, or killed so that much of it is in the -wal file.
async function folderWithLog(t, { how = 'SIGTERM', messages = 50 } = {}) {
  const state_dir = temporaryFolder('state');
  const crowd = new Crowd();
  const daemon = await gather(t, crowd, state_dir, { drain_time: '100ms' });
  for (let i = 0; i < messages; i++) for (const speaker of crowd.speakers) speaker.act();
  await crowd.settle();
  crowd.drop('close');
  daemon.child.kill(how);
  await daemon.exit;
  return state_dir;
}

// What is in the folder, byte by byte: -shm is no data, and a -wal file of no bytes is none.
const contents = (folder) =>
  Object.fromEntries(
    readdirSync(folder)
      .filter((name) => !/-shm$|\.lock$/.test(name) && statSync(`${folder}/${name}`).isFile())
      .filter((name) => !name.endsWith('-wal') || statSync(`${folder}/${name}`).size > 0)
      .map((name) => [name, createHash('sha256').update(readFileSync(`${folder}/${name}`)).digest('hex')]),
  );

async function refuses(t, state_dir, { reason, hint, under, static_dir = `${repository}/static`, look = true }) {
  const before = look ? contents(state_dir) : null;
  const daemon = launch(optionArguments({ ...options, port: 0, static_dir, state_dir }), { t, under });
  assert.deepEqual(await soon(daemon.exit, 'the end of a daemon that cannot start'), { code: 1, signal: null }, daemon.stderr());
  const line = daemon.stderr().match(/^\S+ error (journal_refused|state_dir) .*$/m)?.[0] ?? daemon.stderr();
  assert.match(line, reason);
  assert.match(line, hint);
  assert.doesNotMatch(daemon.stderr(), / info ready |Sanitizer|runtime error:/);
  if (look) assert.deepEqual(contents(state_dir), before, 'the files were changed');
}

test('a second daemon on the folder', async (t) => {
  const state_dir = temporaryFolder('state');
  const first = await start({ ...options, state_dir }, { t });
  await refuses(t, state_dir, { reason: /another hubbub serves it/, hint: /stop that one, or .* --state-dir/ });
  assert.deepEqual(await first.stop(), { code: 0, signal: null });
  const second = await start({ ...options, state_dir }, { t });
  assert.deepEqual(await second.stop(), { code: 0, signal: null });
});

test('a file that another program keeps locked', async (t) => {
  const state_dir = await folderWithLog(t);
  const sql = new Sql(`${state_dir}/hubbub.db`, t);
  await sql.run('PRAGMA locking_mode = EXCLUSIVE');
  await sql.run('BEGIN EXCLUSIVE');
  await refuses(t, state_dir, { reason: /locked/, hint: /another program keeps the file locked; end it/ });
  await sql.run('COMMIT');
  await sql.end();
  const daemon = await start({ ...options, state_dir }, { t });
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
});

test('a folder in its place', async (t) => {
  const state_dir = temporaryFolder('state');
  mkdirSync(`${state_dir}/hubbub.db`);
  await refuses(t, state_dir, { reason: /Is a directory/, hint: /it is a folder; move it away/ });
});

test('a file in the place of the folder', async (t) => {
  const state_dir = `${temporaryFolder('state')}/file`;
  writeFileSync(state_dir, 'precious');
  await refuses(t, state_dir, { reason: /Not a directory/, hint: /name a folder/, look: false });
  assert.equal(readFileSync(state_dir, 'utf8'), 'precious');
});

for (const [what, bytes] of [['text', 'Dear diary\n'.repeat(1000)], ['one byte', 'x'], ['zeroes', Buffer.alloc(8192)]])
  test(`a file that is no database: ${what}`, async (t) => {
    const state_dir = temporaryFolder('state');
    writeFileSync(`${state_dir}/hubbub.db`, bytes);
    await refuses(t, state_dir, { reason: /not an SQLite database/, hint: /move it away .* or put back a backup/ });
  });

test('the database of another application', async (t) => {
  const state_dir = temporaryFolder('state');
  writeFileSync(`${state_dir}/hubbub.db`, '');
  await sqlOnce(`${state_dir}/hubbub.db`, t, 'CREATE TABLE cookies(name, value)');
  await refuses(t, state_dir, { reason: /another application/, hint: /move it away/ });
});

for (const how of ['SIGTERM', 'SIGKILL'])
  test(`a file of a later hubbub, after ${how}`, async (t) => {
    const state_dir = await folderWithLog(t, { how });
    const sql = new Sql(`${state_dir}/hubbub.db`, t);
    await sql.run('PRAGMA user_version = 99');
    /* as another copy of the files, so that what is in the -wal file stays there */
    const copy = temporaryFolder('copy');
    cpSync(state_dir, copy, { recursive: true });
    await sql.end();
    await refuses(t, copy, { reason: /later hubbub: version 99/, hint: /install that hubbub again/ });
  });

test('damage in the middle is found after an unclean stop', async (t) => {
  const state_dir = await folderWithLog(t, { messages: 400 });
  const path = `${state_dir}/hubbub.db`;
  const whole = temporaryFolder('whole');
  cpSync(state_dir, whole, { recursive: true });
  const [[root]] = await sqlOnce(path, t, "UPDATE meta SET value = 0 WHERE name = 'is_clean'",
    "SELECT rootpage FROM sqlite_master WHERE name = 'events'");
  const fd = openSync(path, 'r+');
  for (let at = 8; at < 200; at++) writeSync(fd, Buffer.from([0xa5]), 0, 1, (Number(root) - 1) * 4096 + at);
  closeSync(fd);
  await refuses(t, state_dir, { reason: /reason="[^"]+"/, hint: /damaged|keep a copy/ });
  cpSync(whole, state_dir, { recursive: true });
  const daemon = await start({ ...options, state_dir }, { t });
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
});

test('damage under a -wal file that was left: neither is touched', async (t) => {
  const state_dir = await folderWithLog(t, { how: 'SIGTERM', messages: 400 });
  const path = `${state_dir}/hubbub.db`;
  const [[root]] = await sqlOnce(path, t, "SELECT rootpage FROM sqlite_master WHERE name = 'users'");
  const daemon = await start({ ...options, state_dir }, { t }); /* notes that it serves, in the -wal file */
  daemon.child.kill('SIGKILL');
  await daemon.exit;
  assert.ok(statSync(`${path}-wal`).size > 0);
  const fd = openSync(path, 'r+');
  writeSync(fd, Buffer.alloc(64, 0xa5), 0, 64, (Number(root) - 1) * 4096);
  closeSync(fd);
  await refuses(t, state_dir, { reason: /reason="[^"]+"/, hint: /damaged|keep a copy/ });
});

test('a file cut short', async (t) => {
  const state_dir = await folderWithLog(t, { messages: 400 });
  const path = `${state_dir}/hubbub.db`;
  writeFileSync(path, readFileSync(path).subarray(0, 20_000));
  await refuses(t, state_dir, { reason: /reason="[^"]+"/, hint: /backup/ });
});

test('a file that its user may not read', { skip: noNobody }, async (t) => {
  const state_dir = await folderWithLog(t);
  openFolder(state_dir);
  chmodSync(`${state_dir}/hubbub.db`, 0o000);
  chmodSync(`${state_dir}/hubbub.db.lock`, 0o666);
  await refuses(t, state_dir, {
    reason: /Permission denied/, hint: /give the user that hubbub runs as the right/, under: nobody, look: process.getuid() === 0,
  });
  chmodSync(`${state_dir}/hubbub.db`, 0o600);
});

test('a file that its user may not write', { skip: noNobody }, async (t) => {
  const state_dir = await folderWithLog(t);
  openFolder(state_dir);
  chmodSync(`${state_dir}/hubbub.db`, 0o444);
  chmodSync(`${state_dir}/hubbub.db.lock`, 0o666);
  await refuses(t, state_dir, { reason: /Permission denied/, hint: /give the user that hubbub runs as the right/, under: nobody });
});

test('a folder that its user may not write', { skip: noNobody }, async (t) => {
  const state_dir = temporaryFolder('state');
  openFolder(state_dir);
  chmodSync(state_dir, 0o555);
  await refuses(t, state_dir, { reason: /Permission denied/, hint: /right|may write/, under: nobody });
  assert.deepEqual(readdirSync(state_dir), []);
});

test('a link that leads nowhere', async (t) => {
  const state_dir = temporaryFolder('state');
  symlinkSync(`${state_dir}/no/where.db`, `${state_dir}/hubbub.db`);
  await refuses(t, state_dir, { reason: /No such file/, hint: /make its folder/, look: false });
  rmSync(`${state_dir}/hubbub.db`);
  assert.equal(existsSync(`${state_dir}/no`), false);
});
