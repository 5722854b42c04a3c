// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

var randomSeed = flag.Uint64("seed", 0, "run the random application of this seed only")

// TestRandomApplications starts and stops applications of up to 300 beans whose
// constructors and hooks fail, panic, dawdle and hang at random, and checks what
// must hold of each: see world.check.
func TestRandomApplications(t *testing.T) {
	if *randomSeed != 0 {
		t.Run(fmt.Sprint(*randomSeed), func(t *testing.T) { runRandom(t, *randomSeed) })
		return
	}
	count := 250
	if testing.Short() {
		count = 60
	}
	first := rand.Uint64()
	for i := range uint64(count) {
		t.Run(fmt.Sprint(first+i), func(t *testing.T) { runRandom(t, first+i) })
		if t.Failed() {
			t.Fatalf("repeat it with -run TestRandomApplications -seed %d", first+i)
		}
	}
}

const (
	randomLimit = 5 * time.Second
	givenUp     = randomLimit + randomLimit/10 // when a hook that ignores its limit is left to itself
)

func runRandom(t *testing.T, seed uint64) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seed)
		defer close(w.release)
		app := container.NewApplicationContext(
			container.WithConfig(config.New(map[string]any{"pyfly.context.start-parallelism": w.parallelism})),
			container.WithLogger(newApp().Logger()),
			container.WithStartTimeout(randomLimit), container.WithStopTimeout(randomLimit))
		w.register(app)

		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if w.cancelAfter > 0 {
			defer time.AfterFunc(w.cancelAfter, cancel).Stop()
		}
		err := w.live(app, ctx)
		for _, violation := range append(w.violations, w.check(err)...) {
			t.Errorf("%s\n%s", violation, w)
		}

		w.beGood()
		if err := w.live(app, t.Context()); err != nil {
			t.Errorf("the second life, without faults: %v\n%s", err, w)
		}
		for _, violation := range append(w.violations, w.check(nil)...) {
			t.Errorf("second life: %s\n%s", violation, w)
		}
	})
}

// live starts the application, and stops it if that succeeded. It returns the
// error of Start.
func (w *world) live(app *container.ApplicationContext, ctx context.Context) error {
	w.journal, w.violations, w.isOver = nil, nil, false
	w.active, w.starting, w.maxStarting = map[int]bool{}, 0, 0
	err := app.Start(ctx)
	if err == nil {
		w.stopErr = app.Stop(context.Background())
	}
	w.mu.Lock()
	w.isOver = true
	w.mu.Unlock()
	synctest.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	return err
}

// check returns what does not hold of a life whose Start returned err.
func (w *world) check(err error) (violations []string) {
	violate := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }
	lives := w.lives()
	for _, n := range w.nodes {
		l := lives[n.id]
		wanted := 0
		if l.start.isOK {
			wanted = 1
		}
		if l.stops != wanted {
			violate("%s: Start succeeded: %t, but it was stopped %d times", n, l.start.isOK, l.stops)
		}
		wanted = 0
		if l.constructed.isOK && !l.isHanging {
			wanted = 1
		}
		if l.destroys != wanted {
			violate("%s: constructed: %t, hanging: %t, but it was destroyed %d times", n, l.constructed.isOK, l.isHanging, l.destroys)
		}
		for _, id := range n.needs {
			checkOrder(violate, n, w.nodes[id], l, lives[id])
		}
	}
	w.checkPhases(violate, lives)
	if w.maxStarting > w.parallelism && !w.has(hangForever) {
		violate("%d Start hooks ran side by side, the limit is %d", w.maxStarting, w.parallelism)
	}
	w.checkErrors(violate, err)
	return violations
}

// checkOrder checks n against one that it needs.
func checkOrder(violate func(string, ...any), n, needed *randomNode, l, below life) {
	before := func(what string, a, b moment) {
		if a.hasBegun && (!b.hasEnded || b.end > a.begin) {
			violate("%s of %s began before that of %s ended", what, n, needed)
		}
	}
	before("the constructor", l.constructed, below.initialised)
	before("Start", l.start, below.start)
	if l.start.hasBegun && !below.start.isOK {
		violate("%s was started although %s, which it needs, was not", n, needed)
	}
	if below.stop.hasBegun && l.stop.hasBegun && l.stop.end > below.stop.begin {
		violate("%s was stopped before %s, which needs it", needed, n)
	}
	if below.destroy.hasBegun && l.destroy.hasBegun && l.destroy.end > below.destroy.begin {
		violate("%s was destroyed before %s, which needs it", needed, n)
	}
}

// checkPhases checks that Start of a phase begins when those of lower ones have
// ended.
func (w *world) checkPhases(violate func(string, ...any), lives map[int]life) {
	for _, n := range w.nodes {
		for _, other := range w.nodes {
			a, b := lives[n.id].start, lives[other.id].start
			if n.effectivePhase < other.effectivePhase && b.hasBegun && (!a.hasEnded || a.end > b.begin) {
				violate("%s of phase %d was started before %s of phase %d", other, other.effectivePhase, n, n.effectivePhase)
				return
			}
		}
	}
}

// checkErrors checks that the first fault of a start is the first problem.
func (w *world) checkErrors(violate func(string, ...any), err error) {
	first, isFaulty := w.firstFault()
	var report *container.StartupError
	switch {
	case err == nil && isFaulty:
		violate("Start succeeded although %s failed", w.nodes[first.id])
	case err == nil && w.has(anyFault) != (w.stopErr != nil) && !w.has(anyFault):
		violate("Stop failed: %v", w.stopErr)
	case err == nil:
	case !errors.As(err, &report):
		violate("Start returned %v", err)
	case !isFaulty && !errors.Is(err, context.Canceled):
		violate("Start failed without a fault: %v", err)
	case isFaulty && !w.isFirst(report.Problems[0].Bean) && !errors.Is(err, context.Canceled):
		violate("the first to fail was %s, reported first is %v", w.nodes[first.id], report.Problems[0])
	}
}
