// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

// exampleFile writes a settings file into a folder of its own.
func exampleFile(content string) (path string, remove func()) {
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		panic(err)
	}
	path = filepath.Join(folder, "pyfly.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		panic(err)
	}
	return path, func() { _ = os.RemoveAll(folder) }
}

// Without options, Load finds pyfly.yaml by itself.
func ExampleLoad() {
	path, remove := exampleFile("shop:\n  name: corner\n  limit: 10\n")
	defer remove()

	cfg, err := config.Load(config.File(path), config.Map(map[string]any{"shop.limit": 20}))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(cfg.String("shop.name", ""), cfg.String("shop.limit", ""))
	// Output: corner 20
}

func ExampleNew() {
	cfg := config.New(map[string]any{
		"shop":      map[string]any{"name": "corner"},
		"shop.city": "Bern",
	})
	fmt.Println(cfg.Keys("shop"))
	// Output: [city name]
}

func ExampleConfig_Bind() {
	type Shop struct {
		Name    string          `koanf:"name"`
		Timeout time.Duration   `koanf:"timeout" default:"30s"`
		Limit   config.ByteSize `koanf:"limit"`
		Tags    []string        `koanf:"tags"`
	}
	cfg := config.New(map[string]any{"shop.name": "corner", "shop.limit": "10MiB", "shop.tags": "old, small"})

	var shop Shop
	err := cfg.Bind("shop", &shop)
	fmt.Println(shop.Name, shop.Timeout, shop.Limit, len(shop.Tags), err)
	// Output: corner 30s 10MiB 2 <nil>
}

// All that is wrong is reported at once.
func ExampleConfig_Bind_errors() {
	cfg := config.New(map[string]any{"shop": map[string]any{"timeout": "abc", "limit": -5}})
	fmt.Println(cfg.Bind("shop", &struct {
		Timeout time.Duration
		Limit   uint8
	}{}))
	// Output:
	// code: shop.timeout: "abc" is not a valid duration: write 500ms, 30s or 1m30s, or a number of seconds
	// code: shop.limit: "-5" does not fit into a uint8: write a whole number from 0 to 255
}

func ExampleValue() {
	cfg := config.New(map[string]any{"shop.timeout": "1m30s"})
	timeout, ok, err := config.Value[time.Duration](cfg, "shop.timeout")
	fmt.Println(timeout.Seconds(), ok, err)
	// Output: 90 true <nil>
}

func ExampleConfig_Expand() {
	cfg := config.New(map[string]any{"payment.host": "pay.example"})
	url, err := cfg.Expand("http://${payment.host}:${payment.port:8080}")
	fmt.Println(url, err)
	// Output: http://pay.example:8080 <nil>
}

func ExampleConfig_Origin() {
	path, remove := exampleFile("shop:\n  name: corner\n")
	defer remove()
	cfg, err := config.Load(config.File(path), config.Map(map[string]any{"shop.city": "Bern"}))
	if err != nil {
		fmt.Println(err)
		return
	}
	origin := cfg.Origin("shop.name")
	fmt.Println(filepath.Base(origin.File), origin.Line)
	fmt.Println(cfg.Origin("shop.city"))
	fmt.Println(cfg.Origin("shop.zip").IsZero())
	// Output:
	// pyfly.yaml 2
	// code
	// true
}

func ExampleConfig_UnknownKeys() {
	cfg := config.New(map[string]any{"shop.tiemout": "3s"})
	_, _, _ = config.Value[time.Duration](cfg, "shop.timeout")
	for _, unknown := range cfg.UnknownKeys("shop") {
		fmt.Printf("%s is unknown, perhaps %s\n", unknown.Key, unknown.Nearest)
	}
	// Output: shop.tiemout is unknown, perhaps shop.timeout
}

func ExampleParseDuration() {
	d, err := config.ParseDuration("1.5")
	fmt.Println(d, err)
	// Output: 1.5s <nil>
}

func ExampleParseByteSize() {
	size, err := config.ParseByteSize("1.5KiB")
	fmt.Println(int64(size), size*2, err)
	// Output: 1536 3KiB <nil>
}
