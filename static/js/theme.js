try {
  document.documentElement.dataset.theme = JSON.parse(localStorage.getItem('hubbub.theme'));
} catch {
}
