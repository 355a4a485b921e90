import { locale, t } from '../i18n';
import type { CallHead } from './contract';

const NONE = '–';

/** `75_300` → "1:15", from an hour on "1:02:03". */
export function clock(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  const all = Math.max(0, Math.floor(ms / 1000));
  const seconds = String(all % 60).padStart(2, '0');
  const minutes = Math.floor(all / 60) % 60;
  const hours = Math.floor(all / 3600);
  return hours > 0 ? `${hours}:${String(minutes).padStart(2, '0')}:${seconds}` : `${minutes}:${seconds}`;
}

/** A stretch of time for reading: "640 ms", "2.4 s", "1 min 15 s". */
export function span(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return NONE;
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  if (ms < 10_000) return `${(ms / 1_000).toLocaleString(locale, { maximumFractionDigits: 1 })} s`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  const minutes = Math.floor(ms / 60_000);
  const seconds = Math.round((ms % 60_000) / 1_000);
  return seconds === 0 ? `${minutes} min` : `${minutes} min ${seconds} s`;
}

export function percent(value: number): string {
  return value.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 0 });
}

export function score(value: number): string {
  return value.toLocaleString(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 });
}

/** "14:05" today, "Fri 14:05" this week, "3 Nov, 14:05" before. */
export function when(iso: string, now: number): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  const time = date.toLocaleTimeString(locale, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });
  const midnight = new Date(now).setHours(0, 0, 0, 0);
  if (date.getTime() >= midnight) return time;
  if (date.getTime() >= midnight - 6 * 86_400_000) return `${date.toLocaleDateString(locale, { weekday: 'short' })} ${time}`;
  return `${date.toLocaleDateString(locale, { day: 'numeric', month: 'short' })}, ${time}`;
}

/** "2026-11-24" → "Tuesday, 24 November 2026"; none for anything else. */
export function date(text: string): string | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return null;
  const day = new Date(`${text}T00:00:00Z`);
  return Number.isNaN(day.getTime()) ? null : day.toLocaleDateString(locale, { dateStyle: 'full', timeZone: 'UTC' });
}

export function fullDate(iso: string): string {
  const date = new Date(iso);
  if (Number.isNaN(date.getTime())) return iso;
  return date.toLocaleString(locale, { dateStyle: 'full', timeStyle: 'medium', hourCycle: 'h23' });
}

/** A number or address as a person reads it: without `sip:` and, for numbers, without the host. */
export function address(text: string): string {
  const bare = text.replace(/^sips?:/, '');
  const user = bare.split('@')[0] ?? bare;
  if (/^(anonymous)?$/i.test(user)) return t.withheld;
  return /^\+?\d[\d ]*$/.test(user) ? user : bare;
}

/** Who calls, in the best words that there are. */
export function callerName(head: Pick<CallHead, 'caller' | 'caller_name'>): string {
  return head.caller_name?.trim() || address(head.caller);
}

/** `order_status` → "order status": names of the flow are shown as they are written, without underscores. */
export function words(name: string): string {
  return name.replaceAll('_', ' ');
}

export function capital(text: string): string {
  return text.charAt(0).toLocaleUpperCase(locale) + text.slice(1);
}
