// SPDX-License-Identifier: Apache-2.0

package resilience

import (
	"container/list"
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
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
		queue = fmt.Errorf("%w: max-queue is %d: it must not be negative", kernel.ErrConfig, c.MaxQueue)
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
	waiting list.List // of chan struct{}, each of which is closed to hand over a place
}

// NewBulkhead makes a bulkhead. If config is not valid, Execute returns the error
// of its Validate.
func NewBulkhead(config BulkheadConfig) *Bulkhead {
	return &Bulkhead{invalid: config.Validate(), config: config.WithDefaults()}
}

// Reconfigure changes the configuration. Calls under way stay; those that wait
// get the places that there are now.
func (b *Bulkhead) Reconfigure(config BulkheadConfig) error {
	if err := config.Validate(); err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.config = config.WithDefaults()
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
	place := make(chan struct{})
	element, maxWait := b.waiting.PushBack(place), b.config.MaxWait
	b.mu.Unlock()
	return b.wait(ctx, place, element, maxWait)
}

func (b *Bulkhead) wait(ctx context.Context, place chan struct{}, element *list.Element, maxWait time.Duration) error {
	var tooLong <-chan time.Time
	if maxWait > 0 {
		timer := time.NewTimer(maxWait)
		defer timer.Stop()
		tooLong = timer.C
	}
	var err error
	select {
	case <-place:
		return nil
	case <-ctx.Done():
		err = ctx.Err()
	case <-tooLong:
		err = &RejectedError{Name: b.name(), Kind: ErrBulkheadFull}
	}
	b.mu.Lock()
	select {
	case <-place: // at the same moment
		b.mu.Unlock()
		b.release()
	default:
		b.waiting.Remove(element)
		b.mu.Unlock()
	}
	return err
}

func (b *Bulkhead) name() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.config.Name
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
	close(b.waiting.Remove(first).(chan struct{}))
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
