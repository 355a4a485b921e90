// Runs before the first paint, so that a stored choice does not flash. The Content-Security-Policy forbids inline scripts.
(function () {
  try {
    var theme = localStorage.getItem('warmline.theme');
    if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
  } catch (_) {
    // Storage is closed to us: the system's choice stands.
  }
})();
