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
// The way of a bean through the package's files: definition.go (what was
// registered), graph.go (what it needs, and whether that exists), build.go
// (made by dig and post-processed), start.go (its hooks), lookup.go (handed
// out), report.go (what is said when something is wrong).
package container
