// SPDX-License-Identifier: Apache-2.0
// The cards: which there are, their order, which can be seen.

import { byId, setText } from './dom.js';
import { count } from './format.js';
import { Card } from './card.js';

const severities = { bad: 0, warn: 1, good: 2 };

export function startClients(model, navigation) {
  const cards = new Map(); // client name -> card
  const byElement = new WeakMap();
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) byElement.get(entry.target).visible = entry.isIntersecting;
  }, { rootMargin: '100px' });
  let order = '';

  function add(client) {
    const card = new Card(client, model);
    cards.set(client.name, card);
    byElement.set(card.el, card);
    byId('cards').append(card.el);
    seen.observe(card.el);
    filter(card);
    order = '';
  }

  function update() {
    if (document.hidden) return;
    for (const card of cards.values()) card.update();
    sort();
    hints();
  }

  function sort() {
    const sorted = [...cards.values()].sort((a, b) => severities[severity(a)] - severities[severity(b)]
      || Math.floor(b.finding?.rank ?? 0) - Math.floor(a.finding?.rank ?? 0) || a.client.name.localeCompare(b.client.name));
    const wanted = sorted.map((card) => card.client.name).join('\n');
    if (wanted === order) return;
    order = wanted;
    const focused = document.activeElement;
    sorted.forEach((card, i) => {
      const there = byId('cards').children[i];
      if (there !== card.el) byId('cards').insertBefore(card.el, there);
    });
    if (focused !== document.activeElement && byId('cards').contains(focused)) focused.focus({ preventScroll: true });
  }

  function hints() {
    const sick = [...cards.values()].filter((card) => severity(card) === 'bad').length;
    setText(byId('count-clients'), count(cards.size));
    setText(byId('clients-hint'), cards.size === 0 ? '' : sick ? `${count(sick)} of ${count(cards.size)} in trouble, shown first` : 'all well');
    byId('clients-empty').hidden = cards.size > 0;
    if (!cards.size) setText(byId('clients-empty'), 'No clients yet. Each client registered with client.Register appears here with its calls, latencies and circuit breakers.');
  }

  function filter(card) {
    card.el.hidden = !card.client.name.toLowerCase().includes(byId('client-filter').value.trim().toLowerCase());
  }

  function show(name) {
    const card = cards.get(name);
    if (!card) return;
    byId('client-filter').value = '';
    for (const each of cards.values()) filter(each);
    card.el.scrollIntoView({ block: 'center' });
    card.el.focus({ preventScroll: true });
  }

  model.on('client', add);
  for (const type of ['tick', 'clients', 'history', 'breaker']) model.on(type, update);
  model.on('clients', () => {
    for (const card of cards.values()) card.details.refresh();
  });
  document.addEventListener('visibilitychange', update);
  byId('client-filter').addEventListener('input', () => {
    for (const card of cards.values()) filter(card);
  });
  navigation.onShow('clients', (name) => name && show(name));
}

const severity = (card) => card.finding?.severity ?? 'good';
