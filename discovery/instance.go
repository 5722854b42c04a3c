// SPDX-License-Identifier: Apache-2.0

package discovery

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"github.com/pyfly-go/pyfly/kernel"
)

// Instance is one instance of a service. Its address is its identity: two entries
// with the same address are the same instance.
type Instance struct {
	// ID is what the registry calls the instance. It is shown, and may be empty.
	ID string `koanf:"id" json:"id,omitempty"`
	// Address is where to connect to: a host name or IP address and the number
	// of a port, "10.0.0.1:8080" or "[2001:db8::1]:8080".
	Address string `koanf:"address" json:"address"`
	// Weight is the share of calls relative to other instances, at most
	// [MaxWeight]. Zero means 1.
	Weight int `koanf:"weight" json:"weight,omitempty"`
	// Zone is where the instance runs, "eu-1". It may be empty.
	Zone string `koanf:"zone" json:"zone,omitempty"`
	// Metadata is what else is known of the instance. It may be nil.
	Metadata map[string]string `koanf:"metadata" json:"metadata,omitempty"`
}

const (
	// MaxWeight is the largest weight of an instance.
	MaxWeight = 1_000_000
	// MaxText is how many bytes the ID, the zone and the metadata of one
	// instance may have together.
	MaxText = 4 << 10
)

// Normalized returns a copy of i that shares no memory with it. The copy's address
// is in the one form that all spellings of it have in common ("API.example.com:080"
// is "api.example.com:80"), and its weight is not zero. If i is not valid, the error
// says why; it is kernel.ErrConfig.
func (i Instance) Normalized() (Instance, error) {
	address, err := normalizedAddress(i.Address)
	switch {
	case err != nil:
		return Instance{}, fmt.Errorf("%w: address %s: %w", kernel.ErrConfig, quoted(i.Address), err)
	case i.Weight < 0 || i.Weight > MaxWeight:
		return Instance{}, fmt.Errorf("%w: %s: the weight is %d: it must be between 0 and %d", kernel.ErrConfig, address, i.Weight, MaxWeight)
	case i.textSize() > MaxText:
		return Instance{}, fmt.Errorf("%w: %s: ID, zone and metadata have %d bytes: they may have %d", kernel.ErrConfig, address, i.textSize(), MaxText)
	}
	i.Address = address
	i.Weight = max(i.Weight, 1)
	i.ID, i.Zone = strings.Clone(i.ID), strings.Clone(i.Zone)
	i.Metadata = maps.Clone(i.Metadata)
	return i, nil
}

func (i Instance) textSize() int {
	size := len(i.ID) + len(i.Zone)
	for name, value := range i.Metadata {
		size += len(name) + len(value)
	}
	return size
}

var (
	errNoPort  = errors.New(`it must be a host and a port, such as "10.0.0.1:8080"`)
	errBadHost = errors.New("the host is neither an IP address nor a host name")
	errBadPort = errors.New("the port must be a number from 1 to 65535")
)

func normalizedAddress(address string) (string, error) {
	const longest = 300
	if len(address) > longest {
		return "", errBadHost
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", errNoPort
	}
	if host, err = normalizedHost(host); err != nil {
		return "", err
	}
	number, err := strconv.ParseUint(port, 10, 16)
	if err != nil || number == 0 {
		return "", errBadPort
	}
	return net.JoinHostPort(host, strconv.FormatUint(number, 10)), nil
}

// normalizedHost accepts IP addresses without a zone, and names of letters, digits,
// hyphens and underscores.
func normalizedHost(host string) (string, error) {
	if ip, err := netip.ParseAddr(host); err == nil {
		if ip.Zone() != "" {
			return "", errBadHost
		}
		return ip.Unmap().String(), nil
	}
	const longestName, longestLabel = 253, 63
	name := strings.TrimSuffix(host, ".")
	if len(name) > longestName {
		return "", errBadHost
	}
	for label := range strings.SplitSeq(name, ".") {
		if label == "" || len(label) > longestLabel || strings.IndexFunc(label, isNotOfName) >= 0 {
			return "", errBadHost
		}
	}
	return strings.ToLower(host), nil
}

func isNotOfName(c rune) bool {
	isOfName := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	return !isOfName
}

// quoted shows text of unknown origin and length.
func quoted(text string) string {
	const most = 80
	if len(text) > most {
		return strconv.Quote(text[:most]) + "..."
	}
	return strconv.Quote(text)
}

// ParseInstances reads a list of addresses, "a:80, b:80". The error names the first
// that is not valid; it is kernel.ErrConfig.
func ParseInstances(list string) ([]Instance, error) {
	var instances []Instance
	for address := range strings.SplitSeq(list, ",") {
		instance, err := Instance{Address: strings.TrimSpace(address)}.Normalized()
		if err != nil {
			return nil, err
		}
		instances = append(instances, instance)
	}
	return instances, nil
}
