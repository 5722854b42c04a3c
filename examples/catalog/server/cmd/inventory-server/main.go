// SPDX-License-Identifier: Apache-2.0

// Command inventory-server runs the service of the catalog example alone:
//
//	go run ./examples/catalog/server/cmd/inventory-server -addr 127.0.0.1:8080
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"github.com/pyfly-go/pyfly/examples/catalog/server"
)

func main() {
	address := flag.String("addr", "127.0.0.1:8080", "listen at this `host:port`")
	flag.Parse()
	ctx, release := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer release()
	if err := serve(ctx, *address); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func serve(ctx context.Context, address string) error {
	s := server.New(server.WithAddress(address))
	if err := s.Start(ctx); err != nil {
		return err
	}
	fmt.Println("the inventory and payment service listens at", s.URL())
	<-ctx.Done()
	return s.Stop(context.WithoutCancel(ctx))
}
