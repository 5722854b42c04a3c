// SPDX-License-Identifier: Apache-2.0

package config_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/pyfly-go/pyfly/config"
)

func TestConcurrentUse(t *testing.T) {
	t.Setenv("PYFLY_SHOP_WAIT", "5s")
	cfg := loadYAML(t, shopYAML+"name: ${shop.name}\n")
	var group sync.WaitGroup
	for i := range 50 {
		group.Go(func() {
			var s shop
			if err := cfg.Bind("shop", &s); err != nil || s.Name != "corner" {
				t.Errorf("%+v, %v", s, err)
			}
			if wait, ok, err := config.Value[time.Duration](cfg, "pyfly.shop.wait"); wait != 5*time.Second || !ok || err != nil {
				t.Error(wait, ok, err)
			}
			if text, err := cfg.Expand("${name}"); text != "corner" || err != nil {
				t.Error(text, err)
			}
			cfg.Exists(fmt.Sprintf("shop.key-%d", i))
			cfg.Keys("shop")
			cfg.Origin("shop.main")
			cfg.UnknownKeys("")
		})
	}
	group.Wait()
	if got := cfg.UnknownKeys(""); len(got) != 1 || got[0].Key != "shop.hidden" {
		t.Errorf("%v", got)
	}
}
