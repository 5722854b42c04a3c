// SPDX-License-Identifier: Apache-2.0
// The header: which application, how long it runs, its health.

import { byId, h, setData, setText } from './dom.js';
import { epoch, span, timeOfDay } from './format.js';

const words = { __proto__: null, UP: 'healthy', DEGRADED: 'degraded', DOWN: 'down', OUT_OF_SERVICE: 'out of service', UNKNOWN: 'unknown', CIRCUIT_OPEN: 'circuit open', CIRCUIT_HALF_OPEN: 'circuit half-open', CIRCUIT_CLOSED: 'circuit closed' };

export function startHeader(model) {
  model.on('info', () => info(model));
  model.on('health', () => health(model.health));
  model.on('hello', (hello) => {
    if (!model.info && hello.application) setText(byId('app-name'), hello.application);
  });
  setInterval(() => uptime(model), 1000);
  closeOutside(byId('health'));
}

// A popover goes when Escape is pressed or something else is clicked.
function closeOutside(details) {
  document.addEventListener('click', (event) => {
    if (!details.contains(event.target)) details.open = false;
  });
  details.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !details.open) return;
    details.open = false;
    details.querySelector('summary').focus();
  });
}

let parts = {};

function info(model) {
  const { app, build, go, process } = model.info;
  setText(byId('app-name'), app?.name || 'application');
  byId('app-profiles').replaceChildren(...(app?.profiles ?? []).map((profile) => h('span', { class: 'chip', text: profile, title: 'profile' })));
  const version = build?.version || 'no version';
  parts = {
    version: h('span', { text: version, title: [build?.revision && `revision ${build.revision}`, build?.time].filter(Boolean).join(', ') }),
    uptime: h('span', {}),
    go: h('span', { text: [go?.version, go?.os && `${go.os}/${go.arch}`].filter(Boolean).join(' '), class: 'wide-only' }),
    pid: h('span', { text: process?.pid ? `pid ${process.pid}` : '', class: 'wide-only' }),
  };
  byId('app-meta').replaceChildren(...Object.values(parts));
  uptime(model);
}

function uptime(model) {
  const started = epoch(model.info?.process?.startTime);
  if (!parts.uptime || !started || document.hidden) return;
  setText(parts.uptime, `up ${span(model.now() - started)}`);
  parts.uptime.title = `since ${new Date(started * 1000).toLocaleString()}`;
}

function health(answer) {
  const status = String(answer?.status ?? 'UNKNOWN');
  const pill = byId('health-status');
  setData(pill, 'status', status);
  setText(pill, words[status] ?? status.toLowerCase());
  const rows = Object.entries(answer?.components ?? {}).map(([name, component]) => componentRow(name, component));
  byId('health-components').replaceChildren(
    h('h2', { class: 'label', text: 'Health' }),
    rows.length ? h('ul', { class: 'health-list' }, rows) : h('p', { class: 'hint', text: 'No components are shown. Beans that implement HealthIndicator appear here.' }),
    h('p', { class: 'hint', text: `As of ${timeOfDay(Date.now() / 1000)}` }),
  );
}

function componentRow(name, component, depth = 0) {
  const status = String(component?.status ?? 'UNKNOWN');
  const nested = [];
  const plain = [];
  for (const [key, value] of Object.entries(component?.details ?? {})) {
    if (value && typeof value === 'object' && 'status' in value && depth < 3) nested.push(componentRow(key, value, depth + 1));
    else plain.push(`${key} ${typeof value === 'object' ? JSON.stringify(value) : value}`);
  }
  return h('li', {},
    h('div', { class: 'health-row' }, h('span', { class: 'name', text: name }), h('span', { class: 'pill small', data: { status }, text: words[status] ?? status.toLowerCase().replaceAll('_', ' ') })),
    plain.length > 0 && h('div', { class: 'hint', text: plain.join(' · ') }),
    nested.length > 0 && h('ul', { class: 'health-list' }, nested));
}
