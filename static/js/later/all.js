// All that is not needed at once, loaded when the first of it is asked for.
import { byId } from '../dom.js';

// A browser may remember that one of these has failed: asked for again, each has another address.
const { search: again } = new URL(import.meta.url);
const load = (name) => import(`./${name}.js${again}`);
const names = ['acts', 'copy', 'history', 'keys', 'rooms', 'search', 'seat', 'settings', 'tools', 'dialog', 'notify'];
const [acts, copies, pages, keys, rooms, searching, seat, client, tools] = await Promise.all(names.map(load));

export const { editEarlier, jumpTo, mention, more, react, remove, showEdits } = acts;
export const { copy, copyDay } = copies;
export const { callOnce, loadHole, loadUnread, newer, older, toNewest } = pages;
export const { stepTo } = keys;
export const { openRoomOptions, openSwitcher, signOut } = rooms;
export const { openSearch } = searching;
export const { showSeatLost } = seat;
export const { openSettings, showShortcuts } = client;
export const { tap, watch } = tools;

// Those of the page are in index.html.
const icons = {
  copy: 'M8 8h12v12H8zM4 16V4h12',
  edit: 'm4 20 1-4.5L16.5 4a2.1 2.1 0 0 1 3 3L8.5 18.5zM14.5 6l3.5 3.5',
  trash:
    'M5 7h14M10 7V4.5h4V7M7 7l.8 12a1.5 1.5 0 0 0 1.5 1.5h5.4a1.5 1.5 0 0 0 1.5-1.5L17 7M10.5 11v5.5M13.5 11v5.5',
};
for (const [name, path] of Object.entries(icons)) {
  const symbol = byId('i-close').cloneNode(true);
  symbol.id = `i-${name}`;
  symbol.firstChild.setAttribute('d', path);
  byId('i-close').after(symbol);
}
