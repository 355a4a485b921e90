import { api, ApiError } from './api';
import type { SupervisionMode } from './contract';
import { PagePhone } from './phone.svelte';

export type Follows = Exclude<SupervisionMode, 'end'>;

/** One conversation that whoever looks at the page follows: on the page's own telephone, or on theirs. */
export class Supervising {
  readonly phone = new PagePhone();
  call = $state<string | null>(null);
  mode = $state<Follows>('listen');
  onDeskPhone = $state(false);
  problem = $state<'no_conversation' | 'no_phone' | 'failed' | null>(null);

  /** Begins to follow a conversation, or follows it in another way. */
  async follow(call: string, mode: Follows): Promise<void> {
    if (this.call !== null && this.call !== call) await this.end();
    const begins = this.call === null;
    [this.call, this.mode, this.problem] = [call, mode, null];
    try {
      await api.supervise(call, mode, this.onDeskPhone ? 'desk_phone' : 'page');
    } catch (error) {
      const code = error instanceof ApiError ? error.code : '';
      this.problem = code === 'no_conversation' || code === 'no_phone' ? code : 'failed';
      if (begins) this.call = null;
      return;
    }
    if (this.onDeskPhone) return;
    if (begins) this.phone.call({ supervisor: true });
    // Nobody hears whoever listens; their own microphone is off besides.
    this.phone.mute(mode === 'listen');
  }

  async end(): Promise<void> {
    const call = this.call;
    this.call = null;
    this.phone.hangUp();
    if (call !== null) await api.supervise(call, 'end', 'page').catch(() => undefined);
  }

  /** Fits `$effect`: a page that goes away hears nothing more. */
  start(): () => void {
    return () => void this.end();
  }
}
