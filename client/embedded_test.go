// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"io"
	"iter"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

// CRUD is a generic base of clients.
type CRUD[T any] struct {
	Get    func(ctx context.Context, id string) (T, error)   `get:"/{id}" timeout:"5s"`
	Create func(ctx context.Context, body T) (T, error)      `post:"/"`
	Remove func(ctx context.Context, id string) error        `delete:"/{id}"`
	All    func(ctx context.Context) iter.Seq2[T, error]     `get:"/"`
	Raw    func(ctx context.Context, id string) (int, error) `get:"/raw/{id}"`
}

// GetTwice calls functions of the struct that is embedded.
func (c *CRUD[T]) GetTwice(ctx context.Context, id string) (T, error) {
	if _, err := c.Get(ctx, id); err != nil {
		return *new(T), err
	}
	return c.Get(ctx, id)
}

type productsClient struct {
	client.ServiceClient `url:"http://products.invalid/products" retry:"1"`
	CRUD[Product]

	Remove func(ctx context.Context, id string) error              `delete:"/{id}/now"`
	Raw    func(ctx context.Context, id, form string) (any, error) `get:"/raw/{id}{?form}"`
}

func productsServer(t *testing.T) *server {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/down":
			w.WriteHeader(http.StatusInternalServerError)
		case r.URL.Path == "/":
			writeJSON(w, http.StatusOK, []Product{{Name: "rake"}, {Name: "hoe"}})
		default:
			writeJSON(w, http.StatusOK, Product{Name: r.URL.Path[1:]})
		}
	})
}

func TestFunctionsOfAnEmbeddedStructAreWired(t *testing.T) {
	s := productsServer(t)
	app := newApp(over("products-client", s.URL, "pyfly.client.services.products-client.methods.get.timeout", "7s"))
	client.Register[productsClient](app, client.Fallback(&productsClient{
		CRUD: CRUD[Product]{Get: func(context.Context, string) (Product, error) { return Product{Name: "spare"}, nil }},
	}))
	require.NoError(t, app.Start(t.Context()))
	defer func() { assert.NoError(t, app.Stop(context.Background())) }()
	c := getBean[productsClient](t, app)

	product, err := c.GetTwice(t.Context(), "rake")
	require.NoError(t, err)
	assert.Equal(t, "rake", product.Name)
	product, err = c.Get(t.Context(), "down")
	require.NoError(t, err)
	assert.Equal(t, "spare", product.Name, "the fallback of an embedded function")

	var names []string
	for product, err := range c.All(t.Context()) {
		require.NoError(t, err)
		names = append(names, product.Name)
	}
	assert.Equal(t, []string{"rake", "hoe"}, names)

	require.NoError(t, c.Remove(t.Context(), "7"))
	assert.Equal(t, "/7/now", s.last(t).Path, "the client's own function takes the place of the embedded one")
	require.NoError(t, c.CRUD.Remove(t.Context(), "7"))
	assert.Equal(t, "/7/now", s.last(t).Path, "for the embedded struct, too")
	_, err = c.CRUD.Raw(t.Context(), "7")
	assert.ErrorContains(t, err, "has not been wired", "a hidden function of another type")

	operation, err := c.Operation("Get")
	require.NoError(t, err)
	require.NoError(t, operation.Do(t.Context(), client.Message{Path: "/rake"}, nil))

	info := client.Clients(app)[0]
	var timeout string
	for _, setting := range info.Settings {
		if setting.Name == "methods.get.timeout" {
			timeout = setting.Value
		}
	}
	assert.Equal(t, "7s", timeout, "settings know the function by its own name")
}

func TestADescriptionHasFunctionsOfEmbeddedStructs(t *testing.T) {
	d := client.Describe[productsClient]()
	require.NoError(t, d.Err())
	var got []string
	for _, m := range d.Methods {
		got = append(got, m.Name+" "+m.Verb+" "+m.Path+" "+m.Result)
	}
	assert.Equal(t, []string{
		"Get GET /{id} client_test.Product", "Create POST / client_test.Product",
		"All GET / iter.Seq2[github.com/pyfly-go/pyfly/client_test.Product,error]",
		"Remove DELETE /{id}/now ", "Raw GET /raw/{id}{?form} interface {}",
	}, got)
}

func TestStubsAndFakesOfEmbeddedStructs(t *testing.T) {
	stub := client.NewStub[productsClient]()
	_, err := stub.GetTwice(t.Context(), "7")
	assert.EqualError(t, err, (&kernel.NotWiredError{Client: "productsClient", Method: "Get"}).Error())
	for _, err = range stub.All(t.Context()) {
		assert.ErrorContains(t, err, "has not been wired")
	}
	assert.ErrorContains(t, stub.CRUD.Remove(t.Context(), "7"), "has not been wired")

	fake := &productsClient{CRUD: CRUD[Product]{Get: func(context.Context, string) (Product, error) { return Product{Name: "fake"}, nil }}}
	bean, err := client.NewHttpClientBeanPostProcessor().AfterInit(fake, "fake")
	require.NoError(t, err)
	product, err := bean.(*productsClient).GetTwice(t.Context(), "7")
	require.NoError(t, err)
	assert.Equal(t, "fake", product.Name)
	_, err = fake.Create(t.Context(), Product{})
	assert.ErrorContains(t, err, "has not been wired")
}

// TestWhatOthersEmbedIsLeftAlone embeds a struct whose functions are no methods.
func TestWhatOthersEmbedIsLeftAlone(t *testing.T) {
	type hooks struct {
		OnCall func() error
	}
	type hooked struct {
		client.HttpClient `url:"http://hooked.invalid"`
		hooks
		Get func(ctx context.Context) error `get:"/x"`
	}
	require.NoError(t, client.Describe[hooked]().Err())
	assert.Nil(t, client.NewStub[hooked]().OnCall)
}

// TestEveryWrongDeclarationIsAProblemOfOneCode checks that the report of the start
// has code, type and field, whatever finds the mistake.
func TestEveryWrongDeclarationIsAProblemOfOneCode(t *testing.T) {
	type (
		call func(ctx context.Context) error

		Pointer struct {
			client.HttpClient `url:"http://x"`
			*CRUD[Product]
		}
		Nested struct {
			client.HttpClient `url:"http://x"`
			Products          CRUD[Product]
		}
		Head struct {
			client.HttpClient `url:"http://x"`
			Get               func(ctx context.Context) (Product, error) `head:"/x"`
		}
		Port struct {
			client.HttpClient `url:"http://x:99999"`
			Get               call `get:"/x"`
		}
		LatePort struct {
			client.HttpClient `url:"http://x:${late.port:99999}"`
			Get               call `get:"/x"`
		}
		Placeholder struct {
			client.HttpClient `url:"${nowhere.url}"`
			Get               call `get:"/x"`
		}
		Header struct {
			client.HttpClient `url:"http://x" headers:"X-Tenant: ${nowhere.tenant}"`
			Get               call `get:"/x"`
		}
		MethodHeader struct {
			client.HttpClient `url:"http://x"`
			Get               call `get:"/x" headers:"X-Tenant: ${nowhere.tenant}"`
		}
		Codec struct {
			client.HttpClient `url:"http://x"`
			Get               func(ctx context.Context) (Product, error) `get:"/x" accept:"application/shout"`
		}
		Timeouts struct {
			client.HttpClient `url:"http://x" timeout:"5s" total-timeout:"1s"`
			Get               call `get:"/x"`
		}
		Instance struct {
			client.HttpClient `url:"http://x"`
			Get               call `get:"/a/:id"`
		}
	)
	for name, c := range map[string]struct {
		register func(app *container.ApplicationContext)
		want     string
	}{
		"a pointer":               {register[Pointer], "Pointer.CRUD: is embedded as a pointer"},
		"a nested struct":         {register[Nested], "Nested.Products: has functions of a client"},
		"HEAD":                    {register[Head], "Head.Get: returns a client_test.Product"},
		"a port":                  {register[Port], `Port.HttpClient: url "http://x:99999": its port is not valid`},
		"a port in a placeholder": {register[LatePort], `LatePort.HttpClient: url "http://x:${late.port:99999}": its port is not valid`},
		"a placeholder":           {register[Placeholder], "Placeholder.HttpClient: url \"${nowhere.url}\""},
		"of a header":             {register[Header], "tag of Header.HttpClient: pyfly.client.services.header.headers.X-Tenant: ${nowhere.tenant}"},
		"of a method's header":    {register[MethodHeader], "MethodHeader.Get: the header X-Tenant"},
		"a codec":                 {register[Codec], `Codec.Get: accept "application/shout": there is no codec for it`},
		"settings of a tag":       {register[Timeouts], "tag of Timeouts.HttpClient: pyfly.client.services.timeouts.total-timeout"},
		"an instance":             {func(app *container.ApplicationContext) { app.RegisterInstance(&Instance{}) }, `Instance.Get: the path "/a/:id" has the segment ":id"`},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(nil)
			c.register(app)
			err := app.Start(t.Context())
			var report *container.StartupError
			require.ErrorAs(t, err, &report)
			require.ErrorIs(t, err, client.ErrDeclaration)
			require.Len(t, report.Problems, 1)
			assert.Equal(t, container.CodeDeclaration, report.Problems[0].Code)
			assert.Contains(t, report.Problems[0].What, c.want)
		})
	}
}

func register[T any](app *container.ApplicationContext) { client.Register[T](app) }

// TestAMediaTypeNeedsNoCodecWhereNothingIsEncoded also sends a body with DELETE.
func TestAMediaTypeNeedsNoCodecWhereNothingIsEncoded(t *testing.T) {
	type deletion struct {
		ID     string  `path:"id"`
		Reason Product `body:""`
	}
	type plainClient struct {
		client.HttpClient `url:"http://plain.invalid"`

		Bytes  func(ctx context.Context, body []byte) ([]byte, error)           `post:"/x" content-type:"image/png" accept:"image/png"`
		Text   func(ctx context.Context) (string, error)                        `get:"/x" accept:"application/pdf"`
		Stream func(ctx context.Context, body io.Reader) (io.ReadCloser, error) `post:"/x" content-type:"video/mp4" accept:"video/mp4"`
		Whole  func(ctx context.Context) (*http.Response, error)                `get:"/x" accept:"image/*"`
		Status func(ctx context.Context) (client.Response[[]byte], error)       `get:"/x" accept:"image/png"`
		None   func(ctx context.Context) error                                  `get:"/x" accept:"application/vnd.shop"`
		Lines  func(ctx context.Context) iter.Seq2[Product, error]              `get:"/" accept:"application/x-ndjson"`
		Delete func(ctx context.Context, d deletion) error                      `delete:"/{id}"`
	}
	type acceptClient struct {
		client.HttpClient `url:"http://accept.invalid"`

		Either func(ctx context.Context) (Product, error) `get:"/rake" accept:"application/vnd.shop, application/json;q=0.5"`
		Any    func(ctx context.Context) (Product, error) `get:"/rake" accept:"*/*"`
	}
	s := productsServer(t)
	accept := wireBy[acceptClient](t, over("accept-client", s.URL))
	product, err := accept.Either(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"rake", "application/vnd.shop, application/json;q=0.5"}, []string{product.Name, s.last(t).Header.Get("Accept")})
	_, err = accept.Any(t.Context())
	require.NoError(t, err)

	c := wireBy[plainClient](t, over("plain-client", s.URL))
	_, err = c.Bytes(t.Context(), []byte("png"))
	require.NoError(t, err)
	assert.Equal(t, []string{"image/png", "image/png", "png"}, []string{s.last(t).Header.Get("Content-Type"), s.last(t).Header.Get("Accept"), s.last(t).Body})
	for _, err := range c.Lines(t.Context()) {
		require.NoError(t, err)
	}
	assert.Equal(t, "application/x-ndjson", s.last(t).Header.Get("Accept"))
	require.NoError(t, c.Delete(t.Context(), deletion{ID: "7", Reason: Product{Name: "old"}}))
	assert.Equal(t, "DELETE", s.last(t).Verb)
	assert.Contains(t, s.last(t).Body, "old")
}
