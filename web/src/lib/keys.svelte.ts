import { untrack } from 'svelte';

/** Keyboard shortcuts: every page says which it has, `?` lists them. */

export interface Shortcut {
  /** What to press: `j`, `Space`, `ArrowLeft`, `Enter`, or two keys one after the other: `g c`. */
  keys: string;
  label: string;
  run: () => void;
}

interface Group {
  id: number;
  title: string;
  shortcuts: Shortcut[];
}

export const board = $state<{ groups: Group[]; open: boolean }>({ groups: [], open: false });

const SEQUENCE_MS = 900;
let first = '';
let groups = 0;
let firstAt = 0;

/** Registers shortcuts; call the result to take them away again (fits `$effect`). */
export function shortcuts(title: string, list: Shortcut[]): () => void {
  groups += 1;
  const id = groups;
  // Called from effects, which must not come to depend on the board.
  untrack(() => (board.groups = [...board.groups, { id, title, shortcuts: list }]));
  return () => {
    board.groups = untrack(() => board.groups).filter((other) => other.id !== id);
  };
}

function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName);
}

/** Keys that a focused control wants for itself. */
function taken(event: KeyboardEvent): boolean {
  const target = event.target;
  if (!(target instanceof HTMLElement)) return false;
  if (event.key === 'Enter' || event.key === ' ') return target.closest('a, button, summary') !== null;
  return event.key.startsWith('Arrow') && target.closest('[role=slider], [role=radiogroup]') !== null;
}

addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.metaKey || event.ctrlKey || event.altKey) return;
  // Whoever has typed enough is back where letters are commands.
  if (event.key === 'Escape' && typing(event.target) && event.target instanceof HTMLElement) event.target.blur();
  // A radio button is an input, but letters mean nothing to it.
  const radio = event.target instanceof HTMLInputElement && event.target.type === 'radio';
  if ((typing(event.target) && !radio) || taken(event) || event.repeat) return;
  const key = event.key === ' ' ? 'Space' : event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (key === '?') {
    event.preventDefault();
    board.open = !board.open;
    return;
  }
  if (board.open) {
    // The dialog closes by itself, but tells of it later: the next key may be there before.
    if (key === 'Escape') board.open = false;
    return;
  }
  const both = performance.now() - firstAt < SEQUENCE_MS ? `${first} ${key}` : key;
  const all = board.groups.flatMap((group) => group.shortcuts);
  const hit = all.find((shortcut) => shortcut.keys === both) ?? all.find((shortcut) => shortcut.keys === key);
  first = key;
  firstAt = performance.now();
  if (!hit) return;
  event.preventDefault();
  hit.run();
});
