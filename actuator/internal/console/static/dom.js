// SPDX-License-Identifier: Apache-2.0
// Elements made by hand: text is always set as text, never parsed.

/** The element with this id. */
export const byId = (id) => document.getElementById(id);

/**
 * Makes an element. Of props, "class" and "text" are special, "data" is an
 * object of data attributes, on* are listeners, booleans set or omit the
 * attribute; the rest are attributes. Children are nodes or texts; null and
 * false are left out.
 */
export function h(tag, props, ...children) {
  const el = document.createElement(tag);
  for (const [key, value] of Object.entries(props ?? {})) setProp(el, key, value);
  append(el, children);
  return el;
}

function setProp(el, key, value) {
  if (value === null || value === undefined || value === false) return;
  if (key === 'class') el.className = value;
  else if (key === 'text') el.textContent = value;
  else if (key === 'data') Object.assign(el.dataset, value);
  else if (typeof value === 'function') el.addEventListener(key.slice(2), value);
  else el.setAttribute(key, value === true ? '' : String(value));
}

function append(el, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    el.append(child);
  }
}

/** Sets the text of an element if it is another: no needless layout. */
export function setText(el, text) {
  if (el.textContent !== text) el.textContent = text;
}

/** Sets a data attribute if it is another. */
export function setData(el, key, value) {
  if (el.dataset[key] !== value) el.dataset[key] = value;
}

const SVG = 'http://www.w3.org/2000/svg';

// Each icon is a list of paths in a box of 16 by 16. Shapes differ, so that
// states are told apart without colour.
const icons = {
  __proto__: null,
  closed: ['M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M5 8.2l2.1 2.1L11 6'],
  open: ['M5.3 1.5h5.4l3.8 3.8v5.4l-3.8 3.8H5.3l-3.8-3.8V5.3z', 'M5.7 5.7l4.6 4.6M10.3 5.7l-4.6 4.6'],
  'half-open': ['M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M8 1.5v13', 'M10.6 4.4v7.2M12.8 6v4'],
  'forced-open': ['M3.2 7V13.5h9.6V7z', 'M5.2 7V4.6a2.8 2.8 0 0 1 5.6 0V7', 'M8 9.5v1.6'],
  disabled: ['M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M3.6 12.4l8.8-8.8'],
  none: ['M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13z', 'M5 8h6'],
  warning: ['M8 1.8l6.7 12H1.3z', 'M8 6.2v3.6M8 11.6v.4'],
  chevron: ['M6 4l4 4-4 4'],
};

/** An icon for a state, decoration only. */
export function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 16 16');
  svg.setAttribute('class', 'icon');
  svg.setAttribute('aria-hidden', 'true');
  svg.setAttribute('focusable', 'false');
  for (const d of icons[name] ?? icons.none) {
    const path = document.createElementNS(SVG, 'path');
    path.setAttribute('d', d);
    svg.append(path);
  }
  return svg;
}
