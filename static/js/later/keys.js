// Where keys lead in the log.

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
