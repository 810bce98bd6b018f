import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { client } from './client.mjs';

const { createConnection, retryDelay } = await client('hubbub.js');

// A world that a test moves by hand: sockets that it opens and closes, time that it lets pass.
let now;
let timers;
let sockets;
let changes;
let frames;
let isOnline;
let isVisible;
let isServerThere;
let connection;

beforeEach(() => {
  now = 1_000_000;
  timers = new Map();
  sockets = [];
  changes = [];
  frames = [];
  isOnline = isVisible = isServerThere = true;
  let timerId = 0;
  connection = createConnection({
    url: () => 'ws://here/ws',
    greet: () => connection.send('{"type":"join"}'),
    onChange: (state) => changes.push(state),
    onFrame: (frame) => frames.push(frame),
    openSocket(url) {
      const socket = {
        url,
        readyState: 1,
        sent: [],
        send(text) {
          socket.sent.push(text);
          if (isServerThere && text === '{"type":"ping"}') queueMicrotask(() => receive({ type: 'pong' }));
        },
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

const receive = (frame) => sockets.at(-1).onmessage?.({ data: JSON.stringify(frame) });
const end = (code, reason = '') => sockets.at(-1).onclose({ code, reason });
const joined = { type: 'joined', room: 'lobby', username: 'ana', epoch: 'e', seq: 0, events: [], users: ['ana'] };
const pings = () => sockets.at(-1).sent.filter((text) => text === '{"type":"ping"}').length;
const phases = () => changes.map((state) => state.phase).join(' ');
function goOnline(options) {
  connection.start(options);
  letIn();
}
function letIn() {
  receive({ type: 'hello', version: 2 });
  receive(joined);
}

test('to open has ten seconds; what was missed, on a slow line, a minute', async () => {
  connection.start({ insist: 600_000 });
  await pass(9_000);
  assert.equal(sockets.length, 1);
  receive({ type: 'hello', version: 2 });
  await pass(59_000);
  assert.equal(sockets.length, 1);
  await pass(10_000);
  assert.equal(sockets.length, 2);
  await pass(20_000);
  assert.ok(sockets.length > 2, 'no hello came');
});

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

test('online is being let in, not the open socket; hello is greeted first', () => {
  connection.start();
  assert.deepEqual(sockets[0].sent, []);
  receive({ type: 'hello', version: 2 });
  assert.deepEqual(sockets[0].sent, ['{"type":"join"}']);
  assert.equal(phases(), 'connecting');
  receive(joined);
  receive({ type: 'users', room: 'lobby', users: ['ana'] });
  assert.equal(phases(), 'connecting online');
  assert.deepEqual(frames.map((f) => f.type), ['hello', 'joined', 'users']);
});

test('a name in use is told with the reason of the server, and not tried again', async () => {
  connection.start();
  receive({ type: 'error', error: 'Somebody has it.' });
  end(4409, 'short');
  assert.deepEqual(connection.state(), { phase: 'rejected', cause: 'taken', reason: 'Somebody has it.' });
  await pass(120_000);
  assert.equal(sockets.length, 1);
  assert.equal(frames.length, 0);
});

test('a server that is not there is told, not hammered, before we were ever in', async () => {
  connection.start();
  end(1006);
  assert.deepEqual(connection.state(), { phase: 'rejected', cause: 'unreachable', reason: '' });
  await pass(120_000);
  assert.equal(sockets.length, 1);
});

test('a handshake that hangs is given up after ten seconds', async () => {
  connection.start();
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
  letIn();
  assert.equal(phases(), 'connecting online waiting connecting online');
});

test('the waits grow, and a flapping server does not reset them', async () => {
  goOnline();
  const waits = [];
  for (let i = 0; i < 8; i++) {
    end(1006);
    waits.push(connection.state().retryAt - now);
    await pass(waits.at(-1));
    letIn();
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
  connection.start({ insist: 5_000 });
  const began = now;
  while (connection.state().phase !== 'rejected') {
    receive({ type: 'error', error: 'Somebody has it.' });
    end(4409);
    if (connection.state().phase === 'waiting') await pass(connection.state().retryAt - now);
  }
  assert.ok(sockets.length > 2 && now - began >= 5_000 && now - began < 12_000);
  connection.start({ insist: 5_000 });
  end(1006);
  assert.deepEqual([connection.state().phase, connection.state().cause], ['waiting', 'lost']);
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
  assert.equal(pings(), 0);
  await pass(6_000);
  assert.equal(pings(), 1);
  await pass(20_000);
  assert.equal(connection.state().phase, 'online');
  await pass(2_500); // not on a beat of its own
  receive({ type: 'pong' });
  isServerThere = false;
  await pass(56_100);
  assert.notEqual(connection.state().phase, 'online');
});

test('silence in a hidden tab is not judged; coming back into view is', async () => {
  goOnline();
  isVisible = false;
  isServerThere = false;
  await pass(600_000);
  assert.equal(pings(), 0);
  assert.equal(connection.state().phase, 'online');
  isVisible = true;
  connection.cameToView();
  await pass(2_900);
  assert.equal(connection.state().phase, 'online');
  await pass(200);
  assert.notEqual(connection.state().phase, 'online');
});

test('offline is said, tried rarely, and over at once when the network is back', async () => {
  goOnline();
  isOnline = isServerThere = false;
  connection.networkWent();
  await pass(3_000);
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
  assert.deepEqual(frames.map((f) => f.type), ['hello', 'joined']);
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

test('a restart is over when one is in again', async () => {
  goOnline();
  end(1001);
  await pass(connection.state().retryAt - now);
  letIn();
  end(1006);
  assert.equal(connection.state().cause, 'lost');
});

test('a farewell says how long to wait, and whether to come back at all', () => {
  goOnline();
  receive({ type: 'bye', code: 1001, reason: 'restart', reconnect: true, retry_after: 4_000 });
  end(1001);
  assert.equal(connection.state().cause, 'restart');
  assert.ok(connection.state().retryAt - now >= 4_000);
  connection.retryNow();
  letIn();
  receive({ type: 'bye', code: 1001, reason: 'Closed for good.', reconnect: false });
  end(1001);
  assert.deepEqual([connection.state().phase, connection.state().reason], ['rejected', 'Closed for good.']);
});

test('any frame is a sign of life', async () => {
  goOnline();
  isServerThere = false;
  for (let i = 0; i < 20; i++) {
    await pass(10_000);
    receive({ type: 'typing', room: 'lobby', username: 'bob' });
  }
  assert.equal(pings(), 0);
  connection.cameToView();
  await pass(1_000);
  receive({ type: 'typing', room: 'lobby', username: 'bob' });
  await pass(5_000);
  assert.equal(connection.state().phase, 'online');
});
