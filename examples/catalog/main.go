// SPDX-License-Identifier: Apache-2.0

// The catalog example: an application context with two declared clients and a
// service, run against a real HTTP service, which is made to fail and to
// recover.
//
//	go run ./examples/catalog                                  with an embedded service
//	go run ./examples/catalog -base-url http://localhost:8080  with one that is running
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/pyfly-go/pyfly/client"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
	"github.com/pyfly-go/pyfly/examples/catalog/server"
	"github.com/pyfly-go/pyfly/examples/catalog/shop"
)

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout)
	release()
	container.Exit(err) // prints the report when the context does not start
}

// run is the whole example; main adds the signals.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	flags := flag.NewFlagSet("catalog", flag.ContinueOnError)
	flags.SetOutput(out)
	baseURL := flags.String("base-url", "", "talk to the service that runs at this `URL` instead of an embedded one")
	file := flags.String("config", defaultConfigFile(), "read settings from this `file`")
	graph := flags.String("graph", "", "draw the beans as `dot or mermaid`, and do nothing else")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *graph != "" {
		return draw(*graph, *file, out)
	}
	c := newConsole(out)
	if *baseURL == "" {
		service := server.New()
		if err := service.Start(ctx); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, service.Stop(context.WithoutCancel(ctx))) }()
		*baseURL = service.URL()
		c.line("an inventory and payment service listens at %s", *baseURL)
	}
	cfg, err := config.Load(config.File(*file), config.Map(map[string]any{"catalog.service-url": *baseURL}))
	if err != nil {
		return err
	}
	app := newApplication(cfg, slog.New(c))
	if err := app.Start(ctx); err != nil {
		return err
	}
	defer func() {
		c.title("Shutdown")
		if err = errors.Join(err, app.Stop(context.WithoutCancel(ctx))); err == nil {
			c.title("The same with a console in the browser, under load: make console")
		}
	}()
	if err := newDemo(c, app).run(ctx); err != nil {
		if ctx.Err() != nil {
			return errors.New("interrupted")
		}
		return fmt.Errorf("the demo did not go as it should: %w", err)
	}
	return nil
}

// draw prints the dependency graph. No bean is created.
func draw(format, file string, out io.Writer) error {
	cfg, err := config.Load(config.File(file))
	if err != nil {
		return err
	}
	graph := newApplication(cfg, slog.New(slog.DiscardHandler)).Graph()
	switch format {
	case "dot":
		_, err = io.WriteString(out, graph.DOT())
	case "mermaid":
		_, err = io.WriteString(out, graph.Mermaid())
	default:
		err = fmt.Errorf("-graph %s: write dot or mermaid", format)
	}
	return err
}

// newApplication registers all beans; none is created before Start.
func newApplication(cfg *config.Config, logger *slog.Logger) *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogger(logger))
	app.Install(client.Module())
	client.Register[shop.InventoryClient](app)
	client.Register[shop.PaymentClient](app)
	client.Register[shop.FaultClient](app)
	container.Properties[shop.CatalogProperties](app, "catalog")
	app.Register(shop.NewCatalogService, container.Stereotype("service"))
	return app
}

// defaultConfigFile finds the settings from the repository's root and from the
// example's directory.
func defaultConfigFile() string {
	if _, err := os.Stat("examples/catalog/pyfly.yaml"); err == nil {
		return "examples/catalog/pyfly.yaml"
	}
	return "pyfly.yaml"
}
