// SPDX-License-Identifier: Apache-2.0

package actuator

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pyfly-go/pyfly/internal/hostpattern"
	"github.com/pyfly-go/pyfly/lifecycle"
)

// Settings are the settings below pyfly.actuator.
type Settings struct {
	// Enabled turns the actuator off when it is false. Default true.
	Enabled bool `koanf:"enabled" default:"true"`
	// Address is the interface to listen on: an IP address or localhost. Beyond
	// loopback, 0.0.0.0 for example, a Token is required. Default 127.0.0.1.
	Address string `koanf:"address" default:"127.0.0.1"`
	// Port is the port to listen on, or 0 for any free port. Default 9464,
	// which OpenTelemetry assigns to Prometheus exporters. With -1 the actuator
	// does not listen: the application serves [Server.Handler] itself, and a
	// Token is required, because anyone may reach it there.
	Port int `koanf:"port" default:"9464"`
	// Token must be sent with every POST, as Authorization: Bearer <token>.
	// Beyond loopback, and through a proxy, all requests need it except those
	// to PublicEndpoints. Without a token every POST is rejected. It must have
	// at least 16 characters.
	Token string `koanf:"token"`
	// PublicEndpoints are the endpoints that need no token beyond loopback and
	// through a proxy: health, prometheus, info and so on. Default health,
	// without details.
	PublicEndpoints []string `koanf:"public-endpoints" default:"health"`
	// AllowedHosts are accepted values of the header Host in addition to
	// localhost and IP addresses: the names of a proxy or a service. They are
	// written as ops.example.com, ops.example.com:8443, *.example.com or
	// [2001:db8::1]:8443; without a port every port is allowed. The check
	// prevents DNS rebinding. On loopback, the IP addresses of other interfaces
	// must be listed as well.
	AllowedHosts []string `koanf:"allowed-hosts"`
	// MaxConnections is the maximum number of connections, streams included. At
	// the limit, a new connection replaces the one that has been without
	// progress longest. Streams leave room for at least 8 others, so that
	// health is always available. Default 256.
	MaxConnections int `koanf:"max-connections" default:"256"`
	// MaxStreams is the maximum number of clients of the event stream. Default
	// 32.
	MaxStreams int `koanf:"max-streams" default:"32"`
	// Console turns the console at /actuator/console off if it is false.
	// Default true.
	Console bool           `koanf:"console" default:"true"`
	Health  HealthSettings `koanf:"health"`
}

// HealthSettings are the settings below pyfly.actuator.health.
type HealthSettings struct {
	// CircuitBreakers is the effect of an open circuit on the application's
	// health: degraded, down, or ignore. Default degraded, which neither
	// restarts the application nor takes it out of service.
	CircuitBreakers string `koanf:"circuit-breakers" default:"degraded"`
	// ShowDetails determines who sees the components of health: always, never,
	// or when-authorized, which means on loopback without a proxy, or with the
	// token. Default when-authorized.
	ShowDetails string `koanf:"show-details" default:"when-authorized"`
	// Timeout is the time limit of each HealthIndicator. Default 2s.
	Timeout time.Duration `koanf:"timeout" default:"2s"`
	// Liveness and Readiness name the components that the groups include in
	// addition to livenessState and readinessState. Default none: a failing
	// dependency is no reason to restart an application, and rarely a reason to
	// take it out of service.
	Liveness  []string `koanf:"liveness"`
	Readiness []string `koanf:"readiness"`
}

const (
	prefix         = "pyfly.actuator"
	minTokenLength = 16
)

const (
	showAlways         = "always"
	showNever          = "never"
	showWhenAuthorized = "when-authorized"
	breakersIgnored    = "ignore"
)

// Validate returns an error that names each invalid setting.
func (s Settings) Validate() error {
	if !s.Enabled {
		return nil
	}
	var errs []error
	wrong := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	_, err := netip.ParseAddr(s.Address)
	isAddress := err == nil || s.Address == "localhost"
	if !isAddress {
		wrong("address: %q is not an address of this machine: write an IP address such as 127.0.0.1 or 0.0.0.0, or localhost", s.Address)
	}
	if s.Port < -1 || s.Port > 65535 {
		wrong("port: %d is not a valid port: write one between 1 and 65535, 0 for any free port, or -1 to serve Server.Handler yourself", s.Port)
	}
	switch {
	case s.Token == "" && !s.listens():
		wrong("token: it is not set, but with port -1 anyone may reach the endpoints through the application: set PYFLY_ACTUATOR_TOKEN")
	case s.Token == "" && isAddress && !s.onLoopback():
		wrong("token: it is not set, but %s can be reached from other machines: set PYFLY_ACTUATOR_TOKEN, or listen on 127.0.0.1", s.Address)
	case s.Token != "" && (len(s.Token) < minTokenLength || strings.ContainsFunc(s.Token, isNoTokenPart)):
		wrong("token: it is too short or has invalid characters: write at least %d letters, digits or -._~+/=, such as the output of openssl rand -hex 32", minTokenLength)
	}
	for _, host := range s.AllowedHosts {
		if _, err := hostpattern.Parse(host); err != nil {
			wrong("allowed-hosts: %w", err)
		}
	}
	for _, name := range s.PublicEndpoints {
		if !slices.Contains(endpointNames, name) {
			wrong("public-endpoints: there is no endpoint %q: write one or more of %s", name, strings.Join(endpointNames, ", "))
		}
	}
	if s.MaxConnections < 1 {
		wrong("max-connections: %d is too few: write a number of at least 1", s.MaxConnections)
	}
	if s.MaxStreams < 1 {
		wrong("max-streams: %d is too few: write a number of at least 1", s.MaxStreams)
	}
	return errors.Join(errs...)
}

// Validate returns an error that names each invalid setting.
func (s HealthSettings) Validate() error {
	var errs []error
	oneOf := func(key, value string, allowed ...string) {
		if !slices.Contains(allowed, value) {
			errs = append(errs, fmt.Errorf("%s: %q is not valid: write %s", key, value, strings.Join(allowed, ", ")))
		}
	}
	oneOf("circuit-breakers", s.CircuitBreakers, "degraded", "down", breakersIgnored)
	oneOf("show-details", s.ShowDetails, showWhenAuthorized, showAlways, showNever)
	if s.Timeout <= 0 {
		errs = append(errs, fmt.Errorf("timeout: %s is not a valid limit: write a duration such as 2s", s.Timeout))
	}
	return errors.Join(errs...)
}

// isNoTokenPart reports whether a character is not allowed in a bearer token
// (RFC 6750, section 2.1).
func isNoTokenPart(r rune) bool {
	return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("-._~+/=", r)
}

// listens reports whether the actuator has its own listener.
func (s *Settings) listens() bool { return s.Port >= 0 }

// onLoopback reports whether only this machine can connect.
func (s *Settings) onLoopback() bool {
	if !s.listens() {
		return false
	}
	address, err := netip.ParseAddr(s.Address)
	return s.Address == "localhost" || err == nil && address.IsLoopback()
}

// listenAddress returns the address to listen on.
func (s *Settings) listenAddress() string { return net.JoinHostPort(s.Address, strconv.Itoa(s.Port)) }

// breakerStatus returns the status of an application with an open circuit.
func (s *HealthSettings) breakerStatus() lifecycle.HealthStatus {
	switch s.CircuitBreakers {
	case "down":
		return lifecycle.HealthDown
	case breakersIgnored:
		return lifecycle.HealthUp
	}
	return lifecycle.HealthDegraded
}
