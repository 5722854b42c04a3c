// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

var randomSeed = flag.Uint64("seed", 0, "run the random application of this seed only")

// TestRandomApplications starts and stops applications of up to 200 beans of all
// scopes, the constructors, hooks and subscribers of which fail, panic, dawdle and
// hang at random, and checks what must hold of each: see world.check.
func TestRandomApplications(t *testing.T) {
	if *randomSeed != 0 {
		t.Run(fmt.Sprint(*randomSeed), func(t *testing.T) { runRandom(t, *randomSeed) })
		return
	}
	count := 2000
	if isRace || testing.Short() {
		count = 200
	}
	first, workers := rand.Uint64(), runtime.GOMAXPROCS(0)
	for worker := range workers {
		t.Run(fmt.Sprint("worker", worker), func(t *testing.T) {
			t.Parallel()
			for i := worker; i < count; i += workers {
				seed := first + uint64(i)
				t.Run(fmt.Sprint(seed), func(t *testing.T) { runRandom(t, seed) })
				if t.Failed() {
					t.Fatalf("repeat it with -run TestRandomApplications -seed %d", seed)
				}
			}
		})
	}
}

const (
	randomLimit = 5 * time.Second
	givenUp     = randomLimit + randomLimit/10 // when a hook that ignores its limit is left to itself
)

func runRandom(t *testing.T, seed uint64) {
	file := filepath.Join(t.TempDir(), "pyfly.yaml")
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(seed)
		w.file = file
		w.writeSettings(0)
		cfg, err := config.Load(config.File(file))
		require.NoError(t, err)
		w.app = container.NewApplicationContext(
			container.WithConfig(cfg), container.WithLogger(newApp().Logger()),
			container.WithStartTimeout(randomLimit), container.WithStopTimeout(randomLimit),
			container.WithTotalStartTimeout(w.totalStart), container.WithTotalStopTimeout(w.totalStop))
		w.followChanges()
		w.subscribe()
		w.register()
		faulty := 1 + int(seed%2)
		for range faulty {
			for _, violation := range w.live(t.Context()) {
				t.Errorf("life %d: %s\n%s", w.number, violation, w)
			}
		}
		w.beGood()
		for _, violation := range w.live(t.Context()) {
			t.Errorf("life %d, without faults: %s\n%s", w.number, violation, w)
		}
		for _, violation := range w.letGo() {
			t.Errorf("at the end: %s\n%s", violation, w)
		}
	})
}

// live starts the application, uses it, and stops it, if it has started. It returns
// what does not hold.
func (w *world) live(ctx context.Context) []string {
	w.mu.Lock()
	w.number++
	w.journal, w.violations, w.isOver, w.ticks = nil, nil, false, 0
	w.active, w.starting, w.maxStarting = map[int]bool{}, 0, 0
	w.changes, w.changed, w.upTo, w.ranFor = nil, time.Time{}, time.Time{}, 0
	for _, s := range w.subscribers {
		s.calls = 0
	}
	w.mu.Unlock()
	if w.cancelAfter > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, w.cancelAfter)
		defer cancel()
	}
	w.change()
	begun := time.Now()
	err := w.app.Start(ctx)
	w.mu.Lock()
	w.startTook, w.hasStarted = time.Since(begun), len(w.journal)
	w.mu.Unlock()
	w.stopTook, w.stopErr = 0, nil
	if err == nil {
		w.use()
	}
	w.asking.Wait()
	w.mu.Lock()
	w.isOver = true
	w.mu.Unlock()
	w.tick()
	time.Sleep(time.Minute) // for beans that were given up
	w.mu.Lock()
	defer w.mu.Unlock()
	return append(w.violations, w.check(err)...)
}

// use lets all users ask for their beans, and stops the application meanwhile.
func (w *world) use() {
	w.tick()
	for _, user := range w.users {
		w.asking.Go(func() {
			for _, id := range user {
				w.ask(id)
			}
		})
	}
	w.checkReady(!w.hasStopper())
	time.Sleep(w.stopAfter)
	begun := time.Now()
	w.mu.Lock()
	w.upTo, w.ranFor = begun, w.stopAfter
	w.mu.Unlock()
	w.stopErr = w.app.Stop(context.Background())
	w.stopTook = time.Since(begun)
	w.checkReady(false)
}

// checkReady checks whether the application is ready. A subscriber may have stopped
// it before.
func (w *world) checkReady(want bool) {
	if got := isReady(w.app); got != want && (want || !w.hasStopper()) {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.violations = append(w.violations, fmt.Sprintf("the application is ready: %t", got))
	}
}

func (w *world) tick() {
	w.mu.Lock()
	w.ticks++
	w.mu.Unlock()
	lifecycle.Publish(w.app.Events(), tick{})
}

// letGo lets everything that hangs go on, and checks that the beans that are made
// then are discarded.
func (w *world) letGo() (violations []string) {
	w.mu.Lock()
	w.isReleased = true
	w.mu.Unlock()
	close(w.release)
	time.Sleep(time.Minute)
	w.mu.Lock()
	defer w.mu.Unlock()
	discarded := map[int]int{}
	for _, e := range w.afterRelease {
		if e.hook != "PreDestroy" {
			violations = append(violations, fmt.Sprintf("%s of %s was called although it had been given up", e.hook, w.nodes[e.id]))
		}
		discarded[e.id]++
	}
	for id, n := range w.stuck {
		if node := w.nodes[id]; node.hasOwnType() && node.isMany {
			continue // it has nothing to let go of
		}
		if discarded[id] != n {
			violations = append(violations, fmt.Sprintf("%d of %s were made late, but %d were destroyed", n, w.nodes[id], discarded[id]))
		}
	}
	return violations
}

// check returns what does not hold of a life whose Start returned err.
func (w *world) check(err error) (violations []string) {
	violate := func(format string, args ...any) { violations = append(violations, fmt.Sprintf(format, args...)) }
	lives := w.lives()
	for _, n := range w.nodes {
		l := lives[n.id]
		switch {
		case n.sameAs >= 0:
			continue
		case n.isMany:
			if l.starts+l.stops > 0 || l.destroys > l.constructions {
				violate("%s, a prototype, was started %d times, stopped %d times and destroyed %d times", n, l.starts, l.stops, l.destroys)
			}
			continue
		}
		w.checkCounts(violate, n, l)
		for _, needed := range w.objects(n.needs) {
			checkOrder(violate, n, w.nodes[needed], l, lives[needed])
		}
	}
	w.checkPhases(violate, lives)
	w.checkSubscribers(violate, err)
	w.checkTimes(violate, err)
	w.checkChanges(violate, err)
	if w.maxStarting > w.parallelism && !w.hasFault() {
		violate("%d Start hooks ran side by side, the limit is %d", w.maxStarting, w.parallelism)
	}
	w.checkErrors(violate, err)
	return violations
}

// objects returns the beans that have a life of their own among some and what
// prototypes among them need.
func (w *world) objects(ids []int) []int {
	found := map[int]bool{}
	var add func(ids []int)
	add = func(ids []int) {
		for _, id := range ids {
			switch n := w.nodes[id]; {
			case n.sameAs >= 0:
				found[n.sameAs] = true
			case n.isMany:
				add(n.needs)
			default:
				found[id] = true
			}
		}
	}
	add(ids)
	return slices.Collect(maps.Keys(found))
}

// checkCounts checks that what was begun has been ended, once.
func (w *world) checkCounts(violate func(string, ...any), n *randomNode, l life) {
	if l.stops != l.starts {
		violate("%s was started %d times, but stopped %d times", n, l.starts, l.stops)
	}
	if wanted := l.constructions - l.hangTimes; l.destroys != wanted {
		violate("%s was constructed %d times and hung %d times, but was destroyed %d times", n, l.constructions, l.hangTimes, l.destroys)
	}
	if n.isEager && l.constructions > 1 || w.isGood && l.constructions > 1 {
		violate("%s was constructed %d times", n, l.constructions)
	}
	if w.isGood && n.isEager && l.starts != 1 {
		violate("%s was started %d times", n, l.starts)
	}
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
func (w *world) checkPhases(violate func(string, ...any), lives []life) {
	byPhase := map[int][]*randomNode{}
	for _, n := range w.nodes {
		if n.isEager && n.isObject() {
			byPhase[n.startsIn] = append(byPhase[n.startsIn], n)
		}
	}
	var last *randomNode // of the lower phases, the last to end
	end := func(n *randomNode) int {
		if l := lives[n.id].start; l.hasEnded {
			return l.end
		}
		return len(w.journal)
	}
	for _, phase := range slices.Sorted(maps.Keys(byPhase)) {
		for _, n := range byPhase[phase] {
			if l := lives[n.id].start; last != nil && l.hasBegun && end(last) > l.begin {
				violate("%s of phase %d was started before %s of phase %d", n, phase, last, last.startsIn)
			}
		}
		for _, n := range byPhase[phase] {
			if last == nil || end(n) > end(last) {
				last = n
			}
		}
	}
}

// checkTimes checks that the limits of a whole hold.
func (w *world) checkTimes(violate func(string, ...any), err error) {
	whole := func(limit time.Duration) time.Duration {
		return limit + min(limit/5, 2*time.Second) + time.Duration(len(w.nodes))*time.Millisecond
	}
	if limit := whole(w.totalStop); w.totalStop > 0 && w.stopTook > limit+w.delay {
		violate("the stop took %s, its limit is %s", w.stopTook, w.totalStop)
	}
	if w.totalStart == 0 || w.hasStopper() || w.cancelAfter > 0 && w.totalStop == 0 {
		return
	}
	limit := whole(w.totalStart)
	if err != nil && w.totalStop > 0 {
		limit += whole(w.totalStop)
	} else if err != nil {
		limit += whole(w.totalStart)
	}
	if w.startTook > limit {
		violate("the start took %s, the limits are %s and %s", w.startTook, w.totalStart, w.totalStop)
	}
}

// checkErrors checks that the first fault of a start is the first problem.
func (w *world) checkErrors(violate func(string, ...any), err error) {
	first, isFaulty := w.firstFault()
	late := w.lateFaults()
	var report *container.StartupError
	wasCut := errors.Is(err, context.Canceled) || w.cancelAfter > 0 || err != nil && strings.Contains(err.Error(), "the total limit")
	switch {
	case err == nil && isFaulty:
		violate("Start succeeded although %s failed", w.nodes[first.id])
	case w.isGood && (err != nil || w.stopErr != nil):
		violate("Start returned %v, Stop returned %v", err, w.stopErr)
	case err == nil:
	case !errors.As(err, &report):
		violate("Start returned %v", err)
	case wasCut:
	case !isFaulty && len(late) == 0:
		violate("Start failed without a fault: %v", err)
	case isFaulty && !w.isFirst(report.Problems[0].Bean) && !slices.Contains(late, report.Problems[0].Bean):
		violate("the first to fail was %s, reported first is %v", w.nodes[first.id], report.Problems[0])
	}
}
