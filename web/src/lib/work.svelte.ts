import { api } from './api';
import type { Correction, DeskSettings, KnownEntry } from './contract';

const SAVE_AFTER_MS = 700;
const ASK_AFTER_MS = 250;

/** What the configuration lets agents choose from. Fetched once; a desk without it still works. */
export class Settings {
  value = $state.raw<DeskSettings>({ away_reasons: [], dispositions: [], service_level_s: 20 });

  /** Fits `$effect`. */
  start(): void {
    api.desk().then(
      (settings) => (this.value = settings),
      () => undefined,
    );
  }
}

/** An agent's notes on one call: saved by themselves a moment after the last key. */
export class Notebook {
  text = $state('');
  disposition = $state<string | null>(null);
  state = $state<'saved' | 'typing' | 'saving' | 'failed'>('saved');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #touched = false;

  constructor(
    readonly call: string,
    readonly agent: string,
  ) {}

  /** Fits `$effect`: reads what is there; what was typed is saved when the page goes away. */
  start(): () => void {
    api.notes(this.call).then(
      ({ notes }) => {
        const mine = notes.find((one) => one.agent === this.agent);
        if (!mine || this.#touched) return;
        this.text = mine.text;
        this.disposition = mine.disposition;
      },
      () => undefined,
    );
    return () => {
      if (this.state === 'typing') void this.save();
    };
  }

  write(text: string): void {
    this.text = text;
    this.#soon();
  }

  choose(disposition: string): void {
    this.disposition = disposition;
    this.#soon();
  }

  async save(): Promise<void> {
    clearTimeout(this.#timer);
    this.state = 'saving';
    try {
      await api.putNotes(this.call, this.agent, this.text, this.disposition);
      if (this.state === 'saving') this.state = 'saved';
    } catch {
      this.state = 'failed';
    }
  }

  #soon(): void {
    this.#touched = true;
    this.state = 'typing';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.save(), SAVE_AFTER_MS);
  }
}

/** Looks into a flow's knowledge: for the agent who asks, and for what the caller says. The last question counts. */
export class Answers {
  question = $state('');
  entries = $state.raw<KnownEntry[]>([]);
  state = $state<'idle' | 'asking' | 'failed'>('idle');
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked = 0;

  constructor(
    readonly flow: string,
    readonly most: number,
    /** Weaker matches are left out. */
    readonly least = 0,
  ) {}

  ask(question: string, pauseMs = ASK_AFTER_MS): void {
    this.question = question;
    clearTimeout(this.#timer);
    if (question.trim() === '') {
      this.#asked += 1;
      this.entries = [];
      this.state = 'idle';
      return;
    }
    this.state = 'asking';
    this.#timer = setTimeout(() => void this.#fetch(question), pauseMs);
  }

  async #fetch(question: string): Promise<void> {
    this.#asked += 1;
    const mine = this.#asked;
    try {
      const { entries } = await api.knowledge(this.flow, question, this.most);
      if (mine !== this.#asked) return;
      this.entries = entries.filter((one) => (one.score ?? 1) >= this.least);
      this.state = 'idle';
    } catch {
      if (mine === this.#asked) this.state = 'failed';
    }
  }
}

/** The corrections of one call. */
export class Corrections {
  made = $state.raw<Correction[]>([]);
  sending = $state(false);
  failed = $state(false);

  constructor(
    readonly call: string,
    readonly agent: string,
  ) {}

  /** Fits `$effect`. */
  start(): void {
    api.corrections(this.call).then(
      ({ corrections }) => (this.made = corrections),
      () => undefined,
    );
  }

  of(seq: number): Correction | null {
    return this.made.find((one) => one.seq === seq) ?? null;
  }

  /** True if the gateway has it. */
  async add(seq: number, shouldSay: string, shouldMean: string): Promise<boolean> {
    this.sending = true;
    this.failed = false;
    try {
      const made = await api.correct(this.call, { agent: this.agent, seq, should_say: shouldSay || null, should_mean: shouldMean || null });
      this.made = [made, ...this.made];
      return true;
    } catch {
      this.failed = true;
      return false;
    } finally {
      this.sending = false;
    }
  }
}
