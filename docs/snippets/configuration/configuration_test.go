// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"errors"
	"io/fs"
	"testing"

	"github.com/pyfly-go/pyfly/config"
)

func TestTheGuidesSettings(t *testing.T) {
	if _, err := load(); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a file that was asked for and does not exist: %v", err)
	}
	if err := bind(config.New(map[string]any{"shop.timeout": "3s", "shop.markets": "de, at", "shop.labels.a": "b"})); err != nil {
		t.Error(err)
	}
	if err := inTests().Start(t.Context()); err != nil {
		t.Error(err)
	}
}
