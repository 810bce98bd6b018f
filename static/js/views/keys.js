// Where keys lead: to another message, room or region; loaded with the dialogs.
import { byId } from '../dom.js';

function step({ log, current, older }, by, from) {
  log.reach(from);
  const next = () => log.articles()[log.articles().indexOf(document.activeElement) + by];
  if (!next() && by < 0 && !log.up() && current().hasOlder) older();
  next()?.focus();
}

const steps = {
  ArrowUp: (app, from) => step(app, -1, from),
  ArrowDown: (app, from) => step(app, 1, from),
  Home({ log, current }) {
    log.show(current().items[0]?.key);
    log.articles()[0].focus();
  },
  async End({ log, current, toNewest }) {
    if (current().hasNewer) await toNewest();
    else log.toEnd();
    log.articles().at(-1).focus();
  },
};

// from: of an item.
export const stepTo = (app, key, from) => document.activeElement.matches('article') && steps[key](app, from);

// The next one, up or down; or the next with something new.
export function goRoom({ store, goTo }, step, isUnread) {
  const { order, rooms, current } = store.get();
  const at = order.indexOf(current);
  const others = order.map((_, i) => order[(at + (i + 1) * step + order.length * order.length) % order.length]);
  const next = others.find((room) => room !== current && (!isUnread || rooms[room].unread));
  if (next) goTo(next);
}

export function nextRegion(app, step) {
  const all = ['rooms', 'log', 'message', 'people'].map(byId).filter((region) => region.checkVisibility());
  const here = all.findIndex((region) => region.contains(document.activeElement));
  const next = all[here < 0 ? 0 : (here + step + all.length) % all.length];
  (next.querySelector('[tabindex="0"], [aria-current="page"]') ?? next).focus();
}
