import { api, ApiError, url } from './api';
import type { AgentRow, Callback, CallHead, Voicemail, Wall } from './contract';
import { stream } from './stream.svelte';

/** Agents change with calls, and by themselves: however much happens, this is often enough. */
const SOON_MS = 400;
const AGENTS_MS = 4_000;
const FIGURES_MS = 15_000;

export interface QueueRow {
  name: string;
  waiting: CallHead[];
  /** Milliseconds that the first one has waited. */
  longestMs: number;
  /** Calls that its agents would take now, of those that they take at once. */
  free: number;
  agents: number;
}

/** Everything that goes on: calls by their stream, agents as they change, figures of the day. */
export class WallStore {
  heads = $state.raw<ReadonlyMap<string, CallHead>>(new Map());
  agents = $state.raw<AgentRow[] | null>(null);
  wall = $state.raw<Wall | null>(null);
  /** Those who wait for a callback, the longest first. */
  callbacks = $state.raw<Callback[]>([]);
  /** Messages that nobody has dealt with, the oldest first. */
  messages = $state.raw<Voicemail[]>([]);
  error = $state.raw<ApiError | null>(null);

  readonly live = $derived([...this.heads.values()].filter((head) => head.state === 'live'));
  readonly waiting = $derived(this.live.filter((head) => head.owner.who === 'queue'));
  readonly talking = $derived(this.live.filter((head) => head.owner.who === 'agent'));
  readonly withBot = $derived(this.live.filter((head) => head.owner.who === 'bot'));

  /** Fits `$effect`. */
  start(): () => void {
    let soon: ReturnType<typeof setTimeout> | undefined;
    const later = (): void => {
      soon ??= setTimeout(() => {
        soon = undefined;
        void this.#agents();
      }, SOON_MS);
    };
    const stop = stream(url.events, {
      onlyVisible: true,
      on: {
        call: (data) => {
          const head = data as CallHead;
          const next = new Map(this.heads);
          if (head.state === 'live') next.set(head.id, head);
          else next.delete(head.id);
          this.heads = next;
          later();
        },
      },
      opened: () => void this.load(),
      // What ended meanwhile would stay: the stream goes on with all that there is.
      reload: () => (this.heads = new Map()),
    });
    const agents = setInterval(() => void this.#agents(), AGENTS_MS);
    const figures = setInterval(() => void this.#figures(), FIGURES_MS);
    return () => {
      stop();
      clearTimeout(soon);
      clearInterval(agents);
      clearInterval(figures);
    };
  }

  async load(): Promise<void> {
    await Promise.all([this.#agents(), this.#figures()]);
  }

  async #agents(): Promise<void> {
    try {
      this.agents = (await api.agents()).agents;
      this.error = null;
    } catch (error) {
      if (error instanceof ApiError && this.agents === null) this.error = error;
    }
  }

  async #figures(): Promise<void> {
    // Since midnight where the wall hangs.
    const minutes = Math.max(1, Math.ceil((Date.now() - new Date().setHours(0, 0, 0, 0)) / 60_000));
    try {
      [this.wall, { callbacks: this.callbacks }, { voicemails: this.messages }] = await Promise.all([api.figures(minutes), api.callbacks(), api.voicemails()]);
    } catch {
      // The figures of before stand; what is live is live.
    }
  }

  /** Somebody has called them. */
  called(callback: Callback): Promise<void> {
    return this.#off(api.closeCallback(callback.id));
  }

  /** Somebody has dealt with a message. */
  dealtWith(message: Voicemail): Promise<void> {
    return this.#off(api.closeVoicemail(message));
  }

  async #off(list: Promise<void>): Promise<void> {
    try {
      await list;
    } catch (error) {
      // Off the list already, or being placed just now: the list says which.
      if (!(error instanceof ApiError)) throw error;
    }
    await this.#figures();
  }

  queues(now: number): QueueRow[] {
    const names = new Set<string>();
    for (const agent of this.agents ?? []) for (const queue of agent.queues) names.add(queue);
    for (const head of this.waiting) if (head.owner.who === 'queue') names.add(head.owner.queue);
    const row = (name: string): QueueRow => {
      const waiting = this.waiting.filter((head) => head.owner.who === 'queue' && head.owner.queue === name);
      const agents = (this.agents ?? []).filter((agent) => agent.queues.includes(name));
      const there = agents.filter((agent) => agent.state !== 'away' && agent.state !== 'closed');
      const longestMs = Math.max(0, ...waiting.map((head) => waited(head, now)));
      return { name, waiting, longestMs, free: lines(agents, 'free'), agents: lines(there, 'capacity') };
    };
    return [...names].map(row).sort((a, b) => b.longestMs - a.longestMs || b.waiting.length - a.waiting.length || a.name.localeCompare(b.name));
  }
}

/** Calls that these agents would take now, or take at once. */
export function lines(agents: AgentRow[], which: 'free' | 'capacity'): number {
  return agents.reduce((sum, agent) => sum + agent[which], 0);
}

/** Since the caller has been where they are. */
export function waited(head: CallHead, now: number): number {
  return Math.max(0, now - Date.parse(head.owner_since ?? head.started));
}
