// SPDX-License-Identifier: Apache-2.0
// The dialogs: the token, and "are you sure".

import { setToken } from './api.js';
import { byId, setText } from './dom.js';

let waiting = []; // those who wait for a token
let used = () => {};

/** onToken is called when a new token is there. */
export function startToken(onToken) {
  used = onToken;
  const dialog = byId('token-dialog');
  byId('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    save();
  });
  byId('token-cancel').addEventListener('click', () => dialog.close());
  byId('token-open').addEventListener('click', () => askToken(''));
  dialog.addEventListener('close', () => settle(false));
}

function save() {
  const value = byId('token').value.trim();
  if (!value) return byId('token').focus();
  setToken(value);
  byId('token').value = '';
  settle(true);
  byId('token-dialog').close();
  used();
  return undefined;
}

function settle(given) {
  const all = waiting;
  waiting = [];
  for (const resolve of all) resolve(given);
}

/** Shows or hides the button that asks for the token. */
export function offerToken(wanted) {
  byId('token-open').hidden = !wanted;
}

/** Asks for the token; resolves to whether one was given. */
export function askToken(reason) {
  const dialog = byId('token-dialog');
  if (reason) setText(byId('token-reason'), reason);
  const answer = new Promise((resolve) => waiting.push(resolve));
  if (!dialog.open) dialog.showModal();
  return answer;
}

/** Asks whether to go on; resolves to a boolean. */
export function confirmed(title, text, button) {
  const dialog = byId('confirm-dialog');
  const ok = byId('confirm-ok');
  setText(byId('confirm-title'), title);
  setText(byId('confirm-text'), text);
  setText(ok, button);
  ok.classList.toggle('danger', button === 'Force open');
  return new Promise((resolve) => {
    const end = new AbortController();
    const answer = (yes) => {
      end.abort();
      if (dialog.open) dialog.close();
      resolve(yes);
    };
    ok.addEventListener('click', () => answer(true), { signal: end.signal });
    byId('confirm-cancel').addEventListener('click', () => answer(false), { signal: end.signal });
    dialog.addEventListener('close', () => answer(false), { signal: end.signal });
    dialog.showModal();
  });
}
