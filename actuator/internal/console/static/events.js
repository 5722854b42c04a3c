// SPDX-License-Identifier: Apache-2.0
// The log of resilience events, newest first.

import { byId, h, setText } from './dom.js';
import { count, preciseTime } from './format.js';
import { soon } from './frame.js';

const kept = 1000;
const running = 100; // rows while new ones come in; all that are kept when it stands still
const pause = 400; // milliseconds between two drawings: nobody reads faster
const words = {
  __proto__: null, 'state-changed': 'state changed', rejected: 'rejected', 'retry-scheduled': 'retry', 'budget-exhausted': 'budget exhausted', 'hedge-started': 'hedge started',
  'hedge-won': 'hedge won', 'slow-call': 'slow call', 'stale-answer': 'stale answer', omitted: 'more',
};

export function startEvents(model, navigation) {
  let log = []; // oldest first: events, and {kind: "omitted", omitted}
  let fresh = []; // not in the table yet
  let paused = false;
  let scrolled = false;
  let total = 0;
  let lastId = 0;

  /** The events the server remembers. After a reconnection some are known. */
  function hello({ events }) {
    const ids = (events ?? []).map((event) => event.id).filter((id) => typeof id === 'number');
    if (ids.length && Math.max(...ids) < lastId) lastId = 0; // another process
    take((events ?? []).filter((event) => typeof event.id !== 'number' || event.id > lastId), 0);
  }

  const batch = ({ events, omitted }) => take(events ?? [], omitted ?? 0);

  function take(events, omitted) {
    if (!events.length && !omitted) return;
    for (const event of events) {
      lastId = Math.max(lastId, event.id ?? 0);
      total += event.count ?? 1;
    }
    const more = omitted ? [{ kind: 'omitted', omitted, at: events.at(-1)?.at ?? model.now() }] : [];
    total += omitted;
    const added = events.toSorted((a, b) => a.at - b.at).concat(more);
    log = log.concat(added).slice(-kept);
    fresh = fresh.concat(added).slice(-kept);
    clients(events);
    later();
  }

  let waiting = 0;
  function later() {
    waiting ||= setTimeout(() => {
      waiting = 0;
      soon(draw);
    }, Math.max(0, drawn + pause - performance.now()));
  }

  let drawn = 0;
  function draw() {
    drawn = performance.now();
    setText(byId('count-events'), total > 9999 ? `${count(Math.floor(total / 1000))}k` : count(total));
    if (stands() || !navigation.visible('events')) return hint();
    const body = byId('event-log').tBodies[0];
    const rows = fresh.filter(matches).slice(-running).map(row).reverse();
    fresh = [];
    if (rows.length >= running) body.replaceChildren(...rows);
    else if (rows.length) body.prepend(...rows);
    while (body.rows.length > running) body.lastElementChild.remove();
    return hint();
  }

  // Who has scrolled down reads: nothing moves then, either.
  const stands = () => paused || scrolled;

  // After a change of filter, a pause, or scrolling: what came until then.
  function redraw() {
    fresh = [];
    byId('event-log').tBodies[0].replaceChildren(...log.filter(matches).slice(stands() ? -kept : -running).map(row).reverse());
    hint();
  }

  // The rows that were left out join below, those above stay where they are.
  function complete() {
    const body = byId('event-log').tBodies[0];
    const seen = fresh.length ? log.slice(0, -fresh.length) : log;
    const older = seen.filter(matches).reverse().slice(body.rows.length);
    body.append(...older.map(row));
    hint();
  }

  function onScroll() {
    const down = byId('event-scroll').scrollTop > 40;
    if (down === scrolled) return;
    scrolled = down;
    if (paused) return;
    if (scrolled) complete();
    else redraw();
  }

  function hint() {
    const why = paused ? ', paused' : scrolled ? ', stands still while scrolled down' : '';
    const waiting = why && fresh.length ? `${why}: ${count(fresh.length)} new` : why;
    setText(byId('events-hint'), `${count(total)} seen, the last ${count(kept)} lines are kept${waiting}`);
    const empty = byId('event-log').tBodies[0].rows.length === 0;
    byId('events-empty').hidden = !empty;
    if (empty) setText(byId('events-empty'), log.length ? 'No event matches the filter.' : 'Nothing has happened. Retries, refused calls, hedges, slow calls and changes of circuit breakers appear here as they occur.');
  }

  function matches(event) {
    const client = byId('event-client').value;
    const kind = byId('event-kind').value;
    const text = byId('event-text').value.trim().toLowerCase();
    if (event.kind === 'omitted') return !client && !kind && !text;
    if ((client && event.client !== client) || (kind && event.kind !== kind)) return false;
    return !text || `${event.client} ${event.method ?? ''} ${words[event.kind] ?? event.kind} ${detail(event)}`.toLowerCase().includes(text);
  }

  const known = new Set();
  function clients(events) {
    for (const { client } of events) {
      if (!client || known.has(client)) continue;
      known.add(client);
      const select = byId('event-client');
      const option = h('option', { value: client, text: client });
      const after = [...select.options].slice(1).find((each) => each.value > client);
      select.insertBefore(option, after ?? null);
    }
  }

  for (const kind of Object.keys(words)) {
    if (kind !== 'omitted') byId('event-kind').append(h('option', { value: kind, text: words[kind] }));
  }
  for (const id of ['event-client', 'event-kind']) byId(id).addEventListener('change', redraw);
  byId('event-text').addEventListener('input', redraw);
  byId('event-pause').addEventListener('click', () => {
    paused = !paused;
    byId('event-pause').setAttribute('aria-pressed', String(paused));
    setText(byId('event-pause'), paused ? 'Go on' : 'Pause');
    if (paused) complete();
    else redraw();
  });
  byId('event-scroll').addEventListener('scroll', onScroll, { passive: true });
  byId('event-clear').addEventListener('click', () => {
    log = [];
    redraw();
  });
  navigation.onShow('events', () => (stands() ? hint() : redraw()));
  model.on('client', (client) => clients([{ client: client.name }]));
  return { hello, batch };
}

function row(event) {
  if (event.kind === 'omitted') {
    return h('tr', { class: 'omitted', data: { kind: 'omitted' } }, h('td', { class: 'num', text: preciseTime(event.at) }), h('td', { colspan: '5', text: `${count(event.omitted)} more` }));
  }
  return h('tr', { data: { kind: event.kind, to: event.to ?? '' } },
    h('td', { class: 'num', text: preciseTime(event.at) }), h('td', { text: event.client, title: event.client }), h('td', { class: 'kind', text: words[event.kind] ?? event.kind }),
    h('td', { class: 'mono', text: event.method ?? '' }), h('td', { class: 'detail', text: detail(event), title: event.error ?? '' }),
    h('td', { class: 'num', text: event.count > 1 ? `×${count(event.count)}` : '' }));
}

// Errors of clients begin with the client and the method, which have columns
// of their own.
function withoutName({ error, client, method }) {
  const name = `${client}.${method}: `;
  return error.startsWith(name) ? error.slice(name.length) : error;
}

// What an event's delay is.
const delays = { __proto__: null, 'retry-scheduled': 'again in', 'hedge-started': 'after', 'slow-call': 'took', 'stale-answer': 'aged' };

function detail(event) {
  const parts = [];
  if (event.name && event.name !== event.client) parts.push(event.name);
  if (event.kind === 'state-changed') parts.push(`${event.from ?? '?'} → ${event.to ?? '?'}`);
  if (event.attempt) parts.push(`attempt ${event.attempt}`);
  if (event.delayMs) parts.push(`${delays[event.kind] ?? 'took'} ${count(event.delayMs)} ms`);
  if (event.traceId) parts.push(`trace ${event.traceId}`);
  if (event.error) parts.push(withoutName(event));
  return parts.join(' · ');
}
