// Messages the server has not confirmed yet. One is on its way at a time, so that they keep their
// order and the next echo or error can only be about that one. What may have arrived is never sent
// again unless a person says so. Pure but for the storage it is given.

const ENTRIES_MAX = 50;
const CHARACTERS_MAX = 64 * 1024;

// state: queued (never sent) | sending (sent, no echo yet) | unsure (the connection broke before the
// echo) | failed (the server said no: reason)
export function createOutbox({ storage, changed = () => {}, now = Date.now }) {
  let entries = [];
  let name = null;

  function set(next) {
    entries = next;
    storage.set(name, entries.length ? entries : null);
    changed();
  }
  const update = (key, change) => set(entries.map((e) => (e.key === key ? { ...e, ...change } : e)));
  const onItsWay = () => entries.find((e) => e.state === 'sending');

  return {
    entries: () => entries,
    waiting: () => entries.filter((e) => e.state === 'queued').length,

    // Each seat (person and room) has its own; a reload leaves open whether the last one arrived.
    open(seat) {
      name = `outbox ${seat}`;
      const stored = storage.get(name);
      set(
        (Array.isArray(stored) ? stored : []).map((e) =>
          e.state === 'sending' ? { ...e, state: 'unsure' } : e,
        ),
      );
    },

    // False if too much is waiting already.
    add(body) {
      const size = entries.reduce((sum, e) => sum + e.body.length, body.length);
      if (entries.length >= ENTRIES_MAX || (entries.length && size > CHARACTERS_MAX)) return false;
      const ts = now();
      set([...entries, { key: `o${ts}-${Math.random().toString(36).slice(2)}`, body, ts, state: 'queued' }]);
      return true;
    },

    // The entry to send now, marked and stored as sent before it is; null if it is not time.
    take() {
      const entry = entries.find((e) => e.state === 'queued');
      if (!entry || onItsWay()) return null;
      update(entry.key, { state: 'sending' });
      return entry;
    },

    // The echo has come: the key of the entry it confirms, or null.
    confirm(body) {
      const entry = onItsWay();
      if (!entry || entry.body !== body) return null;
      set(entries.filter((e) => e !== entry));
      return entry.key;
    },

    // The server refused the one on its way; false if there is none.
    refuse(reason) {
      const entry = onItsWay();
      if (entry) update(entry.key, { state: 'failed', reason });
      return Boolean(entry);
    },

    connectionLost() {
      const entry = onItsWay();
      if (entry) update(entry.key, { state: 'unsure' });
    },

    retry(key) {
      const entry = entries.find((e) => e.key === key);
      if (entry)
        set([...entries.filter((e) => e !== entry), { ...entry, state: 'queued', reason: '', ts: now() }]);
    },

    remove(key) {
      const entry = entries.find((e) => e.key === key);
      if (entry) set(entries.filter((e) => e !== entry));
      return entry;
    },
  };
}
