// SPDX-License-Identifier: Apache-2.0
// The event stream: connected, watched and connected again.

import { address, headers, problemOf } from './api.js';
import { parser } from './sse.js';

const shortest = 1000;
const longest = 15000;
const silence = 40000; // the server speaks every second, or at least every 15

/**
 * Keeps the stream open. onEvent(type, object) gets each event,
 * onState(state, detail) "connecting", "live" or "refused". After a refusal
 * only retry() tries again.
 */
export function openStream({ onEvent, onState }) {
  let delay = shortest;
  let timer = 0;
  let current = null;

  function retry() {
    clearTimeout(timer);
    current?.abort();
    delay = shortest;
    connect();
  }

  async function connect() {
    const controller = new AbortController();
    current = controller;
    onState('connecting', '');
    try {
      const res = await fetch(address('events'), {
        headers: headers({ Accept: 'text/event-stream' }), cache: 'no-store', signal: controller.signal, redirect: 'error',
      });
      if (res.status === 401 || res.status === 403) return onState('refused', await problemOf(res), res.status);
      if (!res.ok || !res.body) throw new Error(await problemOf(res));
      await read(res.body, controller);
    } catch {
      // whatever it was: again after a while
    }
    if (current === controller) again();
    return undefined;
  }

  async function read(body, controller) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    const feed = parser((type, data) => {
      delay = shortest;
      onState('live', '');
      const message = json(data);
      if (message) onEvent(type, message);
    });
    let watchdog = 0;
    try {
      for (;;) {
        clearTimeout(watchdog);
        watchdog = setTimeout(() => controller.abort(), silence);
        const { value, done } = await reader.read();
        if (done) return;
        feed(value);
      }
    } finally {
      clearTimeout(watchdog);
    }
  }

  function again() {
    onState('connecting', `again in ${Math.round(delay / 1000)} s`);
    timer = setTimeout(connect, delay * (0.8 + Math.random() * 0.4));
    delay = Math.min(delay * 2, longest);
  }

  // A page that waits in the browser's memory to be gone back to keeps no
  // stream from others.
  function leave() {
    clearTimeout(timer);
    const left = current;
    current = null;
    left?.abort();
  }

  addEventListener('online', retry);
  addEventListener('pagehide', leave);
  addEventListener('pageshow', ({ persisted }) => persisted && retry());
  connect();
  return { retry };
}

function json(text) {
  try {
    return JSON.parse(text);
  } catch {
    return null; // a server of another release; the next event may be fine
  }
}
