// SPDX-License-Identifier: Apache-2.0
// The samples of one client over the last minutes, in columns, as charts want
// them.

export const COLUMNS = ['rate', 'errors', 'rejections', 'p50', 'p95', 'p99', 'inFlight'];

export class Series {
  at = [];
  #window;

  constructor(window) {
    this.#window = window;
    for (const column of COLUMNS) this[column] = [];
  }

  /** Takes what the server has sampled; what was pushed after that is kept. */
  load(at, columns) {
    const end = at.at(-1) ?? 0;
    const later = this.at.findIndex((t) => t > end + 0.5);
    const keep = (own) => (later < 0 ? [] : own.slice(later));
    const kept = keep(this.at);
    for (const column of COLUMNS) this[column] = pad(columns[column], at.length).concat(keep(this[column]));
    this.at = at.concat(kept);
    this.#trim();
  }

  push(at, values) {
    const last = this.at.at(-1) ?? at - 1;
    if (at <= last) return; // told twice
    if (at - last > 5) this.#add(last + 1, {}); // the stream was cut: a gap, no line
    this.#add(at, values);
    this.#trim();
  }

  #add(at, values) {
    this.at.push(at);
    for (const column of COLUMNS) this[column].push(values[column] ?? null);
  }

  // Arrays are cut in one go now and then, not shifted at each sample.
  #trim() {
    const from = this.at.at(-1) - this.#window - 5;
    if (this.at.length < this.#window + 60) return;
    const drop = this.at.findIndex((t) => t >= from);
    if (drop <= 0) return;
    this.at.splice(0, drop);
    for (const column of COLUMNS) this[column].splice(0, drop);
  }

  /** The mean of a column over the last n seconds, null without samples. */
  mean(column, seconds) {
    const from = (this.at.at(-1) ?? 0) - seconds;
    let sum = 0;
    let n = 0;
    for (let i = this.at.length - 1; i >= 0 && this.at[i] > from; i--) {
      const value = this[column][i];
      if (value === null || value === undefined) continue;
      sum += value;
      n++;
    }
    return n ? sum / n : null;
  }

  /** The last value of a column, null without samples. */
  last(column) {
    return this[column].at(-1) ?? null;
  }

  /** The median of a column, null with fewer than half a minute of values. */
  median(column) {
    const values = this[column].filter((value) => value !== null && value !== undefined).sort((a, b) => a - b);
    return values.length < 30 ? null : values[values.length >> 1];
  }

  /** Since when test(index) has been true up to now, tolerating gaps of a few samples; null if not now. */
  since(test, gap = 3) {
    let begun = null;
    let misses = 0;
    for (let i = this.at.length - 1; i >= 0 && misses <= gap; i--) {
      if (test(i)) {
        begun = this.at[i];
        misses = 0;
      } else misses++;
    }
    return begun;
  }

  /** Whether any latency is known. */
  get hasLatencies() {
    return this.p50.some((value) => value !== null && value !== undefined);
  }
}

function pad(column, length) {
  const given = column ?? [];
  if (given.length >= length) return given.slice(given.length - length);
  return new Array(length - given.length).fill(null).concat(given);
}
