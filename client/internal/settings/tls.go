// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"

	"github.com/pyfly-go/pyfly/kernel"
)

// TLS configures the security of connections.
type TLS struct {
	CAFile     string `koanf:"ca-file"`
	CertFile   string `koanf:"cert-file"`
	KeyFile    string `koanf:"key-file"`
	ServerName string `koanf:"server-name"` // replaces the name of the base URL's host
	MinVersion string `koanf:"min-version"` // "1.2" or "1.3"
}

var tlsVersions = map[string]uint16{"1.2": tls.VersionTLS12, "1.3": tls.VersionTLS13}

// config returns nil if nothing is configured. Files that have changed are read
// again for the next connection. If a changed file cannot be read, the previous
// content is used. host is the host of the base URL.
func (s *TLS) config(host string) (*tls.Config, error) {
	if *s == (TLS{}) {
		return nil, nil
	}
	c := &tls.Config{ServerName: s.ServerName, MinVersion: tlsVersions[s.MinVersion]}
	if s.CAFile != "" {
		roots, err := newReloaded(func() (*x509.CertPool, error) { return readPool(s.CAFile) }, s.CAFile)
		if err != nil {
			return nil, fmt.Errorf("%w: tls.ca-file: %w", kernel.ErrConfig, err)
		}
		// A tls.Config cannot have roots that change. Therefore certificates
		// are verified here, for resumed sessions as well.
		address := s.addressOf(host)
		c.InsecureSkipVerify = true
		c.VerifyConnection = func(state tls.ConnectionState) error {
			return verify(state, roots.get(), cmp.Or(state.ServerName, address))
		}
	}
	if s.CertFile != "" {
		certificate, err := newReloaded(func() (*tls.Certificate, error) { return readCertificate(s.CertFile, s.KeyFile) }, s.CertFile, s.KeyFile)
		if err != nil {
			return nil, fmt.Errorf("%w: tls.cert-file: %w", kernel.ErrConfig, err)
		}
		c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return certificate.get(), nil }
	}
	return c, nil
}

// addressOf returns the IP address of the server for connections to the base
// URL's host, or "" if that is a name. The state of a connection has priority:
// crypto/tls does not set IP addresses there, but the adapter does.
func (s *TLS) addressOf(host string) string {
	host = cmp.Or(s.ServerName, host)
	if net.ParseIP(host) == nil {
		return ""
	}
	return host
}

// verify verifies a server's certificate as crypto/tls does.
func verify(state tls.ConnectionState, roots *x509.CertPool, host string) error {
	if host == "" {
		return errors.New("the host name for the server's certificate is not known")
	}
	if len(state.PeerCertificates) == 0 {
		return errors.New("the server sent no certificate")
	}
	intermediates := x509.NewCertPool()
	for _, certificate := range state.PeerCertificates[1:] {
		intermediates.AddCert(certificate)
	}
	_, err := state.PeerCertificates[0].Verify(x509.VerifyOptions{DNSName: host, Roots: roots, Intermediates: intermediates})
	if err != nil {
		return &tls.CertificateVerificationError{UnverifiedCertificates: state.PeerCertificates, Err: err}
	}
	return nil
}

func readPool(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s contains no certificate in PEM format", file)
	}
	return pool, nil
}

func readCertificate(certFile, keyFile string) (*tls.Certificate, error) {
	certificate, err := tls.LoadX509KeyPair(certFile, keyFile)
	return &certificate, err
}

// reloaded is the current content of files.
type reloaded[T any] struct {
	read  func() (T, error)
	files []string

	mu    sync.Mutex
	value T
	stamp string // changes if the files change
}

func newReloaded[T any](read func() (T, error), files ...string) (*reloaded[T], error) {
	r := &reloaded[T]{read: read, files: files}
	r.stamp = r.stampNow()
	var err error
	r.value, err = read()
	return r, err
}

// get is called for each new connection.
func (r *reloaded[T]) get() T {
	r.mu.Lock()
	defer r.mu.Unlock()
	stamp := r.stampNow()
	if stamp == r.stamp {
		return r.value
	}
	if value, err := r.read(); err == nil {
		r.value, r.stamp = value, stamp
	}
	return r.value
}

func (r *reloaded[T]) stampNow() (stamp string) {
	for _, file := range r.files {
		if info, err := os.Stat(file); err == nil {
			stamp += fmt.Sprintf("%d %d;", info.ModTime().UnixNano(), info.Size())
		}
	}
	return stamp
}
