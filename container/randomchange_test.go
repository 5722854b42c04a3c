// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// noticed is when a change of the files has been noticed at the latest.
const noticed = 3 * time.Second

// giveChanges lets the file of the settings change during the start or after it.
func (w *world) giveChanges(r *rand.Rand) {
	if r.IntN(3) == 0 {
		w.changeAfter = time.Duration(1+r.IntN(6000)) * time.Millisecond
	}
}

// writeSettings writes the file with another number.
func (w *world) writeSettings(number int) {
	settings := fmt.Sprintf("pyfly.context: {start-parallelism: %d, shutdown-delay: %s}\nrandom.number: %d\n", w.parallelism, w.delay, number)
	if err := os.WriteFile(w.file, []byte(settings), 0o600); err != nil {
		panic(err)
	}
}

// change changes the settings in this life, once.
func (w *world) change() {
	if w.changeAfter == 0 {
		return
	}
	number := w.number
	w.asking.Go(func() {
		time.Sleep(w.changeAfter)
		w.writeSettings(number)
		w.mu.Lock()
		defer w.mu.Unlock()
		w.changed = time.Now()
	})
}

func (w *world) followChanges() {
	lifecycle.Subscribe(w.app.Events(), func(c config.Changed) {
		w.mu.Lock()
		defer w.mu.Unlock()
		number, _, err := config.Value[int](c.Config, "random.number")
		if err != nil || !slices.Equal(c.Keys, []string{"random.number"}) {
			w.violations = append(w.violations, fmt.Sprintf("changed: %q (%v)", c.Keys, err))
		}
		w.changes = append(w.changes, number)
	})
}

// checkChanges checks that the application was told of the change, once, if it ran
// for long enough.
func (w *world) checkChanges(violate func(string, ...any), err error) {
	sinceChange := w.upTo.Sub(w.changed)
	isDue := err == nil && !w.changed.IsZero() && sinceChange > noticed && w.ranFor > noticed && !w.hasStopper()
	want := []int{w.number}
	if len(w.changes) > 0 && !slices.Equal(w.changes, want) || isDue && len(w.changes) == 0 {
		violate("the application was told of the changes %v instead of %v, %s after it", w.changes, want, sinceChange)
	}
}
