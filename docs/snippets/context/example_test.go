// SPDX-License-Identifier: Apache-2.0

package context_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/pyfly-go/pyfly/container"
)

type Store struct{}

func NewStore() *Store { return &Store{} }

func (*Store) Start(context.Context) error { fmt.Println("store opened"); return nil }
func (*Store) Stop(context.Context) error  { fmt.Println("store closed"); return nil }

type Catalog struct{ store *Store }

func NewCatalog(store *Store) *Catalog { return &Catalog{store} }

func (*Catalog) Start(context.Context) error { fmt.Println("catalog started"); return nil }
func (*Catalog) Stop(context.Context) error  { fmt.Println("catalog stopped"); return nil }

func Example() {
	ctx := context.Background()
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)))
	app.Register(NewCatalog) // the order of registration does not matter
	app.Register(NewStore)
	if err := app.Start(ctx); err != nil {
		fmt.Println(err)
		return
	}
	for _, bean := range app.Beans() {
		fmt.Println(bean.Name, "needs", bean.Dependencies)
	}
	if err := app.Stop(ctx); err != nil {
		fmt.Println(err)
	}
	// Output:
	// store opened
	// catalog started
	// store needs []
	// catalog needs [store]
	// catalog stopped
	// store closed
}
