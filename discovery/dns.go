// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/kernel"
)

// DNSConfig configures [DNS]. A zero field means its default.
type DNSConfig struct {
	// Port is the port of services that are named without one. Default: there
	// is none, and a service must be named with its port.
	Port int
	// Network is "ip" for IPv4 and IPv6 addresses, "ip4" or "ip6" for those of
	// one kind. Each address is an instance: where every machine has one of
	// each kind, one kind is enough. Default "ip".
	Network string
	// Interval is how long an answer is used, more or less a tenth. It is at
	// least a second. Default 30s.
	Interval time.Duration
	// Lookup is what asks; *net.Resolver is one. Default [net.DefaultResolver].
	Lookup IPLookup
}

// IPLookup looks up the addresses of a host, as [net.Resolver.LookupNetIP] does.
type IPLookup interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// DNS returns a resolver that looks up A and AAAA records. A service is the name of
// a host, with or without a port: "payment-service:8080". A host that does not exist
// has no instances.
//
// It asks again after each interval, after 5 s if there are no instances, and when
// it is asked to refresh: it is a [Refresher]. A lookup that fails or takes longer
// than 10 s ends the watch with an error, and so does a configuration that is not
// valid.
func DNS(config DNSConfig) Resolver {
	d := dns{port: config.Port, network: cmp.Or(config.Network, "ip"), lookup: config.Lookup}
	if d.lookup == nil {
		d.lookup = net.DefaultResolver
	}
	interval, err := validInterval(config.Interval)
	if config.Port < 0 || config.Port > 65535 {
		err = errors.Join(err, fmt.Errorf("%w: port is %d: it must be between 1 and 65535", kernel.ErrConfig, config.Port))
	}
	if !slices.Contains([]string{"ip", "ip4", "ip6"}, d.network) {
		err = errors.Join(err, fmt.Errorf("%w: network is %s: it must be ip, ip4 or ip6", kernel.ErrConfig, quoted(d.network)))
	}
	return &poll{interval: interval, invalid: err, lookup: d.instances}
}

type dns struct {
	port    int
	network string
	lookup  IPLookup
}

func (d *dns) instances(ctx context.Context, service string) ([]Instance, error) {
	host, port, err := d.split(service)
	if err != nil {
		return nil, err
	}
	ips, err := d.lookup.LookupNetIP(ctx, d.network, host)
	if err != nil && !isNotFound(err) {
		return nil, err
	}
	instances := make([]Instance, 0, len(ips))
	for _, ip := range ips {
		instances = append(instances, Instance{Address: net.JoinHostPort(ip.Unmap().String(), port)})
	}
	return sorted(instances), nil
}

// split returns the host and the port of a service.
func (d *dns) split(service string) (host, port string, err error) {
	address := service
	if _, _, err := net.SplitHostPort(service); err != nil && d.port != 0 {
		address = net.JoinHostPort(strings.Trim(service, "[]"), strconv.Itoa(d.port))
	}
	if address, err = normalizedAddress(address); err != nil {
		return "", "", fmt.Errorf("%w: service %s: %w", kernel.ErrConfig, quoted(service), err)
	}
	return net.SplitHostPort(address)
}

// isNotFound tells the answer that there are no records from a lookup that failed.
func isNotFound(err error) bool {
	var failure *net.DNSError
	return errors.As(err, &failure) && failure.IsNotFound
}

// sorted puts instances in the order of their addresses, each of which is there
// once: servers give the same answer in ever new orders.
func sorted(instances []Instance) []Instance {
	slices.SortFunc(instances, func(a, b Instance) int {
		return cmp.Or(strings.Compare(a.Address, b.Address), cmp.Compare(b.Weight, a.Weight))
	})
	return slices.CompactFunc(instances, func(a, b Instance) bool { return a.Address == b.Address })
}
