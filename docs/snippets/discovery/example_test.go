// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/discovery"
)

func Example() {
	instances, err := discovery.ParseInstances("10.0.0.1:8080, 10.0.0.2:8080")
	if err != nil {
		panic(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	err = discovery.Static(instances...).Watch(ctx, "payment-service", func(instances []discovery.Instance) {
		for _, i := range instances {
			fmt.Println(i.Address)
		}
		cancel()
	})
	fmt.Println(err)
	// Output:
	// 10.0.0.1:8080
	// 10.0.0.2:8080
	// context canceled
}

func Example_wrongAddress() {
	_, err := discovery.ParseInstances("10.0.0.1:8080, 10.0.0.2")
	fmt.Println(err)
	// Output:
	// wrong configuration: address "10.0.0.2": it must be a host and a port, such as "10.0.0.1:8080"
}
