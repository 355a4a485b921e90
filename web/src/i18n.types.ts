export type { Stage } from './lib/view';
export type { Theme } from './lib/theme.svelte';
export type FactSource = import('./lib/contract').Fact['source'];
