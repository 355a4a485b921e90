/** How the page calls: a sound, and a notification of the system. Browsers ask the person first, so both are switched on by a press. */

const KEY = 'warmline.ring';
const BURST_S = 0.9;
const PERIOD_MS = 2_600;
const LOUDNESS = 0.16;
const TONES = [523.25, 659.25];

function stored(): boolean {
  try {
    return localStorage.getItem(KEY) !== 'silent';
  } catch {
    return true;
  }
}

export class Ring {
  sound = $state(stored());
  notifies = $state(typeof Notification !== 'undefined' && Notification.permission === 'granted');
  /** The system can be asked to show notifications. */
  readonly canNotify = typeof Notification !== 'undefined' && Notification.permission !== 'denied';
  #context: AudioContext | null = null;
  #timer: ReturnType<typeof setInterval> | undefined;
  #notice: Notification | null = null;

  /** Begins to call. Call the result to stop (fits `$effect`). */
  start(title: string, text: string): () => void {
    if (this.sound) {
      this.#burst();
      this.#timer = setInterval(() => this.#burst(), PERIOD_MS);
    }
    if (this.notifies) {
      try {
        this.#notice = new Notification(title, { body: text, tag: 'warmline-call', requireInteraction: true });
        this.#notice.onclick = () => {
          window.focus();
          this.#notice?.close();
        };
      } catch {
        // Some telephones have no notifications of pages: the page itself still rings.
      }
    }
    return () => {
      clearInterval(this.#timer);
      this.#notice?.close();
      this.#notice = null;
    };
  }

  setSound(on: boolean): void {
    this.sound = on;
    if (on) this.#burst();
    try {
      localStorage.setItem(KEY, on ? 'sound' : 'silent');
    } catch {
      // Not stored: it holds until the page is closed.
    }
  }

  async askToNotify(): Promise<void> {
    this.notifies = (await Notification.requestPermission()) === 'granted';
  }

  /** Two soft tones. Where the browser wants a press before it plays anything, this is silent and nothing else happens. */
  #burst(): void {
    this.#context ??= new AudioContext();
    const context = this.#context;
    if (context.state === 'suspended') void context.resume();
    TONES.forEach((hertz, index) => {
      const from = context.currentTime + index * BURST_S * 0.45;
      const tone = context.createOscillator();
      const gain = context.createGain();
      tone.frequency.value = hertz;
      gain.gain.setValueAtTime(0, from);
      gain.gain.linearRampToValueAtTime(LOUDNESS, from + 0.02);
      gain.gain.exponentialRampToValueAtTime(0.001, from + BURST_S);
      tone.connect(gain).connect(context.destination);
      tone.start(from);
      tone.stop(from + BURST_S);
    });
  }
}
