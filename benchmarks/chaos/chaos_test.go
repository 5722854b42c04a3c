// SPDX-License-Identifier: Apache-2.0

// Package chaos lets clients call a service through a network that misbehaves,
// and looks at what they do: whether anything is done twice, ends too late, or
// is left behind.
package chaos

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"text/tabwriter"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/mccutchen/go-httpbin/v2/httpbin"
	"github.com/rs/zerolog"
)

var calls = flag.Int("calls", 3000, "how many calls each client makes")

// The limits of all clients.
const (
	attempts       = 3
	attemptTimeout = 250 * time.Millisecond
	totalTimeout   = 1500 * time.Millisecond
	concurrency    = 50
	slack          = 2 * time.Second // that a busy machine may take
)

// toxics is what the network does, one after the other.
var toxics = []string{
	`{"name":"none","type":"noop","attributes":{}}`,
	`{"name":"latency","type":"latency","toxicity":0.5,"attributes":{"latency":100,"jitter":200}}`,
	`{"name":"reset","type":"reset_peer","toxicity":0.3,"attributes":{"timeout":10}}`,
	`{"name":"cut","type":"limit_data","toxicity":0.5,"attributes":{"bytes":150}}`,
	`{"name":"slow close","type":"slow_close","attributes":{"delay":100}}`,
	`{"name":"timeout","type":"timeout","toxicity":0.3,"attributes":{"timeout":400}}`,
	`{"name":"bandwidth","type":"bandwidth","attributes":{"rate":20}}`,
	`{"name":"slicer","type":"slicer","attributes":{"average_size":50,"size_variation":20,"delay":500}}`,
}

// world is a service behind a proxy.
type world struct {
	*toxiproxy.Proxy
	server *httptest.Server
	mu     sync.Mutex
	orders map[string]int // how often each POST was carried out
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{orders: map[string]int{}}
	bin := httpbin.New()
	w.server = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if _, err := io.Copy(io.Discard, r.Body); err != nil {
				return // an order that did not arrive whole is not carried out
			}
			w.mu.Lock()
			w.orders[r.Header.Get("X-Order")]++
			w.mu.Unlock()
			rw.Header().Set("Content-Type", "application/json")
			_, _ = io.WriteString(rw, `{"url":"post"}`)
			return
		}
		bin.ServeHTTP(rw, r)
	}))
	t.Cleanup(w.server.Close)
	w.startProxy(t)
	return w
}

func (w *world) startProxy(t *testing.T) {
	t.Helper()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	w.Proxy = toxiproxy.NewProxy(api, "service", "127.0.0.1:0", strings.TrimPrefix(w.server.URL, "http://"))
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.Stop)
}

func (w *world) url() string { return "http://" + w.Listen }

// misbehave lets the network do what a toxic says, and nothing else.
func (w *world) misbehave(t *testing.T, toxic string) {
	t.Helper()
	w.Toxics.ResetToxics(context.Background())
	if strings.Contains(toxic, `"noop"`) {
		return
	}
	if _, err := w.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
}

// duplicates is how many orders were carried out more than once.
func (w *world) duplicates() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, times := range w.orders {
		if times > 1 {
			n++
		}
	}
	return n
}

// forget forgets the orders that were carried out if there are many, and returns how
// many of them were carried out more than once.
func (w *world) forget(many int) (duplicates int) {
	w.mu.Lock()
	isFull := len(w.orders) > many
	w.mu.Unlock()
	if !isFull {
		return 0
	}
	duplicates = w.duplicates()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.orders = map[string]int{}
	return duplicates
}

// proxies starts a proxy for each toxic, and returns their URLs.
func (w *world) proxies(t *testing.T) (urls []string) {
	t.Helper()
	for _, toxic := range toxics {
		other := &world{server: w.server}
		other.startProxy(t)
		other.misbehave(t, toxic)
		urls = append(urls, other.url())
	}
	return urls
}

// caller is a client under test.
type caller struct {
	name  string
	get   func(ctx context.Context, n int) error
	post  func(ctx context.Context, order string) error
	close func() error
}

// outcome is what came of the calls of one client.
type outcome struct {
	name                     string
	calls, succeeded, failed int64
	untyped, late            int64
	duplicates               int
	goroutines               int
	longest                  time.Duration
	closeErr                 error
}

// unleash makes all calls of a client, an eighth of them in each weather.
func unleash(t *testing.T, w *world, c caller, isTyped func(error) bool) outcome {
	before := goroutines()
	result := outcome{name: c.name}
	var succeeded, failed, untyped, late, longest atomic.Int64
	for phase, toxic := range toxics {
		w.misbehave(t, toxic)
		work := make(chan int)
		var wg sync.WaitGroup
		for range concurrency {
			wg.Go(func() {
				for n := range work {
					begun := time.Now()
					ctx, cancel := context.WithTimeout(context.Background(), totalTimeout)
					var err error
					if n%2 == 0 {
						err = c.get(ctx, n)
					} else {
						err = c.post(ctx, fmt.Sprintf("%s-%d-%d", c.name, phase, n))
					}
					cancel()
					took := time.Since(begun)
					if took > totalTimeout+slack {
						late.Add(1)
					}
					for before := longest.Load(); int64(took) > before && !longest.CompareAndSwap(before, int64(took)); before = longest.Load() {
					}
					switch {
					case err == nil:
						succeeded.Add(1)
					default:
						failed.Add(1)
						if !isTyped(err) {
							untyped.Add(1)
						}
					}
				}
			})
		}
		for n := range *calls / len(toxics) {
			work <- n
		}
		close(work)
		wg.Wait()
	}
	w.misbehave(t, toxics[0])
	result.closeErr = c.close()
	w.server.CloseClientConnections()
	result.calls = succeeded.Load() + failed.Load()
	result.succeeded, result.failed, result.untyped = succeeded.Load(), failed.Load(), untyped.Load()
	result.late, result.longest = late.Load(), time.Duration(longest.Load())
	result.duplicates = w.duplicates()
	result.goroutines = leftOver(before)
	return result
}

func TestMain(m *testing.M) {
	zerolog.SetGlobalLevel(zerolog.Disabled) // the toxics log by themselves
	os.Exit(m.Run())
}

func goroutines() int { return strings.Count(stacks(), "\ngoroutine ") }

// stacks are those of all goroutines but the proxy's and the server's.
func stacks() string {
	buffer := make([]byte, 8<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	var kept strings.Builder
	for stack := range strings.SplitSeq(string(buffer), "\n\n") {
		if !strings.Contains(stack, "toxiproxy") && !strings.Contains(stack, "http.(*conn)") && !strings.Contains(stack, "httptest") {
			kept.WriteString("\n" + stack + "\n")
		}
	}
	return kept.String()
}

// leftOver waits for goroutines to end and returns how many do not.
func leftOver(before int) int {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(3 * time.Second)
	for {
		n := goroutines() - before
		if n <= 0 {
			return 0
		}
		select {
		case <-tick.C:
		case <-deadline:
			return n
		}
	}
}

// TestNothingIsDoneTwiceOrLeftBehind: pyfly must not, and the others are
// printed beside it.
func TestNothingIsDoneTwiceOrLeftBehind(t *testing.T) {
	table := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintln(table, "client\tcalls\tsucceeded\tfailed\tdone twice\tlate\tlongest\tgoroutines left")
	for _, make := range []func(*testing.T, string) (caller, func(error) bool){newPyfly, newRetryable, newResty, newFailsafe} {
		w := newWorld(t)
		c, isTyped := make(t, w.url())
		r := unleash(t, w, c, isTyped)
		_, _ = fmt.Fprintf(table, "%s\t%d\t%d\t%d\t%d\t%d\t%s\t%d\n", r.name, r.calls, r.succeeded, r.failed, r.duplicates, r.late, r.longest.Round(time.Millisecond), r.goroutines)
		if r.name != "pyfly" {
			continue
		}
		if r.duplicates > 0 || r.late > 0 || r.goroutines > 0 || r.untyped > 0 || r.closeErr != nil {
			t.Errorf("%+v\n%s", r, stacks())
		}
		if r.succeeded < r.calls/3 {
			t.Errorf("only %d of %d calls succeeded", r.succeeded, r.calls)
		}
	}
	_ = table.Flush()
}

var errNotOK = errors.New("not 200")
