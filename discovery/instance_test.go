// SPDX-License-Identifier: Apache-2.0

package discovery_test

import (
	"encoding/json"
	"net"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/pyfly-go/pyfly/discovery"
	"github.com/pyfly-go/pyfly/kernel"
)

func TestOneFormOfAnAddress(t *testing.T) {
	for address, want := range map[string]string{
		"a:80":                  "a:80",
		"API.Example.com:080":   "api.example.com:80",
		"example.com.:80":       "example.com.:80",
		"my_service-1:65535":    "my_service-1:65535",
		"10.0.0.1:8080":         "10.0.0.1:8080",
		"[::1]:80":              "[::1]:80",
		"[2001:DB8:0::1]:80":    "[2001:db8::1]:80",
		"[::ffff:10.0.0.1]:443": "10.0.0.1:443",
	} {
		got, err := discovery.Instance{Address: address}.Normalized()
		require.NoError(t, err, address)
		assert.Equal(t, want, got.Address)
		again, err := got.Normalized()
		require.NoError(t, err)
		assert.Equal(t, got, again)
	}
}

func TestWhatIsNoInstance(t *testing.T) {
	long := strings.Repeat("a", 64)
	for name, instance := range map[string]discovery.Instance{
		"empty":                {},
		"no port":              {Address: "a"},
		"no host":              {Address: ":80"},
		"empty port":           {Address: "a:"},
		"port 0":               {Address: "a:0"},
		"port 65536":           {Address: "a:65536"},
		"named port":           {Address: "a:http"},
		"signed port":          {Address: "a:+80"},
		"IPv6 without braces":  {Address: "::1:80"},
		"IPv6 with a zone":     {Address: "[fe80::1%eth0]:80"},
		"URL":                  {Address: "http://a:80"},
		"path":                 {Address: "a/b:80"},
		"user":                 {Address: "user@a:80"},
		"space":                {Address: "a b:80"},
		"line break":           {Address: "a\r\nb:80"},
		"not ASCII":            {Address: "bücher:80"},
		"empty label":          {Address: "a..b:80"},
		"dot":                  {Address: ".:80"},
		"long label":           {Address: long + ":80"},
		"long name":            {Address: strings.Repeat("a.", 200) + "b:80"},
		"very long":            {Address: strings.Repeat("1", 1<<20) + ":80"},
		"negative weight":      {Address: "a:80", Weight: -1},
		"weight too large":     {Address: "a:80", Weight: discovery.MaxWeight + 1},
		"text too long":        {Address: "a:80", ID: strings.Repeat("x", discovery.MaxText+1)},
		"metadata too long":    {Address: "a:80", Metadata: map[string]string{"k": strings.Repeat("x", discovery.MaxText)}},
		"zone and ID too long": {Address: "a:80", Zone: strings.Repeat("x", discovery.MaxText), ID: "x"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := instance.Normalized()
			require.ErrorIs(t, err, kernel.ErrConfig)
			assert.Less(t, len(err.Error()), 300)
		})
	}
}

func TestTheCopyIsIndependent(t *testing.T) {
	metadata := map[string]string{"version": "1"}
	instance, err := discovery.Instance{ID: "x", Address: "a:80", Zone: "eu-1", Metadata: metadata}.Normalized()
	require.NoError(t, err)
	metadata["version"] = "2"
	assert.Equal(t, discovery.Instance{ID: "x", Address: "a:80", Weight: 1, Zone: "eu-1", Metadata: map[string]string{"version": "1"}}, instance)
}

func TestAListOfAddresses(t *testing.T) {
	instances, err := discovery.ParseInstances("a:80, B:81 ,[::1]:82")
	require.NoError(t, err)
	assert.Equal(t, []string{"a:80", "b:81", "[::1]:82"}, addressesOf(instances))

	for _, list := range []string{"", "a:80,", "a:80 b:80", "a"} {
		_, err := discovery.ParseInstances(list)
		assert.ErrorIs(t, err, kernel.ErrConfig, list)
	}
	_, err = discovery.ParseInstances("a:80, b")
	assert.EqualError(t, err, `wrong configuration: address "b": it must be a host and a port, such as "10.0.0.1:8080"`)
}

func TestAnInstanceAsJSON(t *testing.T) {
	var instance discovery.Instance
	require.NoError(t, json.Unmarshal([]byte(`{"address":"a:80","weight":3,"zone":"eu-1","metadata":{"v":"2"}}`), &instance))
	assert.Equal(t, discovery.Instance{Address: "a:80", Weight: 3, Zone: "eu-1", Metadata: map[string]string{"v": "2"}}, instance)
	text, err := json.Marshal(discovery.Instance{Address: "a:80"})
	require.NoError(t, err)
	assert.JSONEq(t, `{"address":"a:80"}`, string(text))
}

// FuzzAddress: what is accepted can be dialled, is safe in a URL, and has one form.
func FuzzAddress(f *testing.F) {
	for _, address := range []string{"a:80", "[::1]:80", "A.b.:080", "[::ffff:1.2.3.4]:1", "a@b:80", "a:80:80", "\x00:1", "1.2.3:80", "[a]:80"} {
		f.Add(address)
	}
	f.Fuzz(func(t *testing.T, address string) {
		instance, err := discovery.Instance{Address: address}.Normalized()
		if err != nil {
			return
		}
		host, port, err := net.SplitHostPort(instance.Address)
		require.NoError(t, err)
		require.NotEmpty(t, host)
		require.NotEmpty(t, port)
		require.False(t, strings.ContainsAny(instance.Address, "/?#@%\\ \r\n\t\""), instance.Address)
		again, err := instance.Normalized()
		require.NoError(t, err)
		require.Equal(t, instance, again)
	})
}
