// SPDX-License-Identifier: Apache-2.0

package resilience_test

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
	"github.com/pyfly-go/pyfly/resilience"
)

// words are the enumerations as a program's own settings and JSON have them.
type words struct {
	Jitter resilience.Jitter        `koanf:"jitter" json:"jitter"`
	Window resilience.SlidingWindow `koanf:"sliding-window" json:"sliding-window"`
}

func TestEnumerationsAreWrittenAsTheirText(t *testing.T) {
	for text, want := range map[string]words{
		`{"jitter":"none","sliding-window":"none"}`:          {resilience.NoJitter, ""},
		`{"jitter":"full","sliding-window":"count"}`:         {resilience.FullJitter, resilience.CountWindow},
		`{"jitter":"equal","sliding-window":"time"}`:         {resilience.EqualJitter, resilience.TimeWindow},
		`{"jitter":"decorrelated","sliding-window":"count"}`: {resilience.DecorrelatedJitter, resilience.CountWindow},
	} {
		var read words
		require.NoError(t, json.Unmarshal([]byte(text), &read))
		assert.Equal(t, want, read)
		written, err := json.Marshal(read)
		require.NoError(t, err)
		assert.Equal(t, text, string(written))

		bound := words{Jitter: "overwritten"}
		settings := map[string]any{}
		require.NoError(t, json.Unmarshal([]byte(text), &settings))
		require.NoError(t, config.New(settings).Bind("", &bound))
		assert.Equal(t, want, bound)

		assert.NoError(t, resilience.RetryConfig{Jitter: read.Jitter}.Validate())
		assert.NoError(t, resilience.CircuitBreakerConfig{SlidingWindow: read.Window}.Validate())
	}
	written, err := json.Marshal(words{})
	require.NoError(t, err)
	assert.Equal(t, `{"jitter":"none","sliding-window":"none"}`, string(written))
	assert.Equal(t, "none none", resilience.Jitter("").String()+" "+resilience.SlidingWindow("").String())
	var empty words
	assert.NoError(t, json.Unmarshal([]byte(`{"jitter":"","sliding-window":""}`), &empty))
	assert.Zero(t, empty)
}

func TestAWordThatIsNoneOfAnEnumeration(t *testing.T) {
	for _, word := range []string{"some", "Full", " count", strings.Repeat("x", 1000)} {
		w := words{resilience.FullJitter, resilience.CountWindow}
		assert.ErrorContains(t, w.Jitter.UnmarshalText([]byte(word)), "write none, full, equal or decorrelated")
		assert.ErrorContains(t, w.Window.UnmarshalText([]byte(word)), "write count, time or none")
		assert.Equal(t, words{resilience.FullJitter, resilience.CountWindow}, w, "unchanged")

		jitter := resilience.RetryConfig{Jitter: resilience.Jitter(word)}.Validate()
		window := resilience.CircuitBreakerConfig{SlidingWindow: resilience.SlidingWindow(word)}.Validate()
		for field, err := range map[string]error{"jitter is ": jitter, "sliding-window is ": window} {
			assert.ErrorIs(t, err, kernel.ErrConfig)
			assert.ErrorContains(t, err, field)
			assert.Less(t, len(err.Error()), 200)
		}
		err := config.New(map[string]any{"jitter": word}).Bind("", &w)
		assert.ErrorIs(t, err, kernel.ErrConfig)
		assert.ErrorContains(t, err, "jitter")
	}
}

func TestDurationsInJSONAreTexts(t *testing.T) {
	for d, want := range map[time.Duration]string{
		0: "", resilience.NoDelay: "0s", 1: "1ns", 1500 * time.Millisecond: "1.5s", time.Hour: "1h0m0s", math.MaxInt64: "2562047h47m16.854775807s",
	} {
		for field, value := range map[string]any{
			"retryAfter": resilience.CircuitBreakerSnapshot{Name: "prices", State: resilience.StateOpen, RetryAfter: d, Openings: 3},
		} {
			text, err := json.Marshal(value)
			require.NoError(t, err)
			var read map[string]any
			require.NoError(t, json.Unmarshal(text, &read))
			if want == "" {
				assert.NotContains(t, read, field)
			} else {
				assert.Equal(t, want, read[field])
			}
			assert.Equal(t, "prices", read["name"])
			assert.Contains(t, string(text), `"open"`)
		}
	}
}
