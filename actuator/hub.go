// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"context"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

const flushInterval = 250 * time.Millisecond

// hub receives the events of the clients and sends them to the clients of the
// event stream. It has one goroutine, between start and stop. On the goroutine
// of a call it only counts an event.
type hub struct {
	app     *container.ApplicationContext
	sampler *sampler
	lanes   *lanes
	batch   *batch
	recent  *recent
	streams *streams

	urgent      chan struct{} // has an element if a circuit breaker has changed
	cancel      context.CancelFunc
	ended       chan struct{}
	unsubscribe func()

	mu      sync.Mutex
	changes []breakerChange // not sent yet
}

// breakerChange is a transition of a circuit breaker as it is sent.
type breakerChange struct {
	At     seconds `json:"at"`
	Name   string  `json:"name"`
	Client string  `json:"client"`
	From   string  `json:"from"`
	To     string  `json:"to"`
}

// tick is the message that is sent once per interval.
type tick struct {
	At      seconds           `json:"at"`
	Clients map[string]sample `json:"clients"`
}

func newHub(app *container.ApplicationContext, s *Settings, l *latencies) *hub {
	return &hub{
		app: app, lanes: newLanes(), batch: newBatch(), recent: &recent{}, streams: newStreams(min(s.MaxStreams, s.MaxConnections)),
		sampler: newSampler(func() []client.ClientStats { return client.Stats(app) }, l),
		urgent:  make(chan struct{}, 1),
	}
}

func (h *hub) start() {
	ctx, cancel := context.WithCancel(context.Background())
	h.cancel, h.ended = cancel, make(chan struct{})
	h.streams.open()
	h.unsubscribe = lifecycle.Subscribe(h.app.Events(), h.hear)
	go func() {
		defer close(h.ended)
		h.run(ctx)
	}()
}

func (h *hub) stop() {
	h.unsubscribe()
	h.cancel()
	<-h.ended
	h.streams.close()
}

// hear is called on the goroutine of the call.
func (h *hub) hear(e client.PolicyEvent) {
	h.batch.add(e)
	if e.Kind == client.EventStateChanged {
		h.note(e)
	}
}

// maxChanges is the maximum number of transitions that wait to be sent. If a
// breaker changes more often, the next tick has its state.
const maxChanges = 100

func (h *hub) note(e client.PolicyEvent) {
	change := breakerChange{secondsOf(e.At), e.Name, e.Client, e.From.String(), e.To.String()}
	h.lanes.add(change)
	h.mu.Lock()
	if len(h.changes) < maxChanges {
		h.changes = append(h.changes, change)
	}
	h.mu.Unlock()
	select {
	case h.urgent <- struct{}{}:
	default:
	}
}

func (h *hub) run(ctx context.Context) {
	ticks, flushes := time.NewTicker(interval), time.NewTicker(flushInterval)
	defer ticks.Stop()
	defer flushes.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-h.urgent:
			h.tellChanges()
		case <-flushes.C:
			h.flush()
		case now := <-ticks.C:
			h.tick(now)
		}
	}
}

func (h *hub) tellChanges() {
	h.mu.Lock()
	changes := h.changes
	h.changes = nil
	h.mu.Unlock()
	for _, change := range changes {
		h.streams.send("breaker", change)
	}
}

func (h *hub) flush() {
	taken := h.batch.take()
	if len(taken.Events) == 0 {
		return
	}
	h.recent.add(taken.Events)
	h.streams.send("events", taken)
}

func (h *hub) tick(now time.Time) {
	samples := h.sampler.look(now)
	for name, s := range samples {
		for breaker, state := range s.Breakers {
			h.lanes.see(breaker, name, state, secondsOf(now))
		}
	}
	h.lanes.forget(secondsOf(now.Add(-maxSamples * interval)))
	h.streams.send("tick", tick{secondsOf(now), samples})
}

// history contains the samples and the transitions of the breakers.
func (h *hub) history() history {
	sampled := h.sampler.history()
	sampled.Breakers = h.lanes.all()
	return sampled
}
