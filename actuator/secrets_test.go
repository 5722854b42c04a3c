// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

// KeyClient has secrets wherever a client can have them.
type KeyClient struct {
	client.ServiceClient `url:"http://ada:sesame-url@127.0.0.1:1/${hook.token}" retry:"2" retry-base-delay:"0s" headers:"Authorization: Bearer sesame-tag; X-Api-Key: ${KEY}; X-Hidden: ${payment.api-key:sesame-default}"`

	Get func(ctx context.Context) (string, error) `get:"/x?api_key=sesame-path" headers:"X-Auth-Token: sesame-method; X-Shown: yes"`
}

// shopSettings are settings of an application.
type shopSettings struct {
	DSN string `koanf:"dsn"`
}

func TestNoEndpointShowsASecret(t *testing.T) {
	t.Setenv("KEY", "sesame-variable")
	const own = "pyfly.client.services.key-client."
	settings := map[string]any{
		own + "headers": map[string]any{
			"X-Api-Key": "sesame-header", "X-Tenant": "for ${payment.api-key}", "X-Nested": "${shared.tenant}", "X-Partner": "sesame-named",
			"Accept": "text/plain", "X-Client-Version": "7", "X-Link": "http://ada:sesame@host/?token=sesame&sid=sesame-sid",
		},
		own + "proxy":             "http://ada:sesame-proxy@127.0.0.1:1/?token=sesame&sid=sesame-sid",
		own + "auth.bearer.token": "sesame-token",
		own + "secret-names":      []string{"X-Partner", "sid"},
		"pyfly.client.configs.x":  map[string]any{"headers": map[string]any{"Cookie": "sesame-cookie"}, "auth.oauth2.token-url": "http://auth/?key=sesame"},
		"payment.api-key":         "sesame-placeholder",
		"shared.tenant":           "${payment.api-key}",
		"hook.token":              "sesame-hook",
		"info.link":               "http://ada:sesame@host/?access_token=sesame",
		"pyfly.client.services.key-client.methods.get.retry": 3,

		own + "headers.X-Link-Signed":  "https://x.blob/c?sv=1&sig=sesame",
		own + "headers.X-Account":      `{"user":"ada","password":"sesame"}`,
		own + "headers.X-Scheme":       "Bearer sesame",
		own + "headers.X-Stripe-Key":   "sesame",
		own + "headers.X-Request-Sig":  "sesame",
		"info.dsn":                     "ada:sesame@tcp(db:3306)/shop",
		"shop.dsn":                     "ada:sesame@tcp(db:3306)/shop",
		"shop.connection":              "Server=db;Password=open sesame;Encrypt=true",
		"shop.blob":                    "https://x.blob/c?sv=1&sig=sesame",
		"shop.account":                 `{"user":"ada","password":"sesame"}`,
		"shop.yaml":                    "user: ada\npassword: open sesame\n",
		"shop.pem":                     "-----BEGIN PRIVATE KEY-----\nsesame\n-----END PRIVATE KEY-----",
		"shop.call":                    "Authorization: Basic sesame1",
		"shop.parts.list":              []string{"redis://:sesame@cache", "password=sesame"},
		"shop.copy":                    "see ${shop.connection}",
		"shop.jwt":                     "sesame",
		"shop.webhook-hmac":            "sesame",
		"shop.stripe.key":              "sesame",
		"shop.redis.auth":              "sesame",
		"secrets.partner":              "sesame",
		"shop.primary-key":             "order-id",
		"shop.token-timeout":           "30s",
		"shop.services.token-store.at": "http://tokens:8080/api",
	}
	r := run(t, settings, func(app *container.ApplicationContext) {
		container.Properties[shopSettings](app, "shop")
		client.Register[KeyClient](app)
		app.RegisterInstance(client.Interceptor(func(next client.Exchange) client.Exchange {
			return func(req *http.Request) (*http.Response, error) {
				if strings.HasPrefix(req.URL.Path, "/x") {
					return nil, errors.New(`signed by http://ada:sesame@host/?token=sesame-signer with {"api_key":"sesame"} over ada:sesame@tcp(db:3306)/x`)
				}
				return next(req)
			}
		}))
	})
	f := follow(t, r.url)
	f.await("hello", any1)
	for range 5 {
		if _, err := container.Must(container.Get[*KeyClient](r.app)).Get(t.Context()); err == nil {
			t.Fatal("the call succeeds")
		}
	}
	batch := f.await("events", any1)
	if text := encoded(t, batch); strings.Contains(text, "sesame") || !strings.Contains(text, "signed by http://******@host") {
		t.Errorf("an event shows a secret, or nothing: %s", text)
	}
	endpoints := []string{
		"", "/health", "/beans", "/startup", "/configprops", "/info", "/clients", "/circuitbreakers", "/circuitbreakers/key-client", "/history", "/prometheus",
	}
	for _, endpoint := range endpoints {
		for name, edits := range map[string][]edit{"no token": nil, "the token": {withToken}} {
			a := get(t, r.url+endpoint, edits...)
			if a.status != http.StatusOK {
				t.Errorf("%s with %s: %d %s", endpoint, name, a.status, a.body)
			}
			if i := strings.Index(a.body, "sesame"); i >= 0 {
				t.Errorf("%s with %s shows a secret: ...%s", endpoint, name, a.body[max(0, i-80):min(len(a.body), i+30)])
			}
		}
	}
	props := get(t, r.url+"/configprops").body
	for _, shown := range []string{
		`"value":"******@tcp(db:3306)/shop"`, `"value":"Server=db;Password=******;Encrypt=true"`, `"value":"order-id"`, `"value":"30s"`, `"value":"http://tokens:8080/api"`,
	} {
		if !strings.Contains(props, shown) {
			t.Errorf("/configprops does not show %s", shown)
		}
	}
	clients := get(t, r.url+"/clients").body
	for _, shown := range []string{
		`"name":"headers.Accept","key":"` + own + `headers.Accept","value":"text/plain"`, `"value":"for ******"`,
		`"name":"headers.X-Client-Version","key":"` + own + `headers.X-Client-Version","value":"7"`, `"X-Shown":["yes"]`,
	} {
		if !strings.Contains(clients, shown) {
			t.Errorf("/clients does not show %s", shown)
		}
	}
}

func encoded(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
