// SPDX-License-Identifier: Apache-2.0

/** States of circuit breakers as people say them. */
export const stateWords = { __proto__: null, closed: 'closed', open: 'open', 'half-open': 'half-open', 'forced-open': 'forced open', disabled: 'disabled', none: 'no breaker' };
