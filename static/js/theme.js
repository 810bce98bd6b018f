// Runs before the first paint, hence no module: a chosen theme must not flash in late.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('hubbub.theme')) ?? 'system';
} catch {
  document.documentElement.dataset.theme = 'system';
}
