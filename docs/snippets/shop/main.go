// SPDX-License-Identifier: Apache-2.0

package shop

import (
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

type StoreProperties struct {
	Path    string          `koanf:"path"`
	MaxSize config.ByteSize `koanf:"max-size"`
}

func newApp() *container.ApplicationContext {
	app := container.NewApplicationContext()
	container.Properties[StoreProperties](app, "store")
	app.Register(NewWorker)
	return app
}
