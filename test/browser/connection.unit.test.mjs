import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { client } from './client.mjs';

const { createConnection, retryDelay } = await client('connection.js');

// A world that a test moves by hand: sockets that it opens and closes, time that it lets pass.
let now;
let timers;
let sockets;
let changes;
let frames;
let isOnline;
let isVisible;
let isServerThere;
let probes;
let connection;

beforeEach(() => {
  now = 1_000_000;
  timers = new Map();
  sockets = [];
  changes = [];
  frames = [];
  isOnline = isVisible = isServerThere = true;
  probes = 0;
  let timerId = 0;
  connection = createConnection({
    page: () => 'http://here/',
    onChange: (state) => changes.push(state),
    onFrame: (frame) => frames.push(frame),
    openSocket(url) {
      const socket = {
        url,
        readyState: 1,
        sent: [],
        send: (text) => socket.sent.push(text),
        close: (code) => (socket.closed = code ?? true),
      };
      sockets.push(socket);
      return socket;
    },
    now: () => now,
    random: () => 0.999,
    setTimeout: (f, ms) => (timers.set(++timerId, { f, at: now + ms }), timerId),
    clearTimeout: (id) => timers.delete(id),
    isOnline: () => isOnline,
    isVisible: () => isVisible,
    probe: async () => (probes++, isServerThere),
  });
});

async function pass(ms) {
  const end = now + ms;
  for (;;) {
    const due = [...timers].filter(([, timer]) => timer.at <= end).sort((a, b) => a[1].at - b[1].at)[0];
    if (!due) break;
    timers.delete(due[0]);
    now = due[1].at;
    due[1].f();
    await new Promise(setImmediate);
  }
  now = end;
}

const seat = { name: 'ana', room: 'lobby' };
const receive = (frame) => sockets.at(-1).onmessage({ data: JSON.stringify(frame) });
const end = (code, reason = '') => sockets.at(-1).onclose({ code, reason });
const phases = () => changes.map((state) => state.phase).join(' ');
function goOnline(options) {
  connection.start(seat, options);
  receive({ type: 'join', username: 'ana' });
}

test('delays: a first try at once, then doubling up to half a minute, always with some chance', () => {
  assert.equal(
    retryDelay(0, () => 0),
    0,
  );
  assert.ok(retryDelay(0, () => 0.999) < 500);
  for (let n = 1; n < 12; n++) {
    const most = Math.min(30_000, 1000 * 2 ** (n - 1));
    assert.equal(
      retryDelay(n, () => 0),
      most / 2,
    );
    assert.ok(retryDelay(n, () => 0.999) <= most && retryDelay(n, () => 0.999) > most * 0.99);
  }
});

test('online is what the first frame says, not the open socket', () => {
  connection.start(seat);
  assert.equal(connection.send('x'), false);
  receive({ type: 'join', username: 'ana' });
  receive({ type: 'users', users: ['ana'] });
  assert.equal(phases(), 'connecting online');
  assert.equal(frames.length, 2);
  assert.equal(connection.send('x'), true);
  assert.deepEqual(sockets[0].sent, ['x']);
});

test('a name in use is told with the reason of the server, and not tried again', async () => {
  connection.start(seat);
  receive({ type: 'error', error: 'Somebody has it.' });
  end(4409, 'short');
  assert.deepEqual(connection.state(), { phase: 'rejected', cause: 'taken', reason: 'Somebody has it.' });
  await pass(120_000);
  assert.equal(sockets.length, 1);
  assert.equal(frames.length, 0);
});

test('a server that is not there is told, not hammered, before we were ever in', async () => {
  connection.start(seat);
  end(1006);
  assert.deepEqual(connection.state(), { phase: 'rejected', cause: 'unreachable', reason: '' });
  await pass(120_000);
  assert.equal(sockets.length, 1);
});

test('a handshake that hangs is given up after ten seconds', async () => {
  connection.start(seat);
  await pass(9_999);
  assert.equal(connection.state().phase, 'connecting');
  await pass(2);
  assert.equal(connection.state().phase, 'rejected');
  assert.ok(sockets[0].closed);
});

test('a lost connection comes back by itself', async () => {
  goOnline();
  end(1006);
  assert.equal(connection.state().phase, 'waiting');
  assert.equal(connection.state().cause, 'lost');
  await pass(500);
  assert.equal(sockets.length, 2);
  receive({ type: 'join', username: 'ana' });
  assert.equal(phases(), 'connecting online waiting connecting online');
});

test('the waits grow, and a flapping server does not reset them', async () => {
  goOnline();
  const waits = [];
  for (let i = 0; i < 8; i++) {
    end(1006);
    waits.push(connection.state().retryAt - now);
    await pass(waits.at(-1));
    receive({ type: 'join', username: 'ana' });
    await pass(5_000);
  }
  assert.deepEqual(
    waits.map((ms) => Math.round(ms / 500) / 2),
    [0.5, 1, 2, 4, 8, 16, 30, 30],
  );
  await pass(10_000);
  end(1006);
  assert.ok(connection.state().retryAt - now <= 500);
});

test('final ends are final', async () => {
  for (const code of [1002, 1003, 1007, 1009, 4400, 4403, 4408, 4410]) {
    goOnline();
    const count = sockets.length;
    end(code, 'why');
    assert.equal(connection.state().phase, 'rejected', code);
    assert.equal(connection.state().reason, 'why');
    await pass(60_000);
    assert.equal(sockets.length, count);
  }
});

test('our own dead connection may hold our name for a minute, then we ask', async () => {
  goOnline();
  end(1006);
  const lost = now;
  while (connection.state().phase !== 'rejected') {
    assert.ok(now - lost < 70_000, 'still trying');
    await pass(connection.state().retryAt - now);
    receive({ type: 'error', error: 'Somebody has it.' });
    end(4409);
    if (connection.state().phase === 'waiting') assert.equal(connection.state().cause, 'taken');
  }
  assert.ok(now - lost >= 60_000);
  assert.equal(connection.state().cause, 'taken');
});

test('a seat that was ours before a reload is insisted on for a moment only', async () => {
  connection.start(seat, { insist: 5_000 });
  const began = now;
  while (connection.state().phase !== 'rejected') {
    receive({ type: 'error', error: 'Somebody has it.' });
    end(4409);
    if (connection.state().phase === 'waiting') await pass(connection.state().retryAt - now);
  }
  assert.ok(sockets.length > 2 && now - began >= 5_000 && now - began < 12_000);
  connection.start(seat, { insist: 5_000 });
  end(1006);
  assert.equal(connection.state().cause, 'unreachable');
});

test('a server that asks to wait is left alone for a while', () => {
  goOnline();
  end(1013);
  assert.equal(connection.state().cause, 'busy');
  assert.ok(connection.state().retryAt - now >= 3_000);
});

test('silence: the server is asked; if it does not answer, the connection is dead', async () => {
  goOnline();
  await pass(44_000);
  assert.equal(probes, 0);
  await pass(6_000);
  assert.equal(probes, 1);
  assert.equal(connection.state().phase, 'online');
  isServerThere = false;
  await pass(55_000);
  assert.notEqual(connection.state().phase, 'online');
});

test('silence in a hidden tab is not judged; coming back into view is', async () => {
  goOnline();
  isVisible = false;
  isServerThere = false;
  await pass(600_000);
  assert.equal(probes, 0);
  assert.equal(connection.state().phase, 'online');
  isVisible = true;
  connection.cameToView();
  await pass(1);
  assert.notEqual(connection.state().phase, 'online');
});

test('offline is said, tried rarely, and over at once when the network is back', async () => {
  goOnline();
  isOnline = isServerThere = false;
  connection.networkWent();
  await pass(1);
  assert.equal(connection.state().cause, 'offline');
  assert.ok(connection.state().retryAt - now > 25_000);
  isOnline = true;
  connection.networkCame();
  await pass(1_000);
  assert.equal(connection.state().phase, 'connecting');
});

test('"Try now" is now', () => {
  goOnline();
  end(1006);
  connection.retryNow();
  assert.equal(connection.state().phase, 'connecting');
  assert.equal(sockets.length, 2);
});

test('whoever leaves is gone: nothing of the old connection is heard', async () => {
  goOnline();
  const [old] = sockets;
  connection.stop();
  assert.equal(old.closed, 1000);
  assert.equal(old.onmessage, null);
  await pass(600_000);
  assert.equal(sockets.length, 1);
  assert.equal(connection.state().phase, 'idle');
});

test('frames that nobody knows are ignored', () => {
  goOnline();
  sockets[0].onmessage({ data: 'nonsense' });
  sockets[0].onmessage({ data: new ArrayBuffer(8) });
  receive({ type: 'hello', version: 9 });
  assert.equal(frames.length, 1);
  assert.equal(connection.state().phase, 'online');
});

test('a server that said it restarts is restarting until it has been away too long', async () => {
  goOnline();
  end(1001);
  const began = now;
  while (now - began < 30_000) {
    assert.equal(connection.state().cause, 'restart');
    await pass(connection.state().retryAt - now);
    end(1006);
  }
  assert.equal(connection.state().cause, 'lost');
});
