// SPDX-License-Identifier: Apache-2.0
// The page: what is loaded when, and which view is shown.

import { get } from './api.js';
import { setText, setData, byId } from './dom.js';
import { Model } from './model.js';
import { openStream } from './stream.js';
import { startTheme } from './theme.js';
import { startNavigation } from './nav.js';
import { startToken, askToken, offerToken } from './token.js';
import { notice } from './notice.js';
import { startHeader } from './header.js';
import { startVerdict } from './verdict.js';
import { startClients } from './clients.js';
import { startTimeline } from './timeline.js';
import { startBeans } from './beans.js';
import { startStartup } from './startup.js';
import { startSettings } from './settings.js';
import { startEvents } from './events.js';

const model = new Model();
const navigation = startNavigation();
startTheme();
startHeader(model);
startVerdict(model, navigation);
startClients(model, navigation);
startTimeline(model, navigation);
startBeans(model, navigation);
startStartup(model, navigation);
startSettings(model, navigation);
const events = startEvents(model, navigation);

// Reads an endpoint into the model. A failure is shown once, not at each try.
async function load(path, use, options) {
  try {
    use(await get(path, options));
    return true;
  } catch (error) {
    if (error.status === 401) refused(error.message);
    else if (error.status > 0) notice(`${path}: ${error.message}`, 'bad');
    return false;
  }
}

const loadClients = () => load('clients', (answer) => model.setClients(answer.clients));
const loadHealth = () => load('health', (answer) => model.setHealth(answer), { accept: [503] });
const loadInfo = () => load('info', (answer) => model.setInfo(answer));
const loadHistory = () => load('history', (answer) => model.setHistory(answer));

async function loadAll() {
  await Promise.all([loadClients(), loadHealth(), loadInfo()]);
  await loadHistory();
  model.tell('reload');
}

let live = '';

function refused(detail) {
  showLive('refused', 'token needed');
  offerToken(true);
  if (!model.clients.size) setText(byId('verdict-text'), 'The application asks for its token before it says how it is.');
  askToken(detail);
}

function showLive(state, detail) {
  const text = state === 'connecting' && live ? 'reconnecting' : state;
  setData(byId('live'), 'live', state);
  model.setLive(state !== 'connecting');
  setText(byId('live-text'), detail ? `${text}, ${detail}` : text);
}

const stream = openStream({
  onState(state, detail, status) {
    if (state === 'refused') {
      if (status === 401) refused(detail);
      else showLive('refused', detail);
      return;
    }
    showLive(state, detail);
    if (state === 'live') offerToken(false);
    live = state === 'live' ? state : live;
  },
  onEvent(type, data) {
    if (type === 'hello') {
      model.hello(data);
      events.hello(data);
      loadAll(); // also after a reconnection: it may be another process
    } else if (type === 'tick') model.tick(data);
    else if (type === 'breaker') breaker(data);
    else if (type === 'events') events.batch(data);
  },
});

startToken(() => byId('live').dataset.live !== 'live' && stream.retry());
model.on('restarted', () => notice('The application has been started anew.'));

// After a change the details (next probe, openings) are read again, once for
// many changes.
let soon = 0;
function breaker(change) {
  model.breakerChanged(change);
  clearTimeout(soon);
  soon = setTimeout(() => {
    loadClients();
    loadHealth();
  }, 250);
}

model.on('stale', () => breakerDetails());
function breakerDetails() {
  clearTimeout(soon);
  soon = setTimeout(loadClients, 250);
}

setInterval(() => {
  if (document.hidden || byId('live').dataset.live !== 'live') return;
  loadHealth();
  loadClients();
}, 10000);
