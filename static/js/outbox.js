// Messages the server has not confirmed yet. In each room one is on its way at a time: they keep their order.
// The server stores each once under its cid, so that what may have arrived can be sent again, after a reload too.
import { newCid } from './protocol.js';

const ENTRIES_MAX = 50;
const CHARACTERS_MAX = 64 * 1024;

// An entry: {cid, room, body, reply_to?, ts, after (the room's seq when it was written), state, wasSent?}, with state
// queued | sending | acked (with id and seq; its broadcast is still to come) | failed (reason, code).
export function createOutbox({ storage, name = 'outbox', changed = () => {}, now = Date.now }) {
  let entries = [];
  let holds = new Map(); // room: when the server wants to hear the next one

  function set(next) {
    entries = next;
    const unconfirmed = entries.filter((e) => e.state !== 'acked');
    storage.set(name, unconfirmed.length ? unconfirmed : null);
    changed(entries);
  }
  const find = (cid) => entries.find((e) => e.cid === cid);
  const update = (cid, change) => set(entries.map((e) => (e.cid === cid ? { ...e, ...change } : e)));
  const unsent = (list) => list.map((e) => (e.state === 'sending' ? { ...e, state: 'queued' } : e));

  return {
    entries: () => entries,
    of: (room) => entries.filter((e) => e.room === room),
    find,
    waiting: () => entries.filter((e) => e.state === 'queued' || e.state === 'sending').length,

    open() {
      const stored = storage.get(name);
      holds = new Map();
      set(unsent(Array.isArray(stored) ? stored : []));
    },

    // The new entry, or null if too much is waiting already.
    add({ room, body, reply_to, after = 0 }) {
      const open = entries.filter((e) => e.state !== 'acked');
      const size = open.reduce((sum, e) => sum + e.body.length, body.length);
      if (open.length >= ENTRIES_MAX || (open.length && size > CHARACTERS_MAX)) return null;
      const entry = { cid: newCid(), room, body, reply_to, ts: now(), after, state: 'queued' };
      set([...entries, entry]);
      return entry;
    },

    // The entry to send now in this room, marked as sent before it is; null if it is not time.
    take(room) {
      const own = entries.filter((e) => e.room === room);
      const entry = own.find((e) => e.state === 'queued');
      if (!entry || own.some((e) => e.state === 'sending') || (holds.get(room) ?? 0) > now()) return null;
      update(entry.cid, { state: 'sending', wasSent: true });
      return entry;
    },

    confirm(cid, { id, seq, ts }) {
      if (find(cid)) update(cid, { state: 'acked', id, seq, ts: ts ?? find(cid).ts });
    },

    // Its message is in the log: the entry has done its work.
    arrived(id) {
      const entry = entries.find((e) => e.state === 'acked' && e.id === id);
      if (entry) set(entries.filter((e) => e !== entry));
      return entry;
    },

    refuse(cid, { error, code }) {
      if (find(cid)) update(cid, { state: 'failed', reason: error, code });
    },

    postpone(cid, ms) {
      const entry = find(cid);
      if (!entry) return;
      holds.set(entry.room, now() + ms);
      update(cid, { state: 'queued' });
    },

    // What was on its way may have arrived: it goes again, with the same cid.
    connectionLost() {
      if (entries.some((e) => e.state === 'sending')) set(unsent(entries));
    },

    // Under a new cid: what was refused was not stored, and now it comes last.
    retry(cid) {
      const entry = find(cid);
      if (!entry) return null;
      const again = { ...entry, cid: newCid(), state: 'queued', ts: now(), wasSent: false };
      set([...entries.filter((e) => e !== entry), again]);
      return again;
    },

    remove(cid) {
      const entry = find(cid);
      if (entry) set(entries.filter((e) => e !== entry));
      return entry;
    },

    clear() {
      set([]);
    },
  };
}
