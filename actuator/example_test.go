// SPDX-License-Identifier: Apache-2.0

package actuator_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

func ExampleModule() {
	app := container.NewApplicationContext(
		container.WithLogger(slog.New(slog.DiscardHandler)),
		container.WithConfig(config.New(map[string]any{"pyfly.actuator.port": 0})), // any free port
	)
	app.Install(client.Module(), actuator.Module())
	if err := app.Start(context.Background()); err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = app.Stop(context.Background()) }()

	server := container.Must(container.Get[*actuator.Server](app))
	request, _ := http.NewRequest(http.MethodGet, server.URL()+"/health/readiness", nil)
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer func() { _ = response.Body.Close() }()
	body, _ := io.ReadAll(response.Body)
	fmt.Printf("%d %s", response.StatusCode, body)
	// Output: 200 {"status":"UP","components":{"readinessState":{"status":"UP"}}}
}
