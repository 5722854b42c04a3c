// SPDX-License-Identifier: Apache-2.0
// Who is sick, since when, and what the application does about it.

import { latency, percent, span, timeOfDay } from './format.js';

// How bad a breaker's state is.
const weight = { __proto__: null, open: 5, 'half-open': 4, 'forced-open': 4, disabled: 1, closed: 0, none: 0 };

const failing = 0.1; // of calls, in the last sample: sick though the circuit is closed
const enough = 0.3; // calls a second; fewer prove nothing
const looksBack = 10; // seconds, for what comes and goes
const slower = 4; // times what is usual
const noticed = 0.1; // seconds: what is less nobody minds

/** The worst state of a client's breakers; "none" without any. */
export function worstState(client) {
  let worst = null;
  for (const breaker of client.breakers) {
    if (!worst || weight[breaker.state] > weight[worst.state]) worst = breaker;
  }
  return worst?.state ?? 'none';
}

/**
 * What is the matter with a client: null, or {severity, client, breaker, what,
 * since, does}. Severity: "bad" or "warn".
 */
export function diagnose(client, now) {
  const breaker = worst(client);
  if (breaker && weight[breaker.state] >= 4) return ofBreaker(client, breaker, now);
  return ofErrors(client, now) ?? ofRejections(client, now) ?? ofSlowness(client, now) ?? ofDisabled(client, breaker);
}

function worst(client) {
  let found = null;
  for (const breaker of client.breakers) {
    if (!found || weight[breaker.state] > weight[found.state]) found = breaker;
  }
  return found;
}

function ofBreaker(client, breaker, now) {
  const part = breaker.name === client.name ? '' : ` of ${breaker.name}`;
  const base = { severity: 'bad', rank: weight[breaker.state], client, breaker, since: sickSince(breaker) };
  if (breaker.state === 'open') return { ...base, what: `circuit open${part}`, does: `calls are refused, ${probe(breaker, now)}` };
  if (breaker.state === 'half-open') return { ...base, what: `circuit half-open${part}`, does: 'a probe is let through and decides; all other calls are refused' };
  return { ...base, what: `circuit held open by hand${part}`, does: 'calls are refused until somebody closes or resets it' };
}

/** Since when a breaker has not been closed: a probe that fails is no recovery. */
export function sickSince(breaker) {
  let { since } = breaker;
  for (const { at, state } of breaker.changes.toReversed()) {
    if (!(weight[state] >= 4)) break;
    since = Math.min(since ?? at, at);
  }
  return since;
}

function probe(breaker, now) {
  if (breaker.probeAt === null) return 'a probe follows after the recovery time';
  const left = breaker.probeAt - now;
  return left > 0.5 ? `next probe in ${span(left)}` : 'the next call will be the probe';
}

function ofErrors(client, now) {
  const { series } = client;
  const share = failed(series, series.at.length - 1);
  if (share < failing || (series.last('rate') ?? 0) < enough) {
    begun.delete(client);
    return null;
  }
  const since = earliest(client, series.since((i) => failed(series, i) >= failing));
  return { severity: 'bad', rank: 3 + Math.min(share, 0.99), client, breaker: null, what: `${percent(share)} of calls fail`, since: since && now - since > 2 ? since : null, does: whileFailing(client) };
}

// The share of calls that failed and were not merely turned away.
function failed(series, i) {
  const turnedAway = series.rate[i] > 0 ? (series.rejections[i] ?? 0) / series.rate[i] : 0;
  return (series.errors[i] ?? 0) - turnedAway;
}

// Since when clients have been failing: longer ago than the samples reach.
const begun = new WeakMap();

function earliest(client, since) {
  const known = begun.get(client) ?? since;
  const first = since && known ? Math.min(known, since) : since;
  begun.set(client, first);
  return first;
}

function whileFailing(client) {
  const retried = client.declaration?.resilience?.retry ? 'they are retried where safe, ' : '';
  if (!client.breakers.size) return `${retried}no circuit breaker guards this client`;
  if (worst(client).state === 'disabled') return `${retried}the circuit breaker is switched off`;
  return `${retried}the circuit is still closed`;
}

function ofRejections(client, now) {
  const changed = Math.max(...[...client.breakers].map(({ since }) => since ?? 0));
  if (now - changed < looksBack) return null; // it was the circuit that refused them
  const rejected = client.series.mean('rejections', looksBack) ?? 0;
  if (rejected < 0.5) return null;
  const since = client.series.since((i) => (client.series.rejections[i] ?? 0) > 0);
  return { severity: 'warn', rank: 2, client, breaker: null, what: 'calls are turned away', since, does: `a limit refuses about ${rejected.toFixed(1)} calls a second` };
}

function ofSlowness(client, now) {
  const { series } = client;
  const usual = usualOf(client);
  const p95 = series.last('p95');
  const isSlow = (value) => value !== null && value > usual * slower && value - usual > noticed;
  if (usual === null || !isSlow(p95)) return null;
  const limit = client.settings.find(({ name }) => name === 'timeout')?.value;
  const does = limit && limit !== '0s' ? `an attempt is given up after ${limit}` : 'no time limit ends a call';
  return { severity: 'warn', rank: 1.5, client, breaker: null, what: `slow, p95 ${latency(p95)} instead of ${latency(usual)}`, since: series.since((i) => isSlow(series.p95[i])), does };
}

// What p95 usually is, as it was at the last look some seconds ago.
const usuals = new WeakMap();
const lookAgain = 10; // seconds

function usualOf(client) {
  const at = client.series.at.at(-1) ?? 0;
  const known = usuals.get(client);
  if (known && at - known.at < lookAgain) return known.usual;
  const usual = client.series.median('p95');
  usuals.set(client, { at, usual });
  return usual;
}

function ofDisabled(client, breaker) {
  if (breaker?.state !== 'disabled') return null;
  return { severity: 'warn', rank: 1, client, breaker, what: 'circuit breaker switched off', since: breaker.since, does: 'calls go through whatever happens' };
}

/** All that is the matter, the worst and newest first. */
export function diagnoseAll(model) {
  const now = model.now();
  const found = [];
  for (const client of model.clients.values()) {
    const finding = diagnose(client, now);
    if (finding) found.push(finding);
  }
  return found.sort((a, b) => b.rank - a.rank || (a.since ?? now) - (b.since ?? now) || (a.client.name < b.client.name ? -1 : 1));
}

const ago = (seconds) => (seconds < 1 ? 'just now' : `${span(seconds)} ago`);

/** A finding as a sentence without the client's name. */
export function sentence(finding, now) {
  const since = finding.since ? ` since ${timeOfDay(finding.since)} (${ago(now - finding.since)})` : '';
  return `${finding.what}${since}: ${finding.does}`;
}
