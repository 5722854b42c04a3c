// SPDX-License-Identifier: Apache-2.0

// Command inventory-server runs the service of the catalog example on its own:
//
//	go run ./examples/catalog/server/cmd/inventory-server -addr 127.0.0.1:8080
//
// Ctrl-C lets requests finish for a few seconds; a second one ends it at once.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

const stopTimeout = 5 * time.Second

func main() {
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, release) // so that a second signal ends the process
	err := run(ctx, os.Args[1:], os.Stdout)
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// run serves until ctx is done.
func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("inventory-server", flag.ContinueOnError)
	flags.SetOutput(out)
	address := flags.String("addr", "127.0.0.1:8080", "listen at this `host:port`")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() > 0 {
		return fmt.Errorf("unexpected argument %q: the address is given as -addr host:port", flags.Arg(0))
	}
	s := server.New(server.WithAddress(*address))
	if err := s.Start(ctx); err != nil {
		return err
	}
	fmt.Fprintln(out, "the inventory and payment service listens at", s.URL())
	<-ctx.Done()
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	return s.Stop(limited)
}
