// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

type InventoryClient struct {
	client.HttpClient `url:"http://inventory-service:8080"`

	GetProduct     func(ctx context.Context, productID string) (Product, error)                `get:"/products/{product_id}"`
	SearchProducts func(ctx context.Context, category string, inStock bool) ([]Product, error) `get:"/products{?category,in_stock}"`
	CreateProduct  func(ctx context.Context, body Product) (Product, error)                    `post:"/products"`
	UpdateProduct  func(ctx context.Context, productID string, body Product) (Product, error)  `put:"/products/{product_id}"`
	DeleteProduct  func(ctx context.Context, productID string) error                           `delete:"/products/{product_id}"`
	Find           func(ctx context.Context, q url.Values, h http.Header) error                `get:"/find"`
}

type PaymentClient struct {
	client.ServiceClient `url:"http://payment-service:8080" name:"payments" retry:"3" circuit-breaker:"true" failure-threshold:"7" recovery-timeout:"60s" retry-base-delay:"0s"`

	Pay func(ctx context.Context, body Product) error `post:"/payments" idempotent:"true"`
}

func TestDescribe(t *testing.T) {
	d := client.Describe[InventoryClient]()
	if d.Err() != nil {
		t.Fatal(d.Err())
	}
	if d.Type != "InventoryClient" || d.Name != "inventory-client" || d.BaseURL != "http://inventory-service:8080" || d.Resilience != (client.Resilience{}) {
		t.Errorf("%+v", d)
	}
	var got []string
	for _, m := range d.Methods {
		line := m.Name + " " + m.Verb + " " + m.Path
		for _, p := range m.Parameters {
			line += " " + p.In + ":" + p.Name + ":" + p.Type
		}
		got = append(got, line+" -> "+m.Result)
	}
	want := []string{
		"GetProduct GET /products/{product_id} path:product_id:string -> client_test.Product",
		"SearchProducts GET /products{?category,in_stock} query:category:string query:in_stock:bool -> []client_test.Product",
		"CreateProduct POST /products body::client_test.Product -> client_test.Product",
		"UpdateProduct PUT /products/{product_id} path:product_id:string body::client_test.Product -> client_test.Product",
		"DeleteProduct DELETE /products/{product_id} path:product_id:string -> ",
		"Find GET /find query::url.Values header::http.Header -> ",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryTagOfAServiceClient(t *testing.T) {
	d := client.Describe[PaymentClient]()
	want := client.Resilience{
		Retry: true, CircuitBreaker: true, MaxAttempts: 3, FailureThreshold: 7,
		RecoveryTimeout: time.Minute, BaseDelay: resilience.NoDelay,
	}
	if d.Err() != nil || d.Name != "payments" || d.Resilience != want || !d.Methods[0].Idempotent {
		t.Errorf("%+v, %v", d, d.Err())
	}

	type plain struct{ client.ServiceClient }
	if r := client.Describe[plain]().Resilience; !r.Retry || !r.CircuitBreaker || r.MaxAttempts != 0 {
		t.Errorf("without a tag: %+v", r)
	}
	type off struct {
		client.ServiceClient `retry:"false" circuit-breaker:"false"`
	}
	if r := client.Describe[off]().Resilience; r.Retry || r.CircuitBreaker {
		t.Errorf("switched off: %+v", r)
	}
	type on struct {
		client.ServiceClient `retry:"true" recovery-timeout:"15"`
	}
	if r := client.Describe[on]().Resilience; !r.Retry || r.RecoveryTimeout != 15*time.Second {
		t.Errorf("a number of seconds: %+v", r)
	}
}

type text struct{}

func (text) MarshalText() ([]byte, error) { return []byte("text"), nil }

// TestWrongDeclarations checks that each mistake is found at the field where it
// is, and says what to do.
func TestWrongDeclarations(t *testing.T) {
	type ctx = context.Context
	cases := []struct {
		describe func() client.Declaration
		want     string
	}{
		{client.Describe[struct{ X int }], "embeds neither client.HttpClient nor client.ServiceClient"},
		{client.Describe[struct {
			client.HttpClient
			client.ServiceClient
		}], "embeds client.ServiceClient besides client.HttpClient"},
		{client.Describe[struct {
			client.HttpClient `uri:"http://x"`
		}], `HttpClient: unknown tag "uri": it may be one of url, name`},
		{client.Describe[struct {
			client.HttpClient `retry:"3"`
		}], "embed client.ServiceClient for retry"},
		{client.Describe[struct {
			client.HttpClient `name:"a b"`
		}], `name "a b"`},
		{client.Describe[struct {
			client.ServiceClient `retry:"often"`
		}], `retry "often": write true, false or a number`},
		{client.Describe[struct {
			client.ServiceClient `retry:"0"`
		}], `retry "0"`},
		{client.Describe[struct {
			client.ServiceClient `circuit-breaker:"yes"`
		}], `circuit-breaker "yes": write true or false`},
		{client.Describe[struct {
			client.ServiceClient `failure-threshold:"-1"`
		}], `failure-threshold "-1": write a number of at least 1`},
		{client.Describe[struct {
			client.ServiceClient `recovery-timeout:"soon"`
		}], `recovery-timeout "soon": write a duration`},
		{client.Describe[struct {
			client.ServiceClient `retry-base-delay:"-1s"`
		}], `retry-base-delay "-1s"`},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) error `get:"/x" post:"/y"`
		}], "Get: has two verbs, get and post"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) error
		}], "Get: has no verb"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) error `gte:"/x"`
		}], `Get: unknown tag "gte"`},
		{client.Describe[struct {
			client.HttpClient
			get func(ctx) error `get:"/x"`
		}], "get: is unexported"},
		{client.Describe[struct {
			client.HttpClient
			Get string `get:"/x"`
		}], "Get: has the verb get but is a string"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) error `get:"x"`
		}], `Get: the path "x" does not begin with a slash: write "/x"`},
		{client.Describe[struct {
			client.HttpClient
			Get func(string) error `get:"/{id}"`
		}], "Get: does not take a context"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx, ...string) error `get:"/x"`
		}], "Get: is variadic"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) `get:"/x"`
		}], "Get: does not return error, (T, error) or iter.Seq2[T, error]"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) (int, int, error) `get:"/x"`
		}], "Get: does not return error, (T, error) or iter.Seq2[T, error]"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) (Product, string) `get:"/x"`
		}], "Get: does not return error, (T, error) or iter.Seq2[T, error]"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) (chan int, error) `get:"/x"`
		}], "Get: returns a chan int: nothing can be decoded into it"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) (io.Reader, error) `get:"/x"`
		}], "Get: returns a io.Reader: return an io.ReadCloser"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx, string) error `get:"/x"`
		}], `Get: takes an argument of type string that is no variable of its path "/x", and GET has no body`},
		{client.Describe[struct {
			client.HttpClient
			Delete func(ctx, string, Product) error `delete:"/{id}"`
		}], "and DELETE has no body"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx) error `get:"/{id}"`
		}], `Get: the path "/{id}" has a variable {id} that no argument gives`},
		{client.Describe[struct {
			client.HttpClient
			Post func(ctx, Product, Product) error `post:"/x"`
		}], "Post: takes more arguments than"},
		{client.Describe[struct {
			client.HttpClient
			Post func(ctx, func()) error `post:"/x"`
		}], "Post: sends a body of type func(): it cannot be encoded as JSON"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx, Product) error `get:"/{id}"`
		}], "Get: gives {id} an argument of type client_test.Product, which has no form in a URL"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx, []string) error `get:"/{ids:3}"`
		}], "Get: gives {ids} a []string, of which there is no prefix"},
		{client.Describe[struct {
			client.HttpClient
			Get func(ctx, http.Header, http.Header) error `get:"/x"`
		}], "Get: takes two arguments of type http.Header"},
		{client.Describe[struct {
			client.HttpClient
			Post func(ctx) error `post:"/x" idempotent:"maybe"`
		}], `Post: idempotent "maybe": write true or false`},
	}
	for _, c := range cases {
		err := c.describe().Err()
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v\nwant it to say %q", err, c.want)
		}
		if !errors.Is(err, client.ErrDeclaration) {
			t.Errorf("%v is no ErrDeclaration", err)
		}
	}
}

func TestWhatAnArgumentMayBe(t *testing.T) {
	type good struct {
		client.HttpClient
		Get func(context.Context, int, uint8, float64, bool, time.Time, text, *string, []int, time.Duration) error `get:"/{a}/{b}/{c}/{d}/{e}/{f}{?g,h,i}"`
	}
	if err := client.Describe[good]().Err(); err != nil {
		t.Error(err)
	}
}

// TestAllMistakesOfAllClientsAreInOneReport has two wrong clients and a missing
// bean.
func TestAllMistakesOfAllClientsAreInOneReport(t *testing.T) {
	type First struct {
		client.HttpClient
		A func(ctx context.Context) error `get:"a"`
		B func(ctx context.Context) error `get:"/b" put:"/b"`
	}
	type Second struct {
		client.ServiceClient `retry:"never"`
	}
	app := newApp(map[string]any{"pyfly.client.services.third.timeout": "soon", "pyfly.client.services.third.base-url": "ftp://x"})
	client.Register[First](app)
	client.Register[Second](app)
	client.Register[Third](app)
	app.Register(func(*http.Server) *Product { return nil })
	err := app.Start(t.Context())

	var report *container.StartupError
	if !errors.As(err, &report) {
		t.Fatal(err)
	}
	for _, want := range []string{"First.A: ", "First.B: ", "Second.ServiceClient: retry \"never\"",
		"pyfly.client.services.third.timeout", "its scheme is \"ftp\"", "First has no base URL", "Second has no base URL", "no bean of type *http.Server"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the report does not say %q:\n%v", want, err)
		}
	}
	if len(report.Problems) != 8 || !errors.Is(err, client.ErrDeclaration) || !errors.Is(err, kernel.ErrConfig) {
		t.Errorf("%d problems, want 8:\n%v", len(report.Problems), err)
	}
}

type Third struct {
	client.HttpClient
	Get func(ctx context.Context) error `get:"/x"`
}
