// What one does other than writing: to a message, by keys that work anywhere, in what opens over the room.
import { byId, part } from './dom.js';
import { startOfDay } from './format.js';
import { findMessage } from './store.js';
import { strings } from './strings.js';

const NEAR = 200; // messages: so many more are read, or else the log continues from there
const AROUND = 100;

export function createActs(app) {
  const { store, current, me, handle, composer, log, tell } = app;
  const loadDialogs = part('dialogs');

  async function withDialogs(f) {
    const dialogs = await loadDialogs().catch(() => null);
    if (dialogs) f(dialogs);
    else tell(strings.notLoaded, () => withDialogs(f));
  }

  // --- a message ---

  async function apply(event, request) {
    const room = store.get().current;
    const was = findMessage(current(), event.id);
    const own = { ...event, username: me(), ts: Date.now() };
    store.dispatch({ type: 'apply', room, event: own });
    try {
      await request(handle());
    } catch (error) {
      if (error.code === 'lost') return; // we left
      store.dispatch({ type: 'restore', room, was, event: own });
      tell(strings.didNotWork(error.message));
    }
  }

  function remove(item) {
    withDialogs(async (dialogs) => {
      if (!(await dialogs.confirmDelete())) return;
      composer.cancel();
      apply({ type: 'delete', id: item.id }, (room) => room.delete(item.id));
    });
  }

  function react(item, emoji, on) {
    apply({ type: 'react', id: item.id, emoji, on }, (room) => room.react(item.id, emoji, on));
  }

  const acts = {
    reply: (item) => composer.reply(item),
    edit: (item) => item.mine && composer.edit(item),
    remove: (item) => item.mine && remove(item),
    showEdits: (item) => withDialogs((dialogs) => dialogs.showEdits(item)),
    copy: (item) => withDialogs((dialogs) => dialogs.copy([item])),
    copyDay(day) {
      const items = current().items.filter((item) => item.kind === 'message' && startOfDay(item.ts) === day);
      withDialogs((dialogs) => dialogs.copy(items));
    },
    react: (item, element) =>
      withDialogs(async (dialogs) => {
        const emoji = await dialogs.pickEmoji(element);
        if (emoji) react(item, emoji, true);
      }),
    more: (...args) =>
      withDialogs(async (dialogs) => {
        const what = await dialogs.chooseAct(...args);
        if (what) acts[what](...args);
      }),
  };

  // However far back it is.
  async function jumpTo(id, room = current().name) {
    if (room !== current().name) app.goTo(room);
    const isHere = () => findMessage(current(), id);
    if (!isHere()) await app.older(NEAR);
    if (!isHere() && (await app.ask('around', { id, limit: AROUND }, { hasNewer: true }))) log.moved();
    app.render();
    if (isHere()) log.jump(id);
    else tell(strings.notFound);
  }
  app.jumpTo = jumpTo;

  // --- keys ---

  function goRoom(step, isUnread) {
    const { order, rooms, current: here } = store.get();
    const at = order.indexOf(here);
    const others = order.map((_, i) => order[(at + (i + 1) * step + order.length * order.length) % order.length]);
    const next = others.find((room) => room !== here && (!isUnread || rooms[room].unread));
    if (next) app.goTo(next);
  }

  function nextRegion(step) {
    const all = ['rooms', 'log', 'message', 'people'].map(byId).filter((region) => region.checkVisibility());
    const here = all.findIndex((region) => region.contains(document.activeElement));
    const next = all[here < 0 ? 0 : (here + step + all.length) % all.length];
    (next.querySelector('[tabindex="0"], [aria-current="page"]') ?? next).focus();
  }

  function escape() {
    if (composer.cancel()) return;
    if (current()?.line) store.dispatch({ type: 'clearLine', room: current().name });
    else if (!log.isAtEnd()) log.toEnd();
    else composer.focus();
  }

  // A key that would write a character, pressed where there is nothing to write into.
  function isStrayCharacter({ key, target, ctrlKey, metaKey, altKey, isComposing }) {
    if ([...key].length !== 1 || ctrlKey || metaKey || altKey || isComposing) return false;
    if (target.closest('input, textarea, select, dialog')) return false;
    return !(key === ' ' && target.closest('button, a, [tabindex]'));
  }

  const open = (what) => withDialogs((dialogs) => dialogs[what](app));
  const commands = { k: 'openSwitcher', '/': 'showShortcuts' };

  function keyAct(event) {
    const { key, ctrlKey, metaKey, altKey, shiftKey } = event;
    const command = (ctrlKey || metaKey) && !altKey && !shiftKey && commands[key.toLowerCase()];
    if (key === 'F6') return () => nextRegion(shiftKey ? -1 : 1);
    if (command) return () => open(command);
    if (altKey && !ctrlKey && (key === 'ArrowUp' || key === 'ArrowDown')) return () => goRoom(key === 'ArrowUp' ? -1 : 1, shiftKey);
    return null;
  }

  document.addEventListener('keydown', (event) => {
    if (byId('chat').hidden || document.querySelector('dialog[open]')) return;
    const keyed = keyAct(event);
    if (keyed) {
      event.preventDefault();
      keyed();
    } else if (event.key === 'Escape' && !event.isComposing && !document.querySelector(':popover-open')) escape();
    else if (isStrayCharacter(event)) composer.focus(); // before the character is written, so that it lands there
  });
  for (const [id, what] of [
    ['room-add', 'openSwitcher'],
    ['settings-open', 'openSettings'],
    ['room-options', 'openRoomOptions'],
    ['search-open', 'openSearch'],
  ])
    byId(id).addEventListener('click', () => open(what));

  return {
    act: (what, ...args) => acts[what](...args),
    react,
    jumpTo,
    edit(item, text) {
      if (!text) {
        remove(item);
        return false;
      }
      const body = app.wellFormed(text);
      if (app.isTooLong(body)) return tell(strings.tooLong);
      if (body !== item.body) apply({ type: 'edit', id: item.id, body }, (room) => room.edit(item.id, body));
      return true;
    },
    editLast() {
      const item = current().items.findLast((i) => i.mine && i.kind === 'message' && !i.deleted && !i.isLost);
      if (item) composer.edit(item);
    },
  };
}
