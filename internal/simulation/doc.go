// SPDX-License-Identifier: Apache-2.0

// Package simulation runs the project's clients in random worlds and checks what
// must hold in all of them. From one seed it draws a world: servers that
// misbehave, a network that fails, declared clients with random settings, code of
// the user's that is odd but allowed, callers that cancel, operators that change
// settings. The world runs in virtual time (testing/synctest) over the real
// net/http, on both sides of a network in memory. Then an oracle compares what
// callers, servers, statistics, metrics, spans, events and logs have seen.
//
// The same seed gives the same world: every draw is keyed by what it is for
// (caller 3, its call 2), never by the order of arrival, and every start, delay
// and deadline has an offset of its own, so that no two things happen at the same
// instant.
//
// A world is a set of features, drawn independently. A failing seed is shrunk by
// turning its features off one by one as long as it still fails; the draws of the
// others stay what they are.
package simulation
