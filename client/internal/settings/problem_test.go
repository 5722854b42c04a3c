// SPDX-License-Identifier: Apache-2.0

package settings_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/settings"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/kernel"
)

// Every mistake is one problem that names the place, the key and what to do.
func TestMistakesInFiles(t *testing.T) {
	for written, want := range map[string]string{ // "|" is the end of a line
		"pyfly.client.default.timeout: -1s":                      `pyfly.yaml:1: pyfly.client.default.timeout: "-1s" is not allowed: write a duration that is not negative, such as 500ms or 30s`,
		"pyfly.client.default.timeout: -1ns":                     `pyfly.yaml:1: pyfly.client.default.timeout: "-1ns" is not allowed: write a duration that is not negative, such as 500ms or 30s`,
		own + "retry.max-attempts: 0":                            `pyfly.yaml:1: ` + own + `retry.max-attempts: "0" is not allowed: write a number of attempts, the first included, of at least 1`,
		own + "retry: -1":                                        `pyfly.yaml:1: ` + own + `retry: "-1" is not allowed: write a number of attempts, the first included, of at least 1`,
		own + "retry.budget.ratio: -1":                           `pyfly.yaml:1: ` + own + `retry.budget.ratio: "-1" is not allowed: write a share of calls between 0 and 1, such as 0.2`,
		own + "retry.budget.min-per-second: 20000":               `pyfly.yaml:1: ` + own + `retry.budget.min-per-second: "20000" is not allowed: write a number of retries per second of at least 0`,
		own + "circuit-breaker.window-duration: 0":               `pyfly.yaml:1: ` + own + `circuit-breaker.window-duration: "0" is not allowed: write a duration such as 60s`,
		own + "circuit-breaker.sliding-window: sum":              `pyfly.yaml:1: ` + own + `circuit-breaker.sliding-window: "sum" is not a valid resilience.SlidingWindow: write count, time or none`,
		own + "stale-if-error: never":                            `pyfly.yaml:1: ` + own + `stale-if-error: "never" is not a valid duration: write a duration such as 1h`,
		own + "stale-if-error: {max-age: 1h, max-size: -1}":      `pyfly.yaml:1: ` + own + `stale-if-error.max-size: "-1" is not allowed: write a size such as 64MiB, or 0 for no limit`,
		own + "pool.max-idle: -1":                                `pyfly.yaml:1: ` + own + `pool.max-idle: "-1" is not allowed: write a number that is not negative`,
		own + "request-compression: br":                          `pyfly.yaml:1: ` + own + `request-compression: "br" is not allowed: write none or one of gzip`,
		own + "auth.bearer.token: \"a\\nb\"":                     `pyfly.yaml:1: ` + own + `auth.bearer.token: ****** is not allowed: write a token without line breaks`,
		own + "base: c|pyfly.client.configs.b.timeout: 1s":       `pyfly.yaml:1: ` + own + `base: "c" is not allowed: write default or one of the names below pyfly.client.configs.: b`,
		own + "base: [a]":                                        `pyfly.yaml:1: ` + own + `base: a list is where a single value is needed: write text`,
		own + "base: a|pyfly.client.configs.a.base: a":           `pyfly.yaml:2: pyfly.client.configs.a.base: "a" is not allowed: write a base that does not lead back to itself`,
		own + "base-url: ftp://x":                                `pyfly.yaml:1: ` + own + `base-url: its scheme is "ftp": write a URL that begins with http:// or https://`,
		own + "methods.get-item.timeout: -1s":                    `pyfly.yaml:1: ` + own + `methods.get-item.timeout: "-1s" is not allowed: write a duration that is not negative, such as 500ms or 30s`,
		own + "tls.key-file: k.pem":                              `pyfly.yaml:1: ` + own + `tls.key-file: "k.pem" is not allowed: tls.cert-file and tls.key-file go together`,
		own + "auth.oauth2.client-secret: sesame":                own + `auth.oauth2.token-url: it is not set: write a URL such as https://auth/token`,
		own + "auth: {basic: {username: a}, bearer: {token: b}}": `pyfly.yaml:1: ` + own + `auth.basic.username: ****** is not allowed: give one of bearer, basic and oauth2 (auth.bearer.token is ******, pyfly.yaml:1)`,

		// Together.
		own + "total-timeout: 10s":                                                                                       `pyfly.yaml:1: ` + own + `total-timeout: "10s" is not allowed: the timeout of one attempt, 30s, must not be longer than that of all, 10s`,
		own + "total-timeout: 3s|pyfly.client.default.timeout: 1s":                                                       `pyfly.yaml:1: ` + own + `total-timeout: "3s" is not allowed: the delays between all attempts, 3s, must fit into 3s`,
		"pyfly.client.default.total-timeout: 40s|" + own + "methods.get-item.timeout: 60s":                               `pyfly.yaml:2: ` + own + `methods.get-item.timeout: "60s" is not allowed: the timeout of one attempt, 1m0s, must not be longer than that of all, 40s (total-timeout is 40s, pyfly.yaml:1)`,
		own + "circuit-breaker: {sliding-window: count, window-size: 10}|pyfly.client.circuit-breaker.minimum-calls: 50": `pyfly.yaml:2: pyfly.client.circuit-breaker.minimum-calls: "50" is not allowed: minimum-calls is 50, which a window-size of 10 never holds (circuit-breaker.window-size is 10, pyfly.yaml:1)`,
		own + "circuit-breaker.slow-call-duration: 1s":                                                                   `pyfly.yaml:1: ` + own + `circuit-breaker.slow-call-duration: "1s" is not allowed: slow-call-duration needs a sliding-window: count or time`,
		own + "circuit-breaker.half-open-successes: 3":                                                                   `pyfly.yaml:1: ` + own + `circuit-breaker.half-open-successes: "3" is not allowed: half-open-successes is 3, but there are only 1 half-open-probes`,
		own + "circuit-breaker.recovery-timeout: 2m|" + own + "circuit-breaker.max-recovery-timeout: 1m":                 `pyfly.yaml:2: ` + own + `circuit-breaker.max-recovery-timeout: "1m" is not allowed: max-recovery-timeout is 1m0s, less than the recovery-timeout of 2m0s (circuit-breaker.recovery-timeout is 2m0s, pyfly.yaml:1)`,
		own + "adaptive-limit.max-limit: 10|" + own + "adaptive-limit.initial-limit: 20":                                 `pyfly.yaml:2: ` + own + `adaptive-limit.initial-limit: "20" is not allowed: min-limit 1, initial-limit 20, max-limit 10: they must be in ascending order (adaptive-limit.max-limit is 10, pyfly.yaml:1)`,
		own + "rate-limit.burst: 3":                                                                                      own + `rate-limit.per-second: it is not set: write how many calls a second there may be`,
		own + "methods.get-item.rate-limit: true":                                                                        own + `methods.get-item.rate-limit.per-second: it is not set: write how many calls a second there may be`,
		own + "hedge: 40s": `pyfly.yaml:1: ` + own + `hedge: "40s" is not allowed: the delay of a hedge, 40s, must be shorter than the timeout of an attempt, 30s`,
	} {
		t.Run(written, func(t *testing.T) {
			_, err := settings.Resolve(load(t, strings.Split(written, "|")...), shop(), settings.Known{Codings: []string{"gzip"}})
			require.ErrorIs(t, err, kernel.ErrConfig)
			assert.EqualError(t, err, want)
		})
	}
}

func TestMistakesInCode(t *testing.T) {
	for want, change := range map[string]func(*settings.Declaration){
		`client.Defaults: ` + own + `timeout: "-1s" is not allowed: write a duration that is not negative, such as 500ms or 30s`: func(d *settings.Declaration) {
			d.Defaults = defaults("timeout", "-1s")
		},
		`client.Defaults: ` + own + `methods.get-item.retry.max-attempts: "-1" is not allowed: write a number of attempts, the first included, of at least 1`: func(d *settings.Declaration) {
			d.Methods[0].Defaults = defaults("retry.max-attempts", -1)
		},
		`tag of Shop.ServiceClient: ` + own + `total-timeout: "10s" is not allowed: the timeout of one attempt, 30s, must not be longer than that of all, 10s`: func(d *settings.Declaration) {
			d.Tag.Values["total-timeout"] = "10s"
		},
		`client.Defaults: ` + own + `headers.X-A: "a\nb" is not allowed: it cannot be sent as a header: give a name of letters, digits and dashes and a value without line breaks`: func(d *settings.Declaration) {
			d.Defaults = defaults("headers", map[string]any{"X-A": "a\nb"})
		},
		`client.Defaults: ` + own + `base: "nothing" is not allowed: write default or one of the names below pyfly.client.configs.: `: func(d *settings.Declaration) {
			d.Defaults = defaults("base", "nothing")
		},
		`tag of Shop.ServiceClient: ` + own + `headers.X-A: ${nowhere} is neither a key nor an environment variable: set nowhere, or give a default: ${nowhere:...}`: func(d *settings.Declaration) {
			d.Tag.Values["headers"] = map[string]any{"X-A": "a ${nowhere}"}
		},
		`Shop.Find: the header X-A: ${nowhere} is neither a key nor an environment variable: set nowhere, or give a default: ${nowhere:...}`: func(d *settings.Declaration) {
			d.Methods[1].Headers = http.Header{"X-A": {"${nowhere}"}}
		},
		`Shop.ServiceClient: url "http://shop": ${nowhere} is neither a key nor an environment variable: set nowhere, or give a default: ${nowhere:...}`: func(d *settings.Declaration) {
			d.Tag.Values["base-url"] = "${nowhere}"
		},
		`Shop has no base URL: tag ServiceClient with url:"http://..." or set ` + own + `base-url`: func(d *settings.Declaration) {
			d.Tag = settings.Given{}
		},
		`Shop.ServiceClient: url "http://shop": its scheme is "": write a URL that begins with http:// or https://`: func(d *settings.Declaration) {
			d.Tag.Values["base-url"] = "shop"
		},
		`client.Defaults: base-url "shop": its scheme is "": write a URL that begins with http:// or https://`: func(d *settings.Declaration) {
			d.Tag, d.Defaults = settings.Given{}, defaults("base-url", "shop")
		},
	} {
		t.Run(want, func(t *testing.T) {
			d := shop()
			change(d)
			_, err := settings.Resolve(config.New(nil), d, settings.Known{})
			require.ErrorIs(t, err, kernel.ErrConfig)
			assert.EqualError(t, err, want)
		})
	}
}

// A base URL that another level replaces need not be right.
func TestAReplacedBaseURLIsNotRead(t *testing.T) {
	d := shop()
	d.Tag.Values["base-url"] = "${nowhere}"
	c := resolve(t, load(t, own+"base-url: http://there/$${x}"), d)
	assert.Equal(t, "http://there/${x}", c.BaseURL)
	_, err := settings.Resolve(config.New(nil), d, settings.Known{})
	assert.ErrorContains(t, err, "nowhere")
}

func TestAllMistakesAreReportedAtOnce(t *testing.T) {
	_, err := settings.Resolve(load(t, "pyfly.client.default.timeout: soon", own+"hedge: later", own+"methods.find.retry: never"), shop(), settings.Known{})
	joined, ok := err.(interface{ Unwrap() []error })
	require.True(t, ok)
	assert.Len(t, joined.Unwrap(), 3)
}
