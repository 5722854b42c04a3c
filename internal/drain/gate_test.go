// SPDX-License-Identifier: Apache-2.0

package drain_test

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/pyfly-go/pyfly/internal/drain"
)

func TestAGateCounts(t *testing.T) {
	var g drain.Gate
	want := func(inFlight, entered int64, isClosed, isCut bool) {
		t.Helper()
		if g.InFlight() != inFlight || g.Entered() != entered || g.IsClosed() != isClosed || g.IsCut() != isCut {
			t.Errorf("in flight %d, entered %d, closed %t, cut %t; want %d, %d, %t, %t",
				g.InFlight(), g.Entered(), g.IsClosed(), g.IsCut(), inFlight, entered, isClosed, isCut)
		}
	}
	want(0, 0, false, false)
	g.Enter()
	g.Enter()
	want(2, 2, false, false)
	g.Join()
	want(3, 2, false, false)
	g.Leave()
	g.Close()
	want(2, 2, true, false)
	if g.Enter() {
		t.Error("a closed gate let one in")
	}
	want(2, 2, true, false)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	g.Drain(ctx)
	want(2, 2, true, true)
	g.Leave()
	g.Leave()
	want(0, 2, true, true)
}

func TestWhoIsInsideMayLetOthersJoinAClosedGate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g drain.Gate
		g.Enter()
		g.Close()
		g.Join()
		g.Leave()
		select {
		case <-g.Idle():
			t.Error("idle although one has joined")
		default:
		}
		g.Leave()
		<-g.Idle()
		<-g.Idle() // for everybody
	})
}

func TestAnOpenGateIsNotIdle(t *testing.T) {
	var g drain.Gate
	g.Enter()
	g.Leave()
	select {
	case <-g.Idle():
		t.Error("idle although anybody may enter")
	default:
	}
	g.Close()
	<-g.Idle()
}
