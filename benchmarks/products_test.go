// SPDX-License-Identifier: Apache-2.0

package benchmarks_test

import (
	"context"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// Products is ProductClient as an interface: its code is generated.
//
//pyfly:service-client url:"http://stub.invalid" name:"product-client"
type Products interface {
	//pyfly:get /products/{product_id}
	GetProduct(ctx context.Context, productID string) (Product, error)
}

// generated calls a Products.
func generated(tb testing.TB, base string, opts ...client.Option) func() error {
	app := clientApp(base, opts...)
	RegisterProducts(app)
	if err := app.Start(context.Background()); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := app.Stop(context.Background()); err != nil {
			tb.Error(err)
		}
	})
	products, ctx := container.Must(container.Get[Products](app)), context.Background()
	return func() error {
		p, err := products.GetProduct(ctx, "42")
		if err != nil {
			return err
		}
		return check(p)
	}
}

// TestGeneratedCodeAllocatesLessThanCodeByHand keeps what docs/interfaces.md says.
func TestGeneratedCodeAllocatesLessThanCodeByHand(t *testing.T) {
	const fewer = 6
	allocations := map[string]float64{}
	for _, s := range getsOfStub(t) {
		if s.name == "pyfly, generated" || s.name == "net-http by hand" {
			allocations[s.name] = testing.AllocsPerRun(200, func() {
				if err := s.call(); err != nil {
					t.Error(err)
				}
			})
		}
	}
	if got, byHand := allocations["pyfly, generated"], allocations["net-http by hand"]; got == 0 || got > byHand-fewer {
		t.Errorf("generated code allocates %v times, code by hand %v times", got, byHand)
	}
}
