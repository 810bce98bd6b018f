// Light, dark, or as the system has it. theme.js in the folder above applies the choice at load.
import { icon } from '../dom.js';
import { browser } from '../storage.js';
import { strings } from '../strings.js';

const order = ['system', 'light', 'dark'];
const root = document.documentElement;

function show() {
  const { theme } = root.dataset;
  for (const button of document.querySelectorAll('.theme')) {
    button.setAttribute('aria-label', strings.themes[theme]);
    button.title = strings.themes[theme];
    button.replaceChildren(icon(`theme-${theme}`));
  }
}

export function bindTheme() {
  if (!order.includes(root.dataset.theme)) root.dataset.theme = 'system';
  for (const button of document.querySelectorAll('.theme')) {
    button.addEventListener('click', () => {
      root.dataset.theme = order[(order.indexOf(root.dataset.theme) + 1) % order.length];
      browser.set('theme', root.dataset.theme);
      show();
    });
  }
  show();
}
