// SPDX-License-Identifier: Apache-2.0
// Requests to the actuator: the token, and errors a person can read.

const root = new URL('../', import.meta.url);
const key = 'pyfly.actuator.token';

/** An answer that is none: its message is fit to be shown. */
export class ApiError extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/** The address of an endpoint. */
export const address = (path) => new URL(path, root);

export function token() {
  try {
    return sessionStorage.getItem(key) ?? '';
  } catch {
    return memory; // storage is blocked
  }
}

let memory = '';

export function setToken(value) {
  memory = value;
  try {
    if (value) sessionStorage.setItem(key, value);
    else sessionStorage.removeItem(key);
  } catch {
    // kept for as long as the page is
  }
}

/** The headers of every request. */
export function headers(more) {
  const value = token();
  return value ? { ...more, Authorization: `Bearer ${value}` } : { ...more };
}

/** What an answer that is no success says, as text. */
export async function problemOf(res) {
  try {
    const problem = await res.json();
    const text = problem.detail || problem.title || problem.message;
    if (text) return String(text);
  } catch {
    // no JSON: the status has to do
  }
  return `The application answered ${res.status} ${res.statusText}`.trim();
}

/** Reads JSON; statuses in accept are answers too (health: 503). */
export async function get(path, { accept = [] } = {}) {
  const res = await request(path, { headers: headers({ Accept: 'application/json' }) });
  if (!res.ok && !accept.includes(res.status)) throw new ApiError(await problemOf(res), res.status);
  return res.json();
}

export async function post(path, body) {
  const res = await request(path, {
    method: 'POST',
    headers: headers({ 'Content-Type': 'application/json', Accept: 'application/json' }),
    body: JSON.stringify(body),
  });
  if (!res.ok) throw new ApiError(await problemOf(res), res.status);
  return res.json();
}

async function request(path, init) {
  try {
    return await fetch(address(path), { cache: 'no-store', credentials: 'same-origin', redirect: 'error', ...init });
  } catch {
    throw new ApiError('The application cannot be reached', 0);
  }
}
