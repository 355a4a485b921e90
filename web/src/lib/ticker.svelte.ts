import { gatewayNow } from './api';

/** The gateway's time, four times a second while a component reads it. */
export class Ticker {
  now = $state(gatewayNow());

  /** Fits `$effect`: starts, and returns the stop. */
  start(): () => void {
    this.now = gatewayNow();
    const timer = setInterval(() => {
      this.now = gatewayNow();
    }, 250);
    return () => clearInterval(timer);
  }
}
