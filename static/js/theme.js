// Light, dark, or as the system has it. Runs before the first paint, hence no module: a chosen theme must
// not flash in late. Every .theme button goes on to the next.
(() => {
  const labels = { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' };
  const order = Object.keys(labels);
  const root = document.documentElement;

  function choose(theme) {
    root.dataset.theme = order.includes(theme) ? theme : 'system';
    for (const button of document.querySelectorAll('.theme')) {
      button.title = labels[root.dataset.theme];
      button.setAttribute('aria-label', button.title);
      button.querySelector('use').setAttribute('href', `#i-theme-${root.dataset.theme}`);
    }
  }

  try {
    choose(JSON.parse(localStorage.getItem('hubbub.theme')));
  } catch {
    choose('system');
  }
  document.addEventListener('DOMContentLoaded', () => choose(root.dataset.theme));
  document.addEventListener('click', (event) => {
    if (!event.target.closest('.theme')) return;
    choose(order[(order.indexOf(root.dataset.theme) + 1) % order.length]);
    try {
      localStorage.setItem('hubbub.theme', JSON.stringify(root.dataset.theme));
    } catch {
      // For this visit only, then.
    }
  });
})();
