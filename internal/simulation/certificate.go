// SPDX-License-Identifier: Apache-2.0

package simulation

import (
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// certificateAuthority signs the certificates of the worlds. Ed25519 makes
// signatures of one length, so that a connection that is cut after some bytes is
// cut at the same place in every run. The keys are no secrets: they are made of
// fixed seeds.
type certificateAuthority struct {
	own   *x509.Certificate
	key   ed25519.PrivateKey
	file  string // its certificate in PEM form
	hosts map[string]tls.Certificate
}

// authority returns the one authority of this process.
var authority = sync.OnceValue(func() *certificateAuthority {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "simulation"},
		NotBefore: validFrom, NotAfter: validTo, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	raw := must(x509.CreateCertificate(nil, template, template, key.Public(), key))
	a := &certificateAuthority{own: must(x509.ParseCertificate(raw)), key: key, hosts: map[string]tls.Certificate{}}
	a.file = filepath.Join(os.TempDir(), "pyfly-simulation-ca.pem")
	encoded := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	temporary := must(os.CreateTemp("", "pyfly-simulation-*.pem"))
	must(temporary.Write(encoded))
	check(temporary.Close())
	check(os.Rename(temporary.Name(), a.file))
	for i, host := range []string{ownHost, allowedHost, foreignHost, authHost} {
		a.hosts[host] = a.sign(host, byte(i+2))
	}
	return a
})

// The clock of a bubble begins at the year 2000.
var (
	validFrom = time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)
	validTo   = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
)

func (a *certificateAuthority) sign(host string, serial byte) tls.Certificate {
	seed := make([]byte, ed25519.SeedSize)
	seed[0] = serial
	key := ed25519.NewKeyFromSeed(seed)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(int64(serial)), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: validFrom, NotAfter: validTo, KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw := must(x509.CreateCertificate(nil, template, a.own, key.Public(), a.key))
	return tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}
}

func (a *certificateAuthority) certificate(host string) tls.Certificate { return a.hosts[host] }

func must[T any](value T, err error) T {
	check(err)
	return value
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
