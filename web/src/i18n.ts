/** The language of the pages: the person's choice, else the browser's. A change takes effect when the page is loaded anew. */

import { en, type Strings } from './i18n/en';
import { ro } from './i18n/ro';

export type { Strings };
export type Language = 'en' | 'ro';

const KEY = 'warmline.language';
const known: Record<Language, { strings: Strings; locale: string }> = {
  en: { strings: en, locale: 'en-GB' },
  ro: { strings: ro, locale: 'ro-RO' },
};

function chosen(): Language {
  try {
    const value = localStorage.getItem(KEY);
    if (value === 'en' || value === 'ro') return value;
  } catch {
    // Storage is closed to us: the browser's choice stands.
  }
  return navigator.language.toLowerCase().startsWith('ro') ? 'ro' : 'en';
}

export const language: Language = chosen();
export const locale = known[language].locale;
export const t: Strings = known[language].strings;

/** Says the pages in the other language from now on. */
export function switchLanguage(): void {
  try {
    localStorage.setItem(KEY, language === 'en' ? 'ro' : 'en');
  } catch {
    return;
  }
  location.reload();
}
