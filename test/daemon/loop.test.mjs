// Without libwebsockets' libuv plugin the daemon says so and serves all the same, on libwebsockets' own loop.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { connect, join } from '../support/chat.mjs';
import { start } from '../support/daemon.mjs';

// In a mount namespace of its own the plugin can be hidden from one process.
function hidingPlace() {
  if (process.getuid() !== 0 || spawnSync('unshare', ['-m', 'true']).status !== 0) return null;
  const folder = execFileSync('pkg-config', ['--variable=libdir', 'libwebsockets'], { encoding: 'utf8' }).trim();
  const plugin = `${folder}/libwebsockets-evlib_uv.so`;
  return existsSync(plugin) ? plugin : null;
}

// A library that fails to load a plugin keeps a few bytes; under a leak checker that would be told of us.
const plugin = process.env.HUBBUB_WRAPPER ? null : hidingPlace();

test('serves without the libuv plugin, with a warning', { skip: plugin ? false : 'needs root and the plugin, and no leak checker' }, async (t) => {
  const under = ['unshare', '-m', 'sh', '-c', `mount --bind /dev/null '${plugin}' && exec "$@"`, 'sh'];
  const env = { ASAN_OPTIONS: 'detect_leaks=0' };
  const daemon = await start({ workers: 2, ping_interval: '100ms', join_timeout: '300ms' }, { t, under, env });
  await daemon.logged(/warn slow_loop loop=poll .*apt install libwebsockets-evlib-uv/);

  const ann = await join(daemon, 'ann');
  const bob = await join(daemon, 'bob');
  for (let i = 0; i < 50; i++) {
    ann.say(`to bob ${i}`);
    bob.say(`to ann ${i}`);
  }
  for (let i = 0; i < 50; i++) {
    await ann.until({ type: 'message', body: `to ann ${i}` });
    await bob.until({ type: 'message', body: `to bob ${i}` });
  }

  // Timers run too: somebody who never joins is told so.
  const late = await connect(daemon, {});
  await late.until({ type: 'error' });
  assert.equal((await late.closed).code, 4408);

  const { code } = await daemon.stop();
  assert.equal(code, 0);
  assert.equal((await ann.closed).code, 1001);
  assert.equal((await bob.closed).code, 1001);
});
