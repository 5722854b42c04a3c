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
	// MaxConcurrent is the maximum number of concurrent calls. Default 25.
	MaxConcurrent int `koanf:"max-concurrent"`
	// MaxQueue is the maximum number of waiting calls. Default 0: no call waits.
	MaxQueue int `koanf:"max-queue"`
	// MaxWait is the maximum time that a call waits. Default 0: it waits until its
	// context is done.
	MaxWait time.Duration `koanf:"max-wait"`
}

const defaultMaxConcurrent = 25

// Validate returns an error that names each field that is not valid and wraps
// kernel.ErrConfig, or nil.
func (c BulkheadConfig) Validate() error {
	var queue error
	if c.MaxQueue < 0 {
		queue = wrongField("max-queue", "max-queue is %d: it must not be negative", c.MaxQueue)
	}
	return errors.Join(notNegative("max-concurrent", c.MaxConcurrent), queue, noNegativeTime("max-wait", c.MaxWait))
}

// SetExplicitZero records that a settings file sets the field with this koanf name to
// zero, which there does not mean the default.
func (c *BulkheadConfig) SetExplicitZero(key string) {
	if key == "max-concurrent" {
		c.MaxConcurrent = explicitZero
	}
}

// WithDefaults returns c with the defaults in place of zero fields.
func (c BulkheadConfig) WithDefaults() BulkheadConfig {
	setDefault(&c.MaxConcurrent, defaultMaxConcurrent)
	return c
}

// Bulkhead limits the number of concurrent calls, so that one slow service does not
// use all resources of its caller (M. Nygard, Release It!, 2007). Waiting calls are
// admitted in the order in which they arrived. A call takes a lock for a short time
// before and after it runs, and allocates only if it waits. Bulkhead is safe for
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
	place   chan struct{} // closed when the call gets a place
	changed chan struct{} // MaxWait has changed
}

// NewBulkhead returns a bulkhead. If config is not valid, Execute returns the error
// of its Validate.
func NewBulkhead(config BulkheadConfig) *Bulkhead {
	return &Bulkhead{invalid: config.Validate(), config: config.WithDefaults()}
}

// Reconfigure changes the configuration. It does not affect running calls. Waiting
// calls get the new places, stay in the queue even if MaxQueue is lower, and wait at
// most for the new MaxWait, counted from their arrival. If config is not valid, or
// the bulkhead was created with a configuration that was not, Reconfigure returns an
// error and changes nothing.
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

// Execute runs fn as soon as there is a place for it. If there is none, and the queue
// is full or the wait too long, it returns a [*RejectedError] of kind
// [ErrBulkheadFull]. If ctx is done while the call waits, it returns ctx's error.
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

// wait waits for a place, as long as the configuration and ctx allow.
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

// leave ends the wait for a place. It returns false if the call has got one meanwhile.
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

// handOver gives a place to the call that has waited longest. The caller holds the
// lock.
func (b *Bulkhead) handOver() bool {
	first := b.waiting.Front()
	if first == nil {
		return false
	}
	close(b.waiting.Remove(first).(*waiter).place)
	return true
}

// BulkheadSnapshot is the state of a bulkhead at one time.
type BulkheadSnapshot struct {
	Active        int `json:"active"`
	Waiting       int `json:"waiting"`
	MaxConcurrent int `json:"maxConcurrent"`
	MaxQueue      int `json:"maxQueue"`
}

// Snapshot returns the state of the bulkhead.
func (b *Bulkhead) Snapshot() BulkheadSnapshot {
	b.mu.Lock()
	defer b.mu.Unlock()
	return BulkheadSnapshot{b.active, b.waiting.Len(), b.config.MaxConcurrent, b.config.MaxQueue}
}
