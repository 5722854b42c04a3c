// SPDX-License-Identifier: Apache-2.0
// What the page knows of the application, put together from the endpoints and
// the stream. Views read it and are told of changes; nobody else writes it.

import { Series } from './series.js';
import { epoch, secondsOf } from './format.js';

/** How far back the page looks, in seconds. */
export const WINDOW = 300;

/** How states come from the server ("HALF_OPEN", "half-open") -> "half-open". */
export const stateName = (state) => String(state ?? 'none').toLowerCase().replaceAll('_', '-');

export class Model extends EventTarget {
  info = null;
  health = null;
  clients = new Map(); // name -> client
  breakers = new Map(); // name -> { name, client, state, since, probeAt, changes }
  at = Date.now() / 1000; // the server's clock at the last word from it
  live = true; // whether the stream is open
  #offset = 0;

  /** Now, by the server's clock, in seconds since the epoch. */
  now() {
    return Date.now() / 1000 + this.#offset;
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  on(type, listener) {
    this.addEventListener(type, (event) => listener(event.detail));
  }

  #clock(at) {
    if (typeof at !== 'number') return;
    this.at = at;
    this.#offset = at - Date.now() / 1000;
  }

  setInfo(info) {
    const before = this.info?.process?.startTime;
    this.info = info;
    this.tell('info');
    if (before && before !== info.process?.startTime) this.tell('restarted');
  }

  setHealth(health) {
    this.health = health;
    this.tell('health');
  }

  /** A client, made when it is first heard of. */
  client(name) {
    let client = this.clients.get(name);
    if (!client) {
      client = { name, type: '', declaration: null, settings: [], stats: null, breakers: new Set(), series: new Series(WINDOW), tick: null };
      this.clients.set(name, client);
      this.tell('client', client);
    }
    return client;
  }

  breaker(name, clientName) {
    let breaker = this.breakers.get(name);
    if (!breaker) {
      breaker = { name, client: clientName ?? name, state: 'none', since: null, probeAt: null, openings: 0, changes: [] };
      this.breakers.set(name, breaker);
      this.client(breaker.client).breakers.add(breaker);
      this.tell('breaker-added', breaker);
    }
    return breaker;
  }

  /** The answer of /clients. */
  setClients(list) {
    for (const given of list ?? []) {
      const client = this.client(given.name);
      client.type = given.type ?? given.declaration?.type ?? '';
      client.declaration = given.declaration ?? null;
      client.settings = given.settings ?? [];
      client.stats = given.stats ?? null;
      for (const snapshot of given.stats?.circuitBreakers ?? []) this.#snapshot(client, snapshot);
    }
    this.tell('clients');
  }

  #snapshot(client, given) {
    const breaker = this.breaker(given.name, client.name);
    breaker.openings = given.openings ?? 0;
    breaker.consecutiveFailures = given.consecutiveFailures ?? 0;
    const since = epoch(given.since);
    if (since && breaker.since && since < breaker.since - 0.5) return; // the stream knows of a later change
    this.#setState(breaker, stateName(given.state), since > 0 ? since : null);
    breaker.probeAt = breaker.state === 'open' && given.retryAfter ? this.now() + secondsOf(given.retryAfter) : null;
  }

  // The stream and a snapshot may both tell of one change: the first to do so
  // sets it, a later one can only say since when. A tick does not know that of
  // a breaker that is new to the page.
  #setState(breaker, state, since) {
    if (breaker.state === state) {
      breaker.since ??= since;
      return;
    }
    const from = breaker.state;
    breaker.state = state;
    breaker.since = since;
    breaker.probeAt = null;
    const last = breaker.changes.at(-1);
    if (since && last?.state !== state) breaker.changes.push({ at: since, state });
    if (breaker.changes.length > 500) breaker.changes.splice(0, 250);
    this.tell('breaker', { breaker, from, to: state });
  }

  /** The answer of /history. */
  setHistory(history) {
    const at = history?.at ?? [];
    for (const [name, columns] of Object.entries(history?.clients ?? {})) this.client(name).series.load(at, columns);
    for (const [name, given] of Object.entries(history?.breakers ?? {})) {
      const breaker = this.breaker(name, given.client);
      const changes = (given.changes ?? []).map((change) => ({ at: change.at, state: stateName(change.state) }));
      const last = changes.at(-1);
      if (!last) continue;
      // The stream may have told of later changes while the answer was on its way.
      breaker.changes = changes.concat(breaker.changes.filter(({ at }) => at > last.at));
      if (!(breaker.since > last.at)) this.#setState(breaker, last.state, last.at);
    }
    this.tell('history');
  }

  /** One second of the stream. */
  tick(tick) {
    this.#clock(tick.at);
    for (const [name, values] of Object.entries(tick.clients ?? {})) {
      const client = this.client(name);
      client.tick = values;
      client.series.push(tick.at, values);
      for (const [breaker, state] of Object.entries(values.breakers ?? {})) {
        const known = this.breaker(breaker, name);
        this.#setState(known, stateName(state), known.state === 'none' || known.state === stateName(state) ? null : tick.at);
      }
    }
    this.tell('tick');
  }

  /** A breaker's change, told at once. */
  breakerChanged(change) {
    this.#setState(this.breaker(change.name, change.client), stateName(change.to), change.at);
  }

  setLive(live) {
    if (this.live === live) return;
    this.live = live;
    this.tell('live');
  }

  hello(hello) {
    this.#clock(hello.at);
    this.tell('hello', hello);
  }
}
