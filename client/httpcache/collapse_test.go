// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
)

// slow responds after a second with the number of the request and some headers.
func slow(status int, headers ...string) *service {
	return &service{respond: func(r *http.Request, n int) (*http.Response, error) {
		select {
		case <-time.After(time.Second):
			return responded(status, fmt.Sprint(n), headers...), nil
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}}
}

// together makes equal calls at the same time and returns their bodies.
func together(t *testing.T, docs *docClient, n int) []string {
	t.Helper()
	bodies := make([]string, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, _, bodies[i] = outcome(docs.Get(t.Context(), "", http.Header{"X-Request-Id": {fmt.Sprint(i)}}))
		})
	}
	wg.Wait()
	return bodies
}

func TestCallersThatAskAtTheSameTimeShareOneRequest(t *testing.T) {
	for name, test := range map[string]struct {
		status  int
		headers []string
		want    int // requests of ten callers
	}{
		"fresh":                  {200, []string{"Cache-Control: max-age=60"}, 1},
		"a stored 404":           {404, []string{"Cache-Control: max-age=60"}, 1},
		"a failure":              {503, nil, 1},
		"not to be stored":       {200, []string{"Cache-Control: no-store"}, 10},
		"to be validated":        {200, []string{"Cache-Control: no-cache", `ETag: "a"`}, 10},
		"stale when it comes":    {200, []string{"Cache-Control: max-age=0", `ETag: "a"`}, 10},
		"chosen by a request id": {200, []string{"Cache-Control: max-age=60", "Vary: X-Request-Id"}, 10},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := slow(test.status, test.headers...)
				docs, app := start(t, s, nil)
				begun := time.Now()
				bodies := together(t, docs, 10)
				assert.Equal(t, test.want, s.count())
				assert.LessOrEqual(t, time.Since(begun), 2*time.Second, "those that cannot share go side by side")
				if test.want == 1 {
					for _, body := range bodies {
						assert.Equal(t, "1", body)
					}
				}
				stats := statsOf(t, app)
				assert.Equal(t, int64(10), stats.Hits+stats.Collapsed+stats.Misses)
			})
		})
	}
}

func TestACallerThatLeavesHarmsNoOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow(200, "Cache-Control: max-age=60")
		docs, _ := start(t, s, nil)
		ctx, cancel := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			_, err := docs.Get(ctx, "", nil)
			assert.ErrorIs(t, err, context.Canceled)
		})
		synctest.Wait()
		for range 5 {
			wg.Go(func() {
				r, err := docs.Get(t.Context(), "", nil)
				assert.NoError(t, err)
				assert.Equal(t, "2", r.Body)
			})
		}
		follower, leave := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer leave()
		wg.Go(func() {
			_, err := docs.Get(follower, "", nil)
			assert.ErrorIs(t, err, context.DeadlineExceeded)
		})
		time.Sleep(500 * time.Millisecond)
		cancel()
		wg.Wait()
		assert.Equal(t, 2, s.count(), "one of the others has asked again")
	})
}

func TestALeaderThatPanicsOrExitsHarmsNoOther(t *testing.T) {
	for name, harm := range map[string]func(){"panics": func() { panic("no") }, "exits": runtime.Goexit} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := &service{respond: func(_ *http.Request, n int) (*http.Response, error) {
					time.Sleep(time.Second)
					if n == 1 {
						harm()
					}
					return responded(200, fmt.Sprint(n), "Cache-Control: max-age=60"), nil
				}}
				docs, _ := start(t, s, nil)
				go func() {
					defer func() { _ = recover() }()
					_, _ = docs.Get(t.Context(), "", nil)
				}()
				synctest.Wait()
				for _, body := range together(t, docs, 3) {
					assert.Equal(t, "2", body)
				}
			})
		})
	}
}

func TestAFailureIsToldToEachCallerForItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow(503)
		docs, _ := start(t, s, nil)
		var wg sync.WaitGroup
		for range 5 {
			wg.Go(func() {
				_, err := docs.Get(t.Context(), "", nil)
				var failed *client.Error
				if assert.ErrorAs(t, err, &failed) {
					failed.Header.Set("X-Changed", "1") // a race unless it is the caller's own
					failed.Body[0] = 'x'
				}
			})
		}
		wg.Wait()
		assert.Equal(t, 1, s.count())
	})
}

func TestAStaleResponseIsServedWhileItIsValidated(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow(200, "Cache-Control: max-age=1, stale-while-revalidate=60")
		docs, app := start(t, s, nil)
		get := func() string {
			begun := time.Now()
			r, err := docs.Get(t.Context(), "", nil)
			require.NoError(t, err)
			if s.count() > 1 {
				assert.Zero(t, time.Since(begun))
			}
			return r.Body
		}
		assert.Equal(t, "1", get())
		time.Sleep(10 * time.Second)
		for range 5 {
			assert.Equal(t, "1", get())
		}
		synctest.Wait()
		time.Sleep(1500 * time.Millisecond)
		assert.Equal(t, 2, s.count(), "one request validates for all")
		assert.Equal(t, "2", get())
		stats := statsOf(t, app)
		assert.Equal(t, [2]int64{5, 1}, [2]int64{stats.Stale - 1, stats.Entries}) // the response came a second old
	})
}

func TestNothingIsValidatedAfterStop(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := slow(200, "Cache-Control: max-age=2, stale-while-revalidate=60")
		docs, app := start(t, s, nil)
		_, err := docs.Get(t.Context(), "", nil)
		require.NoError(t, err)
		time.Sleep(10 * time.Second)
		_, err = docs.Get(t.Context(), "", nil)
		require.NoError(t, err)
		synctest.Wait()
		begun := time.Now()
		require.NoError(t, app.Stop(t.Context()))
		assert.Less(t, time.Since(begun), time.Second, "the request was not cut")
		_, err = docs.Get(t.Context(), "", nil)
		assert.ErrorIs(t, err, client.ErrStopped)
	})
}

func TestAFailureInTheBackgroundLeavesTheStaleResponse(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{respond: func(_ *http.Request, n int) (*http.Response, error) {
			switch n {
			case 2:
				return nil, errors.New("down")
			case 3:
				panic("no")
			}
			return responded(200, fmt.Sprint(n), "Cache-Control: max-age=2, stale-while-revalidate=60"), nil
		}}
		docs, _ := start(t, s, nil)
		for i, want := range []string{"1", "1", "1", "1", "4"} {
			_, _, body := outcome(docs.Get(t.Context(), "", nil))
			assert.Equal(t, want, body, "call %d", i+1)
			time.Sleep(10 * time.Second)
		}
	})
}
