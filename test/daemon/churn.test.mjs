// Thousands of short connections over several workers leave nothing behind that would trip the end.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';
import { within } from '../support/daemon.mjs';
import { serveFor } from '../support/serve.mjs';

const CONNECTIONS = process.env.HUBBUB_WRAPPER ? 500 : 10_000;
const AT_A_TIME = 200;

function get(daemon) {
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(daemon.port, '127.0.0.1', () => socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'));
    socket.on('data', (data) => (text += data));
    socket.on('error', () => {});
    socket.on('close', () => resolve(text));
  });
}

test('thousands of connections come and go, each is answered, and the daemon ends with 0', async (t) => {
  const daemon = await serveFor(t, { workers: 4, max_connections_per_address: 0 });
  let left = CONNECTIONS;
  let answered = 0;
  const one = async () => {
    while (left-- > 0) {
      const text = await get(daemon);
      if (text.endsWith('\r\n\r\nok\n')) answered++;
    }
  };
  await within(120_000, Promise.all(Array.from({ length: AT_A_TIME }, one)), () => `waited for ${CONNECTIONS} answers, have ${answered}`);
  assert.equal(answered, CONNECTIONS);
  assert.deepEqual(await daemon.stop(), { code: 0, signal: null });
});
