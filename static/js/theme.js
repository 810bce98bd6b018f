// Light, dark, or as the system. No module: it must run before the first paint.
(() => {
  const labels = { system: 'Theme: as the system', light: 'Theme: light', dark: 'Theme: dark' };
  const order = Object.keys(labels);
  const { dataset } = document.documentElement;

  function choose(theme) {
    dataset.theme = order.includes(theme) ? theme : 'system';
    for (const button of document.querySelectorAll('.theme')) {
      button.title = button.ariaLabel = labels[dataset.theme];
      button.querySelector('use').setAttribute('href', `#i-theme-${dataset.theme}`);
    }
  }

  try {
    choose(JSON.parse(localStorage.getItem('hubbub.theme')));
  } catch {
    choose('system');
  }
  document.addEventListener('DOMContentLoaded', () => choose(dataset.theme));
  document.addEventListener('click', (event) => {
    if (!event.target.closest('.theme')) return;
    choose(order[(order.indexOf(dataset.theme) + 1) % order.length]);
    try {
      localStorage.setItem('hubbub.theme', JSON.stringify(dataset.theme));
    } catch {
    }
  });
})();
