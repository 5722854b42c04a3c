// SPDX-License-Identifier: Apache-2.0
// What a card shows when it is opened: circuit breakers and their switches,
// methods, settings.

import { h, icon, setData, setText } from './dom.js';
import { count, span } from './format.js';
import { stateWords } from './states.js';
import { switches, throwSwitch } from './switches.js';

export class CardDetails {
  #client;
  #model;
  #rows = new Map(); // breaker -> its row
  #answers = null; // the text of the cache
  #shown = ''; // what the tables were made of

  constructor(client, model) {
    this.#client = client;
    this.#model = model;
    this.body = h('div', { class: 'more-body' });
    this.el = h('details', { class: 'more' },
      h('summary', {}, icon('chevron'), h('span', { text: 'Methods, settings, breakers' }), h('span', { class: 'visually-hidden', text: ` of ${client.name}` })), this.body);
    this.el.addEventListener('toggle', () => this.#toggled());
  }

  #toggled() {
    this.el.closest('.card')?.classList.toggle('open', this.el.open);
    if (!this.el.open) return;
    this.#shown = '';
    this.refresh();
  }

  /** Makes the tables anew if their content has changed. */
  refresh() {
    if (!this.el.open) return;
    const { declaration, settings, stats } = this.#client;
    const signature = JSON.stringify([declaration, settings, [...this.#client.breakers].map((b) => b.name), stats?.baseUrl, Boolean(stats?.cache)]);
    if (signature !== this.#shown) {
      this.#shown = signature;
      this.body.replaceChildren(...[this.#breakers(), this.#cache(), this.#methods(), this.#settings()].filter(Boolean));
    }
    this.tick();
  }

  /** Brings the texts of the breakers and the cache up to date. */
  tick() {
    if (!this.el.open) return;
    this.#cacheTexts();
    for (const [breaker, row] of this.#rows) {
      if (row.state.dataset.state !== breaker.state) {
        row.state.dataset.state = breaker.state;
        row.state.replaceChildren(icon(breaker.state), h('span', { text: stateWords[breaker.state] ?? breaker.state }));
      }
      const parts = [breaker.since && `for ${span(this.#model.now() - breaker.since)}`, `opened ${count(breaker.openings)} ${breaker.openings === 1 ? 'time' : 'times'}`];
      if (breaker.state === 'closed' && breaker.consecutiveFailures) parts.push(`${breaker.consecutiveFailures} failures in a row`);
      setText(row.facts, parts.filter(Boolean).join(' · '));
    }
  }

  #breakers() {
    this.#rows.clear();
    const rows = [...this.#client.breakers].sort((a, b) => (a.name < b.name ? -1 : 1)).map((breaker) => this.#breaker(breaker));
    return h('section', { class: 'more-section' },
      h('h4', { class: 'label', text: 'Circuit breakers' }),
      rows.length ? rows : h('p', { class: 'hint', text: 'None. Declare circuit-breaker:"true", or set circuit-breaker.enabled for this client, to guard it with one.' }));
  }

  #breaker(breaker) {
    const row = { state: h('span', { class: 'badge' }), facts: h('span', { class: 'hint' }) };
    setData(row.state, 'state', '');
    this.#rows.set(breaker, row);
    return h('div', { class: 'breaker' },
      h('div', { class: 'breaker-head' }, h('span', { class: 'mono', text: breaker.name }), row.state, row.facts),
      h('div', { class: 'breaker-actions', role: 'group', 'aria-label': `Switches of ${breaker.name}` },
        switches.map(({ action, label }) => h('button', {
          type: 'button', data: { action, breaker: breaker.name }, text: label,
          onclick: () => throwSwitch(this.#model, breaker, action),
        }))));
  }

  /** The section of the cache, if the client has one. */
  #cache() {
    if (!this.#client.stats?.cache) return null;
    this.#answers = h('p', { class: 'hint' });
    return h('section', { class: 'more-section' }, h('h4', { class: 'label', text: 'Cache of responses' }), this.#answers);
  }

  #cacheTexts() {
    const cache = this.#client.stats?.cache;
    if (!cache || !this.#answers) return;
    const parts = [['hits', 'hits'], ['misses', 'misses'], ['revalidations', 'revalidated'], ['stale', 'stale'], ['collapsed', 'shared'], ['entries', 'stored']];
    setText(this.#answers, parts.map(([key, label]) => `${count(cache[key])} ${label}`).join(' · '));
  }

  #methods() {
    const methods = this.#client.declaration?.methods ?? [];
    const rows = methods.map((method) => h('tr', {},
      h('td', {}, h('span', { class: 'verb', data: { verb: method.verb }, text: method.verb })),
      h('td', { class: 'mono', text: method.path }), h('td', { text: method.name }), h('td', { class: 'hint mono', text: method.result ?? '' })));
    const base = this.#client.stats?.baseUrl || this.#client.declaration?.baseUrl;
    return h('section', { class: 'more-section' },
      h('h4', { class: 'label', text: 'Methods' }),
      base && h('p', { class: 'hint mono', text: base }),
      rows.length ? scroll(`Methods of ${this.#client.name}`, table(['Verb', 'Path', 'Method', 'Result'], rows)) : h('p', { class: 'hint', text: 'No methods are declared.' }));
  }

  #settings() {
    const settings = this.#client.settings ?? [];
    const rows = settings.map((setting) => h('tr', { title: setting.key },
      h('td', { class: 'mono', text: setting.name }), h('td', { class: 'mono', text: setting.value }), h('td', { class: 'hint', text: setting.origin })));
    const filter = h('input', {
      type: 'search', placeholder: 'Filter settings', 'aria-label': `Filter settings of ${this.#client.name}`, autocomplete: 'off', spellcheck: 'false',
      oninput: () => {
        const wanted = filter.value.trim().toLowerCase();
        for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
      },
    });
    return h('section', { class: 'more-section' },
      h('div', { class: 'more-head' }, h('h4', { class: 'label', text: 'Effective settings' }), filter),
      rows.length ? scroll(`Settings of ${this.#client.name}`, table(['Setting', 'Value', 'Origin'], rows)) : h('p', { class: 'hint', text: 'Nothing is set: the defaults hold.' }));
  }
}

function table(heads, rows) {
  return h('table', {}, h('thead', {}, h('tr', {}, heads.map((text) => h('th', { scope: 'col', text })))), h('tbody', {}, rows));
}

const scroll = (label, content) => h('div', { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': label }, content);
