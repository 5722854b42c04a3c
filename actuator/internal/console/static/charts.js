// SPDX-License-Identifier: Apache-2.0
// The three small charts of a client, drawn by uPlot.

import uPlot from './vendor/uplot.js';
import { h, setText } from './dom.js';
import { latency, percent, rate, timeOfDay } from './format.js';
import { soon } from './frame.js';
import { colour, onTheme } from './theme.js';
import { WINDOW } from './model.js';

const height = 76;
const kinds = [
  { title: 'Rate', columns: ['rate'], floor: 1, format: rate, styles: [{ stroke: 'series-1', fill: 'fill-accent', width: 1.5 }] },
  {
    title: 'Latency', columns: ['p50', 'p95', 'p99'], floor: 0.001, format: latency, names: ['p50', 'p95', 'p99'],
    styles: [{ stroke: 'series-1', width: 1.75 }, { stroke: 'series-2', width: 1.25 }, { stroke: 'series-3', width: 1 }],
  },
  { title: 'Errors', columns: ['errors'], floor: 0.1, ceiling: 1, format: percent, styles: [{ stroke: 'bad', fill: 'fill-bad', width: 1.5 }] },
];

const all = new Set();
onTheme(() => {
  for (const charts of all) charts.invalidate();
});

/** Charts of one client; nothing is made or drawn until they are visible. */
export class Charts {
  #client;
  #model;
  #charts = [];
  #visible = false;
  #width = 0;
  #tasks = kinds.map((kind, i) => () => this.#draw(i)); // of frame.js, one each

  constructor(client, model) {
    this.#client = client;
    this.#model = model;
    this.el = h('div', { class: 'charts' });
    this.parts = kinds.map((kind) => this.#figure(kind));
    new ResizeObserver((entries) => this.#resized(entries[0].contentRect.width)).observe(this.parts[0].plot);
    all.add(this);
  }

  #figure(kind) {
    const value = h('span', { class: 'chart-value' });
    const note = h('p', { class: 'chart-note', hidden: true });
    const plot = h('div', { class: 'plot', 'aria-hidden': 'true' });
    const keys = kind.names && h('span', { class: 'keys' }, kind.names.map((name) => h('span', { data: { key: name }, text: name })));
    const caption = h('figcaption', {}, h('span', { class: 'label', text: kind.title }), keys, value);
    const times = h('div', { class: 'chart-times', 'aria-hidden': 'true' }, h('span', { text: '5 min ago' }), h('span', { text: 'now' }));
    this.el.append(h('figure', { class: 'chart' }, caption, h('div', { class: 'plot-box' }, plot, note), times));
    return { kind, value, note, plot, keys };
  }

  set visible(visible) {
    this.#visible = visible;
    if (visible) this.invalidate();
  }

  /** Asks for a new drawing, if anybody can see it. */
  invalidate() {
    if (!this.#visible) return;
    for (const task of this.#tasks) soon(task);
  }

  #resized(width) {
    const whole = Math.floor(width);
    if (!whole || whole === this.#width) return;
    this.#width = whole;
    for (const chart of this.#charts) chart?.setSize({ width: whole, height });
    this.invalidate();
  }

  #draw(i) {
    if (!this.#visible || !this.#width) return;
    const part = this.parts[i];
    if (this.#charts[i]) this.#charts[i].setData(this.#data(part.kind));
    else this.#charts[i] = this.#make(part);
    this.#note(part);
    this.#caption(part, this.#charts[i].cursor.idx);
  }

  #data(kind) {
    const { series } = this.#client;
    return [series.at, ...kind.columns.map((column) => series[column])];
  }

  #note({ kind, note }) {
    const { series } = this.#client;
    let text = '';
    if (kind.title === 'Latency' && !series.hasLatencies) {
      text = series.rate.some((value) => value > 0) ? 'no latencies: the application measures with a meter provider of its own' : 'no calls yet';
    }
    note.hidden = !text;
    setText(note, text);
  }

  // Beside the title: the values under the pointer, else the last ones; those of
  // the latencies stand above already, so that their place is the key's.
  #caption({ kind, value, keys }, index) {
    const { series } = this.#client;
    const pointed = index !== null && index !== undefined;
    const at = pointed ? index : series.at.length - 1;
    const values = kind.columns.map((column) => kind.format(series[column][at])).join(' · ');
    if (keys) keys.hidden = pointed;
    if (pointed) setText(value, keys ? values : `${timeOfDay(series.at[at])}  ${values}`);
    else setText(value, keys ? '' : values);
  }

  #make(part) {
    const { kind } = part;
    const series = kind.styles.map((style) => ({
      stroke: () => colour(style.stroke),
      fill: style.fill ? () => colour(style.fill) : undefined,
      width: style.width,
      points: { show: false },
    }));
    return new uPlot({
      width: this.#width,
      height,
      padding: [6, 0, 2, 0],
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false }, points: { size: 5 }, sync: { key: `client ${this.#client.name}` } },
      scales: {
        x: { time: true, range: () => [this.#model.at - WINDOW, this.#model.at] },
        y: { range: (u, min, max) => [0, top(kind, max)] },
      },
      axes: [{ show: false }, this.#yAxis(kind)],
      series: [{}, ...series],
      hooks: { drawClear: [(u) => this.#bands(u)], setCursor: [(u) => this.#caption(part, u.cursor.idx)] },
    }, this.#data(kind), part.plot);
  }

  #yAxis(kind) {
    return {
      size: 44,
      gap: 4,
      font: '10px ui-sans-serif, system-ui, sans-serif',
      stroke: () => colour('muted'),
      grid: { stroke: () => colour('grid'), width: 1 },
      ticks: { show: false },
      splits: (u) => [0, u.scales.y.max / 2, u.scales.y.max],
      values: (u, splits) => splits.map((value) => (value === 0 ? '0' : compact(kind.format(value)))),
    };
  }

  // While a circuit is not closed, the background says so.
  #bands(u) {
    const { ctx } = u;
    const { left, top: y, width, height: tall } = u.bbox;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, y, width, tall);
    ctx.clip();
    for (const { from, to, state } of bands(this.#client, this.#model)) {
      ctx.fillStyle = colour(state === 'open' || state === 'forced-open' ? 'fill-bad' : 'fill-warn');
      const x = u.valToPos(from, 'x', true);
      ctx.fillRect(x, y, Math.max(1, u.valToPos(to, 'x', true) - x), tall);
    }
    ctx.restore();
  }
}

const compact = (text) => text.replace('.0/s', '/s').replace('.0 ', ' ');

function top(kind, max) {
  const wanted = Math.max(kind.floor, (max ?? 0) * 1.05);
  return kind.ceiling ? Math.min(kind.ceiling, nice(wanted)) : nice(wanted);
}

// The next number of 1, 2, 3, 5 times a power of ten: an axis that seldom
// changes.
function nice(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 1.5, 2, 3, 4, 5, 6, 8, 10]) {
    if (step * power >= value * 0.9999) return step * power;
  }
  return value;
}

/** The times in which a client's own circuit was not closed. */
function bands(client, model) {
  const found = [];
  for (const breaker of client.breakers) {
    breaker.changes.forEach((change, i) => {
      const to = breaker.changes[i + 1]?.at ?? model.at;
      if (['open', 'half-open', 'forced-open'].includes(change.state) && to > model.at - WINDOW) found.push({ from: change.at, to, state: change.state });
    });
  }
  return found;
}
