// SPDX-License-Identifier: Apache-2.0

package client_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// The secrets of these tests begin with sesame, and say where they stand.

type taggedSecrets struct {
	client.ServiceClient `name:"tagged" url:"http://ada:sesame-url@tagged.invalid/${hook.token:sesame-url-default}" retry:"2" retry-base-delay:"0s" headers:"Authorization: Bearer sesame-literal; X-Api-Key: ${KEY:sesame-default}; X-Partner: ${payment.api-key:sesame-tag}; X-Nested: a ${shared.tenant}; X-Configured: sesame-configured; X-Callback: http://h/?token=sesame-parameter&sid=sesame-sid; Accept-Language: de; X-Client-Version: ${version:7}"`

	Get func(ctx context.Context) (string, error) `get:"/x?api_key=sesame-path&lang=de&sid=sesame-sid-path" headers:"X-Auth-Token: sesame-method; X-Hidden: ${payment.api-key:sesame-method-default}; X-Configured: sesame-method-configured; X-Shown: yes"`
}

type configuredSecrets struct {
	client.ServiceClient `name:"configured"`

	Get func(ctx context.Context) (string, error) `get:"/x"`
}

type oauthSecrets struct {
	client.HttpClient `name:"oauth" url:"${oauth.url}"`

	Get func(ctx context.Context) (string, error) `get:"/x"`
}

type basicSecrets struct {
	client.HttpClient `name:"basic" url:"${SERVICE_URL}"`

	Get func(ctx context.Context) (string, error) `get:"/x"`
}

const secretSettings = `
pyfly:
  client:
    default:
      proxy: http://ada:sesame-proxy@proxy.invalid:3128/?token=sesame-proxy-parameter&sid=sesame-proxy-sid
      secret-names: [X-Configured, sid]
      headers: {Cookie: sesame-cookie, X-Of-All: "${payment.api-key}"}
    configs:
      shared:
        headers: {X-Base-Secret: sesame-base, X-Base: base}
    services:
      tagged:
        headers: {X-Api-Key: sesame-setting, X-Own: own}
      configured:
        base: shared
        base-url: http://ada:sesame-user-info@configured.invalid:81/api
        auth: {bearer: {token: sesame-bearer}}
        headers:
          Proxy-Authorization: sesame-proxy-authorization
          X-Tenant: before ${payment.api-key} after
          X-Whole: ${shared.tenant}
          X-Variable: ${SHOP_PASSWORD}
          X-Configured: sesame-configured-setting
          X-Link: http://me:sesame-link@host/?sid=sesame-link-sid&page=2
          Accept: text/plain
      oauth:
        auth: {oauth2: {token-url: "http://ada:sesame-token-url@auth.invalid/token?key=sesame-token-parameter", client-id: sesame-id, client-secret: sesame-client-secret}}
      basic:
        headers: ${shared.headers}
        auth: {basic: {username: sesame-name, password: sesame-password}}
payment: {api-key: sesame-placeholder}
shared:
  tenant: ${payment.api-key}
  headers: {X-From-Group: "${payment.api-key}", X-Plain: plain}
oauth: {url: "http://ada:sesame-url-setting@oauth.invalid"}
`

// secretsApp starts an application with secrets in every place.
func secretsApp(t *testing.T, log *recordingHandler) *container.ApplicationContext {
	t.Helper()
	for name, value := range map[string]string{
		"KEY": "sesame-key", "SHOP_PASSWORD": "sesame-variable", "SERVICE_URL": "http://ada:sesame-url-variable@basic.invalid",
		"PYFLY_CLIENT_SERVICES_CONFIGURED_HEADERS_X_ACCESS_TOKEN": "sesame-header-variable",
		"PYFLY_CLIENT_SERVICES_CONFIGURED_HEADERS_X_FROM_ENV":     "shown-variable",
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	if err := os.WriteFile("pyfly.yaml", []byte(secretSettings), 0o600); err != nil {
		t.Fatal(err)
	}
	cfg, err := config.Load()
	if err != nil {
		t.Fatal(err)
	}
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(log.logger()))
	app.Install(client.Module(client.WithFactory(func(client.PortConfig) (client.HttpClientPort, error) {
		return portFunc(func(*http.Request) (*http.Response, error) {
			return answer(500, "", "Set-Cookie", "sesame-answer", "X-Session-Token", "sesame-answer-token", "X-Configured", "sesame-answer-configured"), nil
		}), nil
	})))
	client.Register[taggedSecrets](app)
	client.Register[configuredSecrets](app)
	client.Register[oauthSecrets](app)
	client.Register[basicSecrets](app)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = app.Stop(context.Background()) })
	return app
}

func wantNoSecret(t *testing.T, what, text string) {
	t.Helper()
	for i := strings.Index(text, "sesame"); i >= 0; i = strings.Index(text, "sesame") {
		t.Errorf("%s shows a secret: ...%s", what, text[max(0, i-60):min(len(text), i+30)])
		text = text[i+1:]
	}
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestClientsShowNoSecret(t *testing.T) {
	log := &recordingHandler{}
	app := secretsApp(t, log)
	infos := client.Clients(app)
	wantNoSecret(t, "Clients", inJSON(t, infos))
	wantNoSecret(t, "Clients, printed,", fmt.Sprintf("%+v", infos))
	wantNoSecret(t, "Stats", inJSON(t, client.Stats(app)))

	shown := map[string]string{}
	for _, info := range infos {
		for _, s := range info.Settings {
			shown[info.Declaration.Name+" "+s.Name] = s.Value + " from " + s.Origin
		}
		shown[info.Declaration.Name] = info.Stats.BaseURL
	}
	for name, want := range map[string]string{
		"tagged":                                 "http://tagged.invalid/******",
		"tagged base-url":                        "http://******@tagged.invalid/****** from tag of taggedSecrets.ServiceClient",
		"tagged headers.Authorization":           "****** from tag of taggedSecrets.ServiceClient",
		"tagged headers.X-Api-Key":               "****** from pyfly.yaml:13",
		"tagged headers.X-Partner":               "****** from tag of taggedSecrets.ServiceClient",
		"tagged headers.X-Nested":                "a ****** from tag of taggedSecrets.ServiceClient",
		"tagged headers.X-Configured":            "****** from tag of taggedSecrets.ServiceClient",
		"tagged headers.X-Callback":              "http://h/?token=******&sid=****** from tag of taggedSecrets.ServiceClient",
		"tagged headers.Accept-Language":         "de from tag of taggedSecrets.ServiceClient",
		"tagged headers.X-Client-Version":        "7 from tag of taggedSecrets.ServiceClient",
		"tagged headers.X-Own":                   "own from pyfly.yaml:13",
		"tagged proxy":                           "http://******@proxy.invalid:3128/?token=******&sid=****** from pyfly.yaml:5",
		"configured":                             "http://configured.invalid:81/api",
		"configured base-url":                    "http://******@configured.invalid:81/api from pyfly.yaml:16",
		"configured headers.Cookie":              "****** from pyfly.yaml:7",
		"configured headers.X-Of-All":            "****** from pyfly.yaml:7",
		"configured headers.X-Base-Secret":       "****** from pyfly.yaml:10",
		"configured headers.X-Base":              "base from pyfly.yaml:10",
		"configured headers.Proxy-Authorization": "****** from pyfly.yaml:19",
		"configured headers.X-Tenant":            "before ****** after from pyfly.yaml:20",
		"configured headers.X-Whole":             "****** from pyfly.yaml:21",
		"configured headers.X-Variable":          "****** from pyfly.yaml:22",
		"configured headers.X-Configured":        "****** from pyfly.yaml:23",
		"configured headers.X-Link":              "http://******@host/?sid=******&page=2 from pyfly.yaml:24",
		"configured headers.Accept":              "text/plain from pyfly.yaml:25",
		"configured headers.X-Access-Token":      "****** from environment variable PYFLY_CLIENT_SERVICES_CONFIGURED_HEADERS_X_ACCESS_TOKEN",
		"configured headers.X-From-Env":          "shown-variable from environment variable PYFLY_CLIENT_SERVICES_CONFIGURED_HEADERS_X_FROM_ENV",
		"configured auth.bearer.token":           "****** from pyfly.yaml:17",
		"oauth base-url":                         "http://******@oauth.invalid from tag of oauthSecrets.HttpClient",
		"oauth auth.oauth2.token-url":            "****** from pyfly.yaml:27",
		"oauth auth.oauth2.client-secret":        "****** from pyfly.yaml:27",
		"basic auth.basic.password":              "****** from pyfly.yaml:30",
		"basic headers.X-From-Group":             "****** from pyfly.yaml:29",
		"basic headers.X-Plain":                  "plain from pyfly.yaml:29",
	} {
		if shown[name] != want {
			t.Errorf("%s is %q, want %q", name, shown[name], want)
		}
	}
	for _, line := range log.lines() {
		wantNoSecret(t, "the log", line)
	}
}

func TestDescribeShowsNoSecret(t *testing.T) {
	d := client.Describe[taggedSecrets]()
	if err := d.Err(); err != nil {
		t.Fatal(err)
	}
	// The name X-Configured, and sid, are secret by settings alone.
	without := strings.NewReplacer("sesame-configured", "", "sesame-method-configured", "", "sesame-sid-path", "", "sesame-sid", "")
	wantNoSecret(t, "Describe", without.Replace(inJSON(t, d)))
	wantNoSecret(t, "Describe, printed,", without.Replace(fmt.Sprintf("%+v", d)))
	for name, want := range map[string]string{
		"Authorization": "******", "X-Api-Key": "******", "X-Partner": "${payment.api-key:******}", "X-Nested": "a ${shared.tenant}",
		"Accept-Language": "de", "X-Client-Version": "${version:7}",
	} {
		if got := d.Headers.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	m := d.Methods[0]
	if d.BaseURL != "http://******@tagged.invalid/${hook.token:******}" || m.Path != "/x?api_key=******&lang=de&sid=sesame-sid-path" ||
		m.Headers.Get("X-Auth-Token") != "******" || m.Headers.Get("X-Shown") != "yes" {
		t.Errorf("%s %s %v", d.BaseURL, m.Path, m.Headers)
	}
}

// What is sent has the secrets.
func TestHiddenSecretsAreSent(t *testing.T) {
	server := serve(t, nil)
	t.Setenv("KEY", "sesame-key")
	type keyed struct {
		client.HttpClient `url:"${server}" headers:"X-Api-Key: ${KEY}; Authorization: Bearer sesame-literal"`
		Get               func(ctx context.Context) error `get:"/x?api_key=sesame-path" headers:"X-Auth-Token: sesame-method"`
	}
	c := wireBy[keyed](t, map[string]any{"server": server.URL, "pyfly.client.services.keyed.headers.X-Tenant": "${payment.api-key}", "payment.api-key": "sesame-tenant"})
	if err := c.Get(t.Context()); err != nil {
		t.Fatal(err)
	}
	got := server.last(t)
	for name, want := range map[string]string{
		"X-Api-Key": "sesame-key", "Authorization": "Bearer sesame-literal", "X-Auth-Token": "sesame-method", "X-Tenant": "sesame-tenant",
	} {
		if got.Header.Get(name) != want {
			t.Errorf("%s is %q, want %q", name, got.Header.Get(name), want)
		}
	}
	if got.Query != "api_key=sesame-path" {
		t.Errorf("the query is %s", got.Query)
	}
}

func TestFailedCallsShowNoSecret(t *testing.T) {
	log := &recordingHandler{}
	app := secretsApp(t, log)
	var told []client.PolicyEvent
	lifecycle.Subscribe(app.Events(), func(e client.PolicyEvent) { told = append(told, e) })
	_, err := getBean[taggedSecrets](t, app).Get(t.Context())
	var failed *client.Error
	if !errors.As(err, &failed) {
		t.Fatal(err)
	}
	wantNoSecret(t, "the error", err.Error())
	wantNoSecret(t, "its headers", fmt.Sprint(failed.Header))
	if failed.URL != "http://tagged.invalid/******/x?api_key=******&lang=de&sid=******" {
		t.Errorf("the URL is %s", failed.URL)
	}
	if len(told) == 0 {
		t.Error("no event was published")
	}
	for _, e := range told {
		wantNoSecret(t, "an event", fmt.Sprintf("%+v %v", e, e.Err))
	}
	for _, line := range log.lines() {
		wantNoSecret(t, "the log", line)
	}
}

func TestMistakesShowNoSecret(t *testing.T) {
	type noColon struct {
		client.HttpClient `url:"http://h" headers:"Authorization Bearer sesame"`
		Get               func(ctx context.Context) error `get:"/x" headers:"X-Api-Key: a\nsesame"`
	}
	type noSlash struct {
		client.HttpClient `url:"http://h"`
		Get               func(ctx context.Context) error `get:"x?api_key=sesame"`
	}
	for name, err := range map[string]error{
		"headers": client.Describe[noColon]().Err(), "a path": client.Describe[noSlash]().Err(),
	} {
		if err == nil {
			t.Fatalf("%s: no error", name)
		}
		wantNoSecret(t, name, err.Error())
	}

	type queried struct {
		client.HttpClient `name:"queried" url:"http://ada:sesame@h?x=1"`
		Get               func(ctx context.Context) error `get:"/x"`
	}
	for name, settings := range map[string]map[string]any{
		"a URL in a tag":          nil,
		"a URL in the settings":   {"pyfly.client.services.queried.base-url": "http://ada:sesame@h?token=sesame"},
		"a proxy":                 {"pyfly.client.services.queried.proxy": "ftp://ada:sesame@h?token=sesame"},
		"a header":                {"pyfly.client.services.queried.headers.X-Api-Key": "sesame\n"},
		"a header by placeholder": {"pyfly.client.services.queried.headers.X-Tenant": "${api-key}\n", "api-key": "sesame"},
		"a default":               {"pyfly.client.services.queried.timeout": "${api-key:sesame}"},
		"an open placeholder":     {"pyfly.client.services.queried.timeout": "${api-key:sesame"},
		"a token":                 {"pyfly.client.services.queried.auth.bearer.token": "sesame\n"},
		"a group":                 {"pyfly.client.services.queried.auth.bearer": "sesame"},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(settings)
			client.Register[queried](app)
			err := app.Start(t.Context())
			if err == nil {
				t.Fatal("it starts")
			}
			wantNoSecret(t, "the report", err.Error()+inJSON(t, err.(*container.StartupError).Problems))
		})
	}
}

type keyInPathClient struct {
	client.ServiceClient `url:"http://keys.invalid" name:"keys" retry:"false"`

	Get func(ctx context.Context, id, apiKey string) (string, error) `get:"/things/{id}/{api_key}"`
}

func TestAPathArgumentThatIsASecretIsNotShown(t *testing.T) {
	c := wire[keyInPathClient](t, nil, portFunc(func(r *http.Request) (*http.Response, error) {
		if !strings.Contains(r.URL.Path, "hunter2") {
			t.Errorf("sent to %s", r.URL.Path)
		}
		return answer(404, "none"), nil
	}))
	_, err := c.Get(t.Context(), "7", "hunter2")
	var e *client.Error
	if !errors.As(err, &e) || strings.Contains(fmt.Sprintf("%+v", *e), "hunter2") || e.URL != "http://keys.invalid/things/{id}/{api_key}" {
		t.Errorf("got %v", err)
	}
}

func TestTheHeaderOfAnErrorShowsNoSecret(t *testing.T) {
	shop := wire[boutique](t, shopSettings("retry.enabled", false), portFunc(func(*http.Request) (*http.Response, error) {
		r := answer(302, "", "Location", "https://login.example/cb?code=hunter2&state=1", "Content-Location", "/a?sig=hunter2",
			"X-Refresh-Token", "hunter2", "X-Hint", "see postgres://u:hunter2@db/x", "X-Plain", "a?b=c")
		r.Header.Add("Set-Cookie", "session=hunter2")
		return r, nil
	}))
	_, err := shop.Get(t.Context(), "1")
	var failed *client.Error
	require.ErrorAs(t, err, &failed)
	text, jsonErr := json.Marshal(failed)
	require.NoError(t, jsonErr)
	assert.NotContains(t, string(text)+fmt.Sprintf("%+v", failed), "hunter2")
	assert.Equal(t, "https://login.example/cb?******", failed.Header.Get("Location"))
	assert.Equal(t, "a?b=c", failed.Header.Get("X-Plain"))
}
