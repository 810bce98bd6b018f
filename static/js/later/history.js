// Pages of a room's history.
import { isKept, isMe, roomOf } from '../store.js';

const PAGE = 50; // messages
const LARGE = 200;
const UNREAD_PAGES = 10;

const loading = new Map(); // room: what is on its way

// Whether it came and was wanted still. Once the log is to be elsewhere, what was on its way is dropped.
export async function ask({ chat, store, current }, where, query, { room = current().name, ...more } = {}) {
  const isMove = where === 'newest' || where === 'around';
  if (isMove) loading.delete(room);
  const asked = loading.get(room) ?? new Set();
  if (asked.has(where)) return false;
  loading.set(room, asked.add(where));
  try {
    const page = await chat().room(room).history(query);
    if (loading.get(room) !== asked) return false;
    if (isMove) loading.delete(room);
    store.dispatch({ ...page, room, where, ...more });
    return true;
  } catch {
    return false;
  } finally {
    asked.delete(where);
  }
}

export function older(app, limit = PAGE) {
  const before = app.current().items.find(isKept)?.seq;
  return before !== undefined && ask(app, 'before', { before, limit });
}

export const newer = (app) => ask(app, 'after', { after: app.current().items.findLast(isKept)?.seq, limit: PAGE });

export async function toNewest(app) {
  const { current, log, render } = app;
  const { name } = current();
  if (!(await ask(app, 'newest', { limit: PAGE }))) return;
  if (name !== current().name) {
    log.forget(name);
    return;
  }
  log.moved();
  render();
  log.toEnd();
}

// More is unread than the first page has: those before it.
export async function loadUnread(app, { room, epoch }, mark) {
  if (mark.epoch !== epoch) return;
  const { store, current, render, log } = app;
  let pages = 0;
  for (; pages < UNREAD_PAGES; pages++) {
    const before = roomOf(store.get(), room)?.items.find(isKept)?.seq;
    if (!(before > mark.seq + 1)) break;
    if (!(await ask(app, 'before', { before, limit: LARGE }, { room, since: mark.seq }))) return;
  }
  if (!pages || room !== current()?.name) return;
  render();
  if (log.isAtEnd()) log.looked();
  else log.toLine();
}

export const loadHole = (app, { before, key }, room = app.current().name) =>
  ask(app, 'hole', { before, limit: LARGE }, { room, key });

// Of what was missed while the link was lost the newest that somebody wants to be called for, once.
export function callOnce({ store, call }, { room, events }) {
  const deleted = new Set(events.filter(({ type }) => type === 'delete').map(({ id }) => id));
  const isOf = ({ type, id, username }) => type === 'message' && !deleted.has(id) && !isMe(store.get(), username);
  events.filter(isOf).findLast((message) => call({ ...message, room }));
}
