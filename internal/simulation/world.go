// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/simulation/memnet"
	"github.com/pyfly-go/pyfly/resilience"
)

// World is one run of the product.
type World struct {
	Seed     uint64
	Findings []Finding
	trace

	options   Options
	features  map[Feature]bool
	callers   int
	begun     time.Time
	network   *memnet.Network
	servers   []*server
	app       *container.ApplicationContext
	pipeline  *resilience.Pipeline
	telemetry *telemetry // nil: none
	log       *recordingHandler

	mu        sync.Mutex // guards what follows
	calls     []*call
	callsByID map[string]*call
	arrivals  []*arrival
	versions  []*version
	events    map[string]int // by kind
	tokens    int            // requests to the token endpoint
	stopBegun time.Duration
	stopEnded time.Duration // 0: not yet

	stopOnce sync.Once
	stopped  atomic.Bool
	healthy  atomic.Bool   // servers and the user's code do what they should
	tooMany  atomic.Bool   // requests
	over     chan struct{} // closed at the end
	release  chan struct{} // closed when blocked readers are to end
}

// Finding is something that must not be.
type Finding struct {
	Kind   string // "done-twice"
	Detail string
}

// find records a finding. It may be called concurrently.
func (w *World) find(kind, format string, args ...any) {
	detail := fmt.Sprintf(format, args...)
	w.note("oracle", "%s: %s", kind, detail)
	w.trace.mu.Lock()
	defer w.trace.mu.Unlock()
	w.Findings = append(w.Findings, Finding{kind, detail})
}

func (w *World) note(who, format string, args ...any) { w.trace.note(w.now(), who, format, args...) }

// now is the virtual time since the world's begin.
func (w *World) now() time.Duration { return time.Since(w.begun) }

// sleep sleeps unless the world is over.
func (w *World) sleep(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.over:
	}
}

func (w *World) isOver() bool {
	select {
	case <-w.over:
		return true
	default:
		return false
	}
}

func (w *World) secure() bool {
	return w.hasAny("net.tls", "net.http2", "net.impostor") && !w.has("net.h2c")
}

func (w *World) url(host string) string {
	if w.secure() {
		return "https://" + host
	}
	return "http://" + host
}

func (w *World) callByMark(m string) *call {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.callsByID[strings.Trim(m, "~")]
}

// Options change the world of a seed.
type Options struct {
	// Off are the features that it does not have.
	Off []Feature
	// Collide lets things happen at one instant, in the order of the scheduler's
	// choice: the same seed may run differently.
	Collide bool
}

// Run draws the world of a seed and runs it.
func Run(t *testing.T, seed uint64, options Options) *World {
	w := &World{Seed: seed, options: options, callsByID: map[string]*call{}, events: map[string]int{}}
	w.drawFeatures()
	authority()
	defer func() {
		// A bubble whose goroutines do not end panics.
		if r := recover(); r != nil {
			w.find("goroutine-left", "%v", r)
		}
	}()
	synctest.Test(t, func(*testing.T) { w.run() })
	return w
}

func (w *World) run() {
	w.begun = time.Now()
	w.over, w.release = make(chan struct{}), make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	w.network = &memnet.Network{Fate: w.fate}
	for _, host := range []string{ownHost, allowedHost, foreignHost, authHost} {
		w.serve(host, w.secure())
		if w.has("server.redirect-https") && !w.secure() {
			w.serve(host, true)
		}
	}
	w.pipeline = w.newPipeline()
	shop, plain, err := w.start(ctx)
	if err != nil {
		w.find("does-not-start", "%v", err)
	} else {
		w.live(ctx, shop, plain)
	}
	cancel()
	w.end()
	w.judge()
}

// serve starts a server.
func (w *World) serve(host string, secure bool) {
	s := &server{World: w, host: host, secure: secure}
	w.servers = append(w.servers, s)
	s.serve()
}

// start starts the application.
func (w *World) start(ctx context.Context) (*Shop, *Plain, error) {
	first := w.settingsOf(0)
	w.versions = []*version{first}
	w.log = &recordingHandler{world: w}
	app := container.NewApplicationContext(container.WithConfig(config.New(first.values)), container.WithLogger(slog.New(w.log)))
	w.app = app
	options := []client.Option{client.WithDialContext(w.network.DialContext)}
	if w.hasAny("code.transport", "code.transport-dials", "auth.oauth2") {
		options = append(options, client.WithTransport(w.transport))
	}
	if w.has("code.retry-if") {
		options = append(options, client.WithRetryIf(func(e *client.Error) bool { return e.Status == 409 }))
	}
	if w.has("telemetry") {
		w.telemetry = newTelemetry()
		options = append(options, client.WithTelemetry(w.telemetry.tracers, w.telemetry.meters))
	}
	app.Install(client.Module(options...))
	if w.has("actuator") {
		app.Install(actuator.Module())
	}
	w.listen()
	w.registerCode(app)
	if w.hasAny("code.fallback", "code.fallback-panics") {
		client.Register[Shop](app, client.Fallback(w.fallback()))
	} else {
		client.Register[Shop](app)
	}
	if w.has("call.plain") {
		client.Register[Plain](app)
	}
	if w.hasAny("call.start", "call.stop") {
		app.Register(func(shop *Shop) *worker { return &worker{w, shop} })
	}
	if err := app.Start(ctx); err != nil {
		return nil, nil, err
	}
	shop, err := container.Get[*Shop](app)
	if err != nil || !w.has("call.plain") {
		return shop, nil, err
	}
	plain, err := container.Get[*Plain](app)
	return shop, plain, err
}

// live lets callers and operators act until all calls have ended.
func (w *World) live(ctx context.Context, shop *Shop, plain *Plain) {
	ops := w.available(operations(shop, plain))
	callers, operators := group{}, group{}
	for n := range w.callers {
		if !w.hasCaller(n) {
			continue
		}
		callers.run(func() { w.caller(ctx, n, ops) })
	}
	for _, act := range w.operators() {
		operators.run(act)
	}
	if !callers.wait(patience) {
		w.hung("hangs")
		close(w.release)
		if !callers.wait(patience) {
			w.hung("hangs-for-good")
		}
	} else {
		close(w.release)
	}
	operators.wait(patience)
	if !w.stopped.Load() && !w.tooMany.Load() {
		w.recover(ctx, shop)
	}
	w.look()
	w.stop()
}

// patience is longer than any call may take.
const patience = 5 * time.Minute

// hung reports the calls that have not ended.
func (w *World) hung(kind string) {
	w.mu.Lock()
	var ids []string
	for _, c := range w.calls {
		if c.ended == 0 {
			what := c.op.name
			if c.blocks {
				what += " with a blocked body"
			}
			ids = append(ids, c.id+" ("+what+")")
		}
	}
	w.mu.Unlock()
	if kind == "hangs" && !slices.ContainsFunc(ids, func(id string) bool { return !strings.Contains(id, "blocked body") }) {
		kind = "blocked-body-holds-a-call"
	}
	w.find(kind, "after %s without end: %s", patience, strings.Join(ids, ", "))
}

// end closes servers and network, and lets what has been started end.
func (w *World) end() {
	close(w.over)
	for _, s := range w.servers {
		s.close()
	}
	if w.telemetry != nil {
		w.telemetry.shutdown()
	}
	time.Sleep(time.Minute)
}

// group is some goroutines that end.
type group struct {
	wg sync.WaitGroup
}

func (g *group) run(f func()) { g.wg.Go(f) }

// wait reports whether all have ended in time.
func (g *group) wait(limit time.Duration) bool {
	done := make(chan struct{})
	go func() {
		g.wg.Wait()
		close(done)
	}()
	timer := time.NewTimer(limit)
	defer timer.Stop()
	select {
	case <-done:
		return true
	case <-timer.C:
		return false
	}
}

// fate draws what happens to a connection.
func (w *World) fate(ctx context.Context, address string, n int) memnet.Fate {
	d := w.draw("connection", address, n)
	if c := callOf(ctx); c != nil { // calls that wait for one thing go on at one instant
		d = w.draw("connection", address, c.id, c.dial())
	}
	f := memnet.Fate{Delay: d.between(0, 3*time.Millisecond), CutUp: -1, CutDown: -1, Linger: d.offset()}
	if w.hasAny("hedge", "hedge.method") && !w.has("net.slow-dial") {
		f.Delay = 0 // see replying.run
	}
	if w.healthy.Load() {
		return f
	}
	f.Refuse = w.has("net.refuse") && d.oneIn(5)
	f.Unknown = w.has("net.unknown-name") && d.oneIn(5)
	if w.has("net.cut") && d.oneIn(3) && !w.hasAny("net.http2", "net.h2c") {
		if d.oneIn(4) {
			f.CutUp = d.IntN(1500)
		} else {
			f.CutDown = d.IntN(1500)
		}
	}
	if w.has("net.slow-dial") && d.oneIn(4) {
		f.Delay = d.between(100*time.Millisecond, 900*time.Millisecond)
	}
	if w.has("net.linger") && d.oneIn(2) {
		f.Linger = d.between(time.Millisecond, 30*time.Millisecond)
	}
	return f
}
