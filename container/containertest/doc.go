// SPDX-License-Identifier: Apache-2.0

// Package containertest starts application contexts in tests.
//
//	func TestCheckout(t *testing.T) {
//		app := containertest.New(t, shop.Module(),
//			containertest.Override(func() *PaymentClient { return fakePayments }))
//		checkout := container.Must(container.Get[*Checkout](app))
//		...
//	}
//
// The context is started with the test's context, logs through the test, is
// stopped when the test ends, and fails the test if it does not start or stop
// well or leaves goroutines behind. [Validate] checks that everything can be
// wired without running a constructor.
package containertest
