// SPDX-License-Identifier: Apache-2.0

// Package drain stops what has work in flight. It counts what enters, rejects what
// comes after the stop has begun, waits until everything has left, and cuts what
// is left when a context is done.
//
// [Gate] only counts: entering and leaving are an atomic addition or two, and who
// is cut has to ask for it. [Group] knows each of its members, so it can cancel
// them; entering and leaving lock one of several lists for a moment.
//
// The zero value of both is open and ready to use. Channels are made when somebody
// waits, so a Gate or Group that was made outside a testing/synctest bubble works
// inside one.
package drain
