// SPDX-License-Identifier: Apache-2.0
// The beans: a graph, a search, and what there is to know of one bean.

import { get } from './api.js';
import { byId, h, setText } from './dom.js';
import { count, millis } from './format.js';
import { drawGraph } from './graph.js';
import { linkTo } from './nav.js';

const listed = 200;
const typed = 150; // milliseconds without a further letter
const sorts = { client: 'client', service: 'with a stereotype', config: 'settings', processor: 'post-processor', plain: 'other' };

export function startBeans(model, navigation) {
  let beans = null; // name -> bean
  let graph = null;
  let hits = [];
  let current = -1;
  let typing = 0;
  let loading = null;

  async function load() {
    loading ??= read();
    try {
      await loading;
      return true;
    } catch (error) {
      loading = null;
      setText(byId('graph-wait'), error.message);
      return false;
    }
  }

  async function read() {
    const answer = await get('beans');
    beans = merge(answer);
    setText(byId('count-beans'), count(beans.size));
    setText(byId('beans-hint'), `${count(beans.size)} beans, arrows point to what is needed`);
    legend();
    search();
    if (!beans.size) return setText(byId('graph-wait'), 'No beans. What is registered with the application context appears here.');
    const edges = (answer.graph?.edges ?? []).filter((edge) => beans.has(edge.from) && beans.has(edge.to));
    graph = await drawGraph(byId('graph'), [...beans.values()], edges, (name) => show(name));
    byId('graph-wait').hidden = true;
    return undefined;
  }

  /** Shows a bean: centred in the graph, its details beside it. */
  function show(name, fromAddress = false) {
    const bean = beans?.get(name);
    if (!bean) return;
    details(bean, model);
    graph?.focus(name);
    mark(name);
    if (!fromAddress) history.replaceState(null, '', linkTo('beans', name));
  }

  function search() {
    if (!beans) return;
    const wanted = byId('bean-search').value.trim().toLowerCase();
    hits = wanted ? find(beans, wanted) : [...beans.values()];
    current = -1;
    setText(byId('bean-count'), wanted ? `${count(hits.length)} found` : '');
    setText(byId('bean-hits-title'), wanted ? 'Found' : 'All beans');
    byId('bean-hits').replaceChildren(...hits.slice(0, listed).map((bean) => h('li', {}, link(bean.name, bean.type))), ...rest(hits.length));
    clearTimeout(typing);
    if (wanted && hits.length) typing = setTimeout(() => go(0), typed);
  }

  function go(index) {
    clearTimeout(typing);
    current = (index + hits.length) % hits.length;
    setText(byId('bean-count'), `${count(current + 1)} of ${count(hits.length)}`);
    show(hits[current].name);
  }

  const input = byId('bean-search');
  input.addEventListener('input', search);
  input.addEventListener('keydown', (event) => {
    if (event.key !== 'Enter' || !hits.length) return;
    event.preventDefault();
    go(current + (event.shiftKey ? -1 : 1));
  });
  byId('zoom-in').addEventListener('click', () => graph?.zoom(1.4));
  byId('zoom-out').addEventListener('click', () => graph?.zoom(1 / 1.4));
  byId('zoom-fit').addEventListener('click', () => graph?.fit());
  nothing();

  navigation.onShow('beans', async (name) => {
    if (!(await load())) return;
    graph?.resize();
    if (name) show(name, true);
  });
  model.on('restarted', () => {
    graph?.destroy();
    beans = graph = loading = null;
    byId('graph-wait').hidden = false;
  });
  model.on('reload', async () => {
    if (navigation.visible('beans') && !beans) await load();
  });
}

function find(beans, wanted) {
  const starts = [];
  const others = [];
  for (const bean of beans.values()) {
    if (bean.name.toLowerCase().startsWith(wanted)) starts.push(bean);
    else if ([bean.name, bean.type, bean.module, bean.stereotype].some((text) => text?.toLowerCase().includes(wanted))) others.push(bean);
  }
  return starts.concat(others);
}

// The list of beans and the graph's nodes tell different things of the same
// beans; needs and neededBy come from the edges.
function merge(answer) {
  const beans = new Map();
  const bean = (name) => {
    if (!beans.has(name)) beans.set(name, { name, needs: [], neededBy: [] });
    return beans.get(name);
  };
  for (const context of Object.values(answer.contexts ?? {})) {
    for (const [name, given] of Object.entries(context.beans ?? {})) Object.assign(bean(name), given, { name });
  }
  for (const node of answer.graph?.nodes ?? []) Object.assign(bean(node.name), node);
  for (const edge of answer.graph?.edges ?? []) {
    beans.get(edge.from)?.needs.push({ name: edge.to, kind: edge.kind });
    beans.get(edge.to)?.neededBy.push({ name: edge.from, kind: edge.kind });
  }
  for (const each of beans.values()) {
    if (!each.needs.length) each.needs = (each.dependencies ?? []).map((name) => ({ name }));
  }
  return beans;
}

function link(name, type) {
  return h('a', { href: linkTo('beans', name), data: { bean: name } }, h('span', { class: 'hit-name', text: name }), type && h('span', { class: 'hit-type', text: type }));
}

const rest = (length) => (length > listed ? [h('li', { class: 'hint', text: `and ${count(length - listed)} more: search for them` })] : []);

function mark(name) {
  for (const each of byId('bean-hits').querySelectorAll('a')) {
    if (each.dataset.bean === name) each.setAttribute('aria-current', 'true');
    else each.removeAttribute('aria-current');
  }
}

function nothing() {
  byId('bean-details').replaceChildren(h('p', { class: 'hint', text: 'Pick a bean in the graph or the list, or search. Enter goes to the next hit.' }));
}

function details(bean, model) {
  const panel = byId('bean-details');
  const facts = [['Type', bean.type, 'mono'], ['Source', bean.resource, 'mono'], ['Module', bean.module, 'mono'], ['Stereotype', bean.stereotype], ['Scope', bean.scope],
    ['Also known as', (bean.aliases ?? []).join(', '), 'mono'], ['Phase, order', `${bean.phase ?? 0}, ${bean.order ?? 0}`], ['Primary', bean.primary ? 'yes' : ''],
    ['State', bean.state], ['Took', typeof bean.tookMs === 'number' ? millis(bean.tookMs) : '']];
  panel.dataset.bean = bean.name;
  panel.replaceChildren(...[
    h('h3', { class: 'bean-name', text: bean.name }),
    bean.isPostProcessor && h('p', { class: 'hint', text: 'A post-processor: it works on the other beans.' }),
    bean.problem && h('p', { class: 'problem', text: bean.problem }),
    h('dl', { class: 'facts' }, facts.filter(([, value]) => value).map(([name, value, kind]) => [h('dt', { text: name }), h('dd', { class: kind, text: value })])),
    links('Needs', bean.needs, 'Needs no other bean.'), links('Needed by', bean.neededBy, 'No other bean needs it.'),
    clientLink(bean, model),
  ].flat().filter(Boolean));
}

function links(title, list, none) {
  return [h('h4', { class: 'label', text: `${title} ${list.length || ''}` }), list.length
    ? h('ul', { class: 'links' }, list.map(({ name, kind }) => h('li', {}, link(name), kind && kind !== 'needs' && h('span', { class: 'hint', text: ` ${kind}` }))))
    : h('p', { class: 'hint', text: none })];
}

// From the bean of a client to its card.
function clientLink(bean, model) {
  const type = (bean.type ?? '').replace(/^\*?.*\./, '');
  const client = [...model.clients.values()].find((each) => each.type && each.type.replace(/^\*?.*\./, '') === type);
  return client ? h('p', {}, h('a', { href: linkTo('clients', client.name), text: `How ${client.name} is doing` })) : null;
}

function legend() {
  byId('graph-legend').replaceChildren(...Object.entries(sorts).map(([sort, text]) => h('span', { class: 'legend-item' }, h('span', { class: 'swatch node', data: { sort } }), text)));
}
