// SPDX-License-Identifier: Apache-2.0
// Light, dark, or as the system has it; and the colours for what is drawn on
// canvas.

import { byId } from './dom.js';

const key = 'pyfly.console.theme';
const darkIf = { system: '(prefers-color-scheme: dark)', light: 'not all', dark: 'all' }; // media of dark.css
const listeners = new Set();
let palette = {};

const names = ['accent', 'text', 'muted', 'line', 'grid', 'surface', 'bad', 'fill-accent', 'fill-bad', 'fill-warn',
  'series-1', 'series-2', 'series-3', 'node-client', 'node-service', 'node-config', 'node-processor', 'node-plain', 'node-hit'];

/** A colour of the page, for canvas: colour('bad'). */
export const colour = (name) => palette[name] ?? '#888';

/** Calls fn after each change of colours, until the function it returns is called. */
export function onTheme(fn) {
  listeners.add(fn);
  return () => listeners.delete(fn);
}

export function startTheme() {
  const group = byId('theme');
  apply(stored());
  group.addEventListener('click', (event) => {
    const choice = event.target.closest('button')?.dataset.themeChoice;
    if (!choice) return;
    store(choice);
    apply(choice);
  });
  byId('dark').addEventListener('load', refresh); // it comes last as long as it does not hold
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', refresh);
}

function apply(choice) {
  document.documentElement.dataset.theme = choice;
  byId('dark').media = darkIf[choice];
  for (const button of byId('theme').querySelectorAll('button')) {
    button.setAttribute('aria-pressed', String(button.dataset.themeChoice === choice));
  }
  refresh();
}

function refresh() {
  const style = getComputedStyle(document.documentElement);
  palette = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(`--${name}`).trim()]));
  for (const listener of listeners) listener();
}

function stored() {
  try {
    const choice = localStorage.getItem(key);
    return Object.hasOwn(darkIf, choice) ? choice : 'system';
  } catch {
    return 'system';
  }
}

function store(choice) {
  try {
    localStorage.setItem(key, choice);
  } catch {
    // it holds for this page then
  }
}
