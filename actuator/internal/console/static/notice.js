// SPDX-License-Identifier: Apache-2.0
// Short messages for people, and for those who listen instead of looking.

import { byId, h } from './dom.js';

let timer = 0;

/** Shows a message. kind: "good", "bad"; good ones go by themselves. */
export function notice(text, kind = 'good') {
  const area = byId('notice');
  clearTimeout(timer);
  area.replaceChildren(
    h('span', { text }),
    h('button', { type: 'button', class: 'quiet', 'aria-label': 'Dismiss message', text: '✕', onclick: hide }),
  );
  area.dataset.kind = kind;
  area.hidden = false;
  timer = setTimeout(hide, kind === 'bad' ? 20000 : 6000);
}

function hide() {
  byId('notice').hidden = true;
}

/** Says a text to screen readers only. */
export function announce(text) {
  byId('announcer').textContent = text;
}
