// SPDX-License-Identifier: Apache-2.0

package settings

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// selfSigned makes a certificate for a name, which is its own authority.
func selfSigned(t *testing.T, name string) (certificate tls.Certificate, inPEM []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func writeFile(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestAResumedSessionIsVerifiedToo: who adds a session cache to the configuration
// gets no session that the authorities of today would refuse.
func TestAResumedSessionIsVerifiedToo(t *testing.T) {
	certificate, authority := selfSigned(t, "inventory.example")
	_, other := selfSigned(t, "inventory.example")
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}, MaxVersion: tls.VersionTLS12} // tickets come with the handshake
	s.StartTLS()
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, ca, authority)
	config, err := (&TLS{CAFile: ca}).config("inventory.example")
	if err != nil {
		t.Fatal(err)
	}
	config.ClientSessionCache, config.ServerName = tls.NewLRUClientSessionCache(1), "inventory.example"
	connect := func() (isResumed bool, err error) {
		conn, err := tls.Dial("tcp", s.Listener.Addr().String(), config)
		if err != nil {
			return false, err
		}
		defer func() { _ = conn.Close() }()
		return conn.ConnectionState().DidResume, nil
	}
	for _, want := range []bool{false, true} {
		if isResumed, err := connect(); isResumed != want || err != nil {
			t.Fatalf("resumed: %t, %v; want %t", isResumed, err, want)
		}
	}
	writeFile(t, ca, append(other, "\n# renewed"...))
	if _, err := connect(); !errors.As(err, new(*tls.CertificateVerificationError)) {
		t.Errorf("with another authority: %v", err)
	}
}

// TestAConnectionWithoutANameIsNotTrusted: crypto/tls tells no IP address, and a
// port of a user's may not either.
func TestAConnectionWithoutANameIsNotTrusted(t *testing.T) {
	certificate, authority := selfSigned(t, "inventory.example")
	leaf, err := x509.ParseCertificate(certificate.Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	ca := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, ca, authority)
	for host, settings := range map[string]TLS{
		"inventory.example": {CAFile: ca},
		"10.0.0.1":          {CAFile: ca},
		"10.0.0.2":          {CAFile: ca, ServerName: "inventory.example"},
	} {
		config, err := settings.config(host)
		if err != nil {
			t.Fatal(err)
		}
		state := tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf}}
		if err := config.VerifyConnection(state); err == nil {
			t.Errorf("%s: a server of unknown name was trusted", host)
		}
		state.ServerName = "inventory.example"
		if err := config.VerifyConnection(state); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
}
