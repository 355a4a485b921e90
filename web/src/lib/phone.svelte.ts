import { Phone, type PhoneDevice, type PhoneProblem, type PhoneState, type Target } from './phone';

/** The telephone of our own pages: everything that can be read of it is reactive. */
export class PagePhone {
  #turn = $state(0);
  readonly #phone = new Phone('', () => (this.#turn += 1));

  get state(): PhoneState {
    return this.#now.state;
  }

  get problem(): PhoneProblem | null {
    return this.#now.problem;
  }

  get busy(): boolean {
    return this.#now.busy;
  }

  get muted(): boolean {
    return this.#now.muted;
  }

  get levels(): { mine: number; theirs: number } {
    return this.#now.levels;
  }

  get started(): number {
    return this.#now.started;
  }

  get microphones(): PhoneDevice[] {
    return this.#now.microphones;
  }

  get loudspeakers(): PhoneDevice[] {
    return this.#now.loudspeakers;
  }

  call(target: Target): void {
    void this.#phone.call(target);
  }

  hangUp(): void {
    this.#phone.hangUp();
  }

  mute(on: boolean): void {
    this.#phone.mute(on);
  }

  press(key: string): void {
    this.#phone.press(key);
  }

  useMicrophone(id: string): void {
    void this.#phone.useMicrophone(id);
  }

  useLoudspeaker(id: string): void {
    void this.#phone.useLoudspeaker(id);
  }

  /** Fits `$effect`: a page that goes away hangs up. */
  start(): () => void {
    return () => this.#phone.hangUp();
  }

  get #now(): Phone {
    void this.#turn;
    return this.#phone;
  }
}
