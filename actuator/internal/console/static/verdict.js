// SPDX-License-Identifier: Apache-2.0
// The line above everything: who is sick.

import { byId, h, icon, setData, setText } from './dom.js';
import { diagnoseAll, sentence, worstState } from './diagnosis.js';
import { announce } from './notice.js';
import { linkTo } from './nav.js';
import { count } from './format.js';

const listed = 3;
const patience = 3; // seconds without the stream

// The finding that comes before all others: nothing more is known.
const silent = { severity: 'bad', client: { name: 'This application' }, breaker: null, nameless: true, what: 'has not answered', does: 'what is shown is from before' };

export function startVerdict(model) {
  let shown = '';

  function render() {
    const lost = !model.live && model.now() - model.at > patience;
    if (!lost && !model.clients.size && !model.health) return;
    const findings = lost ? [{ ...silent, since: model.at }, ...diagnoseAll(model)] : diagnoseAll(model);
    const down = downComponents(model.health);
    const severity = findings.some((f) => f.severity === 'bad') || down.length ? 'bad' : findings.length ? 'warn' : 'good';
    setData(byId('verdict'), 'severity', severity);
    const signature = `${severity}|${findings.map((f) => f.client.name + f.what.replace(/[\d.]+/g, '')).join('|')}|${down.map((d) => d.name)}|${model.info?.app?.name ?? ''}|${severity === 'good' ? wellText(model) : ''}`;
    if (signature !== shown) rebuild(findings, down, severity, model);
    shown = signature;
    texts(findings, model.now());
  }

  for (const type of ['tick', 'info', 'clients', 'health', 'breaker', 'history', 'live']) model.on(type, render);
  setInterval(() => {
    if (!document.hidden && model.now() - model.at > 1.5) render(); // the seconds count while the stream is cut, too
  }, 1000);
  model.on('breaker', ({ breaker, from, to }) => {
    if (from === 'none') return;
    announce(`${breaker.name}: circuit ${to.replaceAll('-', ' ')}`);
  });
}

// Components of the application's health, other than its circuit breakers,
// that are down.
function downComponents(health) {
  return Object.entries(health?.components ?? {})
    .filter(([name, component]) => name !== 'circuitBreakers' && ['DOWN', 'OUT_OF_SERVICE'].includes(component?.status))
    .map(([name, component]) => ({ name, status: component.status.toLowerCase().replaceAll('_', ' ') }));
}

const slots = [];

function rebuild(findings, down, severity, model) {
  slots.length = 0;
  const lines = findings.map((finding) => line(finding)).concat(down.map(healthLine));
  byId('verdict-icon').replaceChildren(icon(severity === 'good' ? 'closed' : findings[0]?.breaker ? findings[0].breaker.state : 'warning'));
  const main = byId('verdict-text');
  if (lines.length) main.replaceChildren(...lines[0]);
  else main.replaceChildren(h('strong', { text: 'All is well. ' }), wellText(model));
  const rest = lines.slice(1, 1 + listed).map((nodes) => h('li', {}, nodes));
  if (lines.length > 1 + listed) rest.push(h('li', {}, h('a', { href: '#clients', text: `and ${count(lines.length - 1 - listed)} more` })));
  byId('verdict-more').replaceChildren(...rest);
  title(findings, down, model);
}

function line(finding) {
  const text = h('span', {});
  slots.push(text);
  if (finding.nameless) return [h('span', { class: 'who', text: finding.client.name }), ' ', text];
  return [h('a', { class: 'who', href: linkTo('clients', finding.client.name), text: finding.client.name }), ': ', text];
}

function healthLine({ name, status }) {
  slots.push(null);
  return [h('span', { class: 'who', text: name }), `: reports itself ${status}`];
}

function texts(findings, now) {
  findings.forEach((finding, i) => {
    if (slots[i]) setText(slots[i], sentence(finding, now));
  });
}

function wellText(model) {
  const clients = [...model.clients.values()];
  if (!clients.length) return 'No clients are registered yet.';
  const guarded = clients.filter((client) => worstState(client) !== 'none').length;
  const circuits = guarded === 0 ? 'no circuit breaker guards them' : guarded === 1 ? 'one circuit, closed' : `${count(guarded)} circuits, all closed`;
  return `${count(clients.length)} ${clients.length === 1 ? 'dependency answers' : 'dependencies answer'}; ${circuits}.`;
}

function title(findings, down, model) {
  const name = model.info?.app?.name ?? 'console';
  const sick = findings[0]?.client.name ?? down[0]?.name;
  document.title = sick ? `● ${sick} · ${name}` : name;
  const href = findings.some((f) => f.severity === 'bad') || down.length ? 'icon-sick.svg' : 'icon.svg';
  const favicon = byId('favicon');
  if (favicon.getAttribute('href') !== href) favicon.setAttribute('href', href);
}
