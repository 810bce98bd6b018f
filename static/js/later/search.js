// Words, looked for in all that was ever said.
import { avatar, button, h, namesIn } from '../dom.js';
import { format } from '../words.js';

const { search: again } = new URL(import.meta.url);
const { jumpTo } = await import(`./acts.js${again}`);
const { show } = await import(`./dialog.js${again}`);
const { labels } = await import(`./tools.js${again}`);

const SEARCH_AFTER_MS = 250;
const SEARCH_PAGE = 20;
const BEFORE = 80;
const RESULT = 300;

const shortMoment = format({ dateStyle: 'medium', timeStyle: 'short' });

const words = {
  search: 'Search',
  searchFor: 'Words to look for',
  inThisRoom: 'In this room only',
  noResults: 'Nothing found.',
  tooShort: 'Type at least two letters.',
  failed: 'The search did not work. Please try again.',
};

export function openSearch(app) {
  const room = app.store.get().current;
  return show({ title: words.search, kind: 'search' }, (close) => {
    let asked = 0;
    let timer;
    let found = [];
    const input = h('input', {
      type: 'text',
      enterkeyhint: 'search',
      'aria-label': words.searchFor,
      placeholder: words.searchFor,
      autocomplete: 'off',
      dir: 'auto',
      autofocus: true,
    });
    const only = h('input', { type: 'checkbox', checked: true });
    const note = h('p', { class: 'muted', role: 'status' });
    const list = h('ul', { class: 'results', role: 'list' });
    const more = button({ class: 'secondary', hidden: true, onclick: () => ask(found.at(-1).id) }, labels.more);
    const hit = (message) =>
      h(
        'li',
        {},
        button({ class: 'hit', onclick: () => (close(), jumpTo(app, message.id, message.room)) },
          avatar(message.username),
          h(
            'span',
            { class: 'result-text' },
            h(
              'span',
              { class: 'hit-head' },
              ...namesIn([{ name: message.username }]),
              h('span', { class: 'muted' }, ...namesIn([' ', { name: `#${message.room}` }, ` · ${shortMoment(message.ts)}`])),
            ),
            h('span', { dir: 'auto' }, ...marked(message.body, input.value.trim())),
          ),
        ),
      );
    async function ask(before) {
      const q = input.value.trim();
      const own = ++asked;
      if (q.length < 2) {
        found = [];
        list.replaceChildren();
        more.hidden = true;
        note.textContent = q ? words.tooShort : '';
        return;
      }
      try {
        const answer = await app.chat().search(q, {
          limit: SEARCH_PAGE,
          ...(only.checked ? { room } : {}),
          ...(before ? { before } : {}),
        });
        if (own !== asked) return;
        found = before ? [...found, ...answer.messages] : answer.messages;
        list.replaceChildren(...found.map(hit));
        note.textContent = found.length ? '' : words.noResults;
        more.hidden = !answer.more;
      } catch (error) {
        if (own === asked) note.textContent = error.code === 'lost' ? words.failed : error.message;
      }
    }
    const soon = () => {
      clearTimeout(timer);
      timer = setTimeout(ask, SEARCH_AFTER_MS);
    };
    const now = (event) => {
      event.preventDefault();
      clearTimeout(timer);
      ask();
    };
    input.addEventListener('input', soon);
    only.addEventListener('change', () => ask());
    return [
      h('form', { role: 'search', onsubmit: now }, input, h('label', { class: 'check' }, only, ' ', words.inThisRoom)),
      note,
      h('div', { class: 'results-box' }, list, more),
    ];
  });
}

// As the server compares: without case and accents. One for each of the text's characters.
const folded = (text) => Array.from(text, (one) => one.normalize('NFKD').replaceAll(/\p{M}/gu, '').toLowerCase());

// The text in parts, around the first of the words that were looked for, all of them marked.
function marked(body, q) {
  const all = Array.from(body);
  const text = folded(body);
  const isMarked = text.map(() => false);
  for (const word of folded(q).join('').split(/\s+/).filter(Boolean))
    text.forEach((_, at) => {
      let end = at;
      for (let found = ''; found.length < word.length && end < all.length; end++) found += text[end];
      if (text.slice(at, end).join('') === word) isMarked.fill(true, at, end);
    });
  const from = Math.max(0, isMarked.indexOf(true) - BEFORE);
  const parts = [from ? '…' : ''];
  for (let at = from; at < Math.min(all.length, from + RESULT); ) {
    const end = isMarked.indexOf(!isMarked[at], at);
    const to = Math.min(end < 0 ? all.length : end, from + RESULT);
    const part = all.slice(at, to).join('');
    parts.push(isMarked[at] ? h('mark', {}, part) : part);
    at = to;
  }
  return parts;
}
