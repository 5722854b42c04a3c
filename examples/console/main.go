// SPDX-License-Identifier: Apache-2.0

// The console example: the application of the catalog example with more clients
// and with the actuator, under a steady load while its services fail, become
// slow and recover. Open the address that it prints.
//
//	go run .                      until Ctrl-C
//	go run . -once -phase 5s      once, and faster
package main

import (
	"context"
	"crypto/rand"
	"errors"
	"flag"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyfly-go/pyfly/actuator"
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

// options are the command-line options.
type options struct {
	port           int
	phase          time.Duration
	once           bool
	callsPerSecond float64
	file           string
	otlp           bool
}

func parse(args []string, out io.Writer) (options, error) {
	var o options
	flags := flag.NewFlagSet("console", flag.ContinueOnError)
	flags.SetOutput(out)
	flags.IntVar(&o.port, "port", 9464, "serve the console at this `port`, 0 for any free port")
	flags.DurationVar(&o.phase, "phase", 20*time.Second, "how `long` each phase takes")
	flags.BoolVar(&o.once, "once", false, "stop after the last phase instead of beginning anew")
	flags.Float64Var(&o.callsPerSecond, "calls-per-second", 40, "so `many` customers come")
	flags.StringVar(&o.file, "config", "pyfly.yaml", "read settings from this `file`")
	flags.BoolVar(&o.otlp, "otlp", false, "send metrics and spans to where OTEL_EXPORTER_OTLP_ENDPOINT says")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.phase <= 0 || o.callsPerSecond <= 0 || o.callsPerSecond > 1000 {
		return o, errors.New("-phase and -calls-per-second must be more than 0, and -calls-per-second at most 1000")
	}
	return o, nil
}

// run is the whole example; main adds the signals. An interrupt ends it without
// an error.
func run(ctx context.Context, args []string, out io.Writer) (err error) {
	o, err := parse(args, out)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	service := server.New()
	if err := service.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, service.Stop(context.WithoutCancel(ctx))) }()
	return runApplication(ctx, o, service, out)
}

// runApplication runs the application while the service is running.
func runApplication(ctx context.Context, o options, service *server.Server, out io.Writer) (err error) {
	token := rand.Text()
	cfg, err := config.Load(config.File(o.file), config.Map(map[string]any{
		"catalog.service-url": service.URL(), "pyfly.actuator.port": o.port, "pyfly.actuator.token": token,
	}))
	if err != nil {
		return err
	}
	app := newApplication(cfg, out)
	if o.otlp {
		registerOTLP(app)
	}
	if err := app.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Stop(context.WithoutCancel(ctx))) }()
	s := newShow(app, service, out)
	s.line("the console:  %s/console", container.Must(container.Get[*actuator.Server](app)).URL())
	s.line("its token:    %s  (to force a circuit breaker open)", token)
	return s.play(ctx, o)
}

// newApplication registers all beans; none is created before Start.
func newApplication(cfg *config.Config, logs io.Writer) *container.ApplicationContext {
	app := container.NewApplicationContext(container.WithConfig(cfg), container.WithLogOutput(logs))
	app.Install(client.Module(), actuator.Module())
	client.Register[shop.InventoryClient](app)
	client.Register[shop.PaymentClient](app)
	client.Register[PriceClient](app)
	client.Register[SearchClient](app)
	container.Properties[shop.CatalogProperties](app, "catalog")
	app.Register(shop.NewCatalogService, container.Stereotype("service"))
	app.Register(func() *Sales { return &Sales{} }, container.Named("sales"))
	app.Register(NewStorefront, container.Stereotype("service"))
	return app
}
