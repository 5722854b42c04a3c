// SPDX-License-Identifier: Apache-2.0
// The card of one client.

import { h, icon, setData, setText } from './dom.js';
import { count, latency, percent, rate, span } from './format.js';
import { diagnose, sentence, sickSince, worstState } from './diagnosis.js';
import { Charts } from './charts.js';
import { CardDetails } from './carddetails.js';
import { stateWords } from './states.js';

const stats = [
  ['rate', 'Rate', 'calls a second'], ['p50', 'p50', 'half of the calls are faster'], ['p95', 'p95', '95 of 100 calls are faster'], ['p99', 'p99', '99 of 100 calls are faster'],
  ['errors', 'Errors', 'share of calls that fail'], ['inFlight', 'In flight', 'calls now under way'], ['retries', 'Retries', 'since the start'], ['rejected', 'Rejected', 'calls refused by a breaker or a limit, since the start'],
];

let serial = 0;

export class Card {
  #model;
  #visible = false;
  finding = null;

  constructor(client, model) {
    this.client = client;
    this.#model = model;
    const id = `client-${serial++}`;
    this.name = h('h3', { id, text: client.name, title: client.name });
    this.type = h('span', { class: 'card-type' });
    this.badge = h('span', { class: 'badge' });
    this.badgeText = h('span', {});
    this.reason = h('p', { class: 'reason', hidden: true });
    this.cells = {};
    this.charts = new Charts(client, model);
    this.details = new CardDetails(client, model);
    this.el = h('article', { class: 'card', tabindex: '-1', 'aria-labelledby': id, data: { client: client.name, state: 'none', sick: 'false' } },
      h('div', { class: 'card-head' }, h('div', { class: 'card-title' }, this.name, this.type), this.badge),
      this.reason,
      h('dl', { class: 'stats' }, stats.map(([key, label, title]) => this.#stat(key, label, title))),
      this.charts.el,
      this.details.el);
    this.update();
  }

  #stat(key, label, title) {
    const value = h('dd', { text: '–' });
    this.cells[key] = value;
    return h('div', { title, data: { stat: key } }, h('dt', { text: label }), value);
  }

  set visible(visible) {
    this.#visible = visible;
    this.charts.visible = visible;
    if (visible) this.#texts();
  }

  /** Takes what the model knows now. Texts wait until they can be seen. */
  update() {
    this.finding = diagnose(this.client, this.#model.now());
    const state = worstState(this.client);
    setData(this.el, 'state', state);
    setData(this.el, 'sick', String(this.finding?.severity === 'bad'));
    setData(this.el, 'severity', this.finding?.severity ?? 'good');
    this.#badge(state);
    if (this.#visible) this.#texts();
    this.charts.invalidate();
  }

  #badge(state) {
    if (this.badge.dataset.state !== state) {
      this.badge.dataset.state = state;
      this.badge.replaceChildren(icon(state), this.badgeText);
    }
  }

  #texts() {
    const { client, cells } = this;
    const tick = client.tick ?? {};
    const state = this.badge.dataset.state;
    const breaker = [...client.breakers].find((each) => each.state === state);
    const since = breaker?.since && state !== 'closed' ? ` ${span(this.#model.now() - sickSince(breaker))}` : '';
    setText(this.badgeText, `${stateWords[state] ?? state}${since}`);
    setText(this.type, client.type);
    setText(cells.rate, rate(tick.rate));
    for (const p of ['p50', 'p95', 'p99']) setText(cells[p], latency(tick[p]));
    setText(cells.errors, percent(tick.rate > 0 || tick.errors > 0 ? tick.errors : null));
    setData(cells.errors, 'high', String(tick.errors >= 0.1));
    setText(cells.inFlight, count(tick.inFlight ?? client.stats?.inFlight));
    setText(cells.retries, count(tick.retries ?? client.stats?.retries));
    setText(cells.rejected, count(tick.rejected ?? client.stats?.rejected));
    this.reason.hidden = !this.finding;
    if (this.finding) setText(this.reason, sentence(this.finding, this.#model.now()));
    this.details.tick();
  }
}
