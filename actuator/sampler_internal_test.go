// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/client"
)

func TestRatesAreOfTheLastSeconds(t *testing.T) {
	stats := client.ClientStats{Client: "shop"}
	s := newSampler(func() []client.ClientStats { return []client.ClientStats{stats} }, newLatencies())
	now := time.Unix(1_000, 0)
	look := func(calls, unavailable, rejected int64) sample {
		stats.Calls += calls
		stats.Unavailable += unavailable
		stats.Rejected += rejected
		now = now.Add(interval)
		return s.look(now)["shop"]
	}
	if first := look(1000, 1000, 0); first.Rate != 0 || first.Errors != 0 {
		t.Errorf("what was before is no rate: %+v", first)
	}
	if second := look(20, 5, 2); second.Rate != 20 || second.Errors != 0.25 || second.Rejections != 2 {
		t.Errorf("%+v", second)
	}
	for range window {
		look(10, 0, 0)
	}
	if later := look(10, 0, 0); later.Rate != 10 || later.Errors != 0 {
		t.Errorf("the sickness is over: %+v", later)
	}
	now = now.Add(-time.Hour) // the clock is set
	if odd := look(10, 0, 0); odd.Rate != 0 {
		t.Errorf("%+v", odd)
	}
}

func TestHistoryKeepsFiveMinutesOfClientsThatComeAndGo(t *testing.T) {
	stats := []client.ClientStats{{Client: "early"}}
	s := newSampler(func() []client.ClientStats { return stats }, newLatencies())
	now := time.Unix(1_000, 0)
	for i := range maxSamples + 50 {
		if i == 100 {
			stats = []client.ClientStats{{Client: "late"}}
		}
		now = now.Add(interval)
		s.look(now)
	}
	h := s.history()
	if len(h.At) != maxSamples || len(h.Clients["late"].Rate) != maxSamples {
		t.Errorf("%d times, %d values", len(h.At), len(h.Clients["late"].Rate))
	}
	for range maxSamples {
		now = now.Add(interval)
		s.look(now)
	}
	if h := s.history(); h.Clients["early"] != nil {
		t.Error("who has gone is kept for ever")
	}
	text, err := json.Marshal(s.history())
	if err != nil || !strings.Contains(string(text), `"p50":[null,`) {
		t.Errorf("%v in %.300s", err, text)
	}
}

func TestLanesAreBounded(t *testing.T) {
	l := newLanes()
	for i := range maxLanes + 50 {
		for j := range maxLaneStates + 50 {
			l.add(breakerChange{At: seconds(j), Name: fmt.Sprint("breaker-", i), Client: "shop", From: "closed", To: "open"})
		}
	}
	all := l.all()
	if len(all) != maxLanes || len(all["breaker-0"].Changes) != maxLaneStates {
		t.Errorf("%d lanes of %d", len(all), len(all["breaker-0"].Changes))
	}
	l.forget(maxLaneStates + 50)
	if changes := l.all()["breaker-0"].Changes; len(changes) != 1 || changes[0].State != "open" {
		t.Errorf("%v", changes)
	}
}

func TestAStreamWhoseQueueIsFullIsDropped(t *testing.T) {
	s := newStreams(2)
	s.open()
	slow, quick := s.follow(), s.follow()
	if s.follow() != nil {
		t.Error("a third one")
	}
	for i := range queueLength + 1 {
		s.send("tick", i)
		if <-quick == nil {
			t.Fatal("the quick one was dropped")
		}
	}
	for range queueLength {
		<-slow
	}
	if _, isOpen := <-slow; isOpen {
		t.Error("it was not dropped")
	}
	if s.follow() == nil {
		t.Error("its place is not free")
	}
	s.close()
	if s.follow() != nil {
		t.Error("a stream after the end")
	}
}

func TestHearingAnEventThatIsLikeAnotherAllocatesNothing(t *testing.T) {
	b := newBatch()
	e := client.PolicyEvent{Kind: client.EventRejected, Client: "shop", Method: "Get", At: time.Unix(1, 0)}
	b.add(e)
	if n := testing.AllocsPerRun(100, func() { b.add(e) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
