// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"go.uber.org/dig"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/internal/random"
)

// fault is what a constructor, hook or subscriber of a random application does.
type fault string

const (
	none        fault = ""
	dawdle      fault = "dawdles"
	fail        fault = "fails"
	failNil     fault = "fails with a nil pointer"
	returnNil   fault = "returns a nil bean" // constructors only
	panics      fault = "panics"
	exits       fault = "ends its goroutine"
	hang        fault = "hangs until its context ends"
	hangForever fault = "hangs"
	stops       fault = "calls Stop" // subscribers only
)

var (
	hookFaults        = []fault{fail, failNil, panics, exits, hang, hangForever}
	constructorFaults = []fault{fail, failNil, returnNil, panics, exits, hangForever}
	subscriberFaults  = []fault{panics, exits, hangForever, stops}
)

// randomNode is a random bean. Every other one is of a type of its own, without
// methods, and has its hooks by options.
type randomNode struct {
	world     *world
	id        int
	needs     []int
	phase     int
	isLazy    bool
	isMany    bool             // a prototype
	sameAs    int              // the bean that it is under another name; -1: none
	faults    map[string]fault // by hook
	asks      int              // the bean that its Start asks for; -1: none
	listensTo int              // the kind of event to which its constructor subscribes; -1: none

	isMade   bool // by the start
	isEager  bool // and it is no prototype
	startsIn int  // the phase of its start
}

func (n *randomNode) String() string { return fmt.Sprintf("n%d", n.id) }

func (n *randomNode) PostConstruct(ctx context.Context) error {
	return n.world.hook(ctx, n.id, "PostConstruct")
}
func (n *randomNode) Start(ctx context.Context) error { return n.world.start(ctx, n.id) }
func (n *randomNode) Stop(ctx context.Context) error  { return n.world.hook(ctx, n.id, "Stop") }
func (n *randomNode) PreDestroy(ctx context.Context) error {
	return n.world.hook(ctx, n.id, "PreDestroy")
}
func (n *randomNode) Phase() int { return n.phase }

// hasOwnType reports whether the bean is a *[id+1]struct{}.
func (n *randomNode) hasOwnType() bool { return n.id%2 == 1 && n.sameAs < 0 }

// isObject reports whether the bean is an object with hooks of its own, of which
// there is one.
func (n *randomNode) isObject() bool { return n.sameAs < 0 && !n.isMany }

// world is a random application and what happens to it.
type world struct {
	seed                  uint64
	nodes                 []*randomNode // each needs lower ones only
	order                 []int         // of registration
	subscribers           []*randomSubscriber
	parallelism           int
	cancelAfter           time.Duration
	totalStart, totalStop time.Duration
	users                 [][]int // who asks for which beans once the application is started
	stopAfter             time.Duration
	delay                 time.Duration // of the shutdown
	changeAfter           time.Duration // of the settings; 0: never
	file                  string        // of the settings
	release               chan struct{}

	app                 *container.ApplicationContext
	number              int   // of the life
	ticks               int   // that have been published in it
	changes             []int // of the setting, of which the application was told in it
	ranFor              time.Duration
	changed, upTo       time.Time // when the setting was changed, and until when the application ran
	isGood              bool      // nothing goes wrong
	asking              sync.WaitGroup
	startTook, stopTook time.Duration
	stopErr             error
	hasStarted          int // entries of the journal when Start returned

	mu                    sync.Mutex
	journal               []entry
	afterRelease          []entry      // after those that hang have been released
	stuck                 map[int]int  // constructions that hang, by id
	active                map[int]bool // ids of which a hook runs
	starting, maxStarting int
	isOver, isReleased    bool
	violations            []string
}

type entry struct {
	id   int
	hook string
	what string // "begin", "end" or "fault"
	at   time.Time
}

func newWorld(seed uint64) *world {
	r := random.Keyed(seed, "shape")
	w := &world{
		seed: seed, release: make(chan struct{}), stuck: map[int]int{},
		parallelism: []int{1, 2, 8, 64}[r.IntN(4)],
	}
	size := 1 + r.IntN([]int{5, 30, 30, 200}[r.IntN(4)])
	faults, phases, density, scopes := r.IntN(3), r.IntN(3) == 0, 1+r.IntN(3), r.IntN(3) > 0
	for id := range size {
		r := random.Keyed(seed, "bean", id)
		n := &randomNode{world: w, id: id, sameAs: -1, asks: -1, listensTo: -1, startsIn: noPhase, faults: map[string]fault{}}
		for range r.IntN(density + 1) {
			if id > 0 {
				n.needs = appendNew(n.needs, r.IntN(id))
			}
		}
		if phases && !n.hasOwnType() && r.IntN(4) == 0 {
			n.phase = r.IntN(5) - 2
		}
		if scopes {
			n.isLazy = r.IntN(6) == 0
			n.isMany = !n.isLazy && r.IntN(10) == 0
		}
		w.nodes = append(w.nodes, n)
		w.bind(random.Keyed(seed, "name", id), n)
		n.giveFaults(random.Keyed(seed, "fault", id), faults, size)
	}
	w.order = random.Keyed(seed, "order").Perm(size)
	w.workOut()
	w.giveLimits(random.Keyed(seed, "limits"))
	w.giveUsers(random.Keyed(seed, "users"))
	w.giveSubscribers(random.Keyed(seed, "subscribers"), faults)
	w.giveChanges(random.Keyed(seed, "changes"))
	return w
}

func appendNew(list []int, id int) []int {
	if slices.Contains(list, id) {
		return list
	}
	return append(list, id)
}

// bind makes some beans another name of one that has hooks by methods.
func (w *world) bind(r *rand.Rand, n *randomNode) {
	if n.id == 0 || r.IntN(8) > 0 {
		return
	}
	if of := w.nodes[r.IntN(n.id)]; of.isObject() && !of.hasOwnType() {
		n.sameAs, n.needs, n.phase, n.isMany = of.id, []int{of.id}, of.phase, false
	}
}

// giveFaults makes about one hook in the application misbehave, or several, and
// others dawdle.
func (n *randomNode) giveFaults(r *rand.Rand, faults, size int) {
	if n.sameAs >= 0 {
		return
	}
	for _, hook := range []string{"constructor", "PostConstruct", "Start", "Stop", "PreDestroy"} {
		if r.IntN(3) == 0 && hook != "constructor" {
			n.faults[hook] = dawdle
		}
		if r.IntN(5*size) < faults {
			all := hookFaults
			if hook == "constructor" {
				all = constructorFaults
			}
			n.faults[hook] = all[r.IntN(len(all))]
		}
	}
}

func (w *world) giveLimits(r *rand.Rand) {
	if r.IntN(5) == 0 {
		w.cancelAfter = time.Duration(1+r.IntN(3000)) * time.Millisecond
	}
	if r.IntN(5) == 0 {
		w.totalStart = time.Duration(300+r.IntN(5000)) * time.Millisecond
	}
	if r.IntN(5) == 0 {
		w.totalStop = time.Duration(300+r.IntN(5000)) * time.Millisecond
	}
	if r.IntN(3) == 0 {
		w.delay = time.Duration(1+r.IntN(10_000)) * time.Millisecond
	}
	w.stopAfter = time.Duration(r.IntN(8000)) * time.Millisecond
	for _, n := range w.nodes {
		if n.hasOwnType() && n.faults["PreDestroy"] == dawdle && w.totalStart+w.totalStop > 0 {
			delete(n.faults, "PreDestroy") // it has no context, and would be given up when the whole ends
		}
	}
}

// giveUsers lets some Start hooks, and users after the start, ask for beans that
// are made later.
func (w *world) giveUsers(r *rand.Rand) {
	var late []int
	for _, n := range w.nodes {
		if n.isMany || n.isLazy && !n.isEager {
			late = append(late, n.id)
		}
	}
	if len(late) == 0 {
		return
	}
	for _, n := range w.nodes {
		if n.isEager && n.isObject() && r.IntN(20) == 0 {
			n.asks = late[r.IntN(len(late))]
		}
	}
	for range r.IntN(6) {
		var user []int
		for range 1 + r.IntN(4) {
			user = append(user, late[r.IntN(len(late))])
		}
		w.users = append(w.users, user)
	}
}

// workOut finds out which beans the start makes, and lets them start no later than
// those that need them.
func (w *world) workOut() {
	for _, n := range slices.Backward(w.nodes) {
		if !n.isLazy && !n.isMany {
			n.isMade, n.isEager = true, true
		}
		if n.isEager && n.isObject() {
			n.startsIn = min(n.startsIn, n.phase)
		}
		if !n.isMade {
			continue
		}
		for _, id := range n.needs {
			needed := w.nodes[id]
			needed.isMade, needed.isEager = true, !needed.isMany
			needed.startsIn = min(needed.startsIn, n.startsIn)
		}
	}
}

const noPhase = 1 << 20

func (w *world) beGood() {
	w.isGood = true
	for _, n := range w.nodes {
		n.faults, n.asks = nil, -1
	}
	for _, s := range w.subscribers {
		s.fault = none
	}
	w.cancelAfter, w.totalStart, w.totalStop = 0, 0, 0
}

// has reports whether a hook has a fault other than dawdling.
func (w *world) hasFault() bool {
	for _, n := range w.nodes {
		for _, own := range n.faults {
			if own != none && own != dawdle {
				return true
			}
		}
	}
	return false
}

func (w *world) register() {
	for _, id := range w.order {
		n := w.nodes[id]
		opts := []container.BeanOption{container.Named(n.String())}
		if n.hasOwnType() && !n.isMany {
			opts = append(opts,
				container.OnStart(func(ctx context.Context, _ any) error { return w.start(ctx, id) }),
				container.OnStop(func(ctx context.Context, _ any) error { return w.hook(ctx, id, "Stop") }))
		}
		if n.isLazy {
			opts = append(opts, container.Lazy())
		}
		if n.isMany {
			opts = append(opts, container.Prototype())
		}
		w.app.Register(n.constructor(), opts...)
	}
}

func (n *randomNode) typ() reflect.Type {
	if n.hasOwnType() {
		return reflect.PointerTo(reflect.ArrayOf(n.id+1, reflect.TypeFor[struct{}]()))
	}
	return reflect.TypeFor[*randomNode]()
}

// constructor makes a func(In) (T, func() error, error), or a func(In) (T,
// error) for those that have a PreDestroy of their own or nothing to clean up.
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
	if !n.hasOwnType() || n.isMany {
		out = []reflect.Type{n.typ(), reflect.TypeFor[error]()}
	}
	fn := reflect.FuncOf([]reflect.Type{reflect.StructOf(fields)}, out, false)
	return reflect.MakeFunc(fn, func(in []reflect.Value) []reflect.Value {
		if n.sameAs >= 0 {
			return []reflect.Value{in[0].Field(1), reflect.Zero(reflect.TypeFor[error]())}
		}
		return n.construct(out)
	}).Interface()
}

func (n *randomNode) construct(out []reflect.Type) []reflect.Value {
	if n.listensTo >= 0 {
		n.world.listen(n.listensTo)
	}
	err := n.world.hook(context.Background(), n.id, "constructor")
	bean, failure := reflect.ValueOf(n), reflect.Zero(reflect.TypeFor[error]())
	switch {
	case errors.Is(err, errReturnNil):
		bean, err = reflect.Zero(n.typ()), nil
	case n.hasOwnType():
		bean = reflect.New(n.typ().Elem())
	case n.isMany:
		another := *n
		bean = reflect.ValueOf(&another)
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

// scriptedError is an error that cannot be nil.
type scriptedError struct{ text string }

func (e *scriptedError) Error() string { return e.text }

var errReturnNil = errors.New("the constructor returns nil")

// start is the body of every Start: it may ask for a bean.
func (w *world) start(ctx context.Context, id int) error {
	if asked := w.nodes[id].asks; asked >= 0 {
		w.asking.Go(func() { w.ask(asked) })
	}
	return w.hook(ctx, id, "Start")
}

// ask gets a bean that is made when it is asked for.
func (w *world) ask(id int) {
	name := w.nodes[id].String()
	_, err := container.Get[any](w.app, name)
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil && w.isGood && !errors.Is(err, container.ErrNotStarted) {
		w.violations = append(w.violations, fmt.Sprintf("%s is not available: %v", name, err))
	}
}

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
	case failNil:
		return (*scriptedError)(nil)
	case returnNil:
		return errReturnNil
	case panics:
		panic(fmt.Sprintf("%s of n%d", hook, id))
	case exits:
		runtime.Goexit()
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
	if w.isReleased {
		w.afterRelease = append(w.afterRelease, entry{id, hook, "begin", time.Now()})
		return none
	}
	n := w.nodes[id]
	if isDiscarded := !n.isEager && hook == "PreDestroy"; w.isOver && !isDiscarded {
		w.violations = append(w.violations, fmt.Sprintf("%s of %s was called after the end", hook, n))
	}
	if w.active[id] && !n.isMany {
		w.violations = append(w.violations, fmt.Sprintf("%s of %s was called during another hook", hook, n))
	}
	f := n.faults[hook]
	w.active[id] = f != hangForever
	if hook == "Start" && n.isEager {
		w.starting++
		w.maxStarting = max(w.maxStarting, w.starting)
	}
	w.journal = append(w.journal, entry{id, hook, "begin", time.Now()})
	if f == hangForever {
		given := givenUp
		if hook == "constructor" {
			given = randomLimit
			w.stuck[id]++
		}
		w.journal = append(w.journal, entry{id, hook, "hangs", time.Now().Add(given)})
	}
	return f
}

func (w *world) end(id int, hook string, isFault bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.isReleased {
		return
	}
	w.active[id] = false
	if hook == "Start" && w.nodes[id].isEager {
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
	constructed, initialised, start, stop, destroy    moment
	constructions, starts, stops, destroys, hangTimes int
}

type moment struct {
	begin, end               int
	hasBegun, hasEnded, isOK bool
}

func (w *world) lives() []life {
	lives := make([]life, len(w.nodes))
	for i, e := range w.journal {
		l := &lives[e.id]
		m := map[string]*moment{
			"constructor": &l.constructed, "PostConstruct": &l.initialised,
			"Start": &l.start, "Stop": &l.stop, "PreDestroy": &l.destroy,
		}[e.hook]
		l.count(e)
		switch e.what {
		case "begin":
			m.begin, m.hasBegun = i, true
		case "hangs":
			m.end = i
		default:
			m.end, m.hasEnded, m.isOK = i, true, e.what == "end"
		}
		if w.nodes[e.id].hasOwnType() {
			l.initialised = l.constructed // it has no PostConstruct
		}
	}
	return lives
}

func (l *life) count(e entry) {
	switch {
	case e.hook == "constructor" && e.what == "end":
		l.constructions++
	case e.hook == "Start" && e.what == "end":
		l.starts++
	case e.hook == "Stop" && e.what == "begin":
		l.stops++
	case e.hook == "PreDestroy" && e.what == "begin":
		l.destroys++
	case e.what == "hangs" && e.hook != "PreDestroy" && e.hook != "constructor":
		l.hangTimes++
	}
}

// faultsOfStart returns what went wrong before Start returned and made it fail, in
// order of time.
func (w *world) faultsOfStart() (faults []entry) {
	for _, e := range w.journal[:w.hasStarted] {
		if w.nodes[e.id].isEager && w.isFaultOfStart(e) {
			faults = append(faults, e)
		}
	}
	return faults
}

func (w *world) isFaultOfStart(e entry) bool {
	isFault := e.what == "hangs" || e.what == "fault" && w.nodes[e.id].faults[e.hook] != dawdle
	return isFault && e.hook != "Stop" && e.hook != "PreDestroy"
}

// lateFaults returns the names of the beans that went wrong before Start returned
// and that were made because somebody asked for them. They may have made it fail.
func (w *world) lateFaults() (names []string) {
	for _, e := range w.journal[:w.hasStarted] {
		if n := w.nodes[e.id]; !n.isEager && w.isFaultOfStart(e) {
			names = append(names, n.String())
		}
	}
	return names
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
	for what, after := range map[string]time.Duration{
		"cancelled": w.cancelAfter, "delay": w.delay, "change": w.changeAfter, "whole start": w.totalStart, "whole stop": w.totalStop, "stopped": w.stopAfter,
	} {
		if after > 0 {
			fmt.Fprintf(&text, ", %s after %s", what, after)
		}
	}
	for _, n := range w.nodes {
		if len(n.faults) > 0 || n.asks >= 0 || len(w.nodes) < 10 {
			fmt.Fprintf(&text, "\n  %s needs %v, phase %d, lazy %t, prototype %t, same as %d, asks for %d, %v",
				n, n.needs, n.phase, n.isLazy, n.isMany, n.sameAs, n.asks, n.faults)
		}
	}
	for _, s := range w.subscribers {
		if s.fault != none {
			fmt.Fprintf(&text, "\n  a subscriber of %s %s", randomEvents[s.event].name, s.fault)
		}
	}
	return text.String()
}
