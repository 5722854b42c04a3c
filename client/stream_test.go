// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

type streamClient struct {
	client.ServiceClient `url:"http://streams.invalid" name:"streams" retry-base-delay:"1s"`

	Download func(ctx context.Context, name string) (io.ReadCloser, error)  `get:"/files/{name}"`
	Response func(ctx context.Context, name string) (*http.Response, error) `get:"/files/{name}"`
	List     func(ctx context.Context) iter.Seq2[Product, error]            `get:"/products"`
	Events   func(ctx context.Context) iter.Seq2[client.Event, error]       `get:"/events" accept:"text/event-stream"`
	Texts    func(ctx context.Context, since int) iter.Seq2[string, error]  `get:"/texts{?since}"`
}

// pacedBody gives a piece after a pause each, and knows whether it was closed.
type pacedBody struct {
	ctx    context.Context
	pause  time.Duration
	pieces []string
	closed bool
}

func (b *pacedBody) Read(p []byte) (int, error) {
	if len(b.pieces) == 0 {
		return 0, io.EOF
	}
	select {
	case <-time.After(b.pause):
	case <-b.ctx.Done():
		return 0, b.ctx.Err()
	}
	n := copy(p, b.pieces[0])
	if b.pieces[0] = b.pieces[0][n:]; b.pieces[0] == "" {
		b.pieces = b.pieces[1:]
	}
	return n, nil
}

func (b *pacedBody) Close() error { b.closed = true; return nil }

// streaming is a port that answers every request with the body.
func streaming(contentType string, body *pacedBody) portFunc {
	return func(r *http.Request) (*http.Response, error) {
		if !client.IsStreaming(r.Context()) {
			return nil, errors.New("the request does not say that its answer is a stream")
		}
		body.ctx = r.Context()
		return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {contentType}}, Body: body}, nil
	}
}

func TestAStreamMayTakeLongerThanTheTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &pacedBody{pause: 20 * time.Second, pieces: []string{"a", "b", "c", "d"}}
		c := wire[streamClient](t, nil, streaming("", body))
		stream, err := c.Download(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(stream)
		if err != nil || string(data) != "abcd" {
			t.Errorf("read %q, %v", data, err)
		}
		if err := stream.Close(); err != nil || !body.closed {
			t.Errorf("closed: %t, %v", body.closed, err)
		}
	})
}

func TestAPanicWhileAStreamBeginsLeavesNothingInFlight(t *testing.T) {
	var request context.Context
	port := portFunc(func(r *http.Request) (*http.Response, error) {
		request = r.Context()
		panic("the user's port panics")
	})
	app := newApp(nil, client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return port, nil }))
	client.Register[streamClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := container.Must(container.Get[*streamClient](app))
	func() {
		defer func() { _ = recover() }()
		_, err := c.Download(t.Context(), "x")
		t.Errorf("the panic did not go on: %v", err)
	}()
	if n := client.Stats(app)[0].InFlight; n != 0 || request.Err() == nil {
		t.Errorf("%d calls in flight, the context of the request: %v", n, request.Err())
	}
	if err := app.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAStreamThatPausesTooLongIsCut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		body := &pacedBody{pause: 20 * time.Second, pieces: []string{"a", "b"}}
		settings := map[string]any{"pyfly.client.services.streams.stream-idle-timeout": "10s"}
		c := wire[streamClient](t, settings, streaming("", body))
		response, err := c.Response(t.Context(), "x")
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		begun := time.Now()
		_, err = io.ReadAll(response.Body)
		if took := time.Since(begun); took != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "stream-idle-timeout of 10s") {
			t.Errorf("after %s: %v", took, err)
		}
	})
}

func TestAStreamThatDoesNotBeginIsRetriedLikeAnyCall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		attempts := 0
		c := wire[streamClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
			if attempts++; attempts == 1 {
				<-r.Context().Done() // the timeout
				return nil, r.Context().Err()
			}
			if attempts == 2 {
				return answer(503, "down"), nil
			}
			return answer(200, "data"), nil
		}))
		begun := time.Now()
		stream, err := c.Download(t.Context(), "x")
		if err != nil || attempts != 3 || time.Since(begun) != 33*time.Second {
			t.Fatalf("%d attempts in %s: %v", attempts, time.Since(begun), err)
		}
		if data, err := io.ReadAll(stream); err != nil || string(data) != "data" {
			t.Errorf("read %q, %v", data, err)
		}
	})
}

func TestAStreamThatIsRefusedIsAnError(t *testing.T) {
	c := wire[streamClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) { return answer(404, "gone"), nil }))
	_, err := c.Download(t.Context(), "x")
	var e *client.Error
	if !errors.Is(err, client.ErrNotFound) || !errors.As(err, &e) || string(e.Body) != "gone" {
		t.Errorf("got %v", err)
	}
}

func TestStopWaitsForAStreamUnderWay(t *testing.T) {
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "first")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
	})
	app := newApp(over("streams", s.URL))
	client.Register[streamClient](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	c := getBean[streamClient](t, app)
	stream, err := c.Download(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	go func() { _ = app.Stop(ctx); close(stopped) }()
	buffer := make([]byte, 5)
	if _, err := io.ReadFull(stream, buffer); err != nil || string(buffer) != "first" {
		t.Errorf("during Stop: %q, %v", buffer, err)
	}
	cancel()
	<-stopped
	if _, err := stream.Read(buffer); err == nil {
		t.Error("the stream outlived the client")
	}
	_ = stream.Close()
	if _, err := c.Download(t.Context(), "x"); !errors.Is(err, client.ErrStopped) {
		t.Errorf("after Stop: %v", err)
	}
}

func collect[T any](sequence iter.Seq2[T, error]) (all []T, err error) {
	for v, e := range sequence {
		if e != nil {
			return all, e
		}
		all = append(all, v)
	}
	return all, nil
}

func TestSequences(t *testing.T) {
	cases := map[string]struct {
		contentType, body string
		want              string
		err               error
	}{
		"a JSON array":              {"application/json", `[{"name":"a"}, {"name":"b"}]`, "a b", nil},
		"an empty array":            {"application/json", ` [] `, "", nil},
		"an array of no type":       {"", `[{"name":"a"}]`, "a", nil},
		"NDJSON":                    {"application/x-ndjson", "{\"name\":\"a\"}\n{\"name\":\"b\"}\n", "a b", nil},
		"NDJSON without last end":   {"application/jsonl; charset=utf-8", "{\"name\":\"a\"}\n\n{\"name\":\"b\"}", "a b", nil},
		"nothing":                   {"application/x-ndjson", "", "", nil},
		"events":                    {"text/event-stream", "data: {\"name\":\"a\"}\n\n: comment\n\ndata: {\"name\":\n" + "data: \"b\"}\n\n", "a b", nil},
		"no array":                  {"application/json", `{"name":"a"}`, "a", nil},
		"no JSON":                   {"application/json", `<html>`, "", client.ErrDecode},
		"an array cut off":          {"application/json", `[{"name":"a"},`, "a", client.ErrDecode},
		"an element cut off":        {"application/json", `[{"name":"a"},{"na`, "a", client.ErrDecode},
		"nothing at all":            {"application/json", ``, "", nil},
		"garbage after the array":   {"application/json", `[{"name":"a"}] x`, "a", client.ErrDecode},
		"a wrong element":           {"application/x-ndjson", "{\"name\":\"a\"}\n{\"name\":1}\n", "a", client.ErrDecode},
		"a wrong event":             {"text/event-stream", "data: x\n\n", "", client.ErrDecode},
		"an element too large":      {"application/json", `[{"name":"a"},{"name":"` + strings.Repeat("x", 9000) + `"}]`, "a", client.ErrTooLarge},
		"an event too large":        {"text/event-stream", "data: {\"name\":\"a\"}\n\ndata: " + strings.Repeat("x", 9000), "a", client.ErrTooLarge},
		"many elements in the size": {"application/json", "[" + strings.Repeat(`{"name":"a"},`, 2000) + `{"name":"z"}]`, strings.Repeat("a ", 2000) + "z", nil},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			settings := map[string]any{"pyfly.client.services.streams.max-response-size": "8KiB"}
			c := wire[streamClient](t, settings, portFunc(func(*http.Request) (*http.Response, error) {
				return answer(200, test.body, "Content-Type", test.contentType), nil
			}))
			products, err := collect(c.List(t.Context()))
			var names []string
			for _, p := range products {
				names = append(names, p.Name)
			}
			if got := strings.Join(names, " "); got != test.want {
				t.Errorf("got %.80q, want %.80q", got, test.want)
			}
			if !errors.Is(err, test.err) || (err == nil) != (test.err == nil) {
				t.Errorf("error %v, want %v", err, test.err)
			}
		})
	}
}

func TestBreakingOutOfALoopClosesTheStream(t *testing.T) {
	body := &pacedBody{pieces: []string{`[{"name":"a"},`, `{"name":"b"},`, `{"name":"c"}]`}}
	c := wire[streamClient](t, nil, streaming("application/json", body))
	for p, err := range c.List(t.Context()) {
		if p.Name != "a" || err != nil {
			t.Errorf("got %v, %v", p, err)
		}
		break
	}
	if !body.closed || body.ctx.Err() == nil {
		t.Errorf("closed: %t, context: %v", body.closed, body.ctx.Err())
	}
}

func TestASequenceEndsWithTheErrorOfItsCall(t *testing.T) {
	c := wire[streamClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) { return answer(404, ""), nil }))
	if _, err := collect(c.List(t.Context())); !errors.Is(err, client.ErrNotFound) {
		t.Errorf("got %v", err)
	}
	if _, err := collect(client.NewStub[streamClient]().List(t.Context())); !errors.As(err, new(*kernel.NotWiredError)) {
		t.Errorf("a stub: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	body := &pacedBody{pause: time.Minute, pieces: []string{"[1]"}}
	c = wire[streamClient](t, nil, streaming("application/json", body))
	cancel()
	var e *client.Error
	if _, err := collect(c.List(ctx)); !errors.Is(err, context.Canceled) || !errors.As(err, &e) || e.Method != "List" {
		t.Errorf("cancelled: %v", err)
	}
}

func TestEachLoopIsACallOfItsOwn(t *testing.T) {
	calls := 0
	c := wire[streamClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
		calls++
		return answer(200, "data: one\n\n", "Content-Type", "text/event-stream"), nil
	}))
	sequence := c.Texts(t.Context(), 3)
	if calls != 0 {
		t.Error("the request was sent before the loop")
	}
	for range 2 {
		if texts, err := collect(sequence); err != nil || len(texts) != 1 || texts[0] != "one" {
			t.Errorf("got %q, %v", texts, err)
		}
	}
	if calls != 2 {
		t.Errorf("%d calls, want 2", calls)
	}
}

func TestServerSentEvents(t *testing.T) {
	const body = "\ufeffevent: added\nid: 1\ndata: a\ndata:b\n\n" +
		": a comment\r\nretry: 1500\r\n\r\n" +
		"data\r\rid\nevent:\ndata: c: d\nunknown: x\n\n" +
		"event: lost\n\ndata: cut off"
	c := wire[streamClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
		if accept := r.Header.Get("Accept"); accept != "text/event-stream" {
			return nil, fmt.Errorf("accept %q", accept)
		}
		return answer(200, body, "Content-Type", "text/event-stream"), nil
	}))
	events, err := collect(c.Events(t.Context()))
	if err != nil {
		t.Fatal(err)
	}
	want := []client.Event{
		{ID: "1", Name: "added", Data: "a\nb"},
		{ID: "1", Name: "message", Data: "", Retry: 1500 * time.Millisecond},
		{ID: "", Name: "message", Data: "c: d"},
	}
	if fmt.Sprint(events) != fmt.Sprint(want) {
		t.Errorf("got  %q\nwant %q", events, want)
	}
}

func FuzzServerSentEvents(f *testing.F) {
	for _, seed := range []string{"data: a\n\n", "id: 1\r\nevent: x\r\ndata: a\r\n\r\n", "\ufeffretry: 10\n\n", "data\rdata\n\n", "::\n"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		c := wire[streamClient](t, nil, portFunc(func(*http.Request) (*http.Response, error) {
			return answer(200, body, "Content-Type", "text/event-stream"), nil
		}))
		for e, err := range c.Events(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
			if strings.ContainsAny(e.Name+e.ID, "\r\n") || strings.Contains(e.Data, "\r") || e.Name == "" || e.Retry < 0 {
				t.Fatalf("event %q of %q", e, body)
			}
		}
	})
}

type liveClient struct {
	client.ServiceClient `url:"http://live.invalid" name:"live" retry:"false" circuit-breaker:"false"`

	Events func(ctx context.Context) iter.Seq2[client.Event, error] `get:"/events" reconnect:"true"`
}

func TestAStreamOfEventsGoesOnWhereItBrokeOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ids []string
		var times []time.Duration
		begun := time.Now()
		c := wire[liveClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
			ids = append(ids, r.Header.Get("Last-Event-ID"))
			times = append(times, time.Since(begun))
			switch len(ids) {
			case 1:
				return answer(200, "id: 1\ndata: a\n\n", "Content-Type", "text/event-stream"), nil
			case 2:
				return answer(200, "retry: 10000\nid: 2\ndata: b\n\nid: 3\ndata: cut", "Content-Type", "text/event-stream"), nil
			}
			return answer(204, ""), nil
		}))
		events, err := collect(c.Events(t.Context()))
		if err != nil || len(events) != 2 || events[1].Data != "b" {
			t.Errorf("got %v, %v", events, err)
		}
		if got := fmt.Sprint(ids, times); got != "[ 1 2] [0s 3s 13s]" {
			t.Errorf("connections %s", got)
		}
	})
}

func TestReconnectionsEndWithTheContextAndWithErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		connections, status := 0, 200
		c := wire[liveClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
			connections++
			return answer(status, "data: a\n\n", "Content-Type", "text/event-stream"), nil
		}))
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		events, err := collect(c.Events(ctx))
		if !errors.Is(err, context.DeadlineExceeded) || len(events) != 4 || connections != 4 {
			t.Errorf("%d events of %d connections, %v", len(events), connections, err)
		}
		for range c.Events(t.Context()) {
			break
		}
		if connections != 5 {
			t.Errorf("%d connections", connections)
		}
		status = 404
		if _, err := collect(c.Events(t.Context())); !errors.Is(err, client.ErrNotFound) || connections != 6 {
			t.Errorf("%v after %d connections", err, connections)
		}
	})
}
