// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"context"
	"net/http"
	"time"

	"github.com/pyfly-go/pyfly/internal/random"
)

// worker is a bean that calls the client when it starts and when it stops: clients
// are there before the first bean starts and until the last has stopped.
type worker struct {
	world *World
	shop  *Shop
}

// Start implements lifecycle.Starter.
func (k *worker) Start(ctx context.Context) error {
	if k.world.has("call.start") {
		k.call(ctx, "u0-0")
	}
	return nil
}

// Stop implements lifecycle.Stopper.
func (k *worker) Stop(ctx context.Context) error {
	if k.world.has("call.stop") {
		k.call(ctx, "u0-1")
	}
	return nil
}

// call makes a call whose end the hook waits for, within a limit.
func (k *worker) call(ctx context.Context, id string) {
	op := &operation{name: "get", verb: http.MethodGet, reads: true, run: func(c *call, ctx context.Context) error {
		return keep(c)(k.shop.Get(ctx, c.id, nil))
	}}
	c := k.world.newCall(id, op)
	c.tenant = "tenant-0"
	ctx, cancel := context.WithTimeout(random.WithSource(ctx, &source{draws: k.world.draw("random", id), call: id}), stopLimit/2+k.world.draw(id).offset())
	defer cancel()
	c.limit = k.world.now() + stopLimit/2 + time.Millisecond
	c.make(ctx)
}
