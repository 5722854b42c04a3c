// SPDX-License-Identifier: Apache-2.0
// Server-sent events parsed by hand: EventSource cannot send a token.

/**
 * A parser of text in whatever pieces it comes: feed(text) calls
 * onEvent(type, data) for each whole event. Lines end in LF, CR or CRLF.
 */
export function parser(onEvent) {
  let rest = '';
  let type = '';
  let data = [];

  function line(text) {
    if (text === '') return dispatch();
    if (text.startsWith(':')) return undefined;
    const colon = text.indexOf(':');
    const field = colon < 0 ? text : text.slice(0, colon);
    let value = colon < 0 ? '' : text.slice(colon + 1);
    if (value.startsWith(' ')) value = value.slice(1);
    if (field === 'event') type = value;
    else if (field === 'data') data.push(value);
    return undefined;
  }

  function dispatch() {
    if (data.length) onEvent(type || 'message', data.join('\n'));
    type = '';
    data = [];
  }

  return function feed(text) {
    rest += text;
    let from = 0;
    for (;;) {
      const end = endOfLine(rest, from);
      if (end < 0) break;
      line(rest.slice(from, end));
      from = end + (rest[end] === '\r' && rest[end + 1] === '\n' ? 2 : 1);
    }
    rest = rest.slice(from);
  };
}

// A CR that is the last character may be half of a CRLF: wait for the rest.
function endOfLine(text, from) {
  for (let i = from; i < text.length; i++) {
    if (text[i] === '\n') return i;
    if (text[i] === '\r') return i + 1 < text.length ? i : -1;
  }
  return -1;
}
