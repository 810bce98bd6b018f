// What is needed only once one is in: what one does to messages other than writing them, keys, and how those
// are told who do not look. Loaded then, so that one is in sooner.
import { createAnnouncer } from './announce.js';
import { byId } from './dom.js';
import { bindKeys } from './keys.js';
import { nameKey } from './protocol.js';
import { findMessage, mentions } from './store.js';
import { strings } from './strings.js';

const FAR_PAGE = 200;
const FAR_PAGES = 25; // so far back we look for what was replied to
const SPEAKERS = 200; // messages whose authors are suggested first

// app: see main.js.
export function start(app) {
  const { store, current, me, handle, composer, log, tell } = app;
  const announcer = createAnnouncer(() => store.get().current);
  const dialogs = () => import('./views/dialogs.js');
  let notifier = null;

  async function loadNotifier() {
    const { createNotifier } = await import('./notify.js');
    notifier ??= createNotifier({ onOpen: app.goTo, isSilent: () => app.settings().sound !== true });
    return notifier;
  }

  function tellOthers({ room, username, body }) {
    const isHere = room === store.get().current;
    const isMention = mentions(body, me());
    const level = app.settings().rooms?.[room]?.notify ?? 'mentions';
    const isWanted = level === 'all' || (level === 'mentions' && isMention);
    if (isHere) announcer.message(strings.spoken(username, body));
    else if (isMention) announcer.message(strings.spokenIn(username, room, body));
    if (isWanted && (document.hidden || !isHere)) loadNotifier().then((n) => n.tell(room, { username, body }));
  }

  // --- what one does to a message ---

  async function apply(event, request) {
    const room = store.get().current;
    const was = findMessage(current(), event.id);
    store.dispatch({ type: 'apply', room, event: { ...event, username: me(), ts: Date.now() } });
    try {
      await request(handle());
    } catch (error) {
      if (error.code === 'lost') return; // we left
      store.dispatch({ type: 'restore', room, was, event: { ...event, username: me() } });
      tell(strings.refused(error.message));
      announcer.alert(strings.refused(error.message));
    }
  }

  function edit(item, text) {
    if (!text) {
      remove(item);
      return false;
    }
    const body = text.toWellFormed?.() ?? text;
    if (app.isTooLong(body)) return tell(strings.tooLong);
    if (body !== item.body) apply({ type: 'edit', id: item.id, body }, (room) => room.edit(item.id, body));
    return true;
  }

  async function remove(item) {
    if (!(await (await dialogs()).confirmDelete(item))) return;
    composer.cancel();
    apply({ type: 'delete', id: item.id }, (room) => room.delete(item.id));
  }

  function react(item, emoji, on) {
    apply({ type: 'react', id: item.id, emoji, on }, (room) => room.react(item.id, emoji, on));
  }

  function editLast() {
    const item = current().items.findLast((i) => i.mine && i.kind === 'message' && !i.deleted && !i.isLost);
    if (item) composer.edit(item);
  }

  const acts = {
    reply: (item) => composer.reply(item),
    edit: (item) => item.mine && composer.edit(item),
    remove: (item) => item.mine && remove(item),
    showEdits: async (item) => (await dialogs()).showEdits(item),
    copy: async (item) => (await dialogs()).copy(item),
    react: async (item, element) => {
      const emoji = await (await dialogs()).pickEmoji(element);
      if (emoji) react(item, emoji, true);
    },
    more: async (item, element) => {
      const what = await (await dialogs()).chooseAct(item, element);
      if (what) act(what, item, element);
    },
  };

  function act(what, item, element) {
    acts[what](item, element);
  }

  // Whoever spoke last is named first.
  function suggest(start) {
    const { items, users } = current();
    const wanted = nameKey(start);
    const speakers = items.slice(-SPEAKERS).reverse().map((item) => item.id && item.username);
    const here = new Set(users);
    return [...new Set([...speakers.filter((name) => here.has(name)), ...users])].filter(
      (name) => name && name !== me() && nameKey(name).startsWith(wanted),
    );
  }

  // --- far away ---

  async function findOlder(id) {
    for (let i = 0; i < FAR_PAGES && current().hasOlder && !findMessage(current(), id); i++)
      if (!(await app.older(FAR_PAGE))) break;
    if (!findMessage(current(), id)) {
      tell(strings.notFound);
      return;
    }
    app.render();
    log.jump(id);
  }

  async function jumpTo({ room, id, seq }) {
    app.goTo(room);
    if (!findMessage(current(), id)) {
      if (!(await app.ask('around', { around: seq, limit: FAR_PAGE / 2 }, { hasNewer: true }))) return;
      log.moved();
    }
    app.render();
    log.jump(id);
  }

  async function topics() {
    try {
      const answer = await app.chat().listRooms();
      for (const { name, topic } of answer.rooms) store.dispatch({ type: 'topic', room: name, topic: topic ?? '' });
      return answer.rooms;
    } catch {
      return [];
    }
  }

  function goRoom(step, isUnread) {
    const { order, rooms: all, current: here } = store.get();
    const at = order.indexOf(here);
    for (let i = 1; i <= order.length; i++) {
      const next = order[(at + i * step + order.length * i) % order.length];
      if (next !== here && (!isUnread || all[next].unread)) {
        app.goTo(next);
        return;
      }
    }
  }

  bindKeys({
    focusComposer: () => composer.focus(),
    escape() {
      if (composer.cancel()) return;
      if (current()?.line) store.dispatch({ type: 'clearLine', room: current().name });
      else if (!log.isAtEnd()) log.toEnd();
      else composer.focus();
    },
    goRoom,
    switcher: async () => (await dialogs()).openSwitcher(tools),
    shortcuts: async () => (await dialogs()).showShortcuts(),
  });
  for (const [id, f] of [
    ['room-add', 'openSwitcher'],
    ['settings-open', 'openSettings'],
    ['room-options', 'openRoomOptions'],
    ['search-open', 'openSearch'],
  ])
    byId(id).addEventListener('click', async () => (await dialogs())[f](tools));

  const tools = {
    ...app,
    changeRoom(room, fields) {
      const { rooms } = app.settings();
      app.change({ rooms: { ...rooms, [room]: { ...rooms?.[room], ...fields } } });
    },
    jumpTo,
    topics,
    chime: () => loadNotifier().then((n) => n.chime()),
  };
  // They must be there when the link is not.
  for (const load of [dialogs, loadNotifier, () => import('./views/suggest.js')]) load().catch(() => {});

  return {
    act,
    edit,
    react,
    editLast,
    suggest,
    findOlder,
    topics,
    tellOthers,
    alert: announcer.alert,
    stop: announcer.stop,
    wasRead: (room) => notifier?.read(room),
  };
}
