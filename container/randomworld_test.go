// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"sync"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
)

// fault is what a constructor or hook of a random bean does.
type fault string

const (
	none        fault = ""
	dawdle      fault = "dawdles"
	fail        fault = "fails"
	panics      fault = "panics"
	hang        fault = "hangs until its context ends"
	hangForever fault = "hangs"
	anyFault    fault = "*"
)

// randomNode is a random bean. Every other one is of a type of its own, without
// methods, and has its hooks by options.
type randomNode struct {
	world          *world
	id             int
	needs          []int
	phase          int
	effectivePhase int
	faults         map[string]fault // by hook
}

func (n *randomNode) String() string { return fmt.Sprintf("n%d", n.id) }

func (n *randomNode) PostConstruct(ctx context.Context) error {
	return n.world.hook(ctx, n.id, "PostConstruct")
}
func (n *randomNode) Start(ctx context.Context) error { return n.world.hook(ctx, n.id, "Start") }
func (n *randomNode) Stop(ctx context.Context) error  { return n.world.hook(ctx, n.id, "Stop") }
func (n *randomNode) PreDestroy(ctx context.Context) error {
	return n.world.hook(ctx, n.id, "PreDestroy")
}
func (n *randomNode) Phase() int { return n.phase }

// hasOwnType reports whether the bean is a *[id+1]struct{}.
func (n *randomNode) hasOwnType() bool { return n.id%2 == 1 }

// world is a random application and what happens to it.
type world struct {
	seed        uint64
	nodes       []*randomNode // each needs lower ones only
	order       []int         // of registration
	parallelism int
	cancelAfter time.Duration
	release     chan struct{}
	stopErr     error

	mu                    sync.Mutex
	journal               []entry
	active                map[int]bool // ids of which a hook runs
	starting, maxStarting int
	isOver                bool
	violations            []string
}

type entry struct {
	id   int
	hook string
	what string // "begin", "end" or "fault"
	at   time.Time
}

func newWorld(seed uint64) *world {
	r := rand.New(rand.NewPCG(seed, 1))
	w := &world{
		seed: seed, release: make(chan struct{}), active: map[int]bool{},
		parallelism: []int{1, 2, 8, 64}[r.IntN(4)],
	}
	size := 1 + r.IntN([]int{5, 30, 300}[r.IntN(3)])
	faults, phases, density := r.IntN(3), r.IntN(3) == 0, 1+r.IntN(3)
	for id := range size {
		n := &randomNode{world: w, id: id, faults: map[string]fault{}}
		for range r.IntN(density + 1) {
			if id > 0 {
				n.needs = appendNew(n.needs, r.IntN(id))
			}
		}
		if phases && !n.hasOwnType() && r.IntN(4) == 0 {
			n.phase = r.IntN(5) - 2
		}
		n.giveFaults(r, faults, size)
		w.nodes = append(w.nodes, n)
	}
	w.order = r.Perm(size)
	if r.IntN(5) == 0 {
		w.cancelAfter = time.Duration(1+r.IntN(3000)) * time.Millisecond
	}
	w.workOutPhases()
	return w
}

func appendNew(list []int, id int) []int {
	for _, known := range list {
		if known == id {
			return list
		}
	}
	return append(list, id)
}

// giveFaults makes about one hook in the application misbehave, or several, and
// others dawdle.
func (n *randomNode) giveFaults(r *rand.Rand, faults, size int) {
	for _, hook := range []string{"constructor", "PostConstruct", "Start", "Stop", "PreDestroy"} {
		if r.IntN(3) == 0 && hook != "constructor" {
			n.faults[hook] = dawdle
		}
		if r.IntN(5*size) < faults {
			all := []fault{fail, panics, hang, hangForever}
			if hook == "constructor" {
				all = all[:2]
			}
			n.faults[hook] = all[r.IntN(len(all))]
		}
	}
}

// workOutPhases lets a node start no later than those that need it.
func (w *world) workOutPhases() {
	for _, n := range w.nodes {
		n.effectivePhase = n.phase
	}
	for i := len(w.nodes) - 1; i >= 0; i-- {
		for _, id := range w.nodes[i].needs {
			w.nodes[id].effectivePhase = min(w.nodes[id].effectivePhase, w.nodes[i].effectivePhase)
		}
	}
}

func (w *world) beGood() {
	for _, n := range w.nodes {
		n.faults = nil
	}
	w.cancelAfter = 0
}

func (w *world) has(f fault) bool {
	for _, n := range w.nodes {
		for _, own := range n.faults {
			if own == f || f == anyFault && own != none && own != dawdle {
				return true
			}
		}
	}
	return false
}

func (w *world) register(app *container.ApplicationContext) {
	for _, id := range w.order {
		n := w.nodes[id]
		opts := []container.BeanOption{container.Named(n.String())}
		if n.hasOwnType() {
			opts = append(opts,
				container.OnStart(func(ctx context.Context, _ any) error { return w.hook(ctx, id, "Start") }),
				container.OnStop(func(ctx context.Context, _ any) error { return w.hook(ctx, id, "Stop") }))
		}
		app.Register(n.constructor(), opts...)
	}
}

func (n *randomNode) typ() reflect.Type {
	if n.hasOwnType() {
		return reflect.PointerTo(reflect.ArrayOf(n.id+1, reflect.TypeFor[struct{}]()))
	}
	return reflect.TypeFor[*randomNode]()
}

// constructor makes a func(In) (T, func() error, error), or a func(In) (T,
// error) for those with a PreDestroy of their own.
func (n *randomNode) constructor() any {
	fields := []reflect.StructField{{Name: "In", Type: reflect.TypeFor[dig.In](), Anonymous: true}}
	for i, id := range n.needs {
		needed := n.world.nodes[id]
		field := reflect.StructField{Name: fmt.Sprint("Need", i), Type: needed.typ()}
		if !needed.hasOwnType() {
			field.Tag = reflect.StructTag(fmt.Sprintf("name:%q", needed))
		}
		fields = append(fields, field)
	}
	out := []reflect.Type{n.typ(), reflect.TypeFor[func() error](), reflect.TypeFor[error]()}
	if !n.hasOwnType() {
		out = []reflect.Type{n.typ(), reflect.TypeFor[error]()}
	}
	fn := reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, out, false)
	return reflect.MakeFunc(fn, func([]reflect.Value) []reflect.Value { return n.construct(out) }).Interface()
}

func (n *randomNode) construct(out []reflect.Type) []reflect.Value {
	err := n.world.hook(context.Background(), n.id, "constructor")
	bean, failure := reflect.ValueOf(n), reflect.Zero(reflect.TypeFor[error]())
	if n.hasOwnType() {
		bean = reflect.New(n.typ().Elem())
	}
	if err != nil {
		failure = reflect.ValueOf(&err).Elem()
	}
	if len(out) == 2 {
		return []reflect.Value{bean, failure}
	}
	destroy := func() error { return n.world.hook(context.Background(), n.id, "PreDestroy") }
	return []reflect.Value{bean, reflect.ValueOf(destroy), failure}
}

type scriptedError struct{ text string }

func (e *scriptedError) Error() string { return e.text }

// hook is the body of every constructor and hook.
func (w *world) hook(ctx context.Context, id int, hook string) (err error) {
	f := w.begin(id, hook)
	isFault := true // unless it comes to the end
	defer func() {
		if f != hangForever {
			w.end(id, hook, isFault)
		}
	}()
	switch f {
	case dawdle:
		select {
		case <-time.After(time.Duration(1+id%7) * 100 * time.Millisecond):
		case <-ctx.Done():
			return ctx.Err()
		}
	case fail:
		return &scriptedError{fmt.Sprintf("%s of n%d", hook, id)}
	case panics:
		panic(fmt.Sprintf("%s of n%d", hook, id))
	case hang:
		if ctx.Done() != nil {
			<-ctx.Done()
		}
		return &scriptedError{fmt.Sprintf("%s of n%d", hook, id)}
	case hangForever:
		<-w.release
	}
	isFault = false
	return nil
}

func (w *world) begin(id int, hook string) fault {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isOver {
		w.violations = append(w.violations, fmt.Sprintf("%s of n%d was called after the end", hook, id))
	}
	if w.active[id] {
		w.violations = append(w.violations, fmt.Sprintf("%s of n%d was called during another hook", hook, id))
	}
	f := w.nodes[id].faults[hook]
	w.active[id] = f != hangForever
	if hook == "Start" {
		w.starting++
		w.maxStarting = max(w.maxStarting, w.starting)
	}
	w.journal = append(w.journal, entry{id, hook, "begin", time.Now()})
	if f == hangForever {
		w.journal = append(w.journal, entry{id, hook, "hangs", time.Now().Add(givenUp)})
	}
	return f
}

func (w *world) end(id int, hook string, isFault bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.active[id] = false
	if hook == "Start" {
		w.starting--
	}
	what := "end"
	if isFault {
		what = "fault"
	}
	w.journal = append(w.journal, entry{id, hook, what, time.Now()})
}

// life is what the journal says of one bean; moments are places in it.
type life struct {
	constructed, initialised, start, stop, destroy moment
	stops, destroys                                int
	isHanging                                      bool
}

type moment struct {
	begin, end               int
	hasBegun, hasEnded, isOK bool
}

func (w *world) lives() map[int]life {
	lives := map[int]life{}
	for i, e := range w.journal {
		l := lives[e.id]
		m := map[string]*moment{
			"constructor": &l.constructed, "PostConstruct": &l.initialised,
			"Start": &l.start, "Stop": &l.stop, "PreDestroy": &l.destroy,
		}[e.hook]
		switch e.what {
		case "begin":
			m.begin, m.hasBegun = i, true
			if e.hook == "Stop" {
				l.stops++
			}
			if e.hook == "PreDestroy" {
				l.destroys++
			}
		case "hangs":
			m.end, l.isHanging = i, l.isHanging || e.hook != "PreDestroy"
		default:
			m.end, m.hasEnded, m.isOK = i, true, e.what == "end"
		}
		if w.nodes[e.id].hasOwnType() {
			l.initialised = l.constructed // it has no PostConstruct
		}
		lives[e.id] = l
	}
	return lives
}

// faultsOfStart returns what went wrong before and in Start, in order of time.
func (w *world) faultsOfStart() (faults []entry) {
	for _, e := range w.journal {
		isFault := e.what == "hangs" || e.what == "fault" && w.nodes[e.id].faults[e.hook] != dawdle
		if isFault && e.hook != "Stop" && e.hook != "PreDestroy" {
			faults = append(faults, e)
		}
	}
	return faults
}

func (w *world) firstFault() (first entry, ok bool) {
	for _, e := range w.faultsOfStart() {
		if !ok || e.at.Before(first.at) {
			first, ok = e, true
		}
	}
	return first, ok
}

// isFirst reports whether the named bean failed as early as any.
func (w *world) isFirst(name string) bool {
	first, _ := w.firstFault()
	for _, e := range w.faultsOfStart() {
		if w.nodes[e.id].String() == name && e.at.Equal(first.at) {
			return true
		}
	}
	return false
}

// String describes the application, and the faults.
func (w *world) String() string {
	var text strings.Builder
	fmt.Fprintf(&text, "seed %d: %d beans, parallelism %d", w.seed, len(w.nodes), w.parallelism)
	if w.cancelAfter > 0 {
		fmt.Fprintf(&text, ", cancelled after %s", w.cancelAfter)
	}
	for _, n := range w.nodes {
		if len(n.faults) > 0 || len(w.nodes) < 10 {
			fmt.Fprintf(&text, "\n  %s needs %v, phase %d, %v", n, n.needs, n.phase, n.faults)
		}
	}
	return text.String()
}
