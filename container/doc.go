// SPDX-License-Identifier: Apache-2.0

// Package container is the application context: it registers singleton
// components from plain Go constructors, wires them with go.uber.org/dig, lets
// post-processors see and replace every bean, starts the beans in the order of
// their dependencies and stops them in reverse.
//
//	app := container.NewApplicationContext()
//	app.Register(NewStore)          // func(*config.Config) *Store
//	app.Register(NewCatalogService) // func(*Store) *CatalogService
//	if err := app.Run(ctx); err != nil {
//		fmt.Fprintln(os.Stderr, err)
//		os.Exit(1)
//	}
//
// Registration never fails and returns nothing: all mistakes, from a nil
// constructor over a missing bean to a cycle, come in one report, the
// [*StartupError] that Start returns.
//
// A bean goes through four stages, each with a type of its own: a definition is
// what was registered, a node what the graph knows of it, an instance what was
// made of it, and a life what that is doing. The files follow them: definition.go,
// node.go and graph.go, instance.go, make.go and initialise.go (dig calls the
// constructors of what the start builds: build.go, wire.go), life.go, start.go and
// stop.go. lookup.go hands beans out, report.go says what is wrong. The algorithms
// are in container/internal.
package container
