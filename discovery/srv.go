// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"strings"
	"time"
)

// SRVConfig configures [SRV]. A zero field means its default.
type SRVConfig struct {
	// Service is the symbolic name of what is looked for at a host: "http",
	// "https" or the name of a port. Default "http".
	Service string
	// Interval is how long an answer is used, more or less a tenth. It is at
	// least a second. Default 30s.
	Interval time.Duration
	// Lookup is what asks; *net.Resolver is one. Default [net.DefaultResolver].
	Lookup SRVLookup
}

// SRVLookup looks up SRV records, as [net.Resolver.LookupSRV] does.
type SRVLookup interface {
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, records []*net.SRV, err error)
}

// SRV returns a resolver that looks up SRV records (RFC 2782): for the service
// "payment-service" those of "_http._tcp.payment-service", and for a service that
// begins with an underscore those of that name. The records hold host names, which
// are looked up when a connection is made.
//
// Only the records of the best priority are used. A record of weight 0 has weight 1.
//
// It asks again as [DNS] does, and is a [Refresher] as well.
func SRV(config SRVConfig) Resolver {
	s := srv{service: cmp.Or(config.Service, "http"), lookup: config.Lookup}
	if s.lookup == nil {
		s.lookup = net.DefaultResolver
	}
	interval, err := validInterval(config.Interval)
	return &poll{interval: interval, invalid: err, lookup: s.instances}
}

type srv struct {
	service string
	lookup  SRVLookup
}

func (s *srv) instances(ctx context.Context, service string) ([]Instance, error) {
	records, err := s.records(ctx, service)
	if err != nil && len(records) == 0 && !isNotFound(err) {
		return nil, err // with records, it is about others that were not valid
	}
	var best uint16
	instances := make([]Instance, 0, len(records))
	for _, record := range records {
		if record == nil || record.Target == "." { // the service is not offered
			continue
		}
		if len(instances) > 0 && record.Priority > best {
			continue
		}
		if len(instances) > 0 && record.Priority < best {
			instances = instances[:0]
		}
		best = record.Priority
		instances = append(instances, instanceOf(record))
	}
	return sorted(instances), nil
}

func (s *srv) records(ctx context.Context, service string) (records []*net.SRV, err error) {
	if strings.HasPrefix(service, "_") {
		_, records, err = s.lookup.LookupSRV(ctx, "", "", service)
	} else {
		_, records, err = s.lookup.LookupSRV(ctx, s.service, "tcp", service)
	}
	return records, err
}

func instanceOf(record *net.SRV) Instance {
	return Instance{
		Address: net.JoinHostPort(strings.TrimSuffix(record.Target, "."), strconv.Itoa(int(record.Port))),
		Weight:  max(int(record.Weight), 1),
	}
}
