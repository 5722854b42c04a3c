// SPDX-License-Identifier: Apache-2.0

package container_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/kernel"
)

type panickingAware struct{}

func (*panickingAware) SetApplicationContext(*container.ApplicationContext) { panic("not aware") }

func TestPanicsOfUsersFunctionsAreReported(t *testing.T) {
	for name, register := range map[string]func(app *container.ApplicationContext){
		"a validator": func(app *container.ApplicationContext) {
			app.AddValidator(func(*config.Config) error { panic("not valid") })
		},
		"Aware": func(app *container.ApplicationContext) {
			app.Register(func() *panickingAware { return &panickingAware{} })
		},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp()
			register(app)
			report := startFails(t, app)
			var panicked *kernel.PanicError
			if !errors.As(report, &panicked) || !strings.Contains(report.Error(), "not ") {
				t.Error(report)
			}
		})
	}
}

func TestNilsAreIgnored(t *testing.T) {
	app := newApp(nil)
	app.AddValidator(nil)
	app.Install(container.Module{})
	app.Register(newEnglish, nil)
	start(t, app)
}
