// SPDX-License-Identifier: Apache-2.0

// Package main is the first program of README.md.
package main

import (
	"context"
	"fmt"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/container"
)

type GoProxy struct {
	client.ServiceClient `url:"https://proxy.golang.org"`

	Latest func(ctx context.Context, module string) (Release, error) `get:"/{+module}/@latest"`
}

type Release struct{ Version string }

func main() {
	ctx := context.Background()
	app := container.NewApplicationContext()
	app.Install(client.Module())
	client.Register[GoProxy](app)
	if err := app.Start(ctx); err != nil {
		container.Exit(err)
	}
	defer app.Stop(ctx)
	release, err := container.Must(container.Get[*GoProxy](app)).Latest(ctx, "go.uber.org/dig")
	fmt.Println("the latest version of dig:", release.Version, err)
}
