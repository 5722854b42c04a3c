// SPDX-License-Identifier: Apache-2.0

// Package drain stops components with work in flight. It counts work that
// begins, rejects work after the stop has begun, waits until all work has
// ended, and cancels the rest when a context is done.
//
// [Gate] only counts. Enter and Leave take an atomic addition or two, and work
// in flight must itself check whether it is cut. [Group] knows each of its
// members and can cancel them. Its Enter and Leave briefly lock one of several
// lists.
//
// The zero values of both are open and ready to use. Channels are created by
// the first waiter, so a Gate or Group that was created outside a
// testing/synctest bubble works inside one.
package drain
