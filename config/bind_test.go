// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

type endpoint struct {
	BaseURL string `koanf:"base-url"`
	Timeout time.Duration
}

type common struct {
	Name string `koanf:"name"`
	Zone string
}

type shop struct {
	common   `koanf:",squash"`
	Open     bool                 `koanf:"open"`
	Limit    config.ByteSize      `koanf:"limit"`
	Wait     time.Duration        `koanf:"wait" default:"30s"`
	Tags     []string             `koanf:"tags" default:"a,b"`
	Main     endpoint             `koanf:"main"`
	Spare    *endpoint            `koanf:"spare"`
	Unset    *endpoint            `koanf:"unset"`
	Size     *int                 `koanf:"size" default:"7"`
	Mirrors  []endpoint           `koanf:"mirrors"`
	Regions  map[string]endpoint  `koanf:"regions"`
	Pointers map[string]*endpoint `koanf:"pointers"`
	Start    time.Time            `koanf:"start"`
	Anything any                  `koanf:"anything"`
	Callback func()               `koanf:"-"`
	hidden   string
}

const shopYAML = `shop:
  name: corner
  zone: west
  open: yes
  limit: 1KiB
  main: {base-url: http://main, timeout: 1.5}
  spare:
    baseUrl: http://spare
  mirrors:
    - {base_url: http://m1}
    - timeout: 2s
  regions:
    eu-West: {timeout: 1s}
  pointers: {p: {timeout: 3s}}
  start: 2026-01-02T03:04:05Z
  anything: {x: [1]}
  hidden: x
`

func TestBind(t *testing.T) {
	cfg := loadYAML(t, shopYAML)
	seven := 7
	want := shop{
		common:   common{Name: "corner", Zone: "west"},
		Open:     true,
		Limit:    config.KiB,
		Wait:     30 * time.Second,
		Tags:     []string{"a", "b"},
		Main:     endpoint{"http://main", 1500 * time.Millisecond},
		Spare:    &endpoint{BaseURL: "http://spare"},
		Size:     &seven,
		Mirrors:  []endpoint{{BaseURL: "http://m1"}, {Timeout: 2 * time.Second}},
		Regions:  map[string]endpoint{"eu-West": {Timeout: time.Second}},
		Pointers: map[string]*endpoint{"p": {Timeout: 3 * time.Second}},
		Start:    time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		Anything: map[string]any{"x": []any{1}},
	}
	var got shop
	if err := cfg.Bind("shop", &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	var root struct {
		Shop struct{ Name string }
	}
	if err := cfg.Bind("", &root); err != nil || root.Shop.Name != "corner" {
		t.Errorf("%+v, %v", root, err)
	}
}

func TestBindKeepsWhatIsNotSet(t *testing.T) {
	cfg := config.New(map[string]any{"s": map[string]any{"main": map[string]any{"timeout": "1s"}, "regions": map[string]any{"b": map[string]any{"timeout": "2s"}, "a": map[string]any{"timeout": "3s"}}}})
	shared := map[string]endpoint{"a": {BaseURL: "kept"}}
	got := shop{
		Wait: time.Minute, Tags: []string{"mine"}, hidden: "mine",
		Main: endpoint{BaseURL: "kept"}, Spare: &endpoint{BaseURL: "kept"}, Regions: shared,
	}
	if err := cfg.Bind("s", &got); err != nil {
		t.Fatal(err)
	}
	if got.Wait != time.Minute || got.Tags[0] != "mine" || got.Main != (endpoint{"kept", time.Second}) || got.Spare.BaseURL != "kept" || got.hidden != "mine" {
		t.Errorf("%+v", got)
	}
	if len(got.Regions) != 2 || got.Regions["a"] != (endpoint{"kept", 3 * time.Second}) {
		t.Errorf("%+v", got.Regions)
	}
	if len(shared) != 1 || shared["a"].Timeout != 0 {
		t.Error("a map of defaults was changed")
	}
}

func TestBindReportsAllAtOnce(t *testing.T) {
	t.Setenv("PYFLY_WAIT", "soon")
	cfg := loadYAML(t, "pyfly:\n  open: perhaps\n  limit: big\n  main: 5\n  mirrors:\n    - timeout: x\n  regions:\n    eu: {timeout: y}\n  name: fine\n")
	var got shop
	err := cfg.Bind("pyfly", &got)
	wantError(t, err, strings.Join([]string{
		`pyfly.yaml:2: pyfly.open: "perhaps" is not a bool: write true or false`,
		`pyfly.yaml:3: pyfly.limit: "big" is not a valid size: write 512B, 64KiB, 10MiB or 10MB, or a number of bytes`,
		`environment variable PYFLY_WAIT: pyfly.wait: "soon" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`,
		`pyfly.yaml:4: pyfly.main: "5" is where a group of keys is needed: write keys and values below it`,
		`pyfly.yaml:6: pyfly.mirrors[0].timeout: "x" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`,
		`pyfly.yaml:8: pyfly.regions.eu.timeout: "y" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`,
	}, "\n"))
	if got.Name != "fine" || got.Wait != 0 || got.Mirrors != nil {
		t.Errorf("%+v", got)
	}
}

func TestTargetsThatCannotBeBound(t *testing.T) {
	n := 5
	for want, target := range map[string]any{
		"<nil>": nil, "config_test.shop": shop{}, "*config_test.shop": (*shop)(nil), "*int": &n, "map[string]int": map[string]int{},
	} {
		wantError(t, config.New(nil).Bind("a.b", target), "a.b: settings cannot be bound to a "+want+": pass a pointer to a struct that is not nil")
	}
	var unsupported struct{ C chan int }
	if err := config.New(nil).Bind("a", &unsupported); err != nil {
		t.Error(err)
	}
	wantError(t, config.New(map[string]any{"a.c": 1}).Bind("a", &unsupported),
		`code: a.c: no setting can be read into a chan int: change the field's type, or exclude it with koanf:"-"`)
}

func TestWrongDefaultTag(t *testing.T) {
	var target struct {
		Wait time.Duration `default:"soon"`
	}
	wantError(t, config.New(nil).Bind("a", &target),
		`a.wait: the default of the field's tag: "soon" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`)
	if err := config.New(map[string]any{"a.wait": 0}).Bind("a", &target); err != nil || target.Wait != 0 {
		t.Error("a default was used for a key that is set", err)
	}
}

func TestDefaultTagMayHoldPlaceholders(t *testing.T) {
	var target struct {
		URL string `default:"http://${host:localhost}"`
	}
	if err := config.New(map[string]any{"host": "h"}).Bind("a", &target); err != nil || target.URL != "http://h" {
		t.Error(target, err)
	}
}

func TestFieldsWithoutTagAreInKebabCase(t *testing.T) {
	var target struct {
		BaseURL     string
		HTTPTimeout string
		MaxIdle2    string
		X           string
	}
	cfg := config.New(map[string]any{"base-url": "1", "http-timeout": "2", "max-idle2": "3", "x": "4"})
	if err := cfg.Bind("", &target); err != nil || target.BaseURL+target.HTTPTimeout+target.MaxIdle2+target.X != "1234" {
		t.Errorf("%+v, %v", target, err)
	}
}

type tree struct {
	Name  string
	Left  *tree
	Nodes []tree
}

func TestATypeThatContainsItself(t *testing.T) {
	var target tree
	cfg := loadYAML(t, "name: a\nleft: {name: b, left: {name: c}}\nnodes: [{name: d}]")
	if err := cfg.Bind("", &target); err != nil || target.Left.Left.Name != "c" || target.Left.Left.Left != nil || target.Nodes[0].Name != "d" {
		t.Errorf("%+v, %v", target, err)
	}
}

type pool struct {
	Min  int           `koanf:"min"`
	Max  int           `koanf:"max"`
	Wait time.Duration `koanf:"wait"`

	zeros []string
}

var errPool = errors.New("min is more than max")

func (p *pool) Validate() error {
	var tooLong error
	if p.Wait > time.Hour {
		tooLong = errors.New("wait: at most an hour makes sense")
	}
	if p.Min > p.Max {
		return errors.Join(errPool, tooLong)
	}
	return tooLong
}

func (p *pool) SetExplicitZero(key string) { p.zeros = append(p.zeros, key) }

func TestExplicitZerosAreTold(t *testing.T) {
	t.Setenv("PYFLY_B_WAIT", "0s")
	cfg := loadYAML(t, "a: {min: 0, max: 1}\npyfly.b: {max: 2}\nc: {}")
	for key, want := range map[string][]string{"a": {"min"}, "pyfly.b": {"wait"}, "c": nil} {
		p := pool{Wait: time.Second}
		if err := cfg.Bind(key, &p); err != nil || !reflect.DeepEqual(p.zeros, want) {
			t.Errorf("%s: told of %v, want %v; %v", key, p.zeros, want, err)
		}
	}
}

func TestStructsCheckThemselves(t *testing.T) {
	type nested struct {
		Pool  pool            `koanf:"pool"`
		Pools map[string]pool `koanf:"pools"`
		Spare *pool           `koanf:"spare"`
	}
	cfg := loadYAML(t, "pool: {min: 2, max: 1, wait: 2h}\npools:\n  x: {min: 3}\n")
	err := cfg.Bind("", new(nested))
	wantError(t, err, "pyfly.yaml:1: pool: min is more than max\n"+
		"pyfly.yaml:1: pool.wait: at most an hour makes sense\n"+
		"pyfly.yaml:3: pools.x: min is more than max")
	if !errors.Is(err, errPool) {
		t.Error("the cause is lost")
	}
	// A struct with a wrong field is not asked: it would judge a value that
	// nobody wrote.
	wantError(t, config.New(map[string]any{"p": map[string]any{"min": 3, "max": "x"}}).Bind("p", new(pool)),
		`code: p.max: "x" is not a whole number: write a whole number`)
}

func TestASquashedStructIsCheckedOnce(t *testing.T) {
	type promoted struct {
		pool `koanf:",squash"`
		Name string
	}
	cfg := config.New(map[string]any{"min": 2, "max": 0, "name": "x"})
	var p promoted
	wantError(t, cfg.Bind("", &p), "min is more than max")
	if !reflect.DeepEqual(p.zeros, []string{"max"}) {
		t.Error(p.zeros)
	}
	var byPointer struct {
		*Inner `koanf:",squash"`
	}
	if err := config.New(map[string]any{"x": 1}).Bind("", &byPointer); err != nil || byPointer.Inner == nil || byPointer.X != 1 {
		t.Error(err)
	}
}

type Inner struct{ X int }

type certificate struct {
	File    string        `koanf:"file"`
	Wait    time.Duration `koanf:"wait" default:"${NOT_SET_ANYWHERE}"`
	Nested  *certificate  `koanf:"nested"`
	Servers pool          `koanf:"servers"`
}

func (c *certificate) Validate() error {
	if c.File == "" {
		return errors.New("file: must be set")
	}
	return nil
}

type optionalSections struct {
	Name     string
	TLS      *certificate
	Spare    **certificate
	Map      map[string]*certificate
	List     []*certificate
	Embedded *struct{ Cert *certificate }
	*Section `koanf:",squash"`
}

type Section struct{ Path, Mode string }

func (s *Section) Validate() error {
	if s.Path == "" {
		return errors.New("path: must be set")
	}
	return nil
}

func TestOptionalSectionsMayBeAbsent(t *testing.T) {
	for yaml, want := range map[string]optionalSections{
		"":                        {},
		"name: x":                 {Name: "x"},
		"name: x\ntls: {}":        {Name: "x"},
		"name: x\ntls:":           {Name: "x"},
		"tls: []":                 {},
		"map: {}\nlist: []":       {Map: map[string]*certificate{}, List: []*certificate{}},
		"tls: {file: x, wait: 1}": {TLS: &certificate{File: "x", Wait: time.Second}},
		"path: x":                 {Section: &Section{Path: "x"}},
		"embedded: {cert: {}}":    {},
	} {
		var got optionalSections
		if err := loadYAML(t, yaml).Bind("", &got); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%q: %+v, %v", yaml, got, err)
		}
	}
}

// declaring embeds a section and checks itself.
type declaring struct {
	*Section `koanf:",squash"`
}

func (d declaring) Validate() error {
	if d.Section == nil {
		return errors.New("it was asked")
	}
	return nil
}

type declaringByPointer struct {
	*Section `koanf:",squash"`
}

func (d *declaringByPointer) Validate() error { return declaring(*d).Validate() }

func TestAStructIsAskedThoughAnEmbeddedSectionIsAbsent(t *testing.T) {
	wantError(t, config.New(nil).Bind("", new(declaring)), "it was asked")
	wantError(t, config.New(nil).Bind("", new(declaringByPointer)), "it was asked")
	if err := config.New(nil).Bind("", new(optionalSections)); err != nil {
		t.Error(err)
	}
}

func TestOptionalSectionsThatArePresentAreChecked(t *testing.T) {
	const noDefault = "tls.wait: the default of the field's tag: ${NOT_SET_ANYWHERE} is neither a key nor an environment variable: set NOT_SET_ANYWHERE, or give a default: ${NOT_SET_ANYWHERE:...}"
	for yaml, want := range map[string]string{
		"tls: {wait: 1}":    "tls.file: must be set",
		"tls: {wait: soon}": `pyfly.yaml:1: tls.wait: "soon" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds`,
		"tls: {file: x}":    noDefault,
		"tls: {wait: 1, file: x, servers: {min: 2}}":   "pyfly.yaml:1: tls.servers: min is more than max",
		"tls: {wait: 1, file: x, nested: {wait: 1}}":   "tls.nested.file: must be set",
		"map: {a: {wait: 1}}":                          "map.a.file: must be set",
		"list: [{wait: 1}]":                            "list[0].file: must be set",
		"embedded: {cert: {wait: 1}}":                  "embedded.cert.file: must be set",
		"mode: x":                                      "path: must be set",
		"mode: x\ntls: {wait: 1, servers: {min: 2}}\n": "pyfly.yaml:2: tls.servers: min is more than max\ntls.file: must be set",
	} {
		var got optionalSections
		wantError(t, loadYAML(t, yaml).Bind("", &got), want)
	}
	t.Setenv("PYFLY_TLS_WAIT", "1")
	wantError(t, loadYAML(t, "").Bind("pyfly", new(optionalSections)), "pyfly.tls.file: must be set")
}
