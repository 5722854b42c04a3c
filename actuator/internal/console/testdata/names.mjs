// SPDX-License-Identifier: Apache-2.0
// Beans and clients with the names of what every object of JavaScript has: run by
// TestNamesOfJavaScriptBreakNothing.

import assert from 'node:assert/strict';

const names = ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'valueOf', 'prototype', 'length', 'watch', 'plain'];
const edges = names.slice(1).map((name, i) => ({ from: name, to: names[i] }));

// What a worker has.
let onMessage;
let placed;
globalThis.addEventListener = (type, listener) => { onMessage = listener; };
globalThis.postMessage = (message) => { placed = structuredClone(message); };

const { numbered } = await import('../static/graph.js');
await import('../static/layout.js');
const { default: cytoscape } = await import('../static/vendor/cytoscape.js');
const plan = numbered(names.map((name) => ({ name })), edges);
onMessage({ data: { nodes: plan.nodes.map(({ id, width }) => ({ id, width, height: 30 })), edges: plan.edges.map(({ from, to }) => ({ from, to })) } });
const cy = cytoscape({
  headless: true,
  elements: [...plan.nodes.map(({ id, node }) => ({ group: 'nodes', data: { id, name: node.name } })), ...plan.edges.map(({ id, from, to }) => ({ group: 'edges', data: { id, source: from, target: to } }))],
});
for (const name of names) {
  const id = plan.idOf(name);
  assert.ok(Number.isFinite(placed[id]?.x) && Number.isFinite(placed[id]?.y), `${name} is not placed`);
  assert.equal(cy.getElementById(id).data('name'), name);
}
assert.equal(new Set(names.map((name) => JSON.stringify(placed[plan.idOf(name)]))).size, names.length, 'beans lie on each other');
assert.equal(cy.edges().length, edges.length);

const { Model, stateName } = await import('../static/model.js');
const { diagnoseAll } = await import('../static/diagnosis.js');
const { stateWords } = await import('../static/states.js');
const model = new Model();
const byName = (value) => JSON.parse(`{${names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(value(name))}`).join()}}`);
model.setClients(names.map((name) => ({ name, type: 'Constructor', declaration: {}, settings: [], stats: { circuitBreakers: [{ name, state: 'OPEN' }] } })));
model.setHistory({ at: [1, 2], clients: byName(() => ({ rate: [1, 2] })), breakers: byName((name) => ({ client: name, changes: [{ at: 1, state: 'OPEN' }] })) });
model.tick({ at: 3, clients: byName((name) => ({ rate: 3, breakers: JSON.parse(`{${JSON.stringify(name)}:"open"}`) })) });
assert.deepEqual([...model.clients.keys()], names);
for (const name of names) {
  assert.equal(model.clients.get(name).series.rate.at(-1), 3, name);
  assert.equal(model.breakers.get(name).state, 'open', name);
  assert.equal(stateWords[stateName(name)], undefined, name);
}
assert.equal(diagnoseAll(model).length, names.length);

// Charts of one client move together, by a key that uPlot keeps in an object.
const { readFileSync } = await import('node:fs');
const charts = readFileSync(new URL('../static/charts.js', import.meta.url), 'utf8');
const key = /sync: \{ key: (.*?) \}/.exec(charts)[1].replaceAll('this.#client.name', 'name');
for (const name of names) {
  assert.ok(!(Function('name', `return ${key}`)(name) in {}), `the charts of ${name} have the key of something that is there`);
}
