// SPDX-License-Identifier: Apache-2.0
// Switching circuit breakers by hand.

import { post, token } from './api.js';
import { askToken, confirmed } from './token.js';
import { notice } from './notice.js';
import { stateName } from './model.js';

/** The switches, and what each of them does, for the question before. */
export const switches = [
  { action: 'FORCE_OPEN', label: 'Force open', does: 'All calls are rejected until it is closed or reset.' },
  { action: 'CLOSE', label: 'Close', does: 'Calls are admitted again, and the breaker counts them.' },
  { action: 'DISABLE', label: 'Disable', does: 'All calls are admitted until it is closed or reset.' },
  { action: 'RESET', label: 'Reset', does: 'It is closed and its counts are reset.' },
];

/** Asks, sends, and says what came of it. */
export async function throwSwitch(model, breaker, action) {
  const { label, does } = switches.find((each) => each.action === action);
  if (!(await confirmed(`${label}: ${breaker.name}?`, does, label))) return;
  if (!token() && !(await askToken('Switching a circuit breaker needs the actuator token.'))) return;
  await send(model, breaker, action, 1);
}

async function send(model, breaker, action, triesLeft) {
  const path = `circuitbreakers/${breaker.name.split('/').map(encodeURIComponent).join('/')}`;
  try {
    const answer = await post(path, { updateState: action });
    notice(answer.currentState ? `${breaker.name} is now ${stateName(answer.currentState).replaceAll('-', ' ')}` : answer.message);
    model.tell('stale');
  } catch (error) {
    if (error.status === 401 && triesLeft && (await askToken(error.message))) return send(model, breaker, action, triesLeft - 1);
    notice(`${breaker.name}: ${error.message}`, 'bad');
  }
  return undefined;
}
