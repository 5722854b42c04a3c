// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// inTurn is a port whose attempts end one after the other as given, and hang beyond
// that.
func inTurn(ends ...portFunc) portFunc {
	var sent atomic.Int32
	return func(r *http.Request) (*http.Response, error) {
		if n := int(sent.Add(1)); n <= len(ends) {
			return ends[n-1](r)
		}
		return answersAfter(time.Hour, 200)(r)
	}
}

func TestADefiniteAnswerEndsAHedgedCall(t *testing.T) {
	hang := answersAfter(10*time.Second, 200)
	for name, c := range map[string]struct {
		settings []any
		status   int
		after    time.Duration
	}{
		"409":                       {nil, 409, 150 * time.Millisecond},
		"409 without retry":         {[]any{"retry.enabled", false}, 409, 150 * time.Millisecond},
		"503 waits for the first":   {nil, 0, 10 * time.Second},
		"409 that may be repeated":  {[]any{"retry.on-statuses", []int{409}}, 0, 10 * time.Second},
		"501 says that it is known": {nil, 501, 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				status := c.status
				if status == 0 {
					status = 503
					if c.settings != nil {
						status = 409
					}
				}
				shop := wire[boutique](t, shopSettings(append(c.settings, "hedge.delay", "100ms")...), inTurn(hang, answersAfter(50*time.Millisecond, status)))
				begun := time.Now()
				_, err := shop.Get(t.Context(), "1")
				assert.Equal(t, c.after, time.Since(begun))
				if c.status == 0 {
					assert.NoError(t, err)
				} else {
					var e *client.Error
					require.ErrorAs(t, err, &e)
					assert.Equal(t, c.status, e.Status)
					assert.Equal(t, 2, e.Attempts)
					assert.Equal(t, c.after, e.Elapsed)
				}
				synctest.Wait()
			})
		})
	}
}

func TestAHedgeThatIsRejectedIsNoAttempt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shop := wire[boutique](t, shopSettings("hedge.delay", "100ms", "retry.enabled", false, "circuit-breaker.failure-threshold", 1, "circuit-breaker.recovery-timeout", "1m"),
			inTurn(answersAfter(0, 503), answersAfter(time.Second, 503)))
		_, err := shop.Get(t.Context(), "1")
		require.Error(t, err)
		time.Sleep(time.Minute)             // virtual
		_, err = shop.Get(t.Context(), "1") // a probe, with a hedge that is rejected
		var e *client.Error
		require.ErrorAs(t, err, &e)
		assert.Equal(t, 503, e.Status)
		assert.Equal(t, 1, e.Attempts)
		assert.Equal(t, time.Second, e.Elapsed)
		synctest.Wait()
	})
}

func TestAHedgeWithoutRetryHasABudget(t *testing.T) {
	for name, settings := range map[string][]any{
		"with retry":    nil,
		"without retry": {"retry.enabled", false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var sent atomic.Int32
				shop := wire[boutique](t, shopSettings(append(settings, "hedge.delay", "10ms", "retry.budget.ratio", 0.5, "retry.budget.min-per-second", 0)...),
					portFunc(func(r *http.Request) (*http.Response, error) {
						sent.Add(1)
						return answersAfter(100*time.Millisecond, 200)(r)
					}))
				for range 20 {
					_, err := shop.Get(t.Context(), "1")
					require.NoError(t, err)
				}
				synctest.Wait()
				assert.Equal(t, int32(30), sent.Load())
			})
		})
	}
}

// TestAnEventTellsTheAttemptsSoFar: of hedges, too, and how long they took.
func TestAnEventTellsTheAttemptsSoFar(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := newApp(shopSettings("hedge.delay", "100ms", "retry.base-delay", "1s"), client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
			return answersAfter(250*time.Millisecond, 503), nil
		}))
		client.Register[boutique](app)
		var told []string
		lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) {
			if e.Kind == client.EventRetryScheduled {
				told = append(told, e.Err.Error())
			}
		})
		require.NoError(t, app.Start(t.Context()))
		_, err := getBean[boutique](t, app).Get(t.Context(), "1")
		require.ErrorContains(t, err, "(6 attempts in 4.05s)")
		require.Len(t, told, 2)
		assert.Contains(t, told[0], "(2 attempts in 250ms)")
		assert.Contains(t, told[1], "(4 attempts in 1.6s)")
		require.NoError(t, app.Stop(t.Context()))
	})
}
