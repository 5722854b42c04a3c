// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/pyfly-go/pyfly/actuator"
	"github.com/pyfly-go/pyfly/config"
	"github.com/pyfly-go/pyfly/container"
)

// deployment is what the test reads of the manifest.
type deployment struct {
	Spec struct {
		Template struct {
			Spec struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Ports []struct {
						Name string
						Port int `yaml:"containerPort"`
					}
					Env []struct {
						Name  string
						Value string
					}
					StartupProbe   probe `yaml:"startupProbe"`
					LivenessProbe  probe `yaml:"livenessProbe"`
					ReadinessProbe probe `yaml:"readinessProbe"`
				}
			}
		}
	}
}

type probe struct {
	HTTPGet struct{ Path, Port string } `yaml:"httpGet"`
}

// TestTheManifest starts the application with the variables of kubernetes.yaml, and
// asks what the probes ask.
func TestTheManifest(t *testing.T) {
	data, err := os.ReadFile("kubernetes.yaml")
	require.NoError(t, err)
	var d deployment
	require.NoError(t, yaml.Unmarshal(data, &d))
	pod := d.Spec.Template.Spec
	orders := pod.Containers[0]

	settings, err := config.Load(config.File("pyfly.yaml"))
	require.NoError(t, err)
	require.Equal(t, settings.String("server.address", ""), fmt.Sprint(":", orders.Ports[0].Port))

	values := map[string]string{}
	for _, variable := range orders.Env {
		values[variable.Name] = cmp.Or(variable.Value, "of-a-secret-of-the-cluster")
		t.Setenv(variable.Name, values[variable.Name])
	}
	delay, err := time.ParseDuration(values["PYFLY_CONTEXT_SHUTDOWN_DELAY"])
	require.NoError(t, err)
	limit, err := time.ParseDuration(values["PYFLY_CONTEXT_TOTAL_SHUTDOWN_TIMEOUT"])
	require.NoError(t, err)
	require.Greater(t, time.Duration(pod.Grace)*time.Second, delay+limit)

	t.Setenv("PYFLY_CONTEXT_SHUTDOWN_DELAY", "1ms")
	t.Setenv("PYFLY_ACTUATOR_PORT", "0")
	t.Setenv("PYFLY_SERVER_ADDRESS", "127.0.0.1:0")
	var log bytes.Buffer
	app := newApplication(container.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
	require.NoError(t, app.Start(t.Context()))
	url := strings.TrimSuffix(container.Must(container.Get[*actuator.Server](app)).URL(), "/actuator")
	for _, probe := range []probe{orders.StartupProbe, orders.LivenessProbe, orders.ReadinessProbe} {
		require.Equal(t, "actuator", probe.HTTPGet.Port)
		response, text := ask(t, "GET", url+probe.HTTPGet.Path, "")
		require.Equal(t, 200, response.StatusCode, text)
	}
	require.NoError(t, app.Stop(context.Background()))
	require.Empty(t, log.String())
}
