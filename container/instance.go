// SPDX-License-Identifier: Apache-2.0

package container

import (
	"reflect"
	"sync"
	"time"
)

// instance is what was made of a node: one of a singleton, and any number of a
// prototype. Only the goroutine that makes it changes it until it is complete.
type instance struct {
	*node
	*life
	own life // its own, unless it shares that of another

	original    any               // what the constructor returned
	object      any               // what dependents get
	value       reflect.Value     // the same
	cleanup     func() error      // what the constructor returned beside it
	seers       []activeProcessor // the processors that there were when it was made
	begun       time.Duration     // since the start of the run
	constructed time.Duration     // how long the constructor took
	took        time.Duration     // from the call of the constructor until it could be injected

	phase         int
	hasPhase      bool // the option, or the object itself, gives the phase
	hasRunOnStart bool // the functions of OnStart, without a problem
	isReplaced    bool // by an object that is another bean
	isBorrowed    bool // it would have been the object of another bean, which has failed

	mu    sync.Mutex // guards steps
	steps []stepTiming

	making // guarded by maker.mu
}

// note adds a step of the instance's life to its report.
func (i *instance) note(s stepTiming) {
	i.mu.Lock()
	i.steps = append(i.steps, s)
	i.mu.Unlock()
}

// timings returns the steps so far.
func (i *instance) timings() []stepTiming {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.steps[:len(i.steps):len(i.steps)]
}
