// SPDX-License-Identifier: Apache-2.0
// The states of the circuit breakers over the last minutes, a lane each.

import { byId, h, icon, setText } from './dom.js';
import { preciseTime, span, timeOfDay } from './format.js';
import { linkTo } from './nav.js';
import { WINDOW } from './model.js';
import { soon } from './frame.js';
import { stateWords } from './states.js';

const order = ['open', 'forced-open', 'half-open', 'disabled', 'closed', 'none'];

export function startTimeline(model, navigation) {
  const lanes = new Map(); // breaker -> lane
  let tableOf = '';

  const draw = () => {
    if (!navigation.visible('timeline')) return;
    for (const breaker of model.breakers.values()) {
      if (!lanes.has(breaker)) lanes.set(breaker, lane(breaker));
    }
    arrange(lanes);
    for (const [breaker, parts] of lanes) drawLane(breaker, parts, model.at);
    tableOf = drawTable(model, tableOf);
    byId('timeline-empty').hidden = lanes.size > 0;
    setText(byId('timeline-empty'), 'No circuit breakers. A client declared with circuit-breaker:"true" gets a lane here.');
  };

  legend();
  for (const type of ['tick', 'breaker', 'history', 'clients']) model.on(type, () => soon(draw));
  navigation.onShow('timeline', () => soon(draw));
}

function legend() {
  byId('timeline-legend').replaceChildren(...['closed', 'half-open', 'open', 'forced-open', 'disabled'].map((state) =>
    h('span', { class: 'legend-item' }, h('span', { class: 'swatch', data: { state } }), stateWords[state])));
}

function lane(breaker) {
  const track = h('div', { class: 'track', 'aria-hidden': 'true' });
  const badge = h('span', { class: 'badge', data: { state: '' } });
  const el = h('div', { class: 'lane' },
    h('div', { class: 'lane-name' }, h('a', { href: linkTo('clients', breaker.client), text: breaker.name, title: breaker.name }), badge), track);
  return { el, track, badge, segments: [] };
}

// Lanes of circuits that are not closed come first; moved only on a change.
function arrange(lanes) {
  const sorted = [...lanes].sort(([a], [b]) => order.indexOf(a.state) - order.indexOf(b.state) || a.name.localeCompare(b.name));
  const parent = byId('lanes');
  if (!parent.firstChild) parent.append(scale());
  sorted.forEach(([, parts], i) => {
    const there = parent.children[i + 1];
    if (there !== parts.el) parent.insertBefore(parts.el, there ?? null);
  });
}

function scale() {
  return h('div', { class: 'lane scale', 'aria-hidden': 'true' }, h('div', {}),
    h('div', { class: 'ticks' }, ['−5 min', '−4', '−3', '−2', '−1', 'now'].map((text) => h('span', { text }))));
}

function drawLane(breaker, parts, now) {
  const spans = spansOf(breaker, now);
  while (parts.segments.length < spans.length) {
    const segment = h('div', { class: 'segment' });
    parts.track.append(segment);
    parts.segments.push(segment);
  }
  while (parts.segments.length > spans.length) parts.segments.pop().remove();
  spans.forEach((each, i) => drawSegment(parts.segments[i], each, now));
  if (parts.badge.dataset.state !== breaker.state) {
    parts.badge.dataset.state = breaker.state;
    parts.badge.replaceChildren(icon(breaker.state), h('span', { text: stateWords[breaker.state] ?? breaker.state }));
  }
}

function drawSegment(segment, { state, from, to, begun }, now) {
  const start = now - WINDOW;
  segment.dataset.state = state;
  segment.style.left = `${(((from - start) / WINDOW) * 100).toFixed(3)}%`;
  segment.style.width = `${(((to - from) / WINDOW) * 100).toFixed(3)}%`;
  const text = to - from > 20 ? `${stateWords[state] ?? state} ${span(to - begun)}` : '';
  setText(segment, text);
  segment.title = `${stateWords[state] ?? state} from ${timeOfDay(begun)}, for ${span(to - begun)}`;
}

/** The states of a breaker inside the window. */
function spansOf(breaker, now) {
  const start = now - WINDOW;
  const found = [];
  breaker.changes.forEach((change, i) => {
    const to = breaker.changes[i + 1]?.at ?? now;
    if (to > start && to > change.at) found.push({ state: change.state, from: Math.max(start, change.at), to, begun: change.at });
  });
  if (!found.length && breaker.state !== 'none') found.push({ state: breaker.state, from: Math.max(start, Math.min(breaker.since ?? start, now)), to: now, begun: breaker.since ?? start });
  return found;
}

function drawTable(model, before) {
  const changes = [];
  for (const breaker of model.breakers.values()) {
    breaker.changes.forEach((change, i) => changes.push({ breaker, ...change, to: breaker.changes[i + 1]?.at ?? null }));
  }
  changes.sort((a, b) => b.at - a.at);
  const recent = changes.slice(0, 300);
  const signature = recent.map((change) => change.at + change.breaker.name).join();
  if (signature === before) return before;
  byId('timeline-table').tBodies[0].replaceChildren(...recent.map((change) => h('tr', {},
    h('td', { class: 'num', text: preciseTime(change.at) }), h('td', { class: 'mono', text: change.breaker.name }),
    h('td', {}, h('span', { class: 'badge', data: { state: change.state } }, icon(change.state), h('span', { text: stateWords[change.state] ?? change.state }))),
    h('td', { class: 'num', text: change.to ? span(change.to - change.at) : 'until now' }))));
  return signature;
}
