import { Phone, type Target } from './phone';

/** The telephone of our own pages: what it says is reactive. */
export class PagePhone {
  #turn = $state(0);
  readonly #phone = new Phone('', () => (this.#turn += 1));

  /** Read this in a template or an effect: it follows every change. */
  get now(): Phone {
    void this.#turn;
    return this.#phone;
  }

  call(target: Target): void {
    void this.#phone.call(target);
  }

  /** Fits `$effect`: a page that goes away hangs up. */
  start(): () => void {
    return () => this.#phone.hangUp();
  }
}
