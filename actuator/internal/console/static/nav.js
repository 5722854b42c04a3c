// SPDX-License-Identifier: Apache-2.0
// Which view is shown: the fragment of the address says so. "#beans/NAME" and
// "#clients/NAME" also say what in it.

import { byId } from './dom.js';

const fallback = 'clients';

/**
 * Starts the navigation. onShow(view, fn) calls fn(rest) each time the view
 * is shown, visible(view) tells whether it is.
 */
export function startNavigation() {
  const views = [...document.querySelectorAll('.view')];
  const known = new Set(views.map((view) => view.dataset.view));
  const listeners = new Map();
  let current = '';
  let rest = '';

  function show() {
    const before = current;
    [current, rest] = parse();
    for (const view of views) view.hidden = view.dataset.view !== current;
    for (const link of byId('nav').querySelectorAll('a')) {
      if (link.hash === `#${current}`) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    if (before !== current) scrollTo(0, 0);
    for (const fn of listeners.get(current) ?? []) fn(rest);
  }

  function parse() {
    const hash = location.hash.slice(1);
    const slash = hash.indexOf('/');
    const view = slash < 0 ? hash : hash.slice(0, slash);
    if (!known.has(view)) return [current || fallback, ''];
    return [view, slash < 0 ? '' : decode(hash.slice(slash + 1))];
  }

  addEventListener('hashchange', show);
  document.querySelector('.skip').addEventListener('click', (event) => {
    event.preventDefault(); // the fragment is the view's
    byId('main').focus();
  });
  queueMicrotask(show); // after the views have said what they want to hear

  return {
    visible: (view) => current === view && !document.hidden,
    onShow(view, fn) {
      listeners.set(view, [...(listeners.get(view) ?? []), fn]);
    },
  };
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The address of something in a view. */
export const linkTo = (view, name) => `#${view}/${encodeURIComponent(name)}`;
