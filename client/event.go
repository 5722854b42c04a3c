// SPDX-License-Identifier: Apache-2.0

package client

import "time"

// Event is a server-sent event, as the HTML standard has it (section 9.2,
// https://html.spec.whatwg.org/multipage/server-sent-events.html). A method that
// returns an iter.Seq2[client.Event, error] gets events as they are; any other
// element type is decoded from their data.
type Event struct {
	ID    string        // the last one that the server has sent
	Name  string        // "message" unless the server says otherwise
	Data  string        // lines joined by line feeds
	Retry time.Duration // how long to wait before a reconnection, if the server says so
}
