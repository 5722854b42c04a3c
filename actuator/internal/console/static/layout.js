// SPDX-License-Identifier: Apache-2.0
// A worker: places the beans in layers, beside the page, so that it stays
// smooth. Gets {nodes: [{id, width, height}], edges: [{from, to}]}, answers
// with {id: {x, y}}.

import { Graph, layout } from './vendor/dagre.js';

addEventListener('message', ({ data }) => {
  const graph = new Graph();
  graph.setGraph({ rankdir: 'LR', nodesep: 14, ranksep: 70, edgesep: 6, ranker: data.nodes.length > 300 ? 'longest-path' : 'network-simplex' });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const node of data.nodes) graph.setNode(node.id, { width: node.width, height: node.height });
  for (const edge of data.edges) graph.setEdge(edge.from, edge.to);
  layout(graph);
  postMessage(Object.fromEntries(graph.nodes().map((id) => [id, { x: graph.node(id).x, y: graph.node(id).y }])));
});
