import { url } from './api';

/** Plays short stretches of a call's recording, one at a time; also of a call that still goes on. */
export class Clip {
  /** The stretch that plays, as `from-to`. */
  playing = $state<string | null>(null);
  /** Nothing of the last wanted stretch could be heard. */
  failed = $state(false);
  #audio: HTMLAudioElement | null = null;

  constructor(readonly call: string) {}

  /** Plays a stretch; the one that plays already is stopped instead. A little before and after it belongs to it, or its first sound is lost. */
  toggle(from: number, to: number): void {
    const key = Clip.key(from, to);
    const same = this.playing === key;
    this.stop();
    if (same) return;
    this.failed = false;
    this.playing = key;
    const audio = new Audio(url.stretch(this.call, Math.max(0, from - LEAD_MS), to + TAIL_MS));
    this.#audio = audio;
    const over = (failed: boolean): void => {
      if (this.#audio !== audio) return;
      this.failed = failed;
      this.stop();
    };
    audio.onended = () => over(false);
    audio.onerror = () => over(true);
    void audio.play().catch(() => over(true));
  }

  /** Fits `$effect`: call it when the page goes away. */
  stop(): void {
    const audio = this.#audio;
    this.#audio = null;
    this.playing = null;
    audio?.pause();
  }

  static key(from: number, to: number): string {
    return `${from}-${to}`;
  }
}

const LEAD_MS = 250;
const TAIL_MS = 350;
