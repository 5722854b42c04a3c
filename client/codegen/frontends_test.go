// SPDX-License-Identifier: Apache-2.0

package codegen_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"sort"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// PaymentFunctions declares what PaymentClient does, by functions.
type PaymentFunctions struct {
	client.ServiceClient `url:"http://payments" name:"payment-client" retry:"2" retry-base-delay:"0"`

	GetPayment    func(ctx context.Context, paymentID string) (Payment, error)                                                                                                `get:"/payments/{payment_id}"`
	FindPayments  func(ctx context.Context, states []State, page *int, minAmount float64, tags map[string]int, opts ...client.CallOption) (client.Response[[]Payment], error) `get:"/payments{?states*,page,min_amount,tags*}"`
	Search        func(ctx context.Context, from time.Time, inStock bool, search *Search) ([]Payment, error)                                                                  `get:"/search{?X_From,inStock}"`
	CreatePayment func(ctx context.Context, body *Payment) (Payment, error)                                                                                                   `post:"/payments" idempotent:"true"`
	SetNote       func(ctx context.Context, id int, body string) error                                                                                                        `put:"/payments/{id}/note" content-type:"text/plain"`
	Upload        func(ctx context.Context, upload Upload) (string, error)                                                                                                    `post:"/payments/{payment_id}/files"`
	DeletePayment func(ctx context.Context, id string, header http.Header, more url.Values) error                                                                             `delete:"/payments/{id}"`
	Next          func(ctx context.Context, link client.URL) ([]Payment, error)                                                                                               `get:"/payments"`
	Raw           func(ctx context.Context) ([]byte, error)                                                                                                                   `get:"/raw"`
	Open          func(ctx context.Context) (*http.Response, error)                                                                                                           `get:"/raw"`
	Stream        func(ctx context.Context) (io.ReadCloser, error)                                                                                                            `get:"/raw"`
	Events        func(ctx context.Context) iter.Seq2[client.Event, error]                                                                                                    `get:"/events" reconnect:"true"`
	All           func(ctx context.Context) iter.Seq2[Payment, error]                                                                                                         `get:"/payments"`
	Labelled      func(ctx context.Context, label panicking) (Payment, error)                                                                                                 `get:"/labelled{?label}"`
	Send          func(ctx context.Context, body io.Reader) error                                                                                                             `post:"/stream"`
}

// frontEnds are the ways to declare the client. Each returns it registered in an
// application.
var frontEnds = map[string]func(app *container.ApplicationContext) func() PaymentClient{
	"interface": func(app *container.ApplicationContext) func() PaymentClient {
		RegisterPaymentClient(app)
		return func() PaymentClient { return container.Must(container.Get[PaymentClient](app)) }
	},
	"functions": func(app *container.ApplicationContext) func() PaymentClient {
		client.Register[PaymentFunctions](app)
		return func() PaymentClient { return container.Must(container.Get[*PaymentFunctions](app)).asInterface() }
	},
}

func (f *PaymentFunctions) asInterface() PaymentClient {
	return &FakePaymentClient{
		GetPaymentFunc: f.GetPayment, FindPaymentsFunc: f.FindPayments, SearchFunc: f.Search, CreatePaymentFunc: f.CreatePayment,
		SetNoteFunc: f.SetNote, UploadFunc: f.Upload, DeletePaymentFunc: f.DeletePayment, NextFunc: f.Next, RawFunc: f.Raw,
		OpenFunc: f.Open, StreamFunc: f.Stream, EventsFunc: f.Events, AllFunc: f.All, SendFunc: f.Send, LabelledFunc: f.Labelled,
	}
}

// start starts an application with a client declared by one front-end.
func start(t *testing.T, register func(*container.ApplicationContext) func() PaymentClient, serve http.HandlerFunc) (PaymentClient, *container.ApplicationContext) {
	t.Helper()
	server := httptest.NewServer(serve)
	t.Cleanup(server.Close)
	app := newApp(server.URL)
	get := register(app)
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { assert.NoError(t, app.Stop(context.Background())) })
	return get(), app
}

func newApp(url string) *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithLogger(slog.New(slog.DiscardHandler)), container.WithConfig(config.New(map[string]any{
		"pyfly.client.services.payment-client.base-url": url,
		"pyfly.client.services.items.base-url":          url,
	})))
	app.Install(client.Module())
	return app
}

// describe writes a request with what a front-end decides.
func describe(r *http.Request) string {
	body, _ := io.ReadAll(r.Body)
	var lines []string
	for name, values := range r.Header {
		switch name {
		case "Accept-Encoding", "User-Agent", "Idempotency-Key", "Content-Length":
			continue
		}
		lines = append(lines, name+": "+strings.Join(values, ", "))
	}
	sort.Strings(lines)
	text := string(body)
	if boundary, ok := strings.CutPrefix(r.Header.Get("Content-Type"), "multipart/form-data; boundary="); ok {
		text = strings.ReplaceAll(text, boundary, "BOUNDARY")
		for i := range lines {
			lines[i] = strings.ReplaceAll(lines[i], boundary, "BOUNDARY")
		}
		text = strings.ReplaceAll(text, "\r\n", "\n")
	}
	return strings.Join(append([]string{r.Method + " " + r.RequestURI}, append(lines, text)...), "\n")
}

var noContext context.Context // a mistake of users

// ids are payments as a sequence gives them.
func ids[T any](sequence iter.Seq2[T, error], most int) (result []string) {
	for v, err := range sequence {
		if err != nil {
			return append(result, "error: "+err.Error())
		}
		if result = append(result, fmt.Sprint(v)); len(result) == most {
			break
		}
	}
	return result
}

func number(n int) *int { return &n }

// cases are what clients can do. The request and the result must be the same
// whichever front-end has declared it.
var cases = map[string]struct {
	call    func(ctx context.Context, c PaymentClient) (any, error)
	respond string // JSON, unless the content type is given
	typ     string
	status  int
	sends   string // the first line and what else must be in the request
	returns any
	fails   error
}{
	"a path variable is escaped": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return c.GetPayment(ctx, "a/b c") },
		respond: `{"id":"a","cents":5}`, sends: "GET /payments/a%2Fb%20c", returns: Payment{"a", 5},
	},
	"a segment of dots is refused": {
		call:  func(ctx context.Context, c PaymentClient) (any, error) { return c.GetPayment(ctx, "..") },
		fails: client.ErrInvalidRequest, returns: Payment{},
	},
	"no context": {
		call:  func(_ context.Context, c PaymentClient) (any, error) { return c.GetPayment(noContext, "1") },
		fails: client.ErrInvalidRequest, returns: Payment{},
	},
	"lists, pointers, maps and options": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			r, err := c.FindPayments(ctx, []State{"new", "a&b"}, number(3), 0.1, map[string]int{"b": 2, "a": 1}, client.CallHeader("X-Call", "1"))
			return []any{r.Status, r.Header.Get("X-Answer"), r.Body}, err
		},
		respond: `[{"id":"x"}]`, sends: "GET /payments?states=new&states=a%26b&page=3&min_amount=0.1&a=1&b=2\nX-Call: 1", returns: []any{200, "yes", []Payment{{ID: "x"}}},
	},
	"what is nil is left out": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			r, err := c.FindPayments(ctx, nil, nil, 0, nil)
			return r.Status, err
		},
		respond: `[]`, sends: "GET /payments?min_amount=0\nAccept: ", returns: 200,
	},
	"a struct of parameters": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			since := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
			return c.Search(ctx, since, true, &Search{State: "new", Since: since, Tenant: "acme", Session: "s1", Paging: &Paging{Size: 7}})
		},
		respond: `[]`, returns: []Payment{},
		sends: "GET /search?X_From=2026-05-01T00%3A00%3A00Z&inStock=true&state=new&page=1&since=2026-05-01&size=7\nCookie: session=s1\nX-Tenant: acme",
	},
	"a struct of parameters that is nil": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			return c.Search(ctx, time.Time{}, false, nil)
		},
		respond: `[]`, returns: []Payment{}, sends: "GET /search?X_From=0001-01-01T00%3A00%3A00Z&inStock=false&page=1&size=20",
	},
	"a body": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			return c.CreatePayment(ctx, &Payment{ID: "1", Cents: 2})
		},
		respond: `{"id":"1"}`, status: 201, sends: "POST /payments\nContent-Type: application/json\n{\"id\":\"1\",\"cents\":2}", returns: Payment{ID: "1"},
	},
	"a body that is nil": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return c.CreatePayment(ctx, nil) },
		respond: `{"id":"1"}`, sends: "POST /payments\nAccept: application/json\n", returns: Payment{ID: "1"},
	},
	"a body of text": {
		call:  func(ctx context.Context, c PaymentClient) (any, error) { return nil, c.SetNote(ctx, 4, "hi") },
		sends: "PUT /payments/4/note\nContent-Type: text/plain\nhi", status: 204,
	},
	"a form with files": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			return c.Upload(ctx, Upload{ID: "1", Title: "t", Files: []client.File{{Name: "a.txt", Content: strings.NewReader("abc")}}})
		},
		respond: "done", typ: "text/plain", sends: "POST /payments/1/files\nname=\"title\"\n\nt\nfilename=\"a.txt\"\nContent-Type: application/octet-stream\n\nabc", returns: "done",
	},
	"a header with a line break": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			return nil, c.DeletePayment(ctx, "1", http.Header{"X": {"a\r\nb"}}, nil)
		},
		fails: client.ErrInvalidRequest,
	},
	"headers and further queries": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			return nil, c.DeletePayment(ctx, "1", http.Header{"x-one": {"1"}}, url.Values{"why": {"a b"}})
		},
		sends: "DELETE /payments/1?why=a%20b\nX-One: 1", status: 204,
	},
	"a link": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return c.Next(ctx, "/payments?page=2") },
		respond: `[]`, sends: "GET /payments?page=2", returns: []Payment{},
	},
	"a link to another host": {
		call:  func(ctx context.Context, c PaymentClient) (any, error) { return c.Next(ctx, "http://evil/") },
		fails: client.ErrInvalidRequest, returns: []Payment(nil),
	},
	"bytes": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return c.Raw(ctx) },
		respond: "raw", typ: "text/plain", sends: "GET /raw", returns: []byte("raw"),
	},
	"a response as a stream": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			response, err := c.Open(ctx)
			if err != nil {
				return nil, err
			}
			defer func() { _ = response.Body.Close() }()
			body, err := io.ReadAll(response.Body)
			return fmt.Sprint(response.StatusCode, string(body)), err
		},
		respond: "raw", typ: "text/plain", sends: "GET /raw", returns: "200raw",
	},
	"a body as a stream": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			stream, err := c.Stream(ctx)
			if err != nil {
				return nil, err
			}
			defer func() { _ = stream.Close() }()
			body, err := io.ReadAll(stream)
			return string(body), err
		},
		respond: "raw", typ: "text/plain", sends: "GET /raw", returns: "raw",
	},
	"a stream of events": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return ids(c.Events(ctx), 1), nil },
		respond: "id: 7\ndata: hello\n\n", typ: "text/event-stream", sends: "GET /events", returns: []string{fmt.Sprint(client.Event{ID: "7", Name: "message", Data: "hello"})},
	},
	"a sequence": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return ids(c.All(ctx), 0), nil },
		respond: `[{"id":"a"},{"id":"b"}]`, sends: "GET /payments", returns: []string{"{a 0}", "{b 0}"},
	},
	"a reader": {
		call: func(ctx context.Context, c PaymentClient) (any, error) {
			return nil, c.Send(ctx, strings.NewReader("abc"))
		},
		sends: "POST /stream\nContent-Type: application/octet-stream\nabc", status: 204,
	},
	"a status": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return c.GetPayment(ctx, "1") },
		respond: `{}`, status: 404, sends: "GET /payments/1", returns: Payment{}, fails: client.ErrNotFound,
	},
	"a response that is not what it should be": {
		call:    func(ctx context.Context, c PaymentClient) (any, error) { return c.GetPayment(ctx, "1") },
		respond: `{"cents":"many"}`, sends: "GET /payments/1", returns: Payment{}, fails: client.ErrDecode,
	},
	"an empty response": {
		call:  func(ctx context.Context, c PaymentClient) (any, error) { return c.GetPayment(ctx, "1") },
		sends: "GET /payments/1", status: 204, returns: Payment{},
	},
}

func TestBothFrontEndsDoTheSame(t *testing.T) {
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			sent, errs := map[string]string{}, map[string]string{}
			for frontEnd, register := range frontEnds {
				payments, app := start(t, register, func(w http.ResponseWriter, r *http.Request) {
					sent[frontEnd] = describe(r)
					contentType := "application/json"
					if c.typ != "" {
						contentType = c.typ
					}
					w.Header().Set("Content-Type", contentType)
					w.Header().Set("X-Answer", "yes")
					if c.status != 0 {
						w.WriteHeader(c.status)
					}
					_, _ = io.WriteString(w, c.respond)
				})
				got, err := c.call(t.Context(), payments)
				assert.Equal(t, c.returns, got, frontEnd)
				require.ErrorIs(t, err, c.fails, frontEnd)
				if c.fails != nil {
					var e *client.Error
					require.ErrorAs(t, err, &e, frontEnd)
					assert.Equal(t, "payment-client", e.Client, frontEnd)
					errs[frontEnd] = hosts.ReplaceAllString(fmt.Sprintf("%s %s %s %v", e.Method, e.Verb, e.URL, e.Err), "HOST")
					assert.EqualValues(t, 1, client.Clients(app)[0].Stats.Failures, frontEnd)
				}
				for _, part := range strings.Split(c.sends, "\n") {
					assert.Contains(t, sent[frontEnd]+" ", part, frontEnd)
				}
			}
			assert.Equal(t, sent["functions"], sent["interface"])
			assert.Equal(t, errs["functions"], errs["interface"])
		})
	}
}

// hosts are those of test servers.
var hosts = regexp.MustCompile(`127\.0\.0\.1:\d+`)

// failing answers every request with 503 and tells how many there were.
func failing(requests *atomic.Int32) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		w.WriteHeader(http.StatusServiceUnavailable)
	}
}

func TestAFakeIsAFallback(t *testing.T) {
	var requests atomic.Int32
	register := func(app *container.ApplicationContext) func() PaymentClient {
		RegisterPaymentClient(app, client.Fallback(&FakePaymentClient{
			GetPaymentFunc: func(ctx context.Context, paymentID string) (Payment, error) {
				if !errors.Is(client.Cause(ctx), client.ErrUnavailable) {
					t.Errorf("the cause is %v", client.Cause(ctx))
				}
				return Payment{ID: "instead of " + paymentID}, nil
			},
			SetNoteFunc: func(context.Context, int, string) error { panic("boom") },
			RawFunc:     func(context.Context) ([]byte, error) { panic("boom") },
		}))
		return frontEndGet(app)
	}
	payments, app := start(t, register, failing(&requests))

	payment, err := payments.GetPayment(t.Context(), "1")
	require.NoError(t, err)
	assert.Equal(t, Payment{ID: "instead of 1"}, payment)
	assert.EqualValues(t, 2, requests.Load(), "retry:\"2\" makes two attempts")
	assert.EqualValues(t, 1, client.Clients(app)[0].Stats.Retries)

	_, err = payments.Raw(t.Context())
	require.ErrorContains(t, err, "the fallback panicked: ")
	require.ErrorIs(t, err, client.ErrUnavailable)
	require.ErrorContains(t, payments.SetNote(t.Context(), 1, ""), "the fallback panicked: ")
	_, err = payments.Next(t.Context(), "")
	require.Error(t, err, "a function that is not set is no fallback")
	_, err = payments.GetPayment(t.Context(), "..")
	require.ErrorIs(t, err, client.ErrInvalidRequest, "the service has not failed")
}

func frontEndGet(app *container.ApplicationContext) func() PaymentClient {
	return func() PaymentClient { return container.Must(container.Get[PaymentClient](app)) }
}

func TestWrongFallbacksStopTheStart(t *testing.T) {
	for want, option := range map[string]container.BeanOption{
		"PaymentClient.Events: returns a sequence": client.Fallback(&FakePaymentClient{
			EventsFunc: func(context.Context) iter.Seq2[client.Event, error] { return nil },
		}),
		"give a *FakePaymentClient": client.Fallback(&FakeItemClient[string, int]{}),
	} {
		app := newApp("http://payments")
		RegisterPaymentClient(app, option)
		err := app.Start(t.Context())
		require.ErrorContains(t, err, want)
		require.ErrorIs(t, err, client.ErrDeclaration)
	}
}

func TestBeforeWiringEveryMethodSaysSo(t *testing.T) {
	for name, payments := range map[string]PaymentClient{"stub": NewPaymentClientStub(), "fake": &FakePaymentClient{}} {
		_, getErr := payments.GetPayment(t.Context(), "1")
		for _, err := range []error{getErr, payments.SetNote(t.Context(), 1, "")} {
			var e *kernel.NotWiredError
			require.ErrorAs(t, err, &e, name)
			assert.Equal(t, "PaymentClient", e.Client, name)
		}
		_, err := payments.Open(t.Context())
		require.ErrorAs(t, err, new(*kernel.NotWiredError), name)
		for _, err := range payments.All(t.Context()) {
			require.ErrorContains(t, err, "PaymentClient.All", name)
		}
	}
}

func TestAStubIsWiredByTheProcessor(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, `{"id":"a"}`) }))
	defer server.Close()
	processor := client.NewHttpClientBeanPostProcessor(client.WithConfig(config.New(map[string]any{
		"pyfly.client.services.payment-client.base-url": server.URL,
	})))
	stub := NewPaymentClientStub()
	bean, err := processor.AfterInit(stub, "paymentClient")
	require.NoError(t, err)
	assert.Same(t, stub, bean)
	defer func() { require.NoError(t, processor.Stop(context.Background())) }()
	payment, err := stub.GetPayment(t.Context(), "a")
	require.NoError(t, err)
	assert.Equal(t, "a", payment.ID)
}

func TestABeanIsNamedAfterItsInterface(t *testing.T) {
	app := newApp("http://payments")
	RegisterPaymentClient(app)
	RegisterItemClient[string, Payment](app)
	require.NoError(t, app.Start(t.Context()))
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	_, err := container.Get[PaymentClient](app, "paymentClient")
	require.NoError(t, err)
	_, err = container.Get[ItemClient[string, Payment]](app, "items")
	require.NoError(t, err, "the tag name names the bean, too")
	var names []string
	for _, info := range client.Clients(app) {
		names = append(names, info.Declaration.Type+" "+info.Declaration.Name)
	}
	require.Len(t, names, 2)
	assert.Contains(t, names[0], "ItemClient[string,")
	assert.Equal(t, "PaymentClient payment-client", names[1])
}

func TestAnInterfaceCannotBeRegisteredByItself(t *testing.T) {
	app := newApp("http://payments")
	client.Register[PaymentClient](app)
	require.ErrorContains(t, app.Start(t.Context()), "is an interface: run pyfly generate")
	require.ErrorIs(t, client.Describe[PaymentClient]().Err(), client.ErrDeclaration)
}

func TestAPanicOfAMarshallerIsTheErrorOfTheCall(t *testing.T) {
	var requests atomic.Int32
	payments, app := start(t, frontEnds["interface"], failing(&requests))
	err := payments.Send(t.Context(), panicking{})
	require.Error(t, err)
	_, err = payments.Labelled(t.Context(), panicking{})
	require.ErrorIs(t, err, client.ErrInvalidRequest)
	require.ErrorAs(t, err, new(*kernel.PanicError))
	assert.EqualValues(t, 2, client.Clients(app)[0].Stats.Failures)
}

// panicking panics whatever is done with it.
type panicking struct{}

func (panicking) MarshalText() ([]byte, error) { panic("boom") }
func (panicking) Read([]byte) (int, error)     { panic("boom") }

func TestTypeParametersAreTextsAndBodies(t *testing.T) {
	var sent []string
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		sent = append(sent, describe(r))
		_, _ = io.WriteString(w, `{"id":"a"}`)
	}))
	defer server.Close()
	app := newApp(server.URL)
	RegisterItemClient[State, *Payment](app)
	require.NoError(t, app.Start(t.Context()))
	defer func() { require.NoError(t, app.Stop(context.Background())) }()
	items := container.Must(container.Get[ItemClient[State, *Payment]](app))
	got, err := items.Get(t.Context(), "a/b")
	require.NoError(t, err)
	assert.Equal(t, &Payment{ID: "a"}, got)
	require.NoError(t, items.Put(t.Context(), "k", nil))
	require.NoError(t, items.Put(t.Context(), "k", got))
	assert.Contains(t, sent[0], "GET /items/a%2Fb")
	assert.NotContains(t, sent[1], "null", "a nil pointer sends no body")
	assert.Contains(t, sent[2], `{"id":"a","cents":0}`)
}

func TestTheDeclarationCanBeReadBack(t *testing.T) {
	d := DescribePaymentClient()
	require.NoError(t, d.Err())
	functions := client.Describe[PaymentFunctions]()
	require.NoError(t, functions.Err())
	assert.Equal(t, "PaymentClient", d.Type)
	assert.Equal(t, functions.Name, d.Name)
	assert.Equal(t, functions.BaseURL, d.BaseURL)
	assert.Equal(t, functions.Resilience, d.Resilience)
	require.Len(t, d.Methods, len(functions.Methods))
	for i, m := range d.Methods {
		f := functions.Methods[i]
		assert.Equal(t, []any{f.Name, f.Verb, f.Result, f.Idempotent, f.Reconnect}, []any{m.Name, m.Verb, m.Result, m.Idempotent, m.Reconnect})
		require.Len(t, m.Parameters, len(f.Parameters), m.Name)
		for j, p := range m.Parameters {
			assert.Equal(t, []any{f.Parameters[j].Name, f.Parameters[j].In, f.Parameters[j].Type}, []any{p.Name, p.In, p.Type}, m.Name)
		}
	}
}
