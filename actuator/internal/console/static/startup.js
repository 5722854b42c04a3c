// SPDX-License-Identifier: Apache-2.0
// How the start went: a waterfall of its steps.

import { get } from './api.js';
import { byId, h, setText } from './dom.js';
import { count, millis } from './format.js';
import { linkTo } from './nav.js';

const slowest = 15;

export function startStartup(model, navigation) {
  let steps = null;
  let rows = [];
  let chosen = null;

  async function load() {
    if (steps) return;
    try {
      show(await get('startup'));
    } catch (error) {
      setText(byId('startup-hint'), error.message);
    }
  }

  function show(answer) {
    steps = (answer.timeline?.events ?? []).map(step);
    nest(steps);
    const total = Math.max(answer.tookMs ?? 0, ...steps.map((each) => each.offset + each.took), 0.001);
    setText(byId('startup-hint'), steps.length ? `${count(answer.beans)} beans in ${millis(answer.tookMs)}, ${count(steps.length)} steps` : 'No steps were recorded. They are written down while the application starts.');
    axis(total);
    rows = steps.map((each, i) => row(each, i, total));
    byId('waterfall').replaceChildren(...rows);
    byId('slowest').replaceChildren(...[...steps].filter((each) => each.bean).sort((a, b) => b.took - a.took).slice(0, slowest).map((each) => slow(each)));
    filter();
    if (steps.length) choose(0, false);
  }

  function slow(each) {
    return h('li', {}, h('button', { type: 'button', class: 'hit', onclick: () => choose(steps.indexOf(each), true) },
      h('span', { class: 'hit-name', text: each.bean }), h('span', { class: 'hit-type', text: each.name }), h('span', { class: 'num', text: millis(each.took) })));
  }

  function choose(index, scroll) {
    const next = rows[index];
    if (!next) return;
    chosen?.setAttribute('aria-selected', 'false');
    chosen = next;
    chosen.setAttribute('aria-selected', 'true');
    byId('waterfall').setAttribute('aria-activedescendant', chosen.id);
    if (scroll) {
      if (chosen.hidden) clear();
      chosen.scrollIntoView({ block: 'nearest' });
    }
    details(steps[index]);
  }

  function clear() {
    byId('startup-filter').value = '';
    filter();
  }

  function filter() {
    const wanted = byId('startup-filter').value.trim().toLowerCase();
    steps?.forEach((each, i) => {
      rows[i].hidden = !`${each.name} ${each.bean} ${each.by}`.toLowerCase().includes(wanted);
    });
  }

  function move(by, from) {
    for (let i = from; i >= 0 && i < rows.length; i += by) {
      if (!rows[i].hidden) return choose(i, true);
    }
    return undefined;
  }

  const list = byId('waterfall');
  list.addEventListener('keydown', (event) => {
    const at = rows.indexOf(chosen);
    const moves = { ArrowDown: [1, at + 1], ArrowUp: [-1, at - 1], Home: [1, 0], End: [-1, rows.length - 1] };
    if (!moves[event.key]) return;
    event.preventDefault();
    move(...moves[event.key]);
  });
  list.addEventListener('click', (event) => {
    const at = rows.indexOf(event.target.closest('[role=option]'));
    if (at >= 0) choose(at, false);
  });
  byId('startup-filter').addEventListener('input', filter);
  navigation.onShow('startup', load);
  model.on('restarted', () => {
    steps = null;
  });
  model.on('reload', () => navigation.visible('startup') && load());
}

function step(event) {
  const tags = Object.fromEntries((event.startupStep?.tags ?? []).map((tag) => [tag.key, tag.value]));
  return { id: event.startupStep?.id, parent: event.startupStep?.parentId, name: event.startupStep?.name ?? '', bean: tags.bean ?? '', by: tags.by ?? '', offset: event.offsetMs ?? 0, took: event.durationMs ?? 0, depth: 0 };
}

function nest(steps) {
  const byStep = new Map(steps.map((each) => [each.id, each]));
  for (const each of steps) {
    let up = byStep.get(each.parent);
    while (up && up !== each && each.depth < 6) {
      each.depth++;
      up = byStep.get(up.parent);
    }
  }
}

function axis(total) {
  byId('startup-axis').replaceChildren(h('span', {}), h('div', { class: 'ticks' }, [0, 0.25, 0.5, 0.75, 1].map((part) => h('span', { text: part ? millis(total * part) : '0' }))), h('span', {}));
}

function row(each, index, total) {
  const bar = h('span', { class: 'bar', data: { step: each.bean ? each.name : 'phase' } });
  bar.style.left = `${(each.offset / total) * 100}%`;
  bar.style.width = `${(each.took / total) * 100}%`;
  const label = h('span', { class: 'step-label' }, h('span', { class: 'step-name', text: each.name }), h('span', { class: 'step-bean', text: each.bean }));
  label.style.setProperty('--depth', String(each.depth));
  return h('div', { class: each.bean ? 'step' : 'step phase', role: 'option', id: `step-${index}`, 'aria-selected': 'false', title: `${each.name} ${each.bean}` }, label,
    h('span', { class: 'lane-bar', 'aria-hidden': 'true' }, bar), h('span', { class: 'num', text: millis(each.took) }));
}

function details(each) {
  const facts = [['Step', each.name], ['By', each.by, 'mono'], ['Began after', millis(each.offset)], ['Took', millis(each.took)]];
  byId('step-details').replaceChildren(
    h('h3', { class: 'bean-name', text: each.bean || each.name }),
    h('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([name, value, kind]) => [h('dt', { text: name }), h('dd', { class: kind, text: value })])),
    each.bean ? h('p', {}, h('a', { href: linkTo('beans', each.bean), text: 'Show in the graph' })) : '');
}
