// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"errors"
	"sync"
	"time"
)

// BulkheadConfig configures a [Bulkhead]. A zero field means its default.
type BulkheadConfig struct {
	// Name is shown in errors.
	Name string `koanf:"name"`
	// MaxConcurrent is how many calls there may be at a time. Default 25.
	MaxConcurrent int `koanf:"max-concurrent"`
	// MaxQueue is how many calls may wait for a place. Default 0: none.
	MaxQueue int `koanf:"max-queue"`
	// MaxWait is how long a call may wait for a place. Default 0: as long as
	// its context lets it.
	MaxWait time.Duration `koanf:"max-wait"`
}

const defaultMaxConcurrent = 25

// Validate names each field that is wrong; the error is kernel.ErrConfig.
func (c BulkheadConfig) Validate() error {
	var queue error
	if c.MaxQueue < 0 {
		queue = wrongField("max-queue", "max-queue is %d: it must not be negative", c.MaxQueue)
	}
	return errors.Join(notNegative("max-concurrent", c.MaxConcurrent), queue, noNegativeTime("max-wait", c.MaxWait))
}

// SetExplicitZero records that the field of the given koanf name is set to zero
// in a settings file, where zero does not mean the default.
func (c *BulkheadConfig) SetExplicitZero(key string) {
	if key == "max-concurrent" {
		c.MaxConcurrent = explicitZero
	}
}

// WithDefaults returns c as a policy takes it: with the defaults in the place of
// zero fields.
func (c BulkheadConfig) WithDefaults() BulkheadConfig {
	setDefault(&c.MaxConcurrent, defaultMaxConcurrent)
	return c
}

// Bulkhead limits how many calls there are at a time, so that one slow service
// does not take all that a caller has (M. Nygard, Release It!, 2007). Calls that
// wait get their places in the order in which they came. It takes a short lock
// before and after a call, allocates only for a call that waits, and is safe for
// concurrent use.
type Bulkhead struct {
	mu      sync.Mutex
	config  BulkheadConfig
	invalid error
	active  int
	waiting list.List // of *waiter
}

// waiter is a call that waits for a place.
type waiter struct {
	begun   time.Time
	place   chan struct{} // closed to hand over a place
	changed chan struct{} // MaxWait has
}

// NewBulkhead makes a bulkhead. If config is not valid, Execute returns the error
// of its Validate.
func NewBulkhead(config BulkheadConfig) *Bulkhead {
	return &Bulkhead{invalid: config.Validate(), config: config.WithDefaults()}
}

// Reconfigure changes the configuration. Calls under way stay; those that wait
// get the places that there are now. They stay in a queue that has become shorter,
// but may wait only as long as the new MaxWait says, from when they came. If
// config is not valid, or the bulkhead was made with one that was not, the error
// says so and nothing changes.
func (b *Bulkhead) Reconfigure(config BulkheadConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	if b.invalid != nil {
		return b.invalid
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.config = config.WithDefaults()
	for e := b.waiting.Front(); e != nil; e = e.Next() {
		select {
		case e.Value.(*waiter).changed <- struct{}{}:
		default: // it has not looked yet
		}
	}
	for b.active < b.config.MaxConcurrent && b.handOver() {
		b.active++
	}
	return nil
}

// Execute runs fn once there is a place for it. If there is none, and none to
// wait, the error is a [*RejectedError] of kind [ErrBulkheadFull]. A context that
// is done ends the wait.
func (b *Bulkhead) Execute(ctx context.Context, fn func(context.Context) error) error {
	if err := b.acquire(ctx); err != nil {
		return err
	}
	defer b.release()
	return fn(ctx)
}

func (b *Bulkhead) acquire(ctx context.Context) error {
	if b.invalid != nil {
		return b.invalid
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	b.mu.Lock()
	switch {
	case b.active < b.config.MaxConcurrent:
		b.active++
		b.mu.Unlock()
		return nil
	case b.waiting.Len() >= b.config.MaxQueue:
		err := &RejectedError{Name: b.config.Name, Kind: ErrBulkheadFull}
		b.mu.Unlock()
		return err
	}
	w := &waiter{begun: time.Now(), place: make(chan struct{}), changed: make(chan struct{}, 1)}
	element := b.waiting.PushBack(w)
	b.mu.Unlock()
	err := b.wait(ctx, w)
	if err == nil || b.leave(w, element) {
		return err
	}
	if ctx.Err() == nil { // there is a place after all
		return nil
	}
	b.release()
	return err
}

// wait waits for a place, for as long as the configuration allows. An error says
// that the call waits no longer.
func (b *Bulkhead) wait(ctx context.Context, w *waiter) error {
	for {
		c := b.current()
		var tooLong <-chan time.Time
		var timer *time.Timer
		if c.MaxWait > 0 {
			timer = time.NewTimer(c.MaxWait - time.Since(w.begun))
			tooLong = timer.C
		}
		isChanged, err := false, error(nil)
		select {
		case <-w.place:
		case <-w.changed:
			isChanged = true
		case <-ctx.Done():
			err = ctx.Err()
		case <-tooLong:
			err = &RejectedError{Name: c.Name, Kind: ErrBulkheadFull}
		}
		if timer != nil {
			timer.Stop()
		}
		if !isChanged {
			return err
		}
	}
}

// leave ends the wait for a place. It is false if one has been handed over at the
// same moment.
func (b *Bulkhead) leave(w *waiter, element *list.Element) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-w.place:
		return false
	default:
		b.waiting.Remove(element)
		return true
	}
}

func (b *Bulkhead) current() BulkheadConfig {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.config
}

func (b *Bulkhead) release() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.active > b.config.MaxConcurrent || !b.handOver() {
		b.active--
	}
}

// handOver gives a place to who has waited longest. The caller holds the lock.
func (b *Bulkhead) handOver() bool {
	first := b.waiting.Front()
	if first == nil {
		return false
	}
	close(b.waiting.Remove(first).(*waiter).place)
	return true
}

// BulkheadSnapshot is how a bulkhead stood at one time.
type BulkheadSnapshot struct {
	Active        int `json:"active"`
	Waiting       int `json:"waiting"`
	MaxConcurrent int `json:"maxConcurrent"`
	MaxQueue      int `json:"maxQueue"`
}

// Snapshot returns how the bulkhead stands.
func (b *Bulkhead) Snapshot() BulkheadSnapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BulkheadSnapshot{b.active, b.waiting.Len(), b.config.MaxConcurrent, b.config.MaxQueue}
}
