// SPDX-License-Identifier: Apache-2.0

// It starts an application with the actuator and prints what that says of it.
package main

import (
	"context"
	"io"
	"log"
	"net/http"
	"os"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func main() {
	app := container.NewApplicationContext(container.WithConfig(config.New(map[string]any{"pyfly.actuator.port": 0})))
	app.Install(client.Module(), actuator.Module())
	if err := app.Start(context.Background()); err != nil {
		log.Fatal(err)
	}
	response, err := http.Get(container.Must(container.Get[*actuator.Server](app)).URL() + "/info")
	if err != nil {
		log.Fatal(err)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	_ = response.Body.Close()
	if err != nil {
		log.Fatal(err)
	}
	if err := app.Stop(context.Background()); err != nil {
		log.Fatal(err)
	}
}
