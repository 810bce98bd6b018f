// Where keys lead in the log.

const { search: again } = new URL(import.meta.url);
const { older, toNewest } = await import(`./history.js${again}`);

function step(app, by, from) {
  const { log, current } = app;
  log.reach(from);
  const next = () => log.articles()[log.articles().indexOf(document.activeElement) + by];
  if (!next() && by < 0 && !log.up() && current().hasOlder) older(app);
  next()?.focus();
}

const steps = {
  ArrowUp: (app, from) => step(app, -1, from),
  ArrowDown: (app, from) => step(app, 1, from),
  Home({ log, current }) {
    log.show(current().items[0]?.key);
    log.articles()[0].focus();
  },
  async End(app) {
    const { log, current } = app;
    if (current().hasNewer) await toNewest(app);
    else log.toEnd();
    log.articles().at(-1).focus();
  },
};

// from: of an item.
export const stepTo = (app, key, from) => document.activeElement.matches('article') && steps[key](app, from);
