// SPDX-License-Identifier: Apache-2.0

package watcher

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/internal/random"
	"github.com/pyfly-go/pyfly/internal/usercode"
)

const (
	firstDelay      = 100 * time.Millisecond
	longestDelay    = 5 * time.Second
	refreshInterval = time.Second
)

var (
	errReturned = errors.New("the method Watch returned before its context ended")
	errExited   = errors.New("the method Watch called runtime.Goexit")
)

// watch is the watch of one resolver and service. Its loop is the only goroutine
// that tells subscriptions.
type watch struct {
	group  *Group
	key    key
	target Target
	ctx    context.Context
	cancel context.CancelFunc
	wake   chan struct{} // something has changed: the loop looks

	isRefreshing atomic.Bool
	updating     sync.Mutex // held by update

	mu            sync.Mutex
	subscriptions []*Subscription
	run           int     // how often Watch has been called or has returned
	answered      bool    // by this run
	answer        *answer // nil before the first
	rejected      rejected
	failure       error
}

func (w *watch) wakeUp() {
	select {
	case w.wake <- struct{}{}:
	default: // it has been woken already
	}
}

// loop runs until the watch ends. It calls the resolver again whenever it returns.
func (w *watch) loop() {
	defer w.group.gate.Leave()
	log := &journal{logger: w.group.logger, target: w.target}
	var backoff backoff
	var again, doubt <-chan time.Time
	ended := w.begin(&backoff)
	for {
		select {
		case <-w.ctx.Done():
			return
		case <-w.wake:
		case <-doubt:
		case err := <-ended:
			if w.ctx.Err() != nil {
				return
			}
			delay, isFirst := backoff.next(w.ctx, w.end(err))
			ended, again = nil, time.After(delay)
			log.ended(err, isFirst, delay)
		case <-again:
			again = nil
			ended = w.begin(&backoff)
		}
		doubt = w.tell()
		log.look(w)
	}
}

// tell tells all subscriptions what is known. It returns when to do so again for
// the sake of those that doubt it, or nil.
func (w *watch) tell() <-chan time.Time {
	w.mu.Lock()
	answer, subscriptions := w.answer, w.subscriptions
	w.mu.Unlock()
	if answer == nil {
		return nil
	}
	var soonest time.Duration
	for _, s := range subscriptions {
		if d := s.tell(answer); d > 0 && (soonest == 0 || d < soonest) {
			soonest = d
		}
	}
	if soonest == 0 {
		return nil
	}
	return time.After(soonest)
}

// begin calls the resolver, which is user code, on a goroutine of its own. The
// channel tells why it returned.
func (w *watch) begin(backoff *backoff) <-chan error {
	backoff.begin()
	w.mu.Lock()
	w.run++
	w.answered = false
	run := w.run
	w.mu.Unlock()
	ctx, cancel := context.WithCancel(w.ctx)
	ended := make(chan error, 1)
	w.group.gate.Join()
	go func() {
		err := errExited
		defer func() {
			cancel()
			ended <- err
			w.group.gate.Leave()
		}()
		err = usercode.Call(func() error {
			return w.target.Resolver.Watch(ctx, w.target.Service, func(instances []discovery.Instance) { w.update(run, instances) })
		})
		if err == nil {
			err = errReturned
		}
	}()
	return ended
}

// end notes that a run has ended, so that what it tells from now on is ignored. It
// reports whether the run has answered.
func (w *watch) end(err error) (answered bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run++
	w.failure = err
	return w.answered
}

// update is what the resolver calls: at any time, from any goroutine. Only other
// updates wait while it copies the entries.
func (w *watch) update(run int, entries []discovery.Instance) {
	w.updating.Lock()
	defer w.updating.Unlock()
	w.mu.Lock()
	known, isCurrent := w.answer, w.isCurrent(run)
	w.mu.Unlock()
	if !isCurrent {
		return
	}
	instances, rejected := clean(entries, known)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.isCurrent(run) {
		return
	}
	w.answer = known.followedBy(instances)
	w.answered, w.failure, w.rejected = true, nil, rejected
	w.wakeUp()
}

func (w *watch) isCurrent(run int) bool { return run == w.run && w.ctx.Err() == nil }

func (w *watch) lastFailure() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.failure
}

// refresh asks the resolver to look again, on a goroutine of its own. The next
// second begins when it returns.
func (w *watch) refresh() {
	refresher, ok := w.target.Resolver.(discovery.Refresher)
	if !ok || w.ctx.Err() != nil || !w.isRefreshing.CompareAndSwap(false, true) {
		return
	}
	if !w.group.gate.Enter() {
		return
	}
	go func() {
		defer w.group.gate.Leave()
		defer w.isRefreshing.Store(false)
		defer w.pause(refreshInterval)
		_ = usercode.Call(func() error { refresher.Refresh(w.target.Service); return nil })
	}()
}

// pause waits for a time, or until the watch ends.
func (w *watch) pause(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-w.ctx.Done():
	}
}

// backoff is how long to wait before the resolver is called again.
type backoff struct {
	begun  time.Time
	failed int // runs, one after the other
}

func (b *backoff) begin() { b.begun = time.Now() }

// next returns the delay after a run that has ended, and whether it is the first of
// a row. A run that was good, one that has answered and lasted, begins a new row.
func (b *backoff) next(ctx context.Context, answered bool) (delay time.Duration, isFirst bool) {
	if answered && time.Since(b.begun) > longestDelay {
		b.failed = 0
	}
	isFirst = b.failed == 0
	delay = min(firstDelay<<min(b.failed, 10), longestDelay)
	b.failed++
	return delay - delay/10 + time.Duration(random.Int64N(ctx, int64(delay/5)+1)), isFirst // a tenth more or less
}
