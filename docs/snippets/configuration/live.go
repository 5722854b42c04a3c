// SPDX-License-Identifier: Apache-2.0

package configuration

import (
	"log/slog"
	"time"

	"github.com/pyfly-go/pyfly/container"
)

type Watcher struct {
	settings container.Live[WatcherSettings]
	ticker   *time.Ticker
}

type WatcherSettings struct {
	PageSize int           `koanf:"page-size" default:"100"`
	Interval time.Duration `koanf:"interval" default:"30s"`
}

func NewWatcher(settings container.Live[WatcherSettings]) *Watcher {
	w := &Watcher{settings: settings, ticker: time.NewTicker(settings.Load().Interval)}
	settings.Subscribe(func(old, new *WatcherSettings) { w.ticker.Reset(new.Interval) })
	return w
}

func (w *Watcher) nextPage() int { return w.settings.Load().PageSize }

func register(app *container.ApplicationContext) {
	container.Properties[WatcherSettings](app, "watcher")
	app.Register(NewWatcher)
}

func handle(app *container.ApplicationContext) {
	live := container.LiveProperties[WatcherSettings](app, "watcher")
	slog.Info("watching", "page-size", live.Load().PageSize)
}
