/** A telephone in a page: microphone, loudspeaker and one call over WebRTC. No framework, so that the call button of other sites uses it too. */

export type PhoneState = 'idle' | 'asking' | 'calling' | 'talking' | 'reconnecting' | 'ended' | 'failed';

/** Why a call did not come about, in a word for the page's texts. */
export type PhoneProblem = 'microphone' | 'unreachable' | 'busy' | 'nobody' | 'refused' | 'lost';

export interface PhoneDevice {
  id: string;
  name: string;
}

interface Token {
  token: string;
  ice_servers: RTCIceServer[];
}

interface Begun {
  id: string;
  sdp: string;
}

/** Voices need no more, and an agent's headset must not hear itself. */
const CONSTRAINTS: MediaTrackConstraints = { echoCancellation: true, noiseSuppression: true, autoGainControl: true, channelCount: 1 };

/** Without a way to the gateway for this long the call is lost. */
const LOST_MS = 15_000;
const LEVEL_MS = 60;

class Refused extends Error {
  constructor(readonly problem: PhoneProblem) {
    super(problem);
  }
}

/** A page that is to ring may not do so yet: it is asked this often, and so many times. */
const RING_EVERY_MS = 250;
const RING_TRIES = 20;

/** Where a call begins: a caller's call, or an agent who takes the one that rings. `supervisor`: what rings here because a conversation is to be followed; it may
 *  take a moment until it does. */
export type Target = { to: string; name?: string } | { agent: string } | { supervisor: true };

export class Phone {
  state: PhoneState = 'idle';
  problem: PhoneProblem | null = null;
  muted = false;
  /** Between 0 and 1: what the microphone hears, and what comes back. */
  levels = { mine: 0, theirs: 0 };
  microphones: PhoneDevice[] = [];
  loudspeakers: PhoneDevice[] = [];
  started = 0;

  readonly #base: string;
  readonly #changed: () => void;
  #peer: RTCPeerConnection | null = null;
  #microphone: MediaStream | null = null;
  #audio: HTMLAudioElement | null = null;
  #events: EventSource | null = null;
  #context: AudioContext | null = null;
  #meter: ReturnType<typeof setInterval> | undefined;
  #giveUp: ReturnType<typeof setTimeout> | undefined;
  #call: { id: string; token: string } | null = null;
  #device: string | null = null;
  #speaker: string | null = null;
  #restarting = false;
  #agents = false;

  /** `base` is the gateway's origin, empty for our own pages; `changed` is called whenever something to be shown has changed. */
  constructor(base: string, changed: () => void) {
    this.#base = base;
    this.#changed = changed;
  }

  get busy(): boolean {
    return this.state === 'asking' || this.state === 'calling' || this.state === 'talking' || this.state === 'reconnecting';
  }

  async call(target: Target): Promise<void> {
    if (this.busy) return;
    this.#agents = 'agent' in target;
    this.#set('asking');
    try {
      const microphone = await this.#listen();
      // Whoever hung up before they allowed the microphone does not call.
      if (!this.busy) return stop(microphone);
      this.#take(microphone);
      this.#set('calling');
      await this.#begin(target);
    } catch (error) {
      this.#close('failed', error instanceof Refused ? error.problem : 'unreachable');
    }
  }

  hangUp(): void {
    if (!this.busy) return;
    const call = this.#call;
    this.#close('ended', null);
    // The page may be closing: the request must outlive it.
    if (call) void this.#send('DELETE', `/web-calls/${call.id}`, call.token).catch(() => undefined);
  }

  mute(on: boolean): void {
    this.muted = on;
    this.#obey();
    this.#changed();
  }

  /** Presses a key as a telephone does (RFC 4733). */
  press(key: string): void {
    const sender = this.#peer?.getSenders().find((one) => one.dtmf);
    if (sender?.dtmf?.canInsertDTMF) sender.dtmf.insertDTMF(key, 120, 60);
  }

  async useMicrophone(id: string): Promise<void> {
    this.#device = id;
    if (!this.#microphone) return;
    // One that is gone again leaves the one before.
    const fresh = await this.#listen().catch(() => null);
    const [track] = fresh?.getAudioTracks() ?? [];
    if (!fresh || !track) return;
    track.enabled = !this.muted;
    await this.#peer?.getSenders()[0]?.replaceTrack(track);
    if (!this.busy) return stop(fresh);
    stop(this.#microphone);
    this.#take(fresh);
    this.#measure();
    this.#changed();
  }

  async useLoudspeaker(id: string): Promise<void> {
    this.#speaker = id;
    const audio = this.#audio as (HTMLAudioElement & { setSinkId?: (id: string) => Promise<void> }) | null;
    await audio?.setSinkId?.(id);
    this.#changed();
  }

  /** From now on this is the microphone. */
  #take(stream: MediaStream): void {
    this.#microphone = stream;
    this.#obey();
  }

  /** Muted is muted, whenever it was said: also before there was a microphone, and while another one was being opened. */
  #obey(): void {
    this.#microphone?.getAudioTracks().forEach((track) => (track.enabled = !this.muted));
  }

  async #listen(): Promise<MediaStream> {
    try {
      const audio = this.#device ? { ...CONSTRAINTS, deviceId: { exact: this.#device } } : CONSTRAINTS;
      const stream = await navigator.mediaDevices.getUserMedia({ audio });
      await this.#findDevices();
      return stream;
    } catch {
      throw new Refused('microphone');
    }
  }

  async #findDevices(): Promise<void> {
    const all = await navigator.mediaDevices.enumerateDevices();
    const of = (kind: string) => all.filter((one) => one.kind === kind && one.deviceId !== '').map((one) => ({ id: one.deviceId, name: one.label }));
    this.microphones = of('audioinput');
    this.loudspeakers = of('audiooutput');
  }

  async #begin(target: Target): Promise<void> {
    const { token, ice_servers: iceServers } = await this.#ask<Token>('POST', '/web-calls/token');
    const peer = new RTCPeerConnection({ iceServers, bundlePolicy: 'max-bundle', iceCandidatePoolSize: 0 });
    this.#peer = peer;
    this.#microphone?.getTracks().forEach((track) => this.#microphone && peer.addTrack(track, this.#microphone));
    peer.ontrack = ({ track, streams }) => this.#hear(streams[0] ?? new MediaStream([track]));
    peer.oniceconnectionstatechange = () => this.#connection(peer.iceConnectionState);
    await peer.setLocalDescription(await peer.createOffer());
    const sdp = peer.localDescription?.sdp ?? '';
    const begun = await this.#answer(target, token, sdp);
    this.#call = { id: begun.id, token };
    // Whoever hung up meanwhile does not want the call any more.
    if (this.#peer !== peer) {
      void this.#send('DELETE', `/web-calls/${begun.id}`, token).catch(() => undefined);
      return;
    }
    this.#events = new EventSource(`${this.#base}/api/v1/web-calls/${begun.id}/events`);
    this.#events.addEventListener('ended', () => this.#close('ended', null));
    addEventListener('pagehide', this.#leave);
    addEventListener('online', this.#restart);
    await peer.setRemoteDescription({ type: 'answer', sdp: begun.sdp });
  }

  async #answer(target: Target, token: string, sdp: string): Promise<Begun> {
    if ('to' in target) return this.#ask<Begun>('POST', '/web-calls', token, { to: target.to, name: target.name ?? null, sdp });
    if ('agent' in target) return this.#ask<Begun>('POST', `/agents/${encodeURIComponent(target.agent)}/phone`, token, { sdp });
    for (let tries = 1; ; tries += 1) {
      const answer = await this.#send('POST', '/supervision/phone', token, { sdp });
      if (answer.ok) return (await answer.json()) as Begun;
      if (answer.status !== 409 || tries === RING_TRIES || !this.busy) throw new Refused(problemOf(answer.status));
      await new Promise((resolve) => setTimeout(resolve, RING_EVERY_MS));
    }
  }

  /** A caller who closes the page hangs up. An agent's page that goes away is a mishap: the gateway notices by itself, and finds somebody else. */
  readonly #leave = () => (this.#agents ? this.#close('ended', null) : this.hangUp());

  #hear(stream: MediaStream): void {
    const audio = this.#audio ?? new Audio();
    audio.autoplay = true;
    audio.srcObject = stream;
    this.#audio = audio;
    if (this.#speaker) void this.useLoudspeaker(this.#speaker);
    this.#measure();
  }

  #connection(state: RTCIceConnectionState): void {
    if (state === 'connected' || state === 'completed') {
      clearTimeout(this.#giveUp);
      if (this.started === 0) this.started = Date.now();
      this.#set('talking');
    } else if ((state === 'disconnected' || state === 'failed') && this.busy) {
      this.#set('reconnecting');
      clearTimeout(this.#giveUp);
      this.#giveUp = setTimeout(() => this.#close('failed', 'lost'), LOST_MS);
      this.#restart();
    }
  }

  /** Another network: new names and candidates for the same call (RFC 8445 §9). */
  readonly #restart = () => {
    const [peer, call] = [this.#peer, this.#call];
    if (!peer || !call || this.#restarting) return;
    this.#restarting = true;
    void (async () => {
      try {
        await peer.setLocalDescription(await peer.createOffer({ iceRestart: true }));
        const { sdp } = await this.#ask<{ sdp: string }>('PATCH', `/web-calls/${call.id}`, call.token, { sdp: peer.localDescription?.sdp ?? '' });
        if (this.#peer === peer) await peer.setRemoteDescription({ type: 'answer', sdp });
      } catch {
        // Still no way out: the browser tells when there is one, and the time limit ends it otherwise.
        if (this.#peer === peer && peer.signalingState === 'have-local-offer') await peer.setLocalDescription({ type: 'rollback' }).catch(() => undefined);
      } finally {
        this.#restarting = false;
      }
    })();
  };

  #measure(): void {
    clearInterval(this.#meter);
    void this.#context?.close();
    const context = new AudioContext();
    this.#context = context;
    const listen = (stream: MediaProvider | null): (() => number) => {
      if (!(stream instanceof MediaStream) || stream.getAudioTracks().length === 0) return () => 0;
      const analyser = context.createAnalyser();
      analyser.fftSize = 512;
      context.createMediaStreamSource(stream).connect(analyser);
      const samples = new Float32Array(analyser.fftSize);
      return () => {
        analyser.getFloatTimeDomainData(samples);
        const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
        // From −60 dB to full scale.
        return Math.min(1, Math.max(0, 1 + (10 * Math.log10(power + 1e-9)) / 60));
      };
    };
    const mine = listen(this.#microphone);
    const theirs = listen(this.#audio?.srcObject ?? null);
    this.#meter = setInterval(() => {
      this.levels = { mine: this.muted ? 0 : mine(), theirs: theirs() };
      this.#changed();
    }, LEVEL_MS);
  }

  #set(state: PhoneState): void {
    this.state = state;
    this.problem = null;
    this.#changed();
  }

  #close(state: 'ended' | 'failed', problem: PhoneProblem | null): void {
    removeEventListener('pagehide', this.#leave);
    removeEventListener('online', this.#restart);
    clearInterval(this.#meter);
    clearTimeout(this.#giveUp);
    this.#events?.close();
    this.#peer?.close();
    if (this.#microphone) stop(this.#microphone);
    if (this.#audio) this.#audio.srcObject = null;
    void this.#context?.close();
    this.#peer = this.#microphone = this.#events = this.#context = null;
    this.#call = null;
    this.started = 0;
    this.muted = false;
    this.levels = { mine: 0, theirs: 0 };
    this.state = state;
    this.problem = problem;
    this.#changed();
  }

  async #ask<T>(method: string, path: string, token?: string, body?: unknown): Promise<T> {
    const answer = await this.#send(method, path, token, body);
    if (!answer.ok) throw new Refused(problemOf(answer.status));
    return (await answer.json()) as T;
  }

  #send(method: string, path: string, token?: string, body: unknown = {}): Promise<Response> {
    const headers: Record<string, string> = { 'content-type': 'application/json' };
    if (token) headers['authorization'] = `Bearer ${token}`;
    return fetch(`${this.#base}/api/v1${path}`, { method, headers, body: JSON.stringify(body), keepalive: true });
  }
}

/** The microphone is off, and the browser shows it. */
function stop(stream: MediaStream): void {
  stream.getTracks().forEach((track) => track.stop());
}

function problemOf(status: number): PhoneProblem {
  if (status === 404 || status === 409) return 'nobody';
  return status === 503 || status === 429 ? 'busy' : 'refused';
}
