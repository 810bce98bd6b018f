// The first page: who are you? The room behind it is loaded while that is being answered.
import { browser, tab } from './dom.js';
import { strings } from './strings.js';
import { createSignin, roomOfAddress } from './views/signin.js';

const RELOAD_PATIENCE_MS = 5_000; // for the connection of this page before it was reloaded
const behind =
  'room hubbub connection outbox store rows views/composer views/log views/message views/sides views/status';

let loading = null;

// All at once, not one after the other as each names the next.
function preload() {
  for (const name of behind.split(' ')) {
    const link = document.createElement('link');
    Object.assign(link, { rel: 'modulepreload', href: `js/${name}.js` });
    document.head.append(link);
  }
}

function load() {
  if (!loading) preload();
  loading ??= import('./room.js').then(
    (room) => (room.start(signin), room),
    () => (loading = null),
  );
  return loading;
}

async function join(wish, options) {
  signin.busy(true);
  const room = await load();
  if (room) room.join(wish, options);
  else signin.show({ ...wish, error: strings.unreachable });
}

const signin = createSignin({ onInput: load, onJoin: join });
const before = tab.get('seat');
const wish = { name: browser.get('name') ?? '', room: roomOfAddress() };

if (typeof before?.name === 'string' && typeof before.room === 'string') {
  const room = location.hash ? wish.room : before.room;
  join({ name: before.name, room }, { insist: RELOAD_PATIENCE_MS, isBack: true });
} else {
  signin.show(wish);
  if (wish.name) load(); // somebody who has been here is likely to come in
}
