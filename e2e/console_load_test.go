// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

const (
	loadClients  = 50
	loadBeans    = 500
	eventsAMilli = 2 // two thousand a second
	loadTime     = 4 * time.Second
	longestTask  = 500 // milliseconds, on a slow machine with the race detector
	longestClick = 1000
	measurements = 3 // at most; one that is good will do
)

// watchFrames keeps the times between frames, and tasks that keep the page from
// drawing.
const watchFrames = `(() => {
	window.frameTimes = [];
	window.tasks = [];
	new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
	let last = performance.now();
	const frame = (now) => { window.frameTimes.push(now - last); last = now; requestAnimationFrame(frame); };
	requestAnimationFrame(frame);
	return true;
})()`

func TestThePageStaysSmoothUnderLoad(t *testing.T) {
	opts := []option{}
	for i, add := range loadTypes {
		opts = append(opts, set(fmt.Sprintf("pyfly.client.services.load-client%02d.base-url", i), "http://127.0.0.1:1"), withClient(add))
	}
	for i := range loadBeans {
		opts = append(opts, register(newPart, container.Named(fmt.Sprintf("loadPart%03d", i))))
	}
	app := startApplication(t, opts...)
	p := openConsole(t, app)
	p.await(fmt.Sprintf(`document.querySelectorAll('article[data-client]').length >= %d`, loadClients))
	eval[bool](p, watchFrames)
	begun := time.Now()
	p.show("beans")
	p.isFilled("beans")
	t.Logf("the graph of %d beans is there after %s; the longest task took %.0f ms", loadBeans, time.Since(begun), longest(eval[[]float64](p, `window.tasks`)))
	begun = time.Now()
	p.typeInto(`#bean-search`, "loadPart499")
	p.await(`document.querySelector('#bean-details[data-bean="loadPart499"]')`)
	t.Logf("a bean is found after %s; the longest task took %.0f ms", time.Since(begun), longest(eval[[]float64](p, `window.tasks`)))
	p.show("events")
	for range measurements {
		slow := p.measure(app)
		if len(slow) == 0 {
			p.isQuiet()
			return
		}
		t.Log(slow) // something else may have kept the machine busy
	}
	t.Errorf("the page was slow %d times", measurements)
}

// measure tells what is slow while events come in and somebody clicks.
func (p *page) measure(app *application) (slow []string) {
	p.t.Helper()
	eval[bool](p, `(window.tasks = [], window.frameTimes = [], true)`)
	heapBefore := eval[float64](p, `performance.memory.usedJSHeapSize`)
	published := make(chan int, 1)
	go func() { published <- publish(app, loadTime) }()
	clicks := map[string]float64{}
	for _, view := range views {
		clicks[view] = eval[float64](p, clickOn(view))
	}
	count := <-published
	p.await(`document.querySelectorAll('#event-log tbody tr').length > 20`)
	frames, tasks := eval[[]float64](p, `window.frameTimes`), eval[[]float64](p, `window.tasks`)
	heap := eval[float64](p, `performance.memory.usedJSHeapSize`)

	slices.Sort(frames)
	p.t.Logf("%d events in %s; %d frames, of which half took less than %.0f ms, 95 of 100 less than %.0f ms, the longest %.0f ms; %d long tasks, the longest %.0f ms; heap %.1f MB, before %.1f MB; the slowest click %.0f ms",
		count, loadTime, len(frames), frames[len(frames)/2], frames[len(frames)*95/100], longest(frames), len(tasks), longest(tasks), heap/1e6, heapBefore/1e6, longest(slices.Collect(maps.Values(clicks))))
	if l := longest(tasks); l > longestTask {
		slow = append(slow, fmt.Sprintf("a task takes %.0f ms", l))
	}
	for view, l := range clicks {
		if l > longestClick {
			slow = append(slow, fmt.Sprintf("a click on %s is answered after %.0f ms", view, l))
		}
	}
	if least := int(loadTime.Milliseconds()) * eventsAMilli * 3 / 4; count < least {
		slow = append(slow, fmt.Sprintf("there were %d events only", count))
	}
	return slow
}

// clickOn clicks on a link to a view, and says after how many milliseconds the
// view has been drawn.
func clickOn(view string) string {
	return fmt.Sprintf(`new Promise((resolve) => {
		const begun = performance.now();
		document.querySelector('#nav a[href="#%[1]s"]').click();
		const look = () => document.querySelector('.view[data-view="%[1]s"]').checkVisibility()
			? requestAnimationFrame(() => resolve(performance.now() - begun)) : requestAnimationFrame(look);
		look();
	})`, view)
}

func longest(durations []float64) float64 { return slices.Max(append(durations, 0)) }

// publish is what many clients in trouble would publish.
func publish(app *application, lasting time.Duration) (count int) {
	kinds := []client.PolicyEventKind{client.EventRetryScheduled, client.EventRejected, client.EventSlowCall, client.EventHedgeStarted, client.EventStaleAnswer}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	begun := time.Now()
	for time.Since(begun) < lasting {
		due := int(time.Since(begun).Milliseconds()) * eventsAMilli
		for ; count < due; count++ {
			lifecycle.Publish(app.Events(), client.PolicyEvent{
				Kind: kinds[count%len(kinds)], At: time.Now(), Client: fmt.Sprintf("load-client%02d", count%loadClients), Method: "Get", Attempt: 1, Delay: time.Millisecond,
			})
		}
		<-ticker.C
	}
	return count
}

func withClient(add func(*container.ApplicationContext, ...container.BeanOption)) option {
	return func(_ map[string]any, app *container.ApplicationContext) {
		if app != nil {
			add(app)
		}
	}
}
