// SPDX-License-Identifier: Apache-2.0
// The drawing of the beans: placed by dagre in a worker, drawn by cytoscape.

import { colour, onTheme } from './theme.js';

const nodeHeight = 30;
const motion = () => !matchMedia('(prefers-reduced-motion: reduce)').matches;

/** Of what sort a bean is, for its colour. */
export function sortOf(bean) {
  if (bean.isPostProcessor) return 'processor';
  if (bean.stereotype === 'client' || /client/i.test(bean.stereotype ?? '')) return 'client';
  if (bean.stereotype === 'properties' || /config|propert/i.test(bean.stereotype ?? '')) return 'config';
  return bean.stereotype ? 'service' : 'plain';
}

/** Draws nodes and edges into an element; onPick(id) is called for a tap. */
export async function drawGraph(container, nodes, edges, onPick) {
  const plan = numbered(nodes, edges);
  const [{ default: cytoscape }, positions] = await Promise.all([import('./vendor/cytoscape.js'), place(plan)]);
  const many = nodes.length > 200; // cheaper to draw then
  const cy = cytoscape({
    container,
    elements: elements(plan),
    style: style(many),
    layout: { name: 'preset', positions: (node) => positions[node.id()], fit: true, padding: 24 },
    minZoom: 0.02,
    maxZoom: 3,
    autoungrabify: true,
    boxSelectionEnabled: false,
    hideEdgesOnViewport: many,
    textureOnViewport: many,
    pixelRatio: many ? 1 : 'auto',
  });
  if (cy.zoom() > 1.2) cy.zoom(1.2).center(); // a few beans are no posters
  const forget = onTheme(() => cy.style(style(many)));
  cy.on('tap', 'node', (event) => onPick(event.target.data('name')));
  keys(container, cy);
  return { ...controls(cy, plan.idOf, many ? 0 : 220), destroy: () => (forget(), cy.destroy()) };
}

/**
 * Gives nodes and edges ids of our own. The libraries keep what they know of an
 * id in plain objects, where a bean named "constructor" would be found already.
 */
export function numbered(nodes, edges) {
  const ids = new Map(nodes.map((node, i) => [node.name, `bean ${i}`]));
  return {
    nodes: nodes.map((node) => ({ id: ids.get(node.name), node, width: Math.min(260, node.name.length * 7.2 + 26) })),
    edges: edges.map((edge, i) => ({ id: `edge ${i}`, edge, from: ids.get(edge.from), to: ids.get(edge.to) })),
    idOf: (name) => ids.get(name) ?? '',
  };
}

function elements({ nodes, edges }) {
  return [
    ...nodes.map(({ id, node, width }) => ({ group: 'nodes', data: { id, name: node.name, label: short(node.name), sort: sortOf(node), state: node.state ?? 'built', width } })),
    ...edges.map(({ id, edge, from, to }) => ({ group: 'edges', data: { id, source: from, target: to, kind: edge.kind ?? 'needs' } })),
  ];
}

const short = (name) => (name.length > 34 ? `${name.slice(0, 33)}…` : name);

function place({ nodes, edges }) {
  const worker = new Worker(workerAddress(), { type: 'module' });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = () => reject(new Error('The graph could not be laid out'));
    worker.postMessage({
      nodes: nodes.map(({ id, width }) => ({ id, width, height: nodeHeight })),
      edges: edges.map(({ from, to }) => ({ from, to })),
    });
  }).finally(() => worker.terminate());
}

// Where trusted types are enforced, the address of a worker has to be one. The
// policy, the only one that the page may have, knows a single address.
const layoutAddress = new URL('./layout.js', import.meta.url).href;
let policy;

function workerAddress() {
  if (!globalThis.trustedTypes) return layoutAddress;
  policy ??= trustedTypes.createPolicy('pyfly-console-layout', { createScriptURL: () => layoutAddress });
  return policy.createScriptURL('');
}

function style(many) {
  const fill = (sort) => colour(`node-${sort}`);
  return [
    { selector: 'node', style: {
      shape: 'round-rectangle', width: 'data(width)', height: nodeHeight, 'background-color': colour('surface'), 'border-width': 1.5, 'border-color': fill('plain'),
      label: 'data(label)', color: colour('text'), 'font-size': 12, 'font-family': 'ui-sans-serif, system-ui, sans-serif', 'text-valign': 'center', 'text-halign': 'center',
      'min-zoomed-font-size': 7,
    } },
    ...['client', 'service', 'config', 'processor', 'plain'].map((sort) => ({ selector: `node[sort = "${sort}"]`, style: { 'border-color': fill(sort), 'background-color': fill(sort), 'background-opacity': 0.13 } })),
    { selector: 'node[sort = "client"]', style: { shape: 'cut-rectangle' } },
    { selector: 'node[sort = "processor"]', style: { shape: 'round-hexagon' } },
    { selector: 'node[sort = "config"]', style: { shape: 'rectangle' } },
    { selector: 'node[state = "failed"]', style: { 'border-color': colour('bad'), 'border-width': 3 } },
    { selector: 'node[state = "not built"]', style: { 'border-style': 'dashed' } },
    { selector: 'edge', style: {
      width: 1.2, 'line-color': colour('line'), 'curve-style': many ? 'straight' : 'bezier', 'target-arrow-shape': 'triangle', 'target-arrow-color': colour('line'), 'arrow-scale': 0.8,
    } },
    { selector: 'edge[kind = "depends on"], edge[kind = "may get"]', style: { 'line-style': 'dashed' } },
    { selector: '.faded', style: { opacity: 0.18 } },
    { selector: 'edge.near', style: { 'line-color': colour('accent'), 'target-arrow-color': colour('accent'), width: 2 } },
    { selector: 'node.hit', style: { 'background-color': colour('node-hit'), 'background-opacity': 1, 'border-color': colour('accent'), 'border-width': 3, 'min-zoomed-font-size': 0, 'z-index': 10 } },
  ];
}

// glide is how many milliseconds a move takes: a large graph jumps.
function controls(cy, idOf, glide) {
  return {
    /** Shows a bean among its neighbours; null shows all alike. */
    focus(name) {
      const id = name === null ? null : idOf(name);
      cy.batch(() => {
        cy.elements().removeClass('hit near faded');
        const node = id === null ? cy.collection() : cy.getElementById(id);
        if (node.empty()) return;
        const around = node.closedNeighborhood();
        cy.elements().not(around).addClass('faded');
        node.connectedEdges().addClass('near');
        node.addClass('hit');
      });
      const node = id === null ? cy.collection() : cy.getElementById(id);
      if (node.nonempty()) move(cy, { center: { eles: node }, zoom: Math.max(cy.zoom(), 0.9) }, glide);
    },
    zoom: (factor) => zoomBy(cy, factor),
    fit: () => move(cy, { fit: { eles: cy.elements(), padding: 24 } }, glide),
    resize: () => cy.resize(),
  };
}

function move(cy, to, glide) {
  cy.stop();
  cy.animate(to, { duration: motion() ? glide : 0 });
}

function zoomBy(cy, factor) {
  cy.zoom({ level: cy.zoom() * factor, renderedPosition: { x: cy.width() / 2, y: cy.height() / 2 } });
}

function keys(container, cy) {
  const step = 60;
  const actions = {
    ArrowLeft: () => cy.panBy({ x: step, y: 0 }), ArrowRight: () => cy.panBy({ x: -step, y: 0 }),
    ArrowUp: () => cy.panBy({ x: 0, y: step }), ArrowDown: () => cy.panBy({ x: 0, y: -step }),
    '+': () => zoomBy(cy, 1.3), '=': () => zoomBy(cy, 1.3), '-': () => zoomBy(cy, 1 / 1.3), 0: () => cy.fit(undefined, 24),
  };
  container.addEventListener('keydown', (event) => {
    const action = actions[event.key];
    if (!action || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    action();
  });
}
