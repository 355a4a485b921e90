// When things happened on an agent's page, by the machine's clock.

/** Notes for each call when its card's event came and when the card was on the screen (`window.__noted.cards`), and when a key was pressed last. A page that
 *  has a function `__shown` is told of cards. */
export const NOTED = `
  window.__noted = { cards: {} };
  const now = () => performance.timeOrigin + performance.now();
  let rings = null;
  const Source = window.EventSource;
  window.EventSource = class extends Source {
    constructor(...all) {
      super(...all);
      this.addEventListener('card', ({ data }) => {
        const { step, call } = JSON.parse(data);
        if (step !== 'ringing' || window.__noted.cards[call.id]) return;
        window.__noted.cards[call.id] = { came: now() };
        rings = call.id;
      });
    }
  };
  new MutationObserver(() => {
    if (rings === null || document.querySelector('article [data-step=ringing]') === null) return;
    const call = rings;
    rings = null;
    // The second frame is begun when the first one is on the screen.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      performance.mark('card ' + call);
      window.__noted.cards[call].shown = now();
      window.__shown?.(call, now());
    }));
  }).observe(document, { subtree: true, childList: true, attributes: true });
  addEventListener('keydown', () => (window.__noted.key = now()), true);
`;
