// SPDX-License-Identifier: Apache-2.0

// Package discovery finds the instances of a service. A [Resolver] knows them and
// tells of every change; a [Registrar] is how an instance makes itself known.
//
// [Static], [DNS] and [SRV] are resolvers that need the standard library only:
//
//	resolver := discovery.DNS(discovery.DNSConfig{Port: 8080})
//	err := resolver.Watch(ctx, "payment-service", func(instances []discovery.Instance) {
//		fmt.Println(instances)
//	})
//
// The package needs no application context and no client. docs/discovery.md is its
// guide.
package discovery
