/** Plays a recording: the caller is its left channel, everything the caller heard its right one. */

export type Channels = 'both' | 'caller' | 'heard';

export class Player {
  /** Position on the call's timeline, in milliseconds. */
  timeMs = $state(0);
  durationMs = $state(0);
  playing = $state(false);
  ready = $state(false);
  failed = $state(false);
  rate = $state(1);
  channels = $state<Channels>('both');
  /** Something was played or sought: from here on the transcript follows. */
  touched = $state(false);

  #element: HTMLAudioElement | null = null;
  #gains: [GainNode, GainNode] | null = null;
  #context: AudioContext | null = null;
  #frame = 0;

  /** Fits a Svelte attachment. */
  attach = (element: HTMLAudioElement): (() => void) => {
    this.#element = element;
    const read = (): void => {
      this.timeMs = element.currentTime * 1000;
      this.playing = !element.paused && !element.ended;
      if (Number.isFinite(element.duration)) this.durationMs = element.duration * 1000;
    };
    const loop = (): void => {
      read();
      this.#frame = this.playing ? requestAnimationFrame(loop) : 0;
    };
    const wake = (): void => {
      read();
      if (this.#frame === 0 && this.playing) this.#frame = requestAnimationFrame(loop);
    };
    element.onloadedmetadata = () => {
      this.ready = true;
      this.failed = false;
      read();
    };
    element.onplay = wake;
    element.onpause = read;
    element.onended = read;
    element.onseeked = read;
    element.ondurationchange = read;
    element.onerror = () => {
      this.failed = true;
      this.ready = false;
    };
    return () => {
      cancelAnimationFrame(this.#frame);
      this.#frame = 0;
      element.pause();
      void this.#context?.close();
      this.#element = null;
      this.#context = null;
      this.#gains = null;
    };
  };

  toggle(): void {
    const element = this.#element;
    if (!element || this.failed) return;
    this.touched = true;
    if (element.paused) void element.play().catch(() => (this.failed = true));
    else element.pause();
  }

  seek(ms: number): void {
    const to = Math.max(0, this.durationMs > 0 ? Math.min(ms, this.durationMs - 50) : ms);
    this.touched = true;
    this.timeMs = to;
    if (this.#element) this.#element.currentTime = to / 1000;
  }

  /** Plays from `ms`. */
  playFrom(ms: number): void {
    this.seek(ms);
    if (this.#element?.paused) this.toggle();
  }

  setRate(rate: number): void {
    this.rate = rate;
    if (this.#element) this.#element.playbackRate = rate;
  }

  setChannels(channels: Channels): void {
    this.channels = channels;
    if (channels !== 'both') this.#wire();
    if (!this.#gains) return;
    this.#gains[0].gain.value = channels === 'heard' ? 0 : 1;
    this.#gains[1].gain.value = channels === 'caller' ? 0 : 1;
  }

  /** The audio graph is only built for somebody who wants one side: plain playback needs none. */
  #wire(): void {
    if (this.#gains || !this.#element) return;
    const context = new AudioContext();
    const source = context.createMediaElementSource(this.#element);
    const splitter = context.createChannelSplitter(2);
    const left = context.createGain();
    const right = context.createGain();
    source.connect(splitter);
    splitter.connect(left, 0);
    splitter.connect(right, 1);
    // Both sides go to both ears: one side alone in one ear is tiring.
    left.connect(context.destination);
    right.connect(context.destination);
    this.#context = context;
    this.#gains = [left, right];
    void context.resume();
  }
}
