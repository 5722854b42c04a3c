// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/client/internal/balance"
	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/kernel"
)

// The types of discovery that need no resolver of the user's.
const (
	StaticDiscovery = "static"
	DNSDiscovery    = "dns"
	SRVDiscovery    = "srv"
)

// Discovery says where the instances of the service are known. It is the same for
// all methods of a client.
type Discovery struct {
	Type       string        `koanf:"type"`    // one of the above, or the name of a resolver; "": requests go to the base URL
	Service    string        `koanf:"service"` // "": the host of the base URL
	PortName   string        `koanf:"port-name"`
	Required   bool          `koanf:"required"`    // the application starts only with an answer
	EmptyGrace time.Duration `koanf:"empty-grace"` // how long an empty set is doubted
}

// Balancing are the settings of the instances of the service.
type Balancing struct {
	Discovery        Discovery
	Instances        []discovery.Instance // of static discovery
	LoadBalancing    balance.LoadBalancingConfig
	DetectsOutliers  bool
	OutlierDetection balance.OutlierDetectionConfig

	written any // Instances as they were written
}

// Outliers returns the settings of outlier detection.
func (b *Balancing) Outliers() balance.OutlierDetectionConfig {
	c := b.OutlierDetection
	c.Disabled = !b.DetectsOutliers
	return c
}

const defaultEmptyGrace = 30 * time.Second

const (
	wantInstances    = `write addresses such as "10.0.0.1:8080, 10.0.0.2:8080", or a list of addresses or of { address, weight, zone }`
	wantNotSupported = "remove it: it is not supported yet"
)

// readInstances reads the instances that a level sets.
func (r *resolver) readInstances(l *level, s *Settings) {
	if !l.set["instances"] {
		return
	}
	instances, err := parseInstances(s.written)
	if err != nil {
		r.wrongAt(l, "instances", fmt.Sprintf("%s: %s", wantInstances, strings.TrimPrefix(err.Error(), kernel.ErrConfig.Error()+": ")))
		return
	}
	s.Instances = instances
}

// parseInstances reads what the setting instances may hold.
func parseInstances(written any) ([]discovery.Instance, error) {
	var instances []discovery.Instance
	switch written := written.(type) {
	case nil:
		return nil, nil
	case string:
		if strings.TrimSpace(written) == "" {
			return nil, nil
		}
		return discovery.ParseInstances(written)
	case []string:
		for _, address := range written {
			instances = append(instances, discovery.Instance{Address: address})
		}
	case []any:
		for _, entry := range written {
			instance, err := parseInstance(entry)
			if err != nil {
				return nil, err
			}
			instances = append(instances, instance)
		}
	default:
		return nil, errNoInstance
	}
	seen := map[string]bool{}
	for i := range instances {
		instance, err := instances[i].Normalized()
		if err != nil {
			return nil, err
		}
		if seen[instance.Address] {
			return nil, fmt.Errorf("%s is there twice", instance.Address)
		}
		seen[instance.Address], instances[i] = true, instance
	}
	return instances, nil
}

var errNoInstance = errors.New("an entry is neither an address nor a group of keys")

// parseInstance reads one entry of a list.
func parseInstance(entry any) (discovery.Instance, error) {
	var i discovery.Instance
	switch entry := entry.(type) {
	case string:
		i.Address = entry
		return i, nil
	case map[string]any:
		for _, key := range sorted(entry) {
			isRight := false
			switch value := entry[key]; key {
			case "address":
				i.Address, isRight = value.(string)
			case "zone":
				i.Zone, isRight = value.(string)
			case "id":
				i.ID, isRight = value.(string)
			case "weight":
				i.Weight, isRight = value.(int)
			default:
				return i, fmt.Errorf("an entry has the key %s: it may have address, weight, zone and id", key)
			}
			if !isRight {
				return i, fmt.Errorf("the %s of an entry is %v", key, entry[key])
			}
		}
		return i, nil
	}
	return i, errNoInstance
}

// checkDiscovery looks at the settings of discovery together.
func (r *resolver) checkDiscovery(s *Settings) {
	d := &s.Discovery
	isKnown := r.known.Resolvers == nil || slices.Contains(r.known.Resolvers, d.Type)
	switch d.Type {
	case "":
		if len(s.Instances) > 0 {
			r.wrongTogether("", []string{"instances"}, "write discovery: static beside it")
		}
		return
	case StaticDiscovery:
		if len(s.Instances) == 0 && !r.hasNoted("instances") {
			r.wrongTogether("", []string{"discovery.type"}, "write instances beside it: "+strings.TrimPrefix(wantInstances, "write "))
		} else if len(s.Instances) == 0 {
			r.wrongTogether("", []string{"instances"}, wantInstances)
		}
	case DNSDiscovery, SRVDiscovery:
	default:
		if !isKnown {
			want := "write static, dns, srv or the name of a bean of type discovery.Resolver"
			if len(r.known.Resolvers) > 0 {
				want += ": " + strings.Join(r.known.Resolvers, ", ")
			}
			r.wrongTogether("", []string{"discovery.type"}, want)
		}
	}
	if s.Connection.Proxy != "" {
		r.wrongTogether("", []string{"proxy", "discovery.type"}, "remove it or the discovery: requests to instances go to no proxy")
	}
	if s.Connection.UnixSocket != "" {
		r.wrongTogether("", []string{"unix-socket", "discovery.type"}, "remove it or the discovery: there is one socket, and no instances")
	}
}
