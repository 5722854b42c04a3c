// SPDX-License-Identifier: Apache-2.0
// A worker: places the beans in layers, beside the page, so that it stays
// smooth. Gets {nodes: [{id, width, height}], edges: [{from, to}]}, answers
// with {id: {x, y}}.

import { Graph, layout } from './vendor/dagre.js';

const gap = 14; // between beans of a layer
const between = 70; // layers
const wide = 1.7; // how much wider than high a large graph becomes
const large = 100; // beans: from here on long layers are folded

addEventListener('message', ({ data }) => {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: gap, ranksep: between, edgesep: 6, ranker: ranker(data.nodes.length) });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of data.nodes) graph.setNode(node.id, { width: node.width, height: node.height });
  for (const edge of data.edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  const placed = graph.nodes().map((id) => ({ id, ...graph.node(id) }));
  if (placed.length > large) fold(placed);
  postMessage(Object.fromEntries(placed.map(({ id, x, y }) => [id, { x, y }])));
});

// The best one takes seconds for hundreds of beans.
function ranker(beans) {
  if (beans > 1000) return 'longest-path';
  return beans > large ? 'tight-tree' : 'network-simplex';
}

// A layer of hundreds would be a thread of a graph: long layers become several
// columns, in the order of the layer, and all are set to about one height.
function fold(placed) {
  const layers = [...Map.groupBy(placed, (node) => Math.round(node.x)).entries()].sort(([a], [b]) => a - b).map(([, nodes]) => nodes.sort((a, b) => a.y - b.y));
  const row = placed[0].height + gap;
  const area = placed.reduce((sum, node) => sum + (node.width + gap * 2) * row, 0);
  const rows = Math.max(12, Math.ceil(Math.sqrt((area * 1.25) / wide) / row));
  let x = 0;
  for (const nodes of layers) {
    const columns = Math.ceil(nodes.length / rows);
    const width = Math.max(...nodes.map((node) => node.width));
    const used = Math.ceil(nodes.length / columns);
    const step = columns > 1 ? row : Math.min(row * 3, (rows * row) / used);
    const top = ((rows * row) - used * step) / 2;
    nodes.forEach((node, i) => {
      node.x = x + (i % columns) * (width + gap * 2) + width / 2;
      node.y = top + Math.floor(i / columns) * step + step / 2;
    });
    x += columns * (width + gap * 2) + between;
  }
}
