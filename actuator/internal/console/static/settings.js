// SPDX-License-Identifier: Apache-2.0
// All settings with their values and where they come from.

import { get } from './api.js';
import { byId, h, setText } from './dom.js';
import { count } from './format.js';

const whole = '';

export function startSettings(model, navigation) {
  let answer = null;
  let rows = [];

  async function load() {
    if (answer) return;
    try {
      answer = await get('configprops');
    } catch (error) {
      setText(byId('settings-hint'), error.message);
      return;
    }
    scopes();
    show();
  }

  function scopes() {
    const select = byId('settings-scope');
    const chosen = select.value;
    const option = (value, text) => h('option', { value, text });
    select.replaceChildren(option(whole, 'All that is set'), ...[...model.clients.keys()].sort().map((name) => option(name, `Effective for ${name}`)));
    select.value = [...select.options].some((each) => each.value === chosen) ? chosen : whole;
  }

  function show() {
    const scope = byId('settings-scope').value;
    const entries = scope === whole ? all(answer) : effective(model, scope);
    rows = entries.map((entry) => h('tr', { data: { key: entry.key } },
      h('td', { class: 'mono key', text: entry.key }), h('td', { class: 'mono value', text: entry.value }), h('td', { class: 'origin' }, origin(entry.origin))));
    byId('settings-table').tBodies[0].replaceChildren(...rows);
    filter();
  }

  function filter() {
    const words = byId('settings-filter').value.trim().toLowerCase().split(/\s+/);
    let visible = 0;
    for (const row of rows) {
      const text = row.textContent.toLowerCase();
      row.hidden = !words.every((word) => text.includes(word));
      if (!row.hidden) visible++;
    }
    setText(byId('settings-hint'), visible === rows.length ? `${count(rows.length)} settings` : `${count(visible)} of ${count(rows.length)} settings`);
    byId('settings-empty').hidden = visible > 0;
    setText(byId('settings-empty'), rows.length ? 'No setting matches.' : 'Nothing is set. Keys of pyfly.yaml, its profiles and the environment appear here with file and line.');
  }

  byId('settings-filter').addEventListener('input', filter);
  byId('settings-scope').addEventListener('change', () => answer && show());
  navigation.onShow('settings', load);
  model.on('client', () => answer && scopes());
  model.on('restarted', () => {
    answer = null;
  });
  model.on('reload', () => navigation.visible('settings') && load());
}

// The settings of the configuration, and what properties beans made of
// theirs, each key once.
function all(answer) {
  const found = new Map((answer.settings ?? []).map((setting) => [setting.key, setting]));
  for (const context of Object.values(answer.contexts ?? {})) {
    for (const bean of Object.values(context.beans ?? {})) {
      for (const [name, value] of Object.entries(bean.properties ?? {})) {
        const key = bean.prefix ? `${bean.prefix}.${name}` : name;
        const input = bean.inputs?.[name];
        if (!found.has(key)) found.set(key, { key, value: text(input?.value ?? value), origin: input?.origin ?? 'default' });
      }
    }
  }
  return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

const text = (value) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

function effective(model, name) {
  return (model.clients.get(name)?.settings ?? []).map(({ key, name: short, value, origin: from }) => ({ key: key || short, value, origin: from }));
}

// What overrides files stands out.
function origin(from) {
  const kind = /environment/i.test(from ?? '') ? 'environment' : /^(code|tag)/.test(from ?? '') ? 'code' : from === 'default' ? 'default' : 'file';
  return h('span', { class: 'origin-chip', data: { kind }, text: from ?? '' });
}
