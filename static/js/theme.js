// Light, dark, or as the system: before the first paint, so no module. main.js changes it.
try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('hubbub.theme'));
} catch {
  // As the system.
}
