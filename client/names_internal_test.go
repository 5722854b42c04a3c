// SPDX-License-Identifier: Apache-2.0

package client

import "context"

// OrderClient has the name of a client in package client_test.
type OrderClient struct {
	HttpClient `url:"http://theirs"`

	Get func(ctx context.Context) error `get:"/orders"`
}
