// SPDX-License-Identifier: Apache-2.0

package registry_test

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/client/internal/registry"
	"github.com/pyfly-go/pyfly/client/internal/watcher"
	"github.com/pyfly-go/pyfly/discovery"
)

// known is a resolver whose sets come through a channel.
type known struct{ sets chan []discovery.Instance }

func (k *known) Watch(ctx context.Context, _ string, update func([]discovery.Instance)) error {
	for {
		select {
		case set := <-k.sets:
			update(set)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func newKnown() *known { return &known{make(chan []discovery.Instance, 10)} }

func (k *known) are(addresses ...string) {
	var set []discovery.Instance
	for _, address := range addresses {
		set = append(set, discovery.Instance{Address: address})
	}
	k.sets <- set
	synctest.Wait()
}

func of(name string, k *known) registry.InstancesConfig {
	return registry.InstancesConfig{
		Target: watcher.Target{Name: name, Resolver: k, Service: name}, Identity: name, EmptyGrace: time.Minute,
	}
}

func addresses(is *registry.Instances) (all []string) {
	for _, i := range is.Snapshot().Instances {
		all = append(all, i.Instance.Address)
	}
	return all
}

func TestASourceServesUntilTheNextAnswers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := watcher.New(t.Context(), nil)
		defer func() { require.NoError(t, group.Close(t.Context())) }()
		a, b, c := newKnown(), newKnown(), newKnown()
		var gone []string
		is, err := registry.NewInstances(of("a", a), func(address string) { gone = append(gone, address) })
		require.NoError(t, err)
		require.NoError(t, is.Configure(group, of("a", a)))
		a.are("a:80")
		require.Equal(t, []string{"a:80"}, addresses(is))

		require.NoError(t, is.Configure(group, of("b", b)))
		require.NoError(t, is.Configure(group, of("c", c)), "b has not answered")
		b.are("b:80")
		require.Equal(t, []string{"a:80"}, addresses(is), "b is no longer wanted")
		require.NoError(t, is.Configure(group, of("a", a)), "back to what serves")
		c.are("c:80")
		a.are("a:80", "a:81")
		require.Equal(t, []string{"a:80", "a:81"}, addresses(is))
		require.Equal(t, "a", is.Snapshot().Service)

		require.NoError(t, is.Configure(group, of("b", newKnownWith("b:80"))))
		synctest.Wait()
		require.Equal(t, []string{"b:80"}, addresses(is))
		require.Equal(t, "b", is.Snapshot().Service)
		require.Equal(t, []string{"a:80", "a:81"}, gone)
		a.are("a:82")
		require.Equal(t, []string{"b:80"}, addresses(is))
		is.Close()
	})
}

func newKnownWith(address string) *known {
	k := newKnown()
	k.sets <- []discovery.Instance{{Address: address}}
	return k
}

func TestWrongSettingsOfInstancesChangeNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		group := watcher.New(t.Context(), nil)
		defer func() { require.NoError(t, group.Close(t.Context())) }()
		is, err := registry.NewInstances(of("a", newKnownWith("a:80")), nil)
		require.NoError(t, err)
		require.NoError(t, is.Configure(group, of("a", newKnownWith("a:80"))))
		wrong := of("b", newKnownWith("b:80"))
		wrong.LoadBalancing = balance.LoadBalancingConfig{Policy: "best"}
		require.Error(t, is.Configure(group, wrong))
		synctest.Wait()
		require.Equal(t, []string{"a:80"}, addresses(is))
		_, err = registry.NewInstances(wrong, nil)
		require.Error(t, err)
	})
}
