// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Worlds run in child processes: a mutex that nobody releases hangs a bubble in
// real time, and a panic on a goroutine of the product ends its process.

// report is what a child says of a world.
type report struct {
	Seed     uint64
	Features []Feature
	Findings []Finding
	Hash     string
	Trace    string `json:",omitempty"`
}

// kinds are those of the findings, without repetition.
func (r *report) kinds() []string {
	var kinds []string
	for _, f := range r.Findings {
		if !slices.Contains(kinds, f.Kind) {
			kinds = append(kinds, f.Kind)
		}
	}
	return kinds
}

const (
	beginPrefix  = "world begins: "
	reportPrefix = "world: "
	// mostRealTime is how long a world may take, of real time, without a word.
	mostRealTime = 10 * time.Second * slowness
)

// job is a series of worlds that one child runs after the other.
type job struct {
	first, step, count uint64
	options            Options
	trace              bool
	environment        []string
}

// run runs the worlds and hands each report to done. A world that hangs or ends
// the process is a finding, and another child goes on after it.
func (j job) run(done func(report)) {
	for j.count > 0 {
		finished, crashed := j.runChild(done)
		j.first += finished * j.step
		j.count -= finished
		if j.count == 0 {
			return
		}
		done(report{Seed: j.first, Findings: []Finding{crashed}})
		j.first += j.step
		j.count--
	}
}

// runChild runs worlds in a child, which ends with the first data race, so that it
// is known which world had it. It returns how many worlds
// were reported, and why not all were.
func (j job) runChild(done func(report)) (finished uint64, crashed Finding) {
	child := exec.Command(os.Args[0], "-test.run=^TestChild$", "-test.timeout=0",
		"-child", fmt.Sprintf("%d,%d,%d", j.first, j.step, j.count), "-off", joinFeatures(j.options.Off),
		"-collide="+strconv.FormatBool(j.options.Collide), "-trace="+strconv.FormatBool(j.trace))
	child.Env = append(append(os.Environ(), "GORACE=halt_on_error=1"), j.environment...)
	var errors tail
	child.Stderr = &errors
	output, err := child.StdoutPipe()
	if err == nil {
		err = child.Start()
	}
	if err != nil {
		return 0, Finding{"no-child", err.Error()}
	}
	hung := false
	watchdog := time.AfterFunc(mostRealTime, func() {
		hung = true
		_ = child.Process.Signal(os.Interrupt)
		_ = child.Process.Kill()
	})
	lines := bufio.NewReaderSize(output, 1<<20)
	for {
		line, err := lines.ReadString('\n')
		if err != nil {
			break
		}
		watchdog.Reset(mostRealTime)
		if text, ok := strings.CutPrefix(line, reportPrefix); ok {
			var r report
			if err := json.Unmarshal([]byte(text), &r); err == nil {
				done(r)
				finished++
			}
		}
	}
	watchdog.Stop()
	err = child.Wait()
	switch {
	case finished == j.count:
		return finished, Finding{}
	case hung:
		return finished, Finding{"hangs-in-real-time", fmt.Sprintf("no word for %s", mostRealTime)}
	case bytes.Contains(errors.text, []byte("DATA RACE")):
		return finished, Finding{"data-race", string(errors.text)}
	}
	return finished, Finding{"crash", fmt.Sprintf("%v: %s", err, errors.text)}
}

// tail keeps the beginning of what is written to it: a crash says first what it is.
type tail struct{ text []byte }

func (t *tail) Write(p []byte) (int, error) {
	const most = 8 << 10
	t.text = append(t.text, p[:min(len(p), most-min(len(t.text), most))]...)
	return len(p), nil
}

// runAll runs the worlds of many seeds, in as many children as there are cores.
func runAll(first, count uint64, options Options, done func(report)) {
	shards := min(uint64(runtime.GOMAXPROCS(0)), count)
	var mu sync.Mutex
	var wg sync.WaitGroup
	for shard := range shards {
		j := job{first: first + shard, step: shards, count: (count - shard + shards - 1) / shards, options: options}
		wg.Go(func() {
			j.run(func(r report) {
				mu.Lock()
				defer mu.Unlock()
				done(r)
			})
		})
	}
	wg.Wait()
}

// runOne runs one world, with its trace.
func runOne(seed uint64, options Options, environment ...string) report {
	var got report
	job{first: seed, step: 1, count: 1, options: options, trace: true, environment: environment}.run(func(r report) { got = r })
	return got
}

// shrink turns off features as long as the world has a finding of the kind. It
// returns the report of the smallest world found, and what is off in it.
func shrink(seed uint64, kind string, options Options) (report, Options) {
	has := func(r report) bool { return slices.Contains(r.kinds(), kind) }
	smallest := runOne(seed, options)
	for again := true; again; {
		again = false
		for _, f := range slices.Backward(smallest.Features) {
			less := options
			less.Off = append(slices.Clone(options.Off), f)
			if r := runOne(seed, less); has(r) {
				smallest, options, again = r, less, true
			}
		}
	}
	return smallest, options
}

// command is what repeats a world.
func command(seed uint64, options Options) string {
	c := fmt.Sprintf("make simulate SEED=%d", seed)
	if len(options.Off) > 0 {
		c += " OFF=" + joinFeatures(options.Off)
	}
	if options.Collide {
		c += " COLLIDE=1"
	}
	return c
}

func joinFeatures(fs []Feature) string {
	texts := make([]string, len(fs))
	for i, f := range fs {
		texts[i] = string(f)
	}
	return strings.Join(texts, ",")
}

func splitFeatures(text string) []Feature {
	var fs []Feature
	for _, f := range strings.Split(text, ",") {
		if f != "" {
			fs = append(fs, Feature(f))
		}
	}
	return fs
}

// coverage counts in how many worlds two features met.
type coverage map[[2]Feature]int

func (c coverage) add(r report) {
	for i, a := range r.Features {
		for _, b := range r.Features[i+1:] {
			c[[2]Feature{a, b}]++
		}
	}
}

// write writes the table of features, and returns the pairs that never met.
func (c coverage) write(w io.Writer) (missing []string) {
	for _, f := range features {
		_, _ = fmt.Fprintf(w, ",%s", f.name)
	}
	_, _ = fmt.Fprintln(w)
	for i, a := range features {
		_, _ = fmt.Fprint(w, a.name)
		for j, b := range features {
			switch n := c[[2]Feature{a.name, b.name}] + c[[2]Feature{b.name, a.name}]; {
			case i == j:
				_, _ = fmt.Fprint(w, ",")
			case n == 0 && i < j:
				missing = append(missing, fmt.Sprintf("%s x %s", a.name, b.name))
				fallthrough
			default:
				_, _ = fmt.Fprintf(w, ",%d", n)
			}
		}
		_, _ = fmt.Fprintln(w)
	}
	return missing
}
