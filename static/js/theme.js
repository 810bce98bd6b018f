// Before the first paint, so no module.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('hubbub.theme'));
} catch {
}
