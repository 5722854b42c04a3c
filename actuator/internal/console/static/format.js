// SPDX-License-Identifier: Apache-2.0
// Numbers and times as people read them.

const integer = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** 12345 -> "12,345". */
export const count = (n) => integer.format(n ?? 0);

/** A number with about three digits. */
function short(n) {
  if (n >= 100) return integer.format(n);
  if (n >= 10) return n.toFixed(1);
  return n.toFixed(n >= 1 || n === 0 ? 1 : 2);
}

/** Calls a second: "12.3/s". */
export const rate = (n) => (n === null || n === undefined ? '–' : `${short(n)}/s`);

/** A share 0..1: "2.5 %". */
export function percent(share) {
  if (share === null || share === undefined) return '–';
  const p = share * 100;
  if (p === 0) return '0 %';
  return `${p < 10 ? p.toFixed(1) : p.toFixed(0)} %`;
}

/** Seconds as a latency: "850 µs", "12.3 ms", "1.20 s". */
export function latency(seconds) {
  if (seconds === null || seconds === undefined) return '–';
  if (seconds < 0.001) return `${(seconds * 1e6).toFixed(0)} µs`;
  if (seconds < 1) return `${trim(seconds * 1000)} ms`;
  return `${seconds.toFixed(seconds < 10 ? 2 : 1)} s`;
}

function trim(ms) {
  if (ms < 10) return ms.toFixed(1);
  return ms.toFixed(0);
}

/** Milliseconds of a start-up step: "3 µs", "12.3 ms", "1.20 s". */
export function millis(ms) {
  if (ms === null || ms === undefined) return '–';
  if (ms >= 1000) return `${(ms / 1000).toFixed(2)} s`;
  if (ms >= 100) return `${ms.toFixed(0)} ms`;
  if (ms >= 1) return `${ms.toFixed(1)} ms`;
  return `${(ms * 1000).toFixed(ms < 0.01 && ms > 0 ? 1 : 0)} µs`;
}

/** A span of seconds: "14 s", "3 min 05 s", "2 h 10 min", "4 d 3 h". */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${pad(s % 60)} s`;
  if (s < 86400) return `${Math.floor(s / 3600)} h ${pad(Math.floor((s % 3600) / 60))} min`;
  return `${Math.floor(s / 86400)} d ${Math.floor((s % 86400) / 3600)} h`;
}

const pad = (n) => String(n).padStart(2, '0');

/** Seconds since the epoch as the time of day, "10:31:02". */
export const timeOfDay = (at) => clock.format(new Date(at * 1000));

/** The same with milliseconds, "10:31:02.123". */
export const preciseTime = (at) => `${timeOfDay(at)}.${String(Math.floor((at % 1) * 1000)).padStart(3, '0')}`;

/** Seconds since the epoch of an ISO time. */
export const epoch = (iso) => {
  const ms = Date.parse(iso ?? '');
  return Number.isNaN(ms) ? null : ms / 1000;
};

const units = { h: 3600, m: 60, s: 1, ms: 1e-3, µs: 1e-6, ns: 1e-9 };

/** Seconds of a duration as Go writes it, "1m29.5s". */
export function secondsOf(duration) {
  let sum = 0;
  for (const [, n, unit] of duration.matchAll(/([\d.]+)(h|ms|m|s|µs|ns)/g)) sum += n * units[unit];
  return sum;
}
