/**
 * The call button for other sites: `<script src="https://gateway/widget.js" data-to="support" async></script>`.
 * It lives in a shadow root, so that neither side's styles reach the other.
 */
import { t } from './i18n';
import { Phone } from './lib/phone';

const script = document.currentScript as HTMLScriptElement | null;

const STYLE = `
  :host { all: initial; }
  .box { position: fixed; inset-block-end: 20px; inset-inline-end: 20px; z-index: 2147483000; display: flex; gap: 8px; align-items: center;
    font: 500 15px/1.3 system-ui, sans-serif; color: #10231f; }
  button { flex: none; min-height: 48px; padding: 0 20px; border: 0; border-radius: 24px; font: inherit; cursor: pointer; background: #0f766e; color: #fff; }
  button:focus-visible, .said:focus-visible { outline: 3px solid #f59e0b; outline-offset: 2px; }
  .end { background: #b42318; }
  .mute { background: #fff; color: #10231f; border: 1px solid #cbd5d1; }
  .said { padding: 8px 14px; border-radius: 18px; background: #fff; box-shadow: 0 2px 14px #0002; }
  .said:empty { display: none; }
`;

function button(text: string, name: string, press: () => void): HTMLButtonElement {
  const element = document.createElement('button');
  element.type = 'button';
  element.className = name;
  element.textContent = text;
  element.addEventListener('click', press);
  return element;
}

function mount(base: string, to: string): void {
  const host = document.createElement('warmline-call');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];
  const box = document.createElement('div');
  box.className = 'box';
  const said = document.createElement('span');
  said.className = 'said';
  said.setAttribute('role', 'status');
  said.tabIndex = -1;
  const of = t.phone;
  const phone = new Phone(base, () => draw());
  const call = button(of.call, 'call', () => void phone.call({ to }));
  const mute = button(of.mute, 'mute', () => phone.mute(!phone.muted));
  const end = button(of.hangUp, 'end', () => phone.hangUp());
  let shown = '';
  const draw = () => {
    const text = phone.problem ? of.problems[phone.problem] : phone.state === 'idle' ? '' : of.states[phone.state];
    const key = `${phone.state} ${phone.problem} ${phone.muted}`;
    // The level changes all the time, the box does not.
    if (key === shown) return;
    shown = key;
    host.dataset['state'] = phone.state;
    said.textContent = text;
    mute.textContent = phone.muted ? of.unmute : of.mute;
    const focused = root.activeElement as HTMLElement | null;
    box.replaceChildren(said, ...(phone.busy ? [...(phone.state === 'talking' ? [mute] : []), end] : [call]));
    // Whoever uses the keyboard stays here. Not on the button that comes in place of theirs: a key that is held would press it.
    if (focused) (focused.isConnected ? focused : said).focus();
  };
  root.append(box);
  draw();
  document.body.append(host);
}

if (script) {
  const base = new URL(script.src).origin;
  const to = script.dataset['to'] ?? 'support';
  if (document.body) mount(base, to);
  else addEventListener('DOMContentLoaded', () => mount(base, to));
}
