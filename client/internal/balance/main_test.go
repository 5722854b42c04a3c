// SPDX-License-Identifier: Apache-2.0

package balance_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/discovery"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func newBalancer(t testing.TB, config balance.Config) *balance.Balancer {
	t.Helper()
	config.Service = "shop"
	b, err := balance.New(config)
	require.NoError(t, err)
	return b
}

func balancerOf(t testing.TB, policy string, addresses ...string) *balance.Balancer {
	t.Helper()
	b := newBalancer(t, balance.Config{LoadBalancing: balance.LoadBalancingConfig{Policy: policy}})
	b.Update(at(addresses...))
	return b
}

func at(addresses ...string) []discovery.Instance {
	instances := make([]discovery.Instance, len(addresses))
	for i, address := range addresses {
		instances[i].Address = address
	}
	return instances
}

func pick(t testing.TB, b *balance.Balancer, tried *balance.Tried) *balance.Picked {
	t.Helper()
	p, err := b.Pick(t.Context(), balance.PickInfo{Tried: tried})
	require.NoError(t, err)
	return &p
}

// address picks one, has it succeed and returns its address.
func address(t testing.TB, b *balance.Balancer) string {
	t.Helper()
	p := pick(t, b, nil)
	p.Done(balance.Outcome{Result: balance.Success})
	return p.Instance().Address
}

// to picks until it has an instance of an address.
func to(t testing.TB, b *balance.Balancer, address string) *balance.Picked {
	t.Helper()
	for range 10_000 {
		p := pick(t, b, nil)
		if p.Instance().Address == address {
			return p
		}
		p.Done(balance.Outcome{})
	}
	require.Fail(t, "never picked: "+address)
	return nil
}

// end ends n requests to an instance with a result, and returns what the last was
// told.
func end(t testing.TB, b *balance.Balancer, address string, result balance.Result, n int) (isOfService bool) {
	t.Helper()
	for range n {
		isOfService = to(t, b, address).Done(balance.Outcome{Result: result, Reason: "503"})
	}
	return isOfService
}

// picked returns how often each is picked in n picks.
func picked(t testing.TB, b *balance.Balancer, n int) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for range n {
		counts[address(t, b)]++
	}
	return counts
}

// states returns those of all instances.
func states(b *balance.Balancer) map[string]balance.State {
	all := map[string]balance.State{}
	for _, i := range b.Snapshot().Instances {
		all[i.Instance.Address] = i.State
	}
	return all
}

func info(t testing.TB, b *balance.Balancer, address string) balance.InstanceInfo {
	t.Helper()
	for _, i := range b.Snapshot().Instances {
		if i.Instance.Address == address {
			return i
		}
	}
	require.Fail(t, "no such instance: "+address)
	return balance.InstanceInfo{}
}

const ejectionTime = 30 * time.Second
