/** The look at microphone, loudspeaker and network before the first call. */

import { url } from './api';

export type Verdict = 'unknown' | 'running' | 'good' | 'poor' | 'bad';

const KEY = 'warmline.devices';
const LISTEN_MS = 6_000;
/** A voice at a headset is well above this. */
const HEARD = 0.02;
const TRIES = 6;
/** Round trips that calls can live with. */
const GOOD_MS = 150;
const POOR_MS = 400;
const TONE_S = 0.7;

/** Was it done on this machine? */
export function checked(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

export class DeviceCheck {
  microphone = $state<Verdict>('unknown');
  loudspeaker = $state<Verdict>('unknown');
  network = $state<Verdict>('unknown');
  level = $state(0);
  roundTripMs = $state<number | null>(null);
  #stop: (() => void) | null = null;

  get done(): boolean {
    return [this.microphone, this.loudspeaker, this.network].every((one) => one === 'good' || one === 'poor');
  }

  /** Listens until somebody is heard, or for some seconds. */
  async listen(): Promise<void> {
    this.end();
    this.microphone = 'running';
    let stream: MediaStream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ audio: true });
    } catch {
      this.microphone = 'bad';
      return;
    }
    const context = new AudioContext();
    const ear = context.createAnalyser();
    ear.fftSize = 1_024;
    context.createMediaStreamSource(stream).connect(ear);
    const samples = new Float32Array(ear.fftSize);
    let loudest = 0;
    const timer = setInterval(() => {
      ear.getFloatTimeDomainData(samples);
      const power = Math.sqrt(samples.reduce((sum, one) => sum + one * one, 0) / samples.length);
      this.level = Math.min(1, power * 6);
      loudest = Math.max(loudest, power);
      if (loudest > HEARD) this.microphone = 'good';
    }, 80);
    const limit = setTimeout(() => this.end(), LISTEN_MS);
    this.#stop = () => {
      clearInterval(timer);
      clearTimeout(limit);
      stream.getTracks().forEach((track) => track.stop());
      void context.close();
      this.level = 0;
      if (this.microphone === 'running') this.microphone = 'poor';
    };
  }

  /** Plays a tone; whoever hears it says so. */
  play(): void {
    this.loudspeaker = 'running';
    const context = new AudioContext();
    const tone = context.createOscillator();
    const gain = context.createGain();
    tone.frequency.value = 440;
    gain.gain.setValueAtTime(0.2, context.currentTime);
    gain.gain.exponentialRampToValueAtTime(0.001, context.currentTime + TONE_S);
    tone.connect(gain).connect(context.destination);
    tone.onended = () => void context.close();
    tone.start();
    tone.stop(context.currentTime + TONE_S);
  }

  heard(yes: boolean): void {
    this.loudspeaker = yes ? 'good' : 'bad';
  }

  /** Asks the gateway a few times how long a word takes. */
  async measure(): Promise<void> {
    this.network = 'running';
    const times: number[] = [];
    for (let left = TRIES; left > 0; left -= 1) {
      const from = performance.now();
      try {
        const answer = await fetch(url.health, { cache: 'no-store' });
        if (!answer.ok) throw new Error('not well');
        await answer.text();
      } catch {
        this.network = 'bad';
        return;
      }
      times.push(performance.now() - from);
    }
    times.sort((a, b) => a - b);
    // The first one may have opened the connection: the middle one says how it is.
    this.roundTripMs = Math.round(times[Math.floor(times.length / 2)] ?? 0);
    this.network = this.roundTripMs <= GOOD_MS ? 'good' : this.roundTripMs <= POOR_MS ? 'poor' : 'bad';
  }

  end(): void {
    this.#stop?.();
    this.#stop = null;
  }

  keep(): void {
    this.end();
    try {
      localStorage.setItem(KEY, new Date().toISOString());
    } catch {
      // Not stored: it is asked for again next time.
    }
  }
}
