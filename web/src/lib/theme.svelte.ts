/** Dark or light: the system's choice unless the person chose. `public/theme.js` applies a stored choice before the first paint. */

export type Theme = 'system' | 'light' | 'dark';
const KEY = 'warmline.theme';

function stored(): Theme {
  try {
    const value = localStorage.getItem(KEY);
    return value === 'dark' || value === 'light' ? value : 'system';
  } catch {
    return 'system';
  }
}

export const theme = $state<{ choice: Theme }>({ choice: stored() });

export function nextTheme(): void {
  const order: Theme[] = ['system', 'light', 'dark'];
  const next = order[(order.indexOf(theme.choice) + 1) % order.length] ?? 'system';
  theme.choice = next;
  if (next === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = next;
  try {
    if (next === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, next);
  } catch {
    // Not stored: it holds until the page is closed.
  }
}
