// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
	"github.com/pyfly-go/pyfly/resilience"
)

const (
	loadClients  = 50
	loadBeans    = 500
	eventsAMilli = 2 // two thousand a second
	loadTime     = 4 * time.Second
	longestTask  = 500 // milliseconds, on a slow machine with the race detector
	longestClick = 1000
)

// watchFrames keeps the times between frames, and tasks that keep the page from
// drawing.
const watchFrames = `(() => {
	window.frames_ = [];
	window.tasks = [];
	new PerformanceObserver((list) => window.tasks.push(...list.getEntries().map((e) => e.duration))).observe({ type: 'longtask' });
	let last = performance.now();
	const frame = (now) => { window.frames_.push(now - last); last = now; requestAnimationFrame(frame); };
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
	p.show("beans")
	p.isFilled("beans")
	p.typeInto(`#bean-search`, "loadPart499")
	p.await(`document.querySelector('#bean-details[data-bean="loadPart499"]')`)
	p.show("events")
	eval[bool](p, watchFrames)
	heapBefore := eval[float64](p, `performance.memory.usedJSHeapSize`)

	published := make(chan int, 1)
	go func() { published <- publish(app, loadTime) }()
	clicks := map[string]float64{}
	for _, view := range []string{"clients", "timeline", "beans", "startup", "settings", "events"} {
		clicks[view] = eval[float64](p, clickOn(view))
	}
	count := <-published
	p.await(`document.querySelectorAll('#event-log tbody tr').length > 20`)
	frames := eval[[]float64](p, `window.frames_`)
	tasks := eval[[]float64](p, `window.tasks`)
	heap := eval[float64](p, `performance.memory.usedJSHeapSize`)

	slices.Sort(frames)
	t.Logf("%d events in %s; %d frames, of which half took less than %.0f ms, 95 of 100 less than %.0f ms, the longest %.0f ms; %d long tasks, the longest %.0f ms; heap %.1f MB, before %.1f MB; clicks (ms): %v",
		count, loadTime, len(frames), frames[len(frames)/2], frames[len(frames)*95/100], frames[len(frames)-1], len(tasks), longest(tasks), heap/1e6, heapBefore/1e6, clicks)
	if l := longest(tasks); l > longestTask {
		t.Errorf("a task takes %.0f ms", l)
	}
	if l := longest(slices.Collect(maps.Values(clicks))); l > longestClick {
		t.Errorf("a click is answered after %.0f ms", l)
	}
	if least := int(loadTime.Milliseconds()) * eventsAMilli / 2; count < least {
		t.Errorf("there were only %d events", count)
	}
	p.isQuiet()
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
	kinds := []resilience.EventKind{resilience.EventRetryScheduled, resilience.EventRejected, resilience.EventSlowCall, resilience.EventHedgeStarted, resilience.EventStaleAnswer}
	ticker := time.NewTicker(5 * time.Millisecond)
	defer ticker.Stop()
	begun := time.Now()
	for time.Since(begun) < lasting {
		due := int(time.Since(begun).Milliseconds()) * eventsAMilli
		for ; count < due; count++ {
			lifecycle.Publish(app.Events(), resilience.Event{
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
