// SPDX-License-Identifier: Apache-2.0

package httpcache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/client/httpcache"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// bodyOf makes a call and returns the body.
func bodyOf(t *testing.T, docs *docClient, header ...string) string {
	t.Helper()
	_, _, body := outcome(docs.Get(t.Context(), "", headerOf(header...)))
	return body
}

func TestAnotherUsersResponseIsNeverServed(t *testing.T) {
	for _, identity := range []string{"Authorization", "Cookie", "X-Api-Key", "X-User", "X-Tenant", "From", "Accept-Language"} {
		docs, _ := start(t, numbered("Cache-Control: private, max-age=60"), nil)
		assert.Equal(t, "1", bodyOf(t, docs, identity+": ada"))
		assert.Equal(t, "2", bodyOf(t, docs, identity+": bob"), identity)
		assert.Equal(t, "3", bodyOf(t, docs), identity)
		assert.Equal(t, "1", bodyOf(t, docs, identity+": ada"), identity)
		assert.Equal(t, "2", bodyOf(t, docs, identity+": bob"), identity)
	}
}

func TestHeadersOfOneRequestDoNotMatter(t *testing.T) {
	docs, _ := start(t, numbered("Cache-Control: max-age=60"), map[string]any{"cache.ignored-headers": "x-session, X-Trace"})
	for i := range 3 {
		value := fmt.Sprint(i)
		assert.Equal(t, "1", bodyOf(t, docs, "X-Request-Id: "+value, "Traceparent: "+value, "X-Session: "+value, "X-Trace: "+value))
	}
}

type userKey struct{}

// TestHeadersThatTheCacheDoesNotSee are those that an interceptor of attempts adds,
// below the cache.
func TestHeadersThatTheCacheDoesNotSee(t *testing.T) {
	for name, test := range map[string]struct {
		header   string
		settings map[string]any
		answers  string
		isStored bool
	}{
		"a token":               {"Authorization", nil, "max-age=60", false},
		"a user":                {"X-User", nil, "max-age=60", false},
		"a token, public":       {"Authorization", nil, "public, max-age=60", false},
		"one that is ignored":   {"X-Signature", map[string]any{"cache.ignored-headers": []string{"X-Signature"}}, "max-age=60", true},
		"shared, a token":       {"Authorization", map[string]any{"cache.shared": true}, "max-age=60", false},
		"shared and public":     {"Authorization", map[string]any{"cache.shared": true}, "public, max-age=60", true},
		"shared, a secret name": {"X-User", map[string]any{"cache.shared": true, "secret-names": "x-user"}, "max-age=60", false},
		"shared, another":       {"X-User", map[string]any{"cache.shared": true}, "max-age=60", true},
	} {
		t.Run(name, func(t *testing.T) {
			s := numbered("Cache-Control: " + test.answers)
			docs, _ := start(t, s, test.settings, func(app *container.ApplicationContext) {
				app.Register(func() client.Interceptor {
					return func(next client.Exchange) client.Exchange {
						return func(r *http.Request) (*http.Response, error) {
							r.Header.Set(test.header, r.Context().Value(userKey{}).(string))
							return next(r)
						}
					}
				})
			})
			for _, user := range []string{"ada", "bob"} {
				_, err := docs.Get(context.WithValue(t.Context(), userKey{}, user), "", nil)
				require.NoError(t, err)
			}
			assert.Equal(t, test.isStored, s.count() == 1)
		})
	}
}

func TestACallInterceptorThatAddsTheUserIsSeen(t *testing.T) {
	s := numbered("Cache-Control: max-age=60")
	docs, _ := start(t, s, nil, func(app *container.ApplicationContext) {
		app.Register(func() client.CallInterceptor {
			return func(next client.Exchange) client.Exchange {
				return func(r *http.Request) (*http.Response, error) {
					r.Header.Set("Authorization", r.Context().Value(userKey{}).(string))
					return next(r)
				}
			}
		})
	})
	for _, user := range []string{"ada", "bob", "ada", "bob"} {
		r, err := docs.Get(context.WithValue(t.Context(), userKey{}, user), "", nil)
		require.NoError(t, err)
		assert.Equal(t, map[string]string{"ada": "1", "bob": "2"}[user], r.Body)
	}
}

func TestWhatIsNotUsed(t *testing.T) {
	long := strings.Repeat("x", 70<<10)
	for name, test := range map[string]struct {
		respond func(r *http.Request, n int) (*http.Response, error)
		first   func(ctx context.Context, docs *docClient) error
		want    string // the second response
	}{
		"a body that was cut because nobody wanted it": {
			func(*http.Request, int) (*http.Response, error) {
				return responded(200, long, "Cache-Control: max-age=60"), nil
			},
			func(ctx context.Context, docs *docClient) error { return docs.Touch(ctx, "", nil) }, long,
		},
		"a body that is shorter than its header says": {
			func(_ *http.Request, n int) (*http.Response, error) {
				return responded(200, fmt.Sprint(n), "Cache-Control: max-age=60", "Content-Length: 5"), nil
			}, get, "2",
		},
		"a body of an error that was cut": {
			func(_ *http.Request, n int) (*http.Response, error) {
				if n == 1 {
					return responded(404, long, "Cache-Control: max-age=60"), nil
				}
				return responded(200, fmt.Sprint(n)), nil
			}, func(ctx context.Context, docs *docClient) error { _, _ = docs.Get(ctx, "", nil); return nil }, "2",
		},
		"a stream": {
			func(_ *http.Request, n int) (*http.Response, error) {
				return responded(200, fmt.Sprint(n), "Cache-Control: max-age=60"), nil
			}, func(ctx context.Context, docs *docClient) error {
				body, err := docs.Stream(ctx, "", nil)
				if err == nil {
					_, _ = io.Copy(io.Discard, body)
					err = body.Close()
				}
				return err
			}, "2",
		},
		"a response that came after a redirect": {
			func(r *http.Request, n int) (*http.Response, error) {
				response := responded(200, fmt.Sprint(n), "Cache-Control: max-age=60")
				response.Request = r.Clone(r.Context())
				response.Request.Response = responded(302, "")
				return response, nil
			}, get, "2",
		},
		"a 304 to a request without condition": {
			func(_ *http.Request, n int) (*http.Response, error) {
				if n == 1 {
					return responded(304, "", "Cache-Control: max-age=60"), nil
				}
				return responded(200, fmt.Sprint(n)), nil
			}, func(ctx context.Context, docs *docClient) error { _, _ = docs.Get(ctx, "", nil); return nil }, "2",
		},
		"a validator that changes on every response": {
			func(r *http.Request, n int) (*http.Response, error) {
				if r.Header.Get("If-None-Match") != "" {
					return responded(304, "", fmt.Sprintf(`ETag: "%d"`, n)), nil
				}
				return responded(200, fmt.Sprint(n), "Cache-Control: no-cache", fmt.Sprintf(`ETag: "%d"`, n)), nil
			}, get, "3",
		},
	} {
		t.Run(name, func(t *testing.T) {
			docs, _ := start(t, &service{respond: test.respond}, nil)
			require.NoError(t, test.first(t.Context(), docs))
			r, err := docs.Get(t.Context(), "", nil)
			require.NoError(t, err)
			assert.Equal(t, test.want, r.Body)
		})
	}
}

func TestOnlyIfCached(t *testing.T) {
	s := numbered("Cache-Control: max-age=60")
	docs, _ := start(t, s, nil)
	status, _, _ := outcome(docs.Get(t.Context(), "", headerOf("Cache-Control: only-if-cached")))
	assert.Equal(t, http.StatusGatewayTimeout, status)
	assert.Zero(t, s.count())
	assert.Equal(t, "1", bodyOf(t, docs))
	assert.Equal(t, "1", bodyOf(t, docs, "Cache-Control: only-if-cached"))
}

func get(ctx context.Context, docs *docClient) error {
	_, err := docs.Get(ctx, "", nil)
	return err
}

func TestSecretHeadersAreUpdatedAsTheyAre(t *testing.T) {
	s := &service{respond: func(r *http.Request, n int) (*http.Response, error) {
		if n == 1 {
			return responded(200, "1", "Cache-Control: no-cache", `ETag: "a"`, "X-Api-Key: real"), nil
		}
		return responded(304, "", `ETag: "a"`, "X-Api-Key: new"), nil
	}}
	docs, _ := start(t, s, nil)
	for range 2 {
		r, err := docs.Get(t.Context(), "", nil)
		require.NoError(t, err)
		assert.NotContains(t, r.Header.Get("X-Api-Key"), "*")
	}
}

func TestACallerMayChangeWhatItGets(t *testing.T) {
	docs, _ := start(t, numbered("Cache-Control: max-age=60", "X-A: 1"), nil)
	for range 3 {
		r, err := docs.Get(t.Context(), "", nil)
		require.NoError(t, err)
		assert.Equal(t, "1", r.Header.Get("X-A"))
		r.Header.Set("X-A", "2")
		r.Header["Cache-Control"][0] = "no-store"
	}
}

func TestACallerMayChangeTheErrorThatItGets(t *testing.T) {
	s := &service{respond: func(_ *http.Request, n int) (*http.Response, error) {
		return responded(404, fmt.Sprint(n), "Cache-Control: max-age=60"), nil
	}}
	docs, _ := start(t, s, nil)
	for range 3 {
		var failed *client.Error
		require.ErrorAs(t, get(t.Context(), docs), &failed)
		assert.Equal(t, "1", string(failed.Body))
		assert.Equal(t, "max-age=60", failed.Header.Get("Cache-Control"))
		failed.Body[0] = 'x'
		failed.Header.Set("Cache-Control", "no-store")
	}
}

func TestMethodsOfOneURLShareItsResponse(t *testing.T) {
	docs, _ := start(t, numbered("Cache-Control: max-age=60"), nil)
	assert.Equal(t, "1", bodyOf(t, docs))
	r, err := docs.Again(t.Context(), "", nil)
	require.NoError(t, err)
	assert.Equal(t, "1", r.Body)
	require.NoError(t, docs.Touch(t.Context(), "", nil))
}

func TestAChangeOutdatesWhatIsUnderWay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{respond: func(r *http.Request, n int) (*http.Response, error) {
			if r.Method == http.MethodGet {
				time.Sleep(time.Second)
			}
			return responded(200, fmt.Sprint(n), "Cache-Control: max-age=60"), nil
		}}
		docs, _ := start(t, s, nil)
		var wg sync.WaitGroup
		wg.Go(func() { assert.Equal(t, "1", bodyOf(t, docs)) })
		time.Sleep(500 * time.Millisecond)
		_, err := docs.Put(t.Context(), "new", "", nil)
		require.NoError(t, err)
		assert.Equal(t, "3", bodyOf(t, docs), "a request after the change must not share the one before it")
		wg.Wait()
		assert.Equal(t, "3", bodyOf(t, docs))
	})
}

func TestAResponseFromBeforeAChangeIsNotStored(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &service{respond: func(r *http.Request, n int) (*http.Response, error) {
			if r.Method == http.MethodGet {
				time.Sleep(time.Second)
			}
			return responded(200, fmt.Sprint(n), "Cache-Control: max-age=60"), nil
		}}
		docs, _ := start(t, s, nil)
		var wg sync.WaitGroup
		wg.Go(func() { assert.Equal(t, "1", bodyOf(t, docs)) })
		time.Sleep(500 * time.Millisecond)
		_, err := docs.Delete(t.Context(), "", nil)
		require.NoError(t, err)
		wg.Wait()
		assert.Equal(t, "3", bodyOf(t, docs))
	})
}

func TestMemoryIsBounded(t *testing.T) {
	body := strings.Repeat("x", 10_000)
	s := &service{respond: func(*http.Request, int) (*http.Response, error) {
		return responded(200, body, "Cache-Control: max-age=60"), nil
	}}
	docs, app := start(t, s, map[string]any{"cache.max-size": "100KiB"})
	call := func(i int) {
		_, err := docs.Get(t.Context(), client.URL(fmt.Sprint("/api/", i)), nil)
		require.NoError(t, err)
	}
	for i := range 50 {
		call(i)
		call(0) // the one that is used stays
	}
	stats := statsOf(t, app)
	assert.LessOrEqual(t, stats.Bytes, int64(100<<10))
	assert.Greater(t, stats.Bytes, int64(50<<10))
	assert.Equal(t, int64(50), stats.Hits)
	assert.Equal(t, stats.Misses, stats.Entries+stats.Evictions)
	body = strings.Repeat("x", 200_000) // too large for the cache alone
	call(1000)
	assert.Equal(t, stats.Entries, statsOf(t, app).Entries)
}

func TestVariantsAreBounded(t *testing.T) {
	docs, app := start(t, numbered("Cache-Control: max-age=60", "Vary: X-A"), map[string]any{"cache.shared": true})
	for i := range 100 {
		bodyOf(t, docs, fmt.Sprint("X-A: ", i))
	}
	assert.Equal(t, int64(32), statsOf(t, app).Entries)
	assert.Equal(t, "100", bodyOf(t, docs, "X-A: 99"))
}

func TestStatsTellWhatHasBecomeOfRequests(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var status int
		s := &service{respond: func(r *http.Request, n int) (*http.Response, error) {
			return responded(status, "", `ETag: "a"`, "Cache-Control: max-age=2, stale-if-error=60"), nil
		}}
		docs, app := start(t, s, nil)
		assert.Empty(t, httpcache.Stats(app))
		for _, status = range []int{200, 200, 304, 503} {
			_, _, _ = outcome(docs.Get(t.Context(), "", nil))
			if s.count() > 1 || status != 200 {
				time.Sleep(3 * time.Second)
			}
			if status == 200 && s.count() == 1 {
				continue
			}
		}
		stats := statsOf(t, app)
		assert.Equal(t, "docs", stats.Client)
		assert.Equal(t, int64(1), stats.Misses)
		assert.Equal(t, int64(3), stats.Hits+stats.Revalidations+stats.Stale)
		assert.Equal(t, int64(64<<20), stats.MaxBytes)
	})
	other := container.NewApplicationContext(container.WithConfig(config.New(nil)))
	assert.Empty(t, httpcache.Stats(other))
}

func TestSettings(t *testing.T) {
	const prefix = "pyfly.client.services.docs.cache"
	for name, test := range map[string]struct {
		settings map[string]any
		want     string // of the second call
	}{
		"by default":          {nil, "1"},
		"off":                 {map[string]any{prefix: false}, "2"},
		"off for all":         {map[string]any{"pyfly.client.default.cache.enabled": false}, "2"},
		"off for all but one": {map[string]any{"pyfly.client.default.cache.enabled": false, prefix + ".enabled": true}, "1"},
		"off by its config":   {map[string]any{"pyfly.client.services.docs.base": "a", "pyfly.client.configs.a.cache": false}, "2"},
		"no estimates":        {map[string]any{prefix + ".heuristic-fraction": 0}, "2"},
	} {
		t.Run(name, func(t *testing.T) {
			docs, _ := startWith(t, numbered("Last-Modified: @-100000", "Date: @0"), config.New(test.settings))
			assert.Equal(t, "1", bodyOf(t, docs))
			assert.Equal(t, test.want, bodyOf(t, docs))
		})
	}
	synctest.Test(t, func(t *testing.T) {
		docs, _ := startWith(t, numbered("Cache-Control: max-age=1"), config.New(map[string]any{prefix + ".stale-while-revalidate": "10s"}))
		for range 2 {
			assert.Equal(t, "1", bodyOf(t, docs))
			time.Sleep(3 * time.Second)
		}
		assert.Equal(t, "2", bodyOf(t, docs))
	})
	synctest.Test(t, func(t *testing.T) {
		s := &service{respond: func(_ *http.Request, n int) (*http.Response, error) {
			if n == 1 {
				return responded(200, "1", "Cache-Control: max-age=1"), nil
			}
			return responded(503, ""), nil
		}}
		docs, _ := startWith(t, s, config.New(map[string]any{prefix + ".stale-if-error": "10s"}))
		for _, want := range []string{"1", "1", "1", "1", ""} {
			assert.Equal(t, want, bodyOf(t, docs))
			time.Sleep(3 * time.Second)
		}
	})
}

// startWith starts an application with a docClient.
func startWith(t *testing.T, s *service, cfg *config.Config) (*docClient, *container.ApplicationContext) {
	t.Helper()
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogOutput(io.Discard))
	app.Install(client.Module(client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) { return s, nil })))
	app.Install(httpcache.Module())
	client.Register[docClient](app)
	require.NoError(t, app.Start(t.Context()))
	t.Cleanup(func() { require.NoError(t, app.Stop(context.Background())) })
	return container.Must(container.Get[*docClient](app)), app
}

func TestWrongSettingsStopTheStart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pyfly.yaml")
	require.NoError(t, os.WriteFile(path, []byte(`pyfly:
  config: {watch: false}
  client:
    default:
      cache: {stale-if-error: -1s}
    services:
      docs:
        cache: {max-size: 0, heuristic-fraction: 2, shared: perhaps}
`), 0o600))
	cfg, err := config.Load(config.File(path))
	require.NoError(t, err)
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogOutput(io.Discard))
	app.Install(client.Module(), httpcache.Module())
	client.Register[docClient](app)
	err = app.Start(t.Context())
	require.ErrorIs(t, err, kernel.ErrConfig)
	for _, want := range []string{"stale-if-error", "max-size", "heuristic-fraction", "shared", "pyfly.yaml:8"} {
		assert.ErrorContains(t, err, want)
	}
}

func TestChangedSettingsRemoveWhatIsStored(t *testing.T) {
	s := numbered("Cache-Control: max-age=60")
	docs, app := start(t, s, nil)
	assert.Equal(t, "1", bodyOf(t, docs))
	lifecycle.Publish(app.Events(), config.Changed{Config: config.New(map[string]any{"pyfly.client.services.docs.cache.max-size": -1})})
	assert.Equal(t, "2", bodyOf(t, docs), "wrong settings change nothing, but what is stored may be wrong")
	assert.Equal(t, "2", bodyOf(t, docs))
	lifecycle.Publish(app.Events(), config.Changed{Config: config.New(map[string]any{"pyfly.client.services.docs.cache": false})})
	assert.Equal(t, "3", bodyOf(t, docs))
	assert.Equal(t, "4", bodyOf(t, docs))
}

func TestOldResponsesOfTheClientGoOnBeingServed(t *testing.T) {
	s := &service{respond: func(_ *http.Request, n int) (*http.Response, error) {
		if n == 1 {
			return responded(200, "1", "Cache-Control: max-age=0", `ETag: "a"`), nil
		}
		return responded(503, ""), nil
	}}
	docs, app := start(t, s, map[string]any{"stale-if-error": "1m"})
	assert.Equal(t, "1", bodyOf(t, docs))
	_ = bodyOf(t, docs)
	assert.Equal(t, int64(2), statsOf(t, app).Misses, "a request that is not sent was counted")
}
