// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

const withSecrets = `
shop:
  name: corner
  api-key: sesame
  tenant: for ${payment.api-key}
  nested: ${shop.alias}
  alias: ${payment.api-key}
  default: ${payment.password:sesame}
  variable: ${SHOP_PASSWORD}
  url: http://ada:sesame@host/?token=sesame&page=2
  hook: ${hook.token}
  plain-url: ${token.url}
  tags: [a, "${payment.api-key}", "${shop.name}"]
  words: a, ${payment.api-key}
  broken: ${payment.api-key:sesame
  nothing: ${nowhere} ${payment.api-key:sesame}
  escaped: $${payment.api-key}
  size: 1.50
  group: {x: 1}
  ref: ${shop.group}
  mail: ada:sesame@smtp
  about-mail: mail goes through ${shop.mail} today
  dsn: ada:sesame@tcp(db:3306)/shop
  see: look at ${shop.words-of-db} for more
  words-of-db: Server=db;Password=open sesame
  blob: "https://x.blob/c?sv=1&sig=sesame"
  account: '{"user":"ada","password":"sesame"}'
  certificates: ["-----BEGIN PRIVATE KEY-----\nsesame", plain]
  require-auth: true
redis: {auth: sesame}
secrets: {partner: sesame}
token-service: {timeout: 3s}
payment: {api-key: sesame}
hook: {token: "https://hooks/sesame"}
token: {url: "http://host:8080"}
`

func TestRedactedValuesHoldNoSecret(t *testing.T) {
	t.Setenv("SHOP_PASSWORD", "sesame")
	t.Setenv("PYFLY_SHOP_KEY", "${payment.api-key}")
	cfg := loadYAML(t, withSecrets)
	for key, want := range map[string]string{
		"shop.name":             "corner",
		"shop.api-key":          "******",
		"shop.tenant":           "for ******",
		"shop.nested":           "******",
		"shop.alias":            "******",
		"shop.default":          "******",
		"shop.variable":         "******",
		"shop.url":              "http://******@host/?token=******&page=2",
		"shop.hook":             "https://hooks/******",
		"shop.plain-url":        "http://host:8080",
		"shop.tags":             "a, ******, corner",
		"shop.words":            "a, ******",
		"shop.broken":           "${payment.api-key:******",
		"shop.nothing":          "${nowhere} ${payment.api-key:******}",
		"shop.escaped":          "${payment.api-key}",
		"shop.size":             "1.50",
		"shop.dsn":              "******@tcp(db:3306)/shop",
		"shop.see":              "look at Server=db;Password=******",
		"shop.about-mail":       "mail goes through ******@smtp today", // a value is classified where it is read
		"shop.words-of-db":      "Server=db;Password=******",
		"shop.blob":             "https://x.blob/c?sv=1&sig=******",
		"shop.account":          `{"user":"ada","password":"******"}`,
		"shop.certificates":     "******, plain",
		"shop.require-auth":     "true",
		"redis.auth":            "******",
		"secrets.partner":       "******",
		"shop.group":            "",
		"shop.ref":              "",
		"shop.absent":           "",
		"token-service.timeout": "3s", // only the last segment is a name of the value
		"pyfly.shop.key":        "******",
	} {
		if got := cfg.Redacted(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
	for _, e := range cfg.Entries("") {
		if strings.Contains(e.Value, "sesame") {
			t.Errorf("an entry shows a secret: %+v", e)
		}
	}
}

func TestExpandRedacted(t *testing.T) {
	cfg := loadYAML(t, withSecrets)
	for text, want := range map[string]string{
		"":                              "",
		"Bearer ${payment.api-key}":     "Bearer ******",
		"${shop.name}/${shop.alias}":    "corner/******",
		"http://ada:sesame@host":        "http://******@host",
		"https://h/${hook.token}":       "https://h/https://hooks/******",
		"${nowhere:a} ${api-key:s}":     "a ******",
		"${nowhere} ${api-key:sesame}":  "${nowhere} ${api-key:******}",
		"${shop.group}":                 "${shop.group}",
		"${payment.api-key:sesame} and": "****** and",
	} {
		if got := cfg.ExpandRedacted(text); got != want {
			t.Errorf("%q is %q, want %q", text, got, want)
		}
	}
}

// The value of a short form is resolved when it is written out.
func TestShortFormsHoldNoSecret(t *testing.T) {
	cfg := loadYAML(t, "cache: ${payment.api-key}\npayment: {api-key: sesame}")
	cfg.AddShortForms(config.ShortForm{Key: "cache", Switch: "enabled", Value: "name"})
	wantText(t, cfg, "cache.name", "sesame")
	if got := cfg.Redacted("cache.name"); got != "******" {
		t.Error(got)
	}
	for _, e := range cfg.Entries("cache.name") {
		if e.Value != "******" {
			t.Errorf("%+v", e)
		}
	}
	_, _, err := config.Value[int](cfg, "cache.name")
	wantError(t, err, "pyfly.yaml:1: cache: ****** is not a whole number (it comes from ${payment.api-key})")
}
