// The files that tools make: there when they are whole, nothing otherwise, and nobody else's is touched.
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { test } from 'node:test';
import { temporaryFolder } from '../support/daemon.mjs';
import { busy, lines, must, poorFiles, tool, toolWith } from '../support/tool.mjs';

test('what is printed and lost is an error', async (t) => {
  const { folder, daemon } = await busy(t);
  const line = (await must(folder, 'export')).split('\n')[0];
  const file = `${temporaryFolder('out')}/line`;
  writeFileSync(file, line);
  for (const args of [['export'], ['export', '-'], ['history'], ['verify'], ['import', file], ['verify', '--help'], ['--help'], ['--print-config'], ['--check']])
    for (const [target, reason] of [['/dev/full', /No space left on device/], ['&-', /Bad file descriptor/]]) {
      const under = ['sh', '-c', `exec "$@" >${target}`, 'sh'];
      const run = await toolWith({ under, t }, folder, ...args);
      assert.equal(run.code, 1, `${args} ${run.err}`);
      const [, why] = run.err.match(/^hubbub: not all of the output could be written(?:: (.*))?$/m);
      if (why || args[0] !== 'export') assert.match(why, reason); // what failed in the middle may be forgotten at the end
    }
  await daemon.stop();
});

test('a backup cannot go to standard output, and - is no name for a file', async (t) => {
  const { folder, daemon } = await busy(t);
  const cwd = temporaryFolder('cwd');
  const { code, out, err } = await toolWith({ cwd, t }, folder, 'backup', '-');
  assert.deepEqual([code, out], [2, '']);
  assert.match(err, /^hubbub backup: it cannot write to standard output; name a file; see hubbub backup --help$/m);
  assert.deepEqual(readdirSync(cwd), []);
  assert.equal(lines((await toolWith({ cwd, t }, folder, 'export', '-')).out).length, 5);
  assert.deepEqual(readdirSync(cwd), []);
  await daemon.stop();
});

// What makes a file of the history, and whether the file has all of it.
const makers = {
  backup: (folder) => must(folder, 'verify').then((said) => assert.match(said, /^whole: 5 messages/)),
  export: (folder) => assert.equal(lines(readFileSync(`${folder}/hubbub.db`, 'utf8')).length, 5),
};

for (const [name, check] of Object.entries(makers)) {
  test(`${name} on a file system without hard links, and where there is no way not to replace a file`, async (t) => {
    const { folder, daemon } = await busy(t);
    const out = temporaryFolder('out');
    const file = `${out}/hubbub.db`;
    const make = (path = file, more = {}) => toolWith({ env: poorFiles(more), t }, folder, name, path);
    const { code, err } = await make();
    assert.equal(code, 0, err);
    assert.equal(statSync(file).mode & 0o007, 0);
    const before = readFileSync(file);
    const again = await make();
    assert.equal(again.code, 1);
    assert.match(again.err, /there is such a file.*name one that is not there yet/);
    const late = await make(file, { LATE_FILES: '1' });
    assert.equal(late.code, 1);
    assert.match(late.err, /File exists.*name a file that is not there yet/);
    const poorer = await make(`${out}/other.db`, { NO_RENAME_NEW: '1' });
    assert.equal(poorer.code, 1);
    assert.match(poorer.err, /neither link nor rename without replacing; name a file elsewhere/);
    assert.deepEqual(readFileSync(file), before);
    assert.deepEqual(readdirSync(out), ['hubbub.db']);
    await check(out);
    await daemon.stop();
  });

  for (const signal of ['SIGHUP', 'SIGINT', 'SIGTERM'])
    test(`${name}: nothing is left after ${signal}`, async (t) => {
      const { folder, daemon } = await busy(t);
      const out = temporaryFolder('out');
      const run = await toolWith({ env: poorFiles({ SIGNAL_AT_SYNC: constants.signals[signal] }), t }, folder, name, `${out}/hubbub.db`);
      assert.deepEqual([run.code, run.signal], [null, signal]);
      assert.deepEqual(readdirSync(out), []);
      await daemon.stop();
    });

  // 32 KiB are what the tool may write into a file, as if there were no space for more.
  for (const [how, wrapper] of [['fails', "trap '' XFSZ; "], ['ends it', '']])
    test(`${name}: nothing is left when there is no space for all, which ${how}`, async (t) => {
      const { folder, daemon, ann } = await busy(t);
      for (let i = 0; i < 10; i++) await ann.say('tea', 'x'.repeat(16_000));
      const out = temporaryFolder('out');
      const under = ['sh', '-c', `${wrapper}ulimit -f 64; exec "$@"`, 'sh'];
      const run = await toolWith({ under, t }, folder, name, `${out}/hubbub.db`);
      assert.deepEqual([run.code, run.signal], wrapper ? [1, null] : [null, 'SIGXFSZ'], run.err);
      if (wrapper) assert.match(run.err, /reason="[^"]+" hint="[^"]+"/);
      assert.deepEqual(readdirSync(out), []);
      assert.equal((await tool(folder, name, `${out}/hubbub.db`)).code, 0);
      await daemon.stop();
    });

  test(`${name} into a folder that is not there, or whose name is too long`, async (t) => {
    const { folder, daemon } = await busy(t);
    for (const file of ['no/folder/x', 'x'.repeat(250), `${'x/'.repeat(2500)}x`]) {
      const { code, err } = await tool(folder, name, `${temporaryFolder('out')}/${file}`);
      assert.equal(code, 1);
      assert.match(err, /(No such file or directory|File name too long).*name a file in a folder that can be written/);
    }
    await daemon.stop();
  });
}

test('an import whose file breaks off in the middle of a line tells why, and stores what is before', async (t) => {
  const folder = temporaryFolder('state');
  const file = `${temporaryFolder('in')}/lines.torn`;
  const line = (i) => JSON.stringify({ room: 'tea', id: `abc-1-${i}`, ts: 1_600_000_000_000, username: 'ann', body: `text ${i}` });
  writeFileSync(file, [1, 2, 3].map((i) => `${line(i)}\n`).join(''));
  const { code, out, err } = await toolWith({ env: poorFiles(), t }, folder, 'import', file);
  assert.deepEqual([code, err], [1, `hubbub import: cannot read ${file}: Input/output error
What stands in its first 2 lines is imported; import again.
`]);
  assert.match(out, /^imported 2,/);
  assert.equal(lines((await tool(folder, 'export')).out).length, 2);
});
